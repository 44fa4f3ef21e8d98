"""Seconds of a picture that goes on: what `watch` sees in a film, as soon as it can be known."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from films import flat, noise, write_film

from scorelock.engine.features import VideoFeatures
from scorelock.engine.onlooker import Onlooker, Row
from scorelock.engine.video import Image
from scorelock.engine.watch import watch

FPS = 24.0


def onlooked(drawn: list[Image], fps: float = FPS) -> list[Row]:
    """Every whole second of these frames."""
    onlooker, rows = Onlooker(fps), list[Row]()
    for number, frame in enumerate(drawn):
        if number / fps >= len(rows) + 1:
            rows.append(onlooker.close())
        onlooker.see(number / fps, frame)
    return [*rows, onlooker.close()]


@pytest.fixture(scope="module")
def drawn() -> list[Image]:
    """Three scenes: a bright one, a dark one from 2 s on, and noise from 4.5 s on."""
    bright, dark = flat(48, (200, 220, 240)), flat(60, (30, 10, 10))
    return [*bright, *dark, *noise(60)]


@pytest.fixture(scope="module")
def film(drawn: list[Image], tmp_path_factory: pytest.TempPathFactory) -> VideoFeatures:
    """The same as a film that was watched whole."""
    path: Path = tmp_path_factory.mktemp("onlooker") / "a.avi"
    return watch(write_film(path, drawn, FPS))


def test_its_rows_are_those_of_a_film_that_is_watched(
    drawn: list[Image], film: VideoFeatures
) -> None:
    """What needs no future: motion, scenes, and pleasure, which light and colour make at once."""
    rows = onlooked(drawn)
    assert len(rows) == len(film) == 7
    assert [row.motion for row in rows] == pytest.approx(film.motion, abs=1e-4)
    assert [row.scene_offset for row in rows] == film.scene_offset.tolist()
    assert [row.valence for row in rows] == pytest.approx(film.valence, abs=1e-5)


def test_the_mood_of_a_second_is_that_of_a_film_that_ends_there(
    drawn: list[Image], tmp_path: Path
) -> None:
    """No row waits for what comes, nor changes afterwards."""
    row = onlooked(drawn)[3]
    ended = watch(write_film(tmp_path / "b.avi", drawn[: int(4 * FPS)], FPS))
    assert row.emotion == pytest.approx(ended.emotion[3], abs=1e-5)
    assert row.columns("picture")[2:] == pytest.approx(ended.emotion[3], abs=1e-5)


def test_a_second_without_a_frame_is_the_last_one_at_rest() -> None:
    onlooker = Onlooker(FPS)
    for number, frame in enumerate(noise(24)):
        onlooker.see(number / FPS, frame)
    first, empty = onlooker.close(), onlooker.close()
    assert (first.frames, empty.frames, empty.motion) == (24, 0, 0.0)
    assert empty.valence == first.valence
    assert empty.scene_offset == 1


def test_another_size_and_black_are_pictures_like_others() -> None:
    onlooker = Onlooker(FPS, begins_s=7)
    onlooker.see(7.0, flat(1, (0, 0, 0), (64, 48))[0])
    onlooker.close()
    onlooker.see(8.0, flat(1, (10, 10, 10), (320, 240))[0])
    row = onlooker.close()
    assert row.motion == pytest.approx(10.0)
    assert np.isfinite(row.columns("picture")).all()


def test_nothing_grows_with_time() -> None:
    onlooker, pair = Onlooker(2.0), noise(2, size=(32, 18))

    def minutes(first: int, last: int) -> None:
        for second in range(60 * first, 60 * last):
            onlooker.see(float(second), pair[0])
            onlooker.see(second + 0.5, pair[1])
            onlooker.close()

    minutes(0, 2)
    tracemalloc.start()
    minutes(2, 4)
    before, _ = tracemalloc.get_traced_memory()
    minutes(4, 12)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 20_000
