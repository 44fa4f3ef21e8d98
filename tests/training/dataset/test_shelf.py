"""What was made of a video comes back as it was, or not at all."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from training.dataset.made_songs import made_song, order_of

from scorelock.training.dataset.order import Order
from scorelock.training.dataset.shelf import Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.store import open_store


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(open_store(str(tmp_path / "shelf")))


def same(one: object, other: object) -> None:
    """Equal to the last bit, arrays and all."""
    assert type(one) is type(other)
    if isinstance(one, dict):
        assert isinstance(other, dict)
        assert one.keys() == other.keys()
        for name in one:
            same(one[name], other[name])
    elif isinstance(one, np.ndarray):
        assert isinstance(other, np.ndarray)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@pytest.mark.parametrize("width", [0, 768])
def test_a_song_comes_back(shelf: Shelf, width: int) -> None:
    song = made_song("a", width=width, title="Ärtist: «Song»", heard_rows=13)
    shelf.put(order_of("a"), song)
    found = shelf.find(order_of("a"))
    assert isinstance(found, Song)
    same(asdict(found), asdict(song))
    assert shelf.ids() == {"a"}


def test_a_failure_comes_back(shelf: Shelf) -> None:
    failed = Failed("a", "a.mp4", "no sound", "expected a film with sound; ü")
    shelf.put(order_of("a"), failed)
    assert shelf.find(order_of("a")) == failed


def test_the_same_song_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in "12":
        Shelf(open_store(str(tmp_path / name))).put(order_of("a"), made_song("a", width=5))
    assert (tmp_path / "1/a.song").read_bytes() == (tmp_path / "2/a.song").read_bytes()


def test_where_the_film_was_read_is_not_kept(shelf: Shelf, tmp_path: Path) -> None:
    song = made_song("a")
    film = replace(song.seen.film, path="/tmp/scorelock-x7/film.mp4")
    shelf.put(order_of("a"), replace(song, seen=replace(song.seen, film=film)))
    assert b"scorelock-x7" not in (tmp_path / "shelf/a.song").read_bytes()
    found = shelf.find(order_of("a"))
    assert isinstance(found, Song)
    assert found.seen.film.path == "a.mp4"


@pytest.mark.parametrize(
    "other",
    [
        replace(order_of("a"), stamp="2-2"),
        replace(order_of("a"), model="another"),
        replace(order_of("a"), features="paper"),
        replace(order_of("a"), name="elsewhere/a.mp4"),
    ],
)
@pytest.mark.parametrize("made", [made_song("a"), Failed("a", "a.mp4", "silent", "why")])
def test_what_was_made_of_something_else_does_not_count(
    shelf: Shelf, other: Order, made: Song | Failed
) -> None:
    shelf.put(order_of("a"), made)
    assert shelf.find(other) is None


def test_a_video_that_got_better_has_no_failure_left(shelf: Shelf, tmp_path: Path) -> None:
    shelf.put(order_of("a"), Failed("a", "a.mp4", "silent", "why"))
    shelf.put(order_of("a"), made_song("a"))
    assert [path.name for path in (tmp_path / "shelf").iterdir()] == ["a.song"]


def test_damage_counts_as_nothing(shelf: Shelf, tmp_path: Path) -> None:
    """Cut off anywhere, or one bit over: made anew, never believed."""
    shelf.put(order_of("a"), made_song("a"))
    path = tmp_path / "shelf/a.song"
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        path.write_bytes(whole[:size])
        assert shelf.find(order_of("a")) is None
    expected = made_song("a")
    for at in range(0, len(whole), 61):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        found = shelf.find(order_of("a"))
        if found is not None:  # a byte of the archive that means nothing
            same(asdict(found), asdict(expected))
    path.write_bytes(b"[]")
    (tmp_path / "shelf/a.failed").write_bytes(b"[1, 2]")
    assert shelf.find(order_of("a")) is None
