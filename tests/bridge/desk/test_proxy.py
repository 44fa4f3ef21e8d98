"""A film for browsers: what ffmpeg makes, that it can be ended, and what is said when it cannot."""

import json
import subprocess
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from films import ffmpeg, needs_ffmpeg, noise, write_film

from scorelock.bridge.desk.proxy import PROXY, made, make_proxy
from scorelock.engine.errors import MissingPart, UnreadableFilm


def streams(path: Path) -> dict[str, dict[str, Any]]:
    """What ffprobe says of a film, by kind of stream."""
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    return {stream["codec_type"]: stream for stream in json.loads(output)["streams"]}


def keyframes_s(path: Path) -> list[float]:
    command = ["ffprobe", "-v", "error", "-skip_frame", "nokey", "-select_streams", "v"]
    command += ["-show_entries", "frame=pts_time", "-of", "csv=p=0", str(path)]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    return [float(line.strip(",")) for line in output.split()]


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three seconds of 1080 lines with sound, in what no browser takes."""
    path = tmp_path / "film.mkv"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=1920x1080:rate=24:duration=3"),
        *("-f", "lavfi", "-i", "sine=duration=3", "-c:v", "mpeg2video", "-c:a", "pcm_s16le", path),
    )
    return path


@needs_ffmpeg
def test_a_proxy_is_what_browsers_show(film: Path, tmp_path: Path) -> None:
    into, shares = tmp_path / "film.mkv.cue" / PROXY, list[float]()
    assert make_proxy(film, into, 3.0, shares.append, Event()) == into
    found = streams(into)
    assert found["video"]["codec_name"] == "h264"
    assert found["video"]["pix_fmt"] == "yuv420p"
    assert (found["video"]["width"], found["video"]["height"]) == (1280, 720)
    assert found["audio"]["codec_name"] == "aac"
    assert float(found["video"]["duration"]) == pytest.approx(3.0, abs=1 / 24)
    assert keyframes_s(into) == pytest.approx([0, 0.5, 1, 1.5, 2, 2.5], abs=1 / 24)
    content = into.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # it plays before all has come
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0, abs=0.05)
    assert made(into.parent) == into
    assert [path.name for path in into.parent.iterdir()] == [PROXY]


@needs_ffmpeg
def test_a_small_film_stays_small_and_odd_sides_are_made_even(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.avi", noise(24, size=(65, 47)))
    into = tmp_path / PROXY
    assert make_proxy(film, into, 1.0, lambda share: None, Event()) == into
    video = streams(into)["video"]
    assert (video["width"] % 2, video["height"]) == (0, 46)


@needs_ffmpeg
def test_a_proxy_that_is_cancelled_leaves_what_was_there(film: Path, tmp_path: Path) -> None:
    into, cancelled = tmp_path / "cue" / PROXY, Event()
    into.parent.mkdir()
    into.write_bytes(b"the one before")
    cancelled.set()
    assert make_proxy(film, into, 3.0, lambda share: None, cancelled) is None
    assert into.read_bytes() == b"the one before"
    assert list(into.parent.iterdir()) == [into]


@needs_ffmpeg
def test_a_listener_that_fails_ends_it(film: Path, tmp_path: Path) -> None:
    def report(share: float) -> None:
        raise ValueError("nobody listens")

    with pytest.raises(ValueError, match="nobody listens"):
        make_proxy(film, tmp_path / PROXY, 3.0, report, Event())
    assert not (tmp_path / PROXY).exists()


@needs_ffmpeg
def test_a_film_that_ffmpeg_cannot_read_is_said_in_one_line(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"this is no film")
    with pytest.raises(UnreadableFilm, match="it said: ") as info:
        make_proxy(film, tmp_path / PROXY, 1.0, lambda share: None, Event())
    assert "\n" not in str(info.value)
    assert not (tmp_path / PROXY).exists()


@needs_ffmpeg
def test_a_playlist_fetches_nothing(tmp_path: Path) -> None:
    film = tmp_path / "film.m3u8"
    film.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/part.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(UnreadableFilm, match="it said: "):
        make_proxy(film, tmp_path / PROXY, 1.0, lambda share: None, Event())


def test_without_ffmpeg_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingPart, match="expected ffmpeg"):
        make_proxy(tmp_path / "film.mp4", tmp_path / PROXY, 1.0, lambda share: None, Event())


def test_a_proxy_that_leads_elsewhere_is_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("nobody may read this")
    cue = tmp_path / "film.cue"
    cue.mkdir()
    assert made(cue) is None
    (cue / PROXY).symlink_to(tmp_path / "secret")
    assert made(cue) is None
