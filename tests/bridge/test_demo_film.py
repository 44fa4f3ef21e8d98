"""The film that the project draws itself has the moods and cuts that it promises."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scorelock.bridge.bench_watch import measure
from scorelock.bridge.demo_film import RACE_SHOTS, draw_demo_film
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS, VideoFeatures
from scorelock.engine.timebase import FrameRate
from scorelock.engine.watch import watch


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> VideoFeatures:
    path = tmp_path_factory.mktemp("demo") / "demo.mp4"
    draw_demo_film(path)
    return watch(path)


def test_its_size_and_length(seen: VideoFeatures) -> None:
    film = seen.film
    assert (film.width, film.height) == (640, 360)
    assert film.rate == FrameRate(Fraction(24))
    assert film.duration_s == pytest.approx(24.0)


@pytest.mark.parametrize(
    ("start", "end", "moods"),
    [
        (0, 6, {"relaxing"}),
        (6, 10, {"exciting"}),
        (12, 15, {"fearful", "tense"}),
        (16, 19, {"sad"}),
        (20, 24, {"relaxing"}),
    ],
    ids=["sunrise", "race", "night", "rain", "evening"],
)
def test_each_scene_has_its_mood(
    seen: VideoFeatures, start: int, end: int, moods: set[str]
) -> None:
    assert {EMOTIONS[n] for n in seen.emotion[start:end].argmax(axis=1)} <= moods


def test_it_is_cut_between_scenes_and_fast_in_the_race(seen: VideoFeatures) -> None:
    cuts = [cut.at_s for cut in seen.cuts]
    shots = np.linspace(6.0, 10.8, RACE_SHOTS + 1)
    wanted = [*shots, 15.6, 19.2]
    assert cuts == pytest.approx(wanted, abs=0.05)


def test_the_same_pixels_every_time_and_nothing_left_beside(tmp_path: Path) -> None:
    small = {"seconds": 8, "size": (160, 90)}
    for name in ("one.mp4", "two.mp4"):
        draw_demo_film(tmp_path / name, **small)  # type: ignore[arg-type]
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.mp4", "two.mp4"]


def test_a_place_that_takes_no_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="choose another") as caught:
        draw_demo_film(tmp_path / "missing" / "demo.mp4", seconds=8, size=(160, 90))
    assert "\n" not in str(caught.value)


def test_the_measure_sets_watching_against_reading(tmp_path: Path) -> None:
    """On a clock that goes three times as far while the film is watched as while it is read."""
    film = tmp_path / "small.mp4"
    draw_demo_film(film, seconds=8, size=(160, 90))
    ticks = iter([0, 6, 6, 8, 8, 14, 14, 16, 16, 22, 22, 24, 24, 31])
    told = measure(lambda: float(next(ticks)), film)
    assert (told["ours"], told["other"], told["ratio"]) == (6, 2, 3)
    assert (told["public_s"], told["public_ratio"]) == (7, 3.5)
    assert told["film"] == "small.mp4"
    assert told["speed"] == pytest.approx(8 / 6)
