"""A page's socket, over a real connection: what is said wrongly costs nobody else anything."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_connection
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from webs import TOKEN, FakeDesk, Served, served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.desk.access import GUESS_RATE, MOST_DESKS, PLAYER_RATE
from scorelock.bridge.desk.messages import MOST_BYTES, FilmIs, Now, Outs, Panic, SetMarker
from scorelock.bridge.desk.sockets import MOST_WAITING


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Served]:
    with served(FakeDesk(tmp_path / "film.mp4")) as web:
        yield web


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def opened(
    web: Served,
    path: str = "/socket",
    url: str | None = None,
    origin: str | None = "",
    max_queue: int = 16,
    close_timeout: float = 10.0,
) -> ClientConnection:
    """A socket of one of our own pages, unless the origin is another's."""
    url = url or web.url
    origin = url if origin == "" else origin
    connection: ClientConnection = connect(
        url.replace("http", "ws", 1) + path,
        origin=None if origin is None else Origin(origin),
        compression=None,
        proxy=None,
        max_queue=max_queue,
        close_timeout=close_timeout,
    )
    return connection


def heard(page: ClientConnection) -> dict[str, Any]:
    message = page.recv(timeout=10)
    assert isinstance(message, str)  # what JSON.parse takes
    told: dict[str, Any] = json.loads(message)
    return told


def closed(page: ClientConnection) -> int:
    """The code the page is closed with."""
    with suppress(ConnectionClosed):
        for _ in page:
            pass
    assert page.close_code is not None
    return page.close_code


def still_works(web: Served) -> None:
    """The desk goes on for others."""
    with opened(web) as page:
        assert heard(page)["kind"] == "welcome"
        page.send('{"kind":"ping","number":3}')
        while (told := heard(page))["kind"] != "pong":
            pass
        assert told["number"] == 3


def test_a_page_is_welcomed_and_told_what_there_is_to_know(web: Served) -> None:
    web.call(lambda: web.desk.audience.tell(FilmIs("/film")))
    with opened(web) as desk, opened(web, "/player/socket") as player:
        for page, role in ((desk, "desk"), (player, "player")):
            first = heard(page)
            assert (first["kind"], first["role"]) == ("welcome", role)
            assert heard(page) == {"kind": "film_is", "url": "/film"}
        assert web.desk.audience.players == 1


def test_a_ping_is_answered_with_the_desks_clock(web: Served) -> None:
    assert isinstance(web.desk.clock, ManualClock)
    web.desk.clock.sleep_until(42.5)
    with opened(web) as page:
        heard(page)
        page.send('{"kind":"ping","number":7}')
        assert heard(page) == {"kind": "pong", "number": 7, "at_s": 42.5}
    assert web.desk.heard_all == []


def test_what_a_page_asks_reaches_the_desk(web: Served) -> None:
    with opened(web) as page:
        heard(page)
        page.send('{"kind":"set_marker","position_s":3,"name":"Verse"}')
        page.send(b'{"kind":"panic"}')
        page.send('{"kind":"ping","number":1}')
        heard(page)
    assert web.desk.heard_all == [SetMarker(3.0, "Verse"), Panic()]


def test_players_only_look(web: Served) -> None:
    with opened(web, f"/r/{TOKEN}/socket", url=web.room) as page:
        assert heard(page)["role"] == "player"
        page.send('{"kind":"panic"}')
        assert heard(page)["kind"] == "trouble"
        page.send('{"kind":"ping","number":1}')
        assert heard(page)["kind"] == "pong"
    assert web.desk.heard_all == []


def test_what_cannot_be_done_is_said_to_who_asked(
    web: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(web) as page, opened(web) as other:
        heard(page), heard(other)
        page.send('{"kind":"undo"}')
        assert heard(page) == {
            "kind": "trouble",
            "words": "expected a step to take back, there is none; make one",
            "answers": "undo",
        }
        assert not caplog.records
        page.send('{"kind":"redo"}')
        assert heard(page)["answers"] == "redo"
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        page.send('{"kind":"ping","number":1}')
        assert heard(page)["kind"] == "pong"
        with pytest.raises(TimeoutError):
            other.recv(timeout=0.1)


def test_gibberish_is_said_once_and_then_closed(web: Served) -> None:
    with opened(web) as page:
        heard(page)
        for _ in range(5):
            page.send("{")
        told = heard(page)
        assert told["kind"] == "trouble"
        assert "\n" not in told["words"]
        assert closed(page) == 1008
    still_works(web)


MANY = 2000
KINDS = ["ping", "panic", "film", "draw", "set_marker", "loop", "welcome", "undo"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
HOSTILE = (
    st.binary(max_size=200)
    | st.text(max_size=200)
    | JSON.map(json.dumps)
    | st.builds(
        lambda kind, rest: json.dumps({"kind": kind, **rest}),
        st.sampled_from(KINDS),
        st.dictionaries(st.sampled_from(["number", "position_s", "name", "points", "x"]), JSON),
    )
    | st.sampled_from(
        [
            "[" * 60_000,
            '{"kind":"draw","curve":"tense","points":' + "[" * 60_000,
            '{"kind":"ping","number":' + "9" * 60_000 + "}",
            '{"kind":"locate","position_s":1e999}',
            '{"kind":"locate","position_s":NaN}',
            '{"kind":"lead","host":"\\ud800"}',
            '{"kind":"ping","number":1,"number":2}',
            "\ufeff{}",
            "\x00",
        ]
    )
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(FakeDesk(tmp_path_factory.mktemp("shared") / "film.mp4")) as web:
        yield web


@settings(max_examples=100, deadline=None)
@given(message=HOSTILE, path=st.sampled_from(["/socket", "/player/socket"]))
def test_no_message_harms_the_connection(shared: Served, message: str | bytes, path: str) -> None:
    """Whatever one message says, the page is answered afterwards."""
    with opened(shared, path) as page:
        heard(page)
        page.send(message)
        page.send('{"kind":"ping","number":77}')
        while (told := heard(page)).get("number") != 77:
            assert told["kind"] in ("trouble", "pong")


def test_bytes_that_are_no_websocket_at_all(web: Served) -> None:
    with opened(web) as page:
        heard(page)
        page.socket.sendall(b"\xff" * 4096)
        assert closed(page) == 1002
    still_works(web)


def test_text_that_is_no_utf8(web: Served) -> None:
    with opened(web) as page:
        heard(page)
        page.send(b"\xff\xfe", text=True)
        assert closed(page) == 1007
    still_works(web)


def test_a_message_that_is_too_big(web: Served) -> None:
    """It is not waited for; the connection's end may overtake the word why (1006)."""
    with opened(web) as page:
        heard(page)
        with suppress(ConnectionClosed):
            page.send('{"kind":"panic"}' + " " * MOST_BYTES)
        assert closed(page) in (1009, 1006)
    with opened(web) as page:
        heard(page)
        with suppress(ConnectionClosed):
            page.send(" " * (MOST_BYTES // 8) for _ in range(10))
        assert closed(page) in (1009, 1006)
    assert web.desk.heard_all == []
    still_works(web)


def test_a_flood_is_closed(web: Served) -> None:
    with opened(web, "/player/socket") as page:
        heard(page)
        for number in range(int(PLAYER_RATE[1]) + 1):  # on a clock that stands
            page.send(json.dumps({"kind": "ping", "number": number}))
        assert closed(page) == 1008
    still_works(web)


def test_a_steady_page_is_not_closed(web: Served) -> None:
    assert isinstance(web.desk.clock, ManualClock)
    with opened(web, "/player/socket") as page:
        heard(page)
        for number in range(200):
            web.desk.clock.sleep_until(number / PLAYER_RATE[0])
            page.send(json.dumps({"kind": "ping", "number": number}))
            assert heard(page)["number"] == number


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_a_foreign_page_gets_no_socket(web: Served, origin: str | None) -> None:
    for path, url in (("/socket", web.url), (f"/r/{TOKEN}/socket", web.room)):
        with pytest.raises(InvalidStatus) as info, opened(web, path, url, origin=origin):
            pass
        assert info.value.response.status_code == 403
    assert web.desk.audience.count("desk") == web.desk.audience.players == 0


def test_a_name_that_was_made_to_point_here_gets_nothing(web: Served, client: httpx.Client) -> None:
    """DNS rebinding: the foreign page and its name agree, but the name is not ours."""
    for url in (web.url, web.room):
        name = f"evil.example:{httpx.URL(url).port}"
        headers = {"host": name, "origin": f"http://{name}"}
        for path in ("/", "/score.json", "/film", f"/r/{TOKEN}/"):
            assert client.get(url + path, headers=headers).status_code == 421
    port = httpx.URL(web.url).port or 0
    with (
        pytest.raises(InvalidStatus) as info,
        connect(
            f"ws://evil.example:{port}/socket",
            sock=create_connection(("127.0.0.1", port)),
            origin=Origin(f"http://evil.example:{port}"),
            proxy=None,
        ),
    ):
        pass
    assert info.value.response.status_code == 421


def test_a_wrong_token_is_no_rehearsal(web: Served, client: httpx.Client) -> None:
    for path in ("/r/wrong/", "/r/wrong/score.json", f"/r/{TOKEN}x/", "/r//"):
        assert client.get(web.room + path).status_code == 404
    with pytest.raises(InvalidStatus) as info, opened(web, "/r/wrong/socket", url=web.room):
        pass
    assert info.value.response.status_code == 404
    assert client.get(f"{web.room}/r/{TOKEN}/score.json").status_code == 200


def test_who_guesses_tokens_has_to_wait(web: Served, client: httpx.Client) -> None:
    assert isinstance(web.desk.clock, ManualClock)
    guesses = int(GUESS_RATE[1])
    answers = [client.get(f"{web.room}/r/guess{n}/").status_code for n in range(guesses + 1)]
    assert answers == [404] * guesses + [429]
    assert client.get(f"{web.room}/r/{TOKEN}/score.json").status_code == 429
    web.desk.clock.sleep_until(2.0)
    assert client.get(f"{web.room}/r/{TOKEN}/score.json").status_code == 200


def test_the_room_has_no_desk(web: Served, client: httpx.Client) -> None:
    paths = ["/film", "/thumbs/1.jpg", "/export/a.mid", "/formats.json", "/qr.svg", "/player/"]
    for path in paths:
        assert client.get(f"{web.room}/r/{TOKEN}{path}").status_code == 404
    for path in ("/", "/socket", "/score.json", *paths):
        assert client.get(web.room + path).status_code == 404
    with pytest.raises(InvalidStatus), opened(web, "/socket", url=web.room):
        pass


def test_there_are_so_many_seats(web: Served) -> None:
    with ExitStack() as pages:
        for _ in range(MOST_DESKS - 1):
            pages.enter_context(opened(web))
        with opened(web), pytest.raises(InvalidStatus) as info, opened(web):
            pass
        assert info.value.response.status_code == 503
        still_works(web)


def test_a_page_that_does_not_read_is_parted_with(web: Served) -> None:
    """It would fill the desk's memory; others are told all the same."""
    big, messages = Outs(None, ["x" * 30_000], False), 150 + MOST_WAITING
    with opened(web, max_queue=1, close_timeout=0.1) as deaf, opened(web) as other:
        heard(deaf), heard(other)
        counted = threading.Event()

        def hear() -> None:
            for _ in range(messages):
                heard(other)
            counted.set()

        thread = threading.Thread(target=hear)
        thread.start()
        for _ in range(messages):
            web.call(lambda: web.desk.audience.tell(big))
        assert counted.wait(20)
        thread.join()
        assert web.desk.audience.count("desk") == 1


def test_a_slow_page_hears_everything_in_order(web: Served) -> None:
    with opened(web, max_queue=1) as page:
        heard(page)
        words = [f"{number} {'x' * 30_000}" for number in range(MOST_WAITING - 6)]

        def tell() -> None:
            for each in words:
                web.desk.audience.tell(FilmIs(each))

        web.call(tell)
        assert [heard(page)["url"] for _ in words] == words


def test_places_of_the_film_do_not_pile_up(web: Served) -> None:
    """To a page that reads late only the newest matters, and it is not parted with."""
    with opened(web, "/player/socket", max_queue=1) as page:
        heard(page)

        def tell() -> None:
            for number in range(MANY):
                web.desk.audience.tell(Now(0.0, float(number), 1.0, "locked", "x" * 20_000))

        web.call(tell)
        count = 1
        while heard(page)["position_s"] != MANY - 1:
            count += 1
    assert count < MANY
