"""Films whose right answer is known by how they were drawn, as files of the data set's layout.

Motion is told from the drawn pixels by its definition, scenes by where they were cut, and both are
compared with PySceneDetect's own pass over the file and with the numbers worked out by hand.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import scenedetect
from films import ffmpeg, flat, needs_ffmpeg, write_film
from shots import pan

from scorelock.bridge import cli
from scorelock.engine.video import Image

Colour = tuple[int, int, int]


def analysed(film: Path, folder: Path) -> dict[str, list[float]]:
    """The numbers in the files that the command writes, by feature."""
    words = ("--features", "picture", "--layout", "muvisync", "-o", str(folder))
    assert cli.main(["analyse", str(film), *words]) == 0
    read: dict[str, list[float]] = {}
    for name in ("motion", "scene_offset"):
        lines = (folder / f"vevo_{name}/all/{film.stem}.lab").read_text().splitlines()
        seconds, values = zip(*(line.split() for line in lines), strict=True)
        assert [int(second) for second in seconds] == list(range(len(lines)))
        read[name] = [float(value) for value in values]
    return read


def shot(count: int, colour: Colour, step: int) -> list[Image]:
    """A flat shot whose every frame is so many levels from the one before it, in each channel."""
    one, other = flat(1, colour)[0], flat(1, (colour[0] + step, colour[1] + step, colour[2] + step))
    return [other[0] if n % 2 else one for n in range(count)]


def motion(frames: Sequence[Image], times_s: Sequence[float]) -> list[float]:
    """Of the first frame at or past each whole second and the one before it; second 0 is 0."""
    rows = [0.0]
    for second in range(1, int(times_s[-1] + 1e-6) + 1):
        at = next(n for n, at_s in enumerate(times_s) if at_s >= second - 1e-6)
        rows.append(float(np.abs(frames[at].astype(int) - frames[at - 1]).mean()))
    return rows


def offsets(cuts_s: Sequence[float], rows: int) -> list[int]:
    """The published rule: a scene has the seconds up to the one that it ends in."""
    counted: list[int] = []
    for end_s in [*cuts_s, rows]:
        counted += range(math.ceil(end_s - 1e-6) - len(counted))
    return counted[:rows]


def cuts_of(film: Path) -> list[float]:
    scenes = scenedetect.detect(str(film), scenedetect.AdaptiveDetector())
    return [start.seconds for start, _ in scenes[1:]]


def test_the_numbers_worked_out_by_hand(tmp_path: Path) -> None:
    """25 frames a second; cuts at 2 s sharp and at 3.2 s, 6 levels a frame, then 10, then none."""
    frames = [
        *shot(50, (10, 10, 10), 6),  # ends on (16, 16, 16)
        *shot(30, (40, 70, 100), 10),  # 24, 54 and 84 levels away: 54 on average
        *shot(45, (200, 20, 20), 0),
    ]
    found = analysed(write_film(tmp_path / "hand.avi", frames, 25.0), tmp_path / "tree")
    assert found["motion"] == [0, 6, 54, 10, 0]
    assert found["scene_offset"] == [0, 1, 0, 1, 0]


@needs_ffmpeg
@pytest.mark.parametrize("codec", ["ffv1", "huffyuv", "png"])
@pytest.mark.parametrize("ending", ["mov", "mkv"])
def test_no_codec_that_keeps_pixels_changes_a_number(
    tmp_path: Path, codec: str, ending: str
) -> None:
    frames = [*pan(60, 1), *pan(70, 2), *pan(50, 3)]
    drawn, film = write_film(tmp_path / "a.avi", frames, 25.0), tmp_path / f"b.{ending}"
    ffmpeg("-i", drawn, "-pix_fmt", "bgr0" if codec == "ffv1" else "rgb24", "-c:v", codec, film)
    found = analysed(film, tmp_path / "tree")
    times_s = [n / 25 for n in range(len(frames))]
    assert found["motion"] == pytest.approx(motion(frames, times_s), abs=1e-5)
    assert found["scene_offset"] == offsets([60 / 25, 130 / 25], 8) == offsets(cuts_of(film), 8)


def test_at_23_976_the_seconds_drift_from_the_frames(tmp_path: Path) -> None:
    """Frame 24 n comes 1 ms late for second n: the cut there is of that second's motion, and yet
    the scene begins with the next one.
    """
    fps = 24000 / 1001
    frames = [*pan(96, 1), *pan(47, 2), *pan(73, 3)]
    film = write_film(tmp_path / "a.avi", frames, fps)
    found = analysed(film, tmp_path / "tree")
    times_s = [n / fps for n in range(len(frames))]
    assert times_s[96] > 4
    wanted = motion(frames, times_s)
    assert found["motion"] == pytest.approx(wanted, abs=1e-5)
    assert wanted[4] == pytest.approx(float(np.abs(frames[96].astype(int) - frames[95]).mean()))
    assert found["scene_offset"] == [0, 1, 2, 3, 4, 0, 0, 1, 2]
    assert found["scene_offset"] == offsets(cuts_of(film), 9)


@needs_ffmpeg
def test_a_film_of_variable_rate_is_timed_by_its_stamps(tmp_path: Path) -> None:
    """From 2 s on every frame lasts twice as long: a cut at frame 80 is at 4.4 s, not 3.2."""
    frames = [*pan(80, 1), *pan(60, 2)]
    drawn, film = write_film(tmp_path / "a.avi", frames, 25.0), tmp_path / "b.mkv"
    slower = "setpts='if(lt(N,50),N,2*N-50)/25/TB'"
    ffmpeg("-i", drawn, "-vf", slower, "-fps_mode", "passthrough", "-c:v", "ffv1", film)
    found = analysed(film, tmp_path / "tree")
    times_s = [(n if n < 50 else 2 * n - 50) / 25 for n in range(len(frames))]
    assert found["motion"] == pytest.approx(motion(frames, times_s), abs=1e-5)
    assert cuts_of(film) == pytest.approx([4.4])
    assert found["scene_offset"] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]


def test_a_scene_without_a_whole_second_has_no_row(tmp_path: Path) -> None:
    """It lasts from 2.08 s to 2.88 s; row 3 is of the scene after it."""
    frames = [*pan(52, 1), *pan(20, 2), *pan(53, 3)]
    film = write_film(tmp_path / "a.avi", frames, 25.0)
    assert cuts_of(film) == pytest.approx([2.08, 2.88])
    assert analysed(film, tmp_path / "tree")["scene_offset"] == [0, 1, 2, 0, 1]


@pytest.mark.parametrize(("through_black", "cuts"), [(True, [3.0]), (False, [])])
def test_a_dissolve_is_no_cut_and_a_fade_is_one_where_it_is_black(
    tmp_path: Path, through_black: bool, cuts: list[float]
) -> None:
    """Of two seconds, from 2 s on; the motion is what a frame of it takes away or brings."""
    first, second = pan(1, 1)[0], pan(1, 2)[0]
    if through_black:
        down = [first * (1 - n / 24) for n in range(24)]
        between = [*down, *(second * (n / 24) for n in range(24))]
    else:
        between = [first * (1 - n / 48) + second * (n / 48) for n in range(48)]
    frames = [*[first] * 48, *(each.astype(np.uint8) for each in between), *[second] * 48]
    film = write_film(tmp_path / "a.avi", frames)
    found = analysed(film, tmp_path / "tree")
    assert cuts_of(film) == pytest.approx(cuts)
    assert found["scene_offset"] == offsets(cuts, 6)
    assert found["motion"] == pytest.approx(motion(frames, [n / 24 for n in range(144)]), abs=1e-5)
    assert found["motion"][1] == 0 == found["motion"][5]
    assert found["motion"][3] > 1
