"""What was seen so far is given on the way, and what is seen in the end is the same."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from films import flat, noise, write_film
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.features import VideoFeatures
from scorelock.engine.watch import watch, watch_in_parts


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of four shots."""
    shots = (*flat(60, (0, 0, 200)), *noise(90), *flat(66, (180, 20, 0)), *flat(72, (90, 90, 90)))
    return write_film(tmp_path_factory.mktemp("parts") / "film.avi", shots)


def same(one: VideoFeatures, other: VideoFeatures) -> bool:
    """Bit for bit."""
    pairs = ((getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


@settings(max_examples=12, deadline=None)
@given(ends=st.sets(st.integers(1, 20), max_size=5))
def test_the_whole_is_what_is_seen_at_once(film: Path, ends: set[int]) -> None:
    *parts, whole = watch_in_parts(film, sorted(ends))
    assert same(whole, watch(film))
    assert [part.film.duration_s for part in parts] == sorted(end for end in ends if end < 12)
    for part in parts:
        rows = int(part.film.duration_s)
        assert len(part) == rows
        np.testing.assert_array_equal(part.motion, whole.motion[:rows])
        assert part.film.sha256 == whole.film.sha256
        assert set(part.cuts) <= set(whole.cuts)
        assert all(cut.at_s < rows for cut in part.cuts)


def test_a_part_is_the_same_however_often_and_whatever_is_given_before(film: Path) -> None:
    one = next(watch_in_parts(film, [8]))
    for _ in range(3):
        *_, eighth, _ = watch_in_parts(film, [2, 5, 8])
        assert same(eighth, one)


def test_a_part_is_given_while_the_rest_is_not_seen_yet(film: Path) -> None:
    told: list[float] = []
    part = next(watch_in_parts(film, [4], told.append))
    assert len(part) == 4
    assert told == [] or max(told) < 0.5


def test_what_the_progress_raises_ends_it(film: Path) -> None:
    def ends(share: float) -> None:
        if share > 0.5:
            raise InterruptedError

    seen = watch_in_parts(film, [2, 11], ends)
    assert len(next(seen)) == 2
    with pytest.raises(InterruptedError):
        next(seen)


def test_a_short_film_has_no_parts(tmp_path: Path) -> None:
    short = write_film(tmp_path / "short.avi", noise(96))
    (whole,) = watch_in_parts(short, [4, 8])
    assert same(whole, watch(short))
    assert same(whole, replace(whole))
