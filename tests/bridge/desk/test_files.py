"""Files over HTTP: pages, score and film, and nothing else whatever the path."""

import gzip
import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webs import TOKEN, FakeDesk, Served, served

from scorelock.bridge.desk.files import PAGES, TYPES, read_pages

FILM = bytes(range(256)) * 1000
SECRET = b"nobody may read this"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("film")
    (folder / "film.mp4").write_bytes(FILM)
    (folder / "thumb.jpg").write_bytes(b"jpeg")
    (folder / "secret.txt").write_bytes(SECRET)
    with served(FakeDesk(folder / "film.mp4")) as web:
        yield web


@pytest.fixture(scope="module")
def client(web: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=web.url) as client:
        yield client


@pytest.mark.parametrize("name", sorted(read_pages()))
def test_every_page_is_served_as_what_it_is(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/pages/{name}")
    assert answer.status_code == 200
    assert answer.content == (PAGES / name).read_bytes()
    assert answer.headers["content-type"] == TYPES[Path(name).suffix]
    assert answer.headers["content-encoding"] == "gzip"
    again = client.get(f"/pages/{name}", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_browser_that_takes_no_gzip_gets_none(client: httpx.Client) -> None:
    for accepts in ("identity", "gzip;q=0", "gzip;q=0.0"):
        answer = client.get("/pages/common/wire.js", headers={"accept-encoding": accepts})
        assert "content-encoding" not in answer.headers
        assert answer.content == (PAGES / "common/wire.js").read_bytes()


def test_every_answer_tells_the_browser_what_pages_may_do(client: httpx.Client) -> None:
    for path in ("/pages/common/wire.js", "/film", "/score.json", "/nothing", "/qr.svg"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "server" not in headers


def test_the_score_is_sent_once_a_version(web: Served, client: httpx.Client) -> None:
    web.desk.score, web.desk.etag = b"x" * 100_000, "7"
    answer = client.get("/score.json")
    assert answer.content == b"x" * 100_000 + b" desk"
    assert int(answer.headers["content-length"]) < 1000
    kept = {"if-none-match": answer.headers["etag"]}
    assert client.get("/score.json", headers=kept).status_code == 304
    web.desk.etag = "8"
    assert client.get("/score.json", headers=kept).status_code == 200
    assert client.get("/player/score.json").content.endswith(b" player")


SIZE = len(FILM)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2 * SIZE), st.none() | st.integers(0, 2 * SIZE))
def test_a_range_of_the_film_is_that_slice(
    web: Served, client: httpx.Client, first: int, last: int | None
) -> None:
    """RFC 9110, 14.1.2: from first to last inclusive, or to the end."""
    if last is not None and last < first:
        first, last = last, first
    answer = client.get("/film", headers={"range": f"bytes={first}-{'' if last is None else last}"})
    if first >= SIZE:
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{SIZE}"
    else:
        end = SIZE if last is None else min(last + 1, SIZE)
        assert answer.status_code == 206
        assert answer.content == FILM[first:end]
        assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"


def test_the_end_of_the_film_can_be_asked_for(client: httpx.Client) -> None:
    answer = client.get("/film", headers={"range": "bytes=-1000"})
    assert (answer.status_code, answer.content) == (206, FILM[-1000:])


def test_the_whole_film_and_its_head(client: httpx.Client) -> None:
    answer, head = client.get("/film"), client.head("/film")
    assert answer.content == FILM
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(SIZE)
    assert head.headers["accept-ranges"] == "bytes"
    assert head.headers["content-type"] == "video/mp4"


def test_a_range_of_another_film_is_not_given(client: httpx.Client) -> None:
    """If-Range: the film has changed meanwhile, so all of it is sent."""
    etag = client.head("/film").headers["etag"]
    same = client.get("/film", headers={"range": "bytes=0-9", "if-range": etag})
    other = client.get("/film", headers={"range": "bytes=0-9", "if-range": '"another"'})
    assert (same.status_code, same.content) == (206, FILM[:10])
    assert (other.status_code, other.content) == (200, FILM)


def test_a_film_that_has_gone_is_not_there(tmp_path: Path) -> None:
    with served(FakeDesk(tmp_path / "gone.mp4")) as web:
        assert httpx.get(f"{web.url}/film").status_code == 404
        assert httpx.get(f"{web.url}/thumbs/1.jpg").status_code == 404


TRICKS = [
    "/pages/../messages.py",
    "/pages/%2e%2e/messages.py",
    "/pages/..%2fmessages.py",
    "/pages/%2e%2e%2fmessages.py",
    "/pages/common/..%5c..%5cmessages.py",
    "/pages//etc/passwd",
    "/pages/%2fetc%2fpasswd",
    "/pages/common/wire.js%00.css",
    "/pages/%00",
    "/pages/common",
    "/pages/",
    "/pages/messages.d.ts",
    "/film/../secret.txt",
    "/film%2f..%2fsecret.txt",
    "/thumbs/../secret.txt",
    "/thumbs/%2e%2e%2fsecret.txt",
    "/thumbs/-1.jpg",
    "/thumbs/1.jpg%00.txt",
    "/thumbs/" + "9" * 5000 + ".jpg",
    "/thumbs/\u0661.jpg",
    "/export/%2e%2e%2fsecret.mid",
    "/export/..%5csecret.mid",
    "/export/secret%00.mid",
    "/export/.mid",
    "/export/secret.txt",
    "/export/" + "a" * 300 + ".mid",
    "/secret.txt",
    "//secret.txt",
    "/" + "a/" * 1000,
]


def raw(url: str, path: str) -> tuple[int, bytes]:
    """A request whose path is sent as it stands, where others tidy it up."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port or 0, timeout=10)
    try:
        connection.request("GET", quote(path, safe="/%.-_~"))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("path", TRICKS)
def test_no_path_leads_out(web: Served, path: str) -> None:
    asked = len(web.desk.thumbs_asked)
    for url, before in ((web.url, ""), (web.room, ""), (web.room, f"/r/{TOKEN}")):
        status, body = raw(url, before + path)
        assert status == 404
        assert SECRET not in body
    assert len(web.desk.thumbs_asked) == asked


@settings(max_examples=100, deadline=None)
@given(st.text("/.%2efnul0\\abc\u00e9", max_size=30), st.sampled_from(["/pages/", "/thumbs/", "/"]))
def test_any_path_gets_an_answer(web: Served, path: str, folder: str) -> None:
    status, _ = raw(web.url, folder + path)
    assert status < 500


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_nothing_is_changed_over_http(web: Served, client: httpx.Client, method: str) -> None:
    for url in (web.url, web.room):
        answer = client.request(method, f"{url}/score.json")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "GET, HEAD"


def test_an_export_is_a_download_and_then_gone(web: Served, client: httpx.Client) -> None:
    assert client.get("/formats.json").json() == [[".mid", "MIDI"], [".cue.csv", "a table"]]
    answer = client.get("/export/My film.mid")
    assert answer.content == b"notes"
    assert "My%20film.mid" in answer.headers["content-disposition"]
    assert list((web.desk.film.parent / "exports").iterdir()) == []


def test_an_export_that_fails_says_why(client: httpx.Client) -> None:
    answer = client.get("/export/fails.mid")
    assert (answer.status_code, answer.text) == (422, "expected a score, there is none; wait")


def test_thumbnails(web: Served, client: httpx.Client) -> None:
    assert client.get("/thumbs/7.jpg").content == b"jpeg"
    assert client.get("/thumbs/404.jpg").status_code == 404


def test_a_thumbnail_that_nobody_waits_for_is_given_up(web: Served, client: httpx.Client) -> None:
    with pytest.raises(httpx.ReadTimeout):
        client.get("/thumbs/99.jpg", timeout=0.3)
    with httpx.Client() as other:  # it is served meanwhile
        assert other.get(f"{web.url}/thumbs/7.jpg").status_code == 200
    assert web.call(lambda: web.desk.thumbs_given_up) == 1


def test_the_players_link_as_a_picture(web: Served, client: httpx.Client) -> None:
    assert client.get("/qr.svg").headers["content-type"] == "image/svg+xml"
    web.desk.open = False
    try:
        assert client.get("/qr.svg").status_code == 404
    finally:
        web.desk.open = True


def test_packed_pages_weigh_what_gzip_makes_of_them() -> None:
    for content in read_pages().values():
        assert gzip.decompress(content.packed) == content.body
