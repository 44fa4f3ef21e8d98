"""Whatever a video is, the shelf has a song of it, or the reason why there is none."""

import errno
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from films import ffmpeg, needs_ffmpeg, noise, write_film
from training.dataset.made_songs import order_of

from scorelock.engine.errors import MissingPart
from scorelock.engine.key import Key
from scorelock.training import stalls
from scorelock.training.dataset import make
from scorelock.training.dataset.make import Tools, make_song, title_of
from scorelock.training.dataset.order import Done
from scorelock.training.dataset.shelf import Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.store import open_store
from scorelock.training.listening.heard import Heard, Sound

pytestmark = needs_ffmpeg

TONE = ("-f", "lavfi", "-i", "sine=440:duration=4")


class Ear:
    """Hears nothing itself."""

    digest = "an ear"


def music(rows: int) -> Heard:
    """What there is to hear."""
    ones = np.ones(rows, np.float32)
    harmony = np.zeros((rows, 12), np.uint8)
    return Heard(Key("C", False), 1.0, np.ones(rows, np.int64), ones, ones, 0.0, 1.0, harmony)


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Sound]:
    """What was listened to; music is heard in it."""
    sounds: list[Sound] = []

    def listen(sound: Sound, rows: int, transcriber: object) -> Heard:
        sounds.append(sound)
        return music(rows)

    monkeypatch.setattr(make, "listen", listen)
    return sounds


def film(path: Path, *sound: str, seconds: float = 4.0, options: tuple[str, ...] = ()) -> Path:
    """A film of noise with a sound."""
    picture = write_film(path.with_name("picture.mkv"), noise(round(seconds * 8)), fps=8)
    ffmpeg("-i", picture, *(sound or ("-an",)), "-c:v", "mpeg4", *options, path)
    return path


def made(tmp_path: Path, path: Path) -> tuple[Done, Song | Failed | None]:
    order = order_of("a", str(tmp_path / "shelf"), str(path))
    done = make_song(order, Tools(Ear(), None))  # type: ignore[arg-type]
    return done, Shelf(open_store(order.shelf)).find(order)


def test_a_song(tmp_path: Path, heard: list[Sound]) -> None:
    path = film(tmp_path / "a.mp4", *TONE)
    done, song = made(tmp_path, path)
    assert (done.kind, done.reason) == ("song", "")
    assert done.film_s == pytest.approx(4, abs=0.2)
    assert isinstance(song, Song)
    assert len(song.seen) == len(song.heard.chords) == 4
    assert heard[0].seconds == pytest.approx(4, abs=0.1)
    assert song.seen.film.path == "a.mp4"


def no_sound(path: Path) -> None:
    film(path)


def no_picture(path: Path) -> None:
    ffmpeg(*TONE, path)


def silent(path: Path) -> None:
    film(path, "-f", "lavfi", "-i", "anullsrc=duration=4")


def too_short(path: Path) -> None:
    film(path, *TONE, seconds=0.5, options=("-t", "0.5"))


def one_second(path: Path) -> None:
    film(path, *TONE, seconds=1.0, options=("-t", "0.95"))


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("this is no film\n" * 99)


def no_index(path: Path) -> None:
    film(path, *TONE)
    path.write_bytes(path.read_bytes()[:-4000])


def missing(path: Path) -> None:
    """Found, and gone since."""


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        (no_sound, "no sound"),
        (no_picture, "no picture"),
        (silent, "silent"),
        (too_short, "too short"),
        (one_second, "too short"),
        (empty, "unreadable"),
        (text, "unreadable"),
        (no_index, "unreadable"),
        (missing, "unreadable"),
    ],
)
def test_a_bad_video_is_named(tmp_path: Path, bad: Callable[[Path], None], kind: str) -> None:
    bad(tmp_path / "a.mp4")
    done, failed = made(tmp_path, tmp_path / "a.mp4")
    assert done.kind == kind
    assert failed == Failed("a", "a.mp4", kind, done.reason)
    assert "a.mp4" in done.reason or kind == "too short"
    assert "\n" not in done.reason
    assert str(tmp_path) not in done.reason
    assert made(tmp_path, tmp_path / "a.mp4") == (done, failed)  # no address in it that changes


def test_speech_is_no_music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listen(sound: Sound, rows: int, transcriber: object) -> Heard:
        return replace(music(rows), music=make.LEAST_MUSIC - 0.01)

    monkeypatch.setattr(make, "listen", listen)
    done, _ = made(tmp_path, film(tmp_path / "a.mp4", *TONE))
    assert done.kind == "no music"


@pytest.mark.parametrize("part", ["declared", "watch"])
def test_a_picture_that_hangs_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    path, held = film(tmp_path / "a.mp4", *TONE), Event()
    monkeypatch.setattr(make, part, lambda *_, **__: held.wait())
    if part == "declared":
        monkeypatch.setattr(stalls, "PATIENCE_S", 0.3)
    monkeypatch.setattr(make, "patience_s", lambda path: 0.3)
    done, failed = made(tmp_path, path)
    assert done.kind == "hangs"
    assert failed == Failed("a", "a.mp4", "hangs", done.reason)
    assert re.match("expected (a picture in|pictures of) a.mp4, nothing came for 0 s", done.reason)
    held.set()


def test_a_pipe_in_the_place_of_a_video_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    done, _ = made(tmp_path, tmp_path / "a.mp4")
    assert done.kind == "unreadable"
    assert "expected a film at a.mp4, found a device there" in done.reason


def test_no_room_for_temporary_files_is_not_the_videos_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(make, "read_sound", full)
    done, left = made(tmp_path, film(tmp_path / "a.mp4", *TONE))
    assert (done.kind, left) == ("disk", None)
    assert "expected room in" in done.reason


def test_no_memory_for_one_video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def watch(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(make, "watch", watch)
    done, failed = made(tmp_path, film(tmp_path / "a.mp4", *TONE))
    assert done.kind == "memory"
    assert isinstance(failed, Failed)


def test_content_that_nobody_has_thought_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(*_: object, **__: object) -> None:
        raise ValueError("cannot\nreshape")

    monkeypatch.setattr(make, "watch", watch)
    done, _ = made(tmp_path, film(tmp_path / "a.mp4", *TONE))
    assert (done.kind, done.reason) == (
        "unreadable",
        "expected a video, got ValueError: cannot reshape",
    )


def test_a_model_that_is_missing_is_not_the_videos_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def watch(*_: object, **__: object) -> None:
        raise MissingPart("expected CLIP")

    monkeypatch.setattr(make, "watch", watch)
    with pytest.raises(MissingPart):
        made(tmp_path, film(tmp_path / "a.mp4", *TONE))


def test_a_full_disk_is_not_the_videos_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(tmp_path / "a.mp4", *TONE)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        done, left = made(tmp_path, path)
    assert done.kind == "disk"
    assert "No space left on device" in done.reason
    assert left is None
    assert list((tmp_path / "shelf").iterdir()) == []


def test_a_shelf_that_cannot_be_written_ends_all(tmp_path: Path) -> None:
    (tmp_path / "shelf").write_text("a file")
    with pytest.raises(Exception, match="shelf"):
        made(tmp_path, film(tmp_path / "a.mp4", *TONE))


@pytest.mark.parametrize(
    ("tags", "title"),
    [
        ((), ""),
        (("-metadata", "title=One  Song"), "One Song"),
        (("-metadata", "title=One", "-metadata", "artist=Ärtist"), "Ärtist - One"),
        (("-metadata", "artist=Ärtist"), ""),
    ],
)
def test_title_by_the_files_tags(tmp_path: Path, tags: tuple[str, ...], title: str) -> None:
    assert title_of(film(tmp_path / "a.mp4", options=tags)) == title


def test_a_picture_longer_than_its_sound(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", *TONE, seconds=7.0)
    _, song = made(tmp_path, path)
    assert isinstance(song, Song)
    assert (len(song.seen), len(song.heard.chords)) == (7, 4)
