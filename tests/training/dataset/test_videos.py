"""Videos are found once each, by what they are, and named so that nothing collides."""

import os
import sys
from pathlib import Path

import pytest
from films import flat, write_film
from hypothesis import given
from hypothesis import strategies as st

from scorelock.training.dataset.store import open_store
from scorelock.training.dataset.trouble import BadPlace
from scorelock.training.dataset.videos import Videos, find_videos, name_videos


def found(folder: Path, *without: str) -> Videos:
    return find_videos(open_store(str(folder)), without, {})


def names(videos: Videos) -> list[str]:
    return [video.name for video in videos.videos]


def test_by_ending_in_folders_below(tmp_path: Path) -> None:
    for name in ("b.MP4", "deep/down/a.mkv", "sound.mp3", "notes.txt", "cover.jpg", "code.ts"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert names(found(tmp_path)) == ["b.MP4", "deep/down/a.mkv"]


def test_by_what_it_is_where_the_ending_tells_nothing(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", flat(24, (1, 2, 3)))
    film.rename(tmp_path / "download")
    write_film(tmp_path / "film.mp4", flat(24, (1, 2, 3)), codec="mp4v").rename(tmp_path / "a.bin")
    (tmp_path / "stream.ts").write_bytes((b"G" + bytes(187)) * 3)
    (tmp_path / "types.ts").write_text("export type Great = string;" * 20)
    (tmp_path / "README").write_text("no film")
    (tmp_path / "empty").touch()
    assert names(found(tmp_path)) == ["a.bin", "download", "stream.ts"]


def test_hidden_and_our_own_are_left_out(tmp_path: Path) -> None:
    for name in (
        ".hidden.mp4",
        ".trash/a.mp4",
        "film.mp4.cue/preview.mp4",
        "vevo_semantic/all/a.mp4",
        "dataset/a.mp4",
        "film.mp4",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    assert names(found(tmp_path, "dataset")) == ["film.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links that anybody may make")
def test_links_count_once_and_circles_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/film.mp4").write_bytes(b"x")
    (tmp_path / "a/again.mp4").symlink_to(tmp_path / "a/film.mp4")
    (tmp_path / "b").symlink_to(tmp_path)
    (tmp_path / "a/up").symlink_to(tmp_path / "a")
    (tmp_path / "broken.mp4").symlink_to(tmp_path / "nothing")
    videos = found(tmp_path)
    assert names(videos) == ["a/again.mp4"]
    assert videos.links == {"a/film.mp4": "a/again.mp4"}
    assert list(videos.unread) == ["broken.mp4"]


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a user who may not read everything"
)
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (tmp_path / "film.mp4").write_bytes(b"x")
    videos = found(tmp_path)
    (tmp_path / "closed").chmod(0o700)
    assert names(videos) == ["film.mp4"]
    assert videos.unread == {"closed": "Permission denied"}


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system that takes any bytes")
def test_a_name_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(path)).write_bytes(b"x")
    videos = found(tmp_path)
    assert names(videos) == []
    assert videos.unread == {"caf\\udce9.mp4": "its name is no text in UTF-8; rename it"}


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(BadPlace, match="found nothing there"):
        found(tmp_path / "nothing")


def test_two_with_one_name_are_told_apart() -> None:
    ids = name_videos(["a/Film.mp4", "b/film.mkv", "other.mp4"], {})
    assert ids["other.mp4"] == "other"
    assert ids["a/Film.mp4"].startswith("Film-")
    assert ids["b/film.mkv"].startswith("film-")
    # Neither depends on what else there is.
    assert name_videos(["b/film.mkv", "c/FILM.avi"], {})["b/film.mkv"] == ids["b/film.mkv"]


def test_known_ids_stay_when_a_namesake_comes() -> None:
    ids = name_videos(["a/film.mp4", "b/film.mp4"], {"a/film.mp4": "film"})
    assert ids["a/film.mp4"] == "film"
    assert ids["b/film.mp4"] != "film"


paths = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(
        lambda text: text.replace("//", "/") + ".mp4"
    ),
    unique=True,
    max_size=30,
)


@given(paths)
def test_ids_are_safe_and_unique_whatever_the_names(drawn: list[str]) -> None:
    ids = name_videos(drawn, {})
    assert list(ids) == drawn
    assert len({one.casefold() for one in ids.values()}) == len(drawn)
    for one in ids.values():
        assert one.isascii()
        assert 0 < len(one) <= 100
        assert set(one) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def test_ten_thousand_entries(tmp_path: Path) -> None:
    """Names alone are looked at: as many files again as are videos cost no opening."""
    for number in range(5000):
        (tmp_path / f"{number}.mp4").touch()
        (tmp_path / f"{number}.json").touch()
    videos = found(tmp_path)
    assert len(videos.videos) == 5000
    assert len({video.id for video in videos.videos}) == 5000
