"""One pass gives every row; motion is what the definition says, pixel by pixel."""

import hashlib
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from films import ffmpeg, flat, needs_ffmpeg, noise, write_film

from scorelock.engine.features import EMOTIONS, EXTRACTOR
from scorelock.engine.video import Image
from scorelock.engine.watch import watch


def motion(frames: list[Image], times_s: list[float]) -> list[float]:
    """The definition again, from the drawn frames: first at or past each second, less the last."""
    rows = [0.0]
    for second in range(1, int(times_s[-1] + 1e-6) + 1):
        first = next(n for n, at_s in enumerate(times_s) if at_s >= second - 1e-6)
        rows.append(float(np.abs(frames[first].astype(float) - frames[first - 1]).mean()))
    return rows


@pytest.mark.parametrize("fps", [24.0, 24000 / 1001, 25.0, 30000 / 1001, 12.5])
def test_motion_of_known_frames(tmp_path: Path, fps: float) -> None:
    frames = noise(int(3.4 * fps))
    seen = watch(write_film(tmp_path / "a.avi", frames, fps))
    assert seen.motion == pytest.approx(motion(frames, [n / fps for n in range(len(frames))]))


@needs_ffmpeg
def test_motion_of_a_film_of_variable_rate(tmp_path: Path) -> None:
    drawn, varied = noise(120), tmp_path / "b.mkv"
    ffmpeg(
        *("-i", write_film(tmp_path / "a.avi", drawn, 30.0)),
        *("-vf", "select='lt(n,40)+not(mod(n,7))'", "-fps_mode", "passthrough"),
        *("-c:v", "ffv1", varied),
    )
    kept = [n for n in range(120) if n < 40 or n % 7 == 0]
    wanted = motion([drawn[n] for n in kept], [n / 30 for n in kept])
    assert watch(varied).motion == pytest.approx(wanted)


def test_rows_are_the_seconds_in_which_a_frame_begins(tmp_path: Path) -> None:
    for count, rows in [(24, 1), (25, 2), (48, 2), (49, 3)]:
        seen = watch(write_film(tmp_path / f"{count}.avi", noise(count), 24.0))
        assert len(seen) == rows


def test_everything_is_told(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", [*flat(36, (0, 0, 200)), *flat(36, (200, 0, 0))])
    seen = watch(path)
    assert seen.extractor == EXTRACTOR
    assert seen.film.path == str(path)
    assert seen.film.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert seen.semantic is None
    assert [cut.at_s for cut in seen.cuts] == [pytest.approx(1.5)]
    assert seen.scene_offset.tolist() == [0, 1, 0]
    assert seen.emotion.shape == (3, len(EMOTIONS))
    assert seen.matrix("picture").shape == (3, 8)


def test_the_same_film_is_seen_the_same(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", noise(60))
    one, other = watch(path), watch(path)
    np.testing.assert_array_equal(one.matrix("picture"), other.matrix("picture"))
    assert one.cuts == other.cuts


def test_progress_rises_to_1(tmp_path: Path) -> None:
    told: list[float] = []
    watch(write_film(tmp_path / "a.avi", noise(96)), told.append)
    assert told == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert all(one < other for one, other in pairwise(told))


def test_memory_holds_a_few_frames_of_many(tmp_path: Path) -> None:
    frames = noise(4, size=(320, 240)) * 60
    path = write_film(tmp_path / "a.avi", frames, 12.0, codec="MJPG")
    tracemalloc.start()
    watch(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 3 * frames[0].nbytes < peak < 20 * frames[0].nbytes  # of 240
