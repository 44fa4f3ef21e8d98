"""Shots are those that PySceneDetect itself finds, and rows count from where each begins."""

import math
from pathlib import Path

import numpy as np
import pytest
import scenedetect
from films import SHARED, ffmpeg, flat, needs_ffmpeg, needs_films, noise, write_film
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.features import Cut
from scorelock.engine.shots import ShotWatcher, change, scene_offsets, shrink
from scorelock.engine.video import FilmReader, Image

BLACK, RED, BLUE, WHITE = (0, 0, 0), (0, 0, 255), (255, 0, 0), (255, 255, 255)


def cuts(path: Path) -> tuple[Cut, ...]:
    """The cuts of a film."""
    reader = FilmReader(path)
    shots = ShotWatcher(reader.declared_fps)
    for at_s, frame in reader:
        shots.see(at_s, shrink(frame))
    return tuple(shots.cuts)


def by_scenedetect(path: Path) -> list[float]:
    """The times of the cuts by PySceneDetect's own pass over the file."""
    scenes = scenedetect.detect(str(path), scenedetect.AdaptiveDetector())
    return [start.seconds for start, _ in scenes[1:]]


def three_shots(size: tuple[int, int]) -> list[Image]:
    shots = [flat(20, RED, size), noise(1, size=size) * 31, flat(29, BLUE, size)]
    return [frame for shot in shots for frame in shot]


@needs_films
@pytest.mark.parametrize("film", sorted(SHARED.glob("*.*")), ids=lambda path: path.name)
def test_real_films_have_the_cuts_of_scenedetect(film: Path) -> None:
    assert [cut.at_s for cut in cuts(film)] == pytest.approx(by_scenedetect(film), abs=1e-6)


@pytest.mark.parametrize(
    ("size", "fps"),
    [
        ((64, 48), 24000 / 1001),
        ((64, 48), 50.0),
        ((512, 288), 25.0),
        ((90, 500), 30000 / 1001),
    ],
)
def test_drawn_films_are_cut_where_they_were_drawn(
    tmp_path: Path, size: tuple[int, int], fps: float
) -> None:
    film = write_film(tmp_path / "a.avi", three_shots(size), fps)
    found = [cut.at_s for cut in cuts(film)]
    assert found == pytest.approx([20 / fps, 51 / fps], abs=1e-5)
    assert found == pytest.approx(by_scenedetect(film), abs=1e-6)


@needs_ffmpeg
def test_a_film_of_variable_rate_is_cut_at_its_stamps(tmp_path: Path) -> None:
    film, varied = write_film(tmp_path / "a.avi", three_shots((64, 48)), 25.0), tmp_path / "b.mkv"
    ffmpeg("-i", film, "-vf", "setpts='N+N*gt(N,40)'", "-fps_mode", "passthrough", varied)
    assert [cut.at_s for cut in cuts(varied)] == pytest.approx(by_scenedetect(varied), abs=1e-6)


def test_a_shot_under_15_frames_is_no_shot(tmp_path: Path) -> None:
    frames = [*flat(30, RED), *flat(10, BLUE), *flat(30, WHITE)]
    assert len(cuts(write_film(tmp_path / "a.avi", frames))) == 1


def test_the_harder_the_cut_the_stronger(tmp_path: Path) -> None:
    soft, hard = (
        cuts(write_film(tmp_path / f"{grey}.avi", [*flat(24, BLACK), *flat(24, (grey,) * 3)]))
        for grey in (60, 250)
    )
    assert soft[0].strength == pytest.approx(60 / 3)
    assert hard[0].strength == pytest.approx(250 / 3)


def test_change_is_the_mean_over_hue_saturation_and_value() -> None:
    # In OpenCV's 8-bit HSV red is (0, 255, 255) and blue (120, 255, 255).
    assert change(flat(1, RED)[0], flat(1, BLUE)[0]) == pytest.approx(120 / 3)
    assert change(flat(1, RED)[0], flat(1, RED)[0]) == 0


@given(st.lists(st.integers(1, 900), max_size=12, unique=True), st.integers(1, 31))
def test_offsets_follow_the_published_rule(hundredths: list[int], rows: int) -> None:
    """Written as the data set was made: each scene fills the seconds up to the one it ends in."""
    times = sorted(t / 30 for t in hundredths)
    ends = [math.ceil(t) for t in times if t < rows] + [rows]
    wanted: list[int] = []
    for end in ends:
        wanted += range(end - len(wanted))
    got = scene_offsets([Cut(t, 50.0) for t in times], rows)
    assert got.dtype == np.float32
    assert got.tolist() == wanted


def test_a_cut_on_the_second_begins_its_row() -> None:
    assert scene_offsets([Cut(2.0, 50.0)], 4).tolist() == [0, 1, 0, 1]
    assert scene_offsets([Cut(2.04, 50.0)], 4).tolist() == [0, 1, 2, 0]
    assert scene_offsets([Cut(1.2, 50.0), Cut(1.9, 50.0)], 4).tolist() == [0, 1, 0, 1]
    assert scene_offsets([], 3).tolist() == [0, 1, 2]
