"""The film with its score, as ffprobe and ffmpeg see it."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from films import SHARED, ffmpeg, needs_ffmpeg
from gridded import each_film, film_score, score

from scorelock.engine.errors import BadSetting, MissingPart, UnreadableFilm
from scorelock.export import film_preview
from scorelock.export.score import Score


def streams(path: Path) -> dict[str, Any]:
    """By type, with how many packets were counted."""
    said = subprocess.run(
        ["ffprobe", "-v", "error", "-count_packets", "-show_streams", "-of", "json", path],
        capture_output=True,
        check=True,
    )
    return {stream["codec_type"]: stream for stream in json.loads(said.stdout)["streams"]}


def picture_hash(path: Path) -> bytes:
    """Of the coded picture, packet by packet."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-c", "copy", "-f", "md5"]
    return subprocess.run([*command, "-"], capture_output=True, check=True).stdout


def with_film(path: Path) -> Score:
    made = score()
    film = replace(made.cue.features.film, path=str(path))
    return replace(made, cue=replace(made.cue, features=replace(made.cue.features, film=film)))


@needs_ffmpeg
@each_film
def test_a_film_keeps_its_picture_and_gets_the_score(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    film_preview.write(tmp_path / "out.mp4", made)
    before, after = streams(SHARED / film), streams(tmp_path / "out.mp4")
    assert set(after) == {"video", "audio"}
    assert (after["audio"]["codec_name"], after["video"]["codec_name"]) == ("aac", "h264")
    assert float(after["audio"]["duration"]) == pytest.approx(made.performance.duration_s, abs=0.05)
    for field in ("width", "height", "nb_read_packets"):
        assert after["video"][field] == before["video"][field]
    if before["video"]["codec_name"] == "h264":
        assert picture_hash(tmp_path / "out.mp4") == picture_hash(SHARED / film)


@needs_ffmpeg
def test_what_has_no_picture_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.mp4").write_bytes(b"as it was")
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", tmp_path / "tone.wav")
    with pytest.raises(BadSetting, match="expected ffmpeg to write") as caught:
        film_preview.write(tmp_path / "out.mp4", with_film(tmp_path / "tone.wav"))
    assert "\n" not in str(caught.value)
    assert (tmp_path / "out.mp4").read_bytes() == b"as it was"
    assert {path.name for path in tmp_path.iterdir()} == {"tone.wav", "out.mp4"}


@needs_ffmpeg
def test_a_film_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFilm, match=r"gone\.mp4"):
        film_preview.write(tmp_path / "out.mp4", with_film(tmp_path / "gone.mp4"))


def test_without_ffmpeg_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPart, match="expected ffmpeg"):
        film_preview.write(tmp_path / "out.mp4", score())
