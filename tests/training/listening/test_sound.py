"""A film's sound begins with its picture, whatever the streams' formats and beginnings."""

import os
import shutil
import struct
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelock.engine.errors import MissingPart, UnreadableFilm
from scorelock.training.listening import sound
from scorelock.training.listening.heard import RATE
from scorelock.training.listening.sound import NoSound, read_sound
from scorelock.training.stalls import Stalled

SECONDS = 3
BURST_S = 1.5
"""When a tone of 40 ms begins in a silence."""

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
pytestmark = needs_ffmpeg


def ffmpeg(*arguments: str | float | Path) -> None:
    words = ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)]
    subprocess.run(words, check=True, capture_output=True, timeout=60)


def burst(rate: int = RATE, channels: int = 1) -> NDArray[np.float64]:
    """(N, channels): a tone of 440 Hz from `BURST_S` on."""
    at_s = np.arange(SECONDS * rate) / rate
    within = (at_s >= BURST_S) & (at_s < BURST_S + 0.04)
    return np.tile((0.5 * np.sin(2 * np.pi * 440 * at_s) * within)[:, None], channels)


def write_wave(path: Path, samples: NDArray[np.float64], rate: int = RATE) -> Path:
    """Sixteen bits, by the standard library."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).round().astype("<i2").tobytes())
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "picture.mkv"
    source = f"testsrc=size=64x48:rate=25:duration={SECONDS}"
    ffmpeg("-f", "lavfi", "-i", source, "-c:v", "mpeg4", path)
    return path


def begins_s(samples: NDArray[np.float32]) -> float:
    """When it first is louder than a codec's echo of what is to come."""
    return int(np.argmax(np.abs(samples) > 0.25)) / RATE


@pytest.mark.parametrize(
    ("name", "rate", "channels", "codec"),
    [
        ("film.mp4", 44_100, 2, ["aac"]),
        ("film.mp4", 48_000, 6, ["aac"]),
        ("film.mp4", 44_100, 2, ["libmp3lame"]),
        ("film.webm", 48_000, 1, ["libopus", "-c:v", "libvpx"]),
        ("film.mov", 8_000, 1, ["pcm_s16le"]),
        ("film.mkv", 96_000, 2, ["flac"]),
        ("film.ts", 48_000, 2, ["mp2", "-c:v", "mpeg2video"]),
    ],
)
def test_every_format_is_heard_in_time(
    tmp_path: Path, picture: Path, name: str, rate: int, channels: int, codec: list[str]
) -> None:
    sound = write_wave(tmp_path / "sound.wav", burst(rate, channels), rate)
    ffmpeg("-i", picture, "-i", sound, "-c:v", "mpeg4", "-c:a", *codec, tmp_path / name)

    heard = read_sound(tmp_path / name)

    assert heard.samples.dtype == np.float32
    assert heard.seconds == pytest.approx(SECONDS, abs=0.12)  # a codec's last packet is whole
    # The Matroska of WebM shows the picture 7 ms late, to make room for Opus's lead.
    assert begins_s(heard.samples) == pytest.approx(BURST_S, abs=0.009)
    assert np.abs(heard.samples).max() == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("late_s", [0.4, -0.4])
@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.ts"])
def test_a_sound_that_begins_later_or_earlier_than_the_picture_keeps_its_place(
    tmp_path: Path, picture: Path, name: str, late_s: float
) -> None:
    sound = write_wave(tmp_path / "sound.wav", burst())
    later = {"sound": max(0, late_s), "picture": max(0, -late_s)}
    ffmpeg(
        *("-itsoffset", later["picture"], "-i", picture, "-itsoffset", later["sound"], "-i", sound),
        *("-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", "mp2", tmp_path / name),
    )

    heard = read_sound(tmp_path / name)

    assert begins_s(heard.samples) == pytest.approx(BURST_S + late_s, abs=0.004)
    assert heard.seconds == pytest.approx(SECONDS + late_s, abs=0.08)


def test_mono_is_the_mean_of_the_channels(tmp_path: Path) -> None:
    steady = np.zeros((RATE, 6))
    steady[:, 3] = 0.6  # the one of low effects, which ffmpeg's own mix leaves out
    steady[:, 0] = 0.3

    heard = read_sound(write_wave(tmp_path / "sound.wav", steady)).samples

    np.testing.assert_allclose(heard, 0.15, atol=1e-4)


def test_samples_that_are_no_numbers_or_too_loud_are_put_right(tmp_path: Path) -> None:
    samples = np.array([0.5, np.nan, 7.0, -np.inf, 0.25] * 9000, "<f4").tobytes()
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 3, 1, RATE, 4 * RATE, 4, 32)
    data = struct.pack("<4sI", b"data", len(samples)) + samples
    wild = struct.pack("<4sI4s", b"RIFF", 4 + len(fmt) + len(data), b"WAVE") + fmt + data
    (tmp_path / "wild.wav").write_bytes(wild)

    heard = read_sound(tmp_path / "wild.wav").samples

    np.testing.assert_allclose(heard[:5], [0.5, 0, 1, -1, 0.25])


def test_sound_alone_with_a_cover_is_heard_whole(tmp_path: Path) -> None:
    sound = write_wave(tmp_path / "sound.wav", burst())
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64", "-frames:v", "1", cover)
    song = tmp_path / "song.mp3"
    maps = ["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"]
    ffmpeg("-i", sound, "-i", cover, *maps, song)

    assert begins_s(read_sound(song).samples) == pytest.approx(BURST_S, abs=0.004)


def test_a_gap_in_the_sound_stays_silent(tmp_path: Path, picture: Path) -> None:
    sound = write_wave(tmp_path / "sound.wav", burst())
    whole = tmp_path / "whole.mkv"
    ffmpeg("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "pcm_s16le", whole)
    holed = tmp_path / "holed.mkv"
    without = "aselect=not(between(t\\,0.5\\,1))"
    ffmpeg("-i", whole, "-c:v", "copy", "-af", without, "-c:a", "pcm_s16le", holed)

    assert begins_s(read_sound(holed).samples) == pytest.approx(BURST_S, abs=0.004)


def test_a_picture_without_sound_is_named(picture: Path) -> None:
    with pytest.raises(NoSound, match=r"expected a film with sound, found none in .*picture\.mkv"):
        read_sound(picture)


def test_an_empty_sound_stream_is_no_sound(tmp_path: Path) -> None:
    with pytest.raises(NoSound, match="found none"):
        read_sound(write_wave(tmp_path / "none.wav", np.zeros((0, 1))))


def test_what_is_no_film_is_named_with_ffmpegs_own_words(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("Dear film,\n" * 400)

    with pytest.raises(UnreadableFilm, match=r"letter\.mp4, ffmpeg said: .*; export") as raised:
        read_sound(path)

    assert not isinstance(raised.value, NoSound)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["film.mov", "film.mkv"])
def test_a_sound_that_ends_before_its_header_says_is_named(
    tmp_path: Path, picture: Path, name: str
) -> None:
    sound = write_wave(tmp_path / "sound.wav", burst())
    path = tmp_path / name
    ffmpeg(
        *("-i", picture, "-i", sound, "-c:v", "copy", "-c:a", "pcm_s16le"),
        *(["-movflags", "+faststart"] if name == "film.mov" else []),
        path,
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3])

    with pytest.raises(UnreadableFilm, match=r"expected 3\.\d s of sound .* ends after [01]\.\d s"):
        read_sound(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs programs that are scripts")
@pytest.mark.parametrize("program", ["ffprobe", "ffmpeg"])
@pytest.mark.parametrize("said", ["", "head -c 4000 /dev/zero; exec 1>&-;"])
def test_a_program_that_hangs_is_ended_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    """It says nothing, or something and then neither more nor that it ends."""
    path = write_wave(tmp_path / "sound.wav", burst())
    fake = tmp_path / "bin" / program
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho $$ >'{tmp_path}/pid'\n{said} exec sleep 600\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    patience = iter([0.2] if program == "ffprobe" else [60.0, 0.2])
    monkeypatch.setattr(sound, "patience_s", lambda path: next(patience))

    with pytest.raises(Stalled, match=rf"expected {program} to .*sound\.wav, nothing came for"):
        read_sound(path)

    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_no_ffmpeg_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_wave(tmp_path / "sound.wav", burst())
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingPart, match="install ffmpeg"):
        read_sound(path)


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch, lambda path: None])
def test_a_folder_an_empty_file_and_nothing_are_no_films(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "film.mp4")

    with pytest.raises(UnreadableFilm, match="expected a film"):
        read_sound(tmp_path / "film.mp4")
