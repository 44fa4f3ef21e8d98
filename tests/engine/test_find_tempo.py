"""Found tempos against all tempos tried one by one, and against those that hits were made from."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from math import log2
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from films import SHARED, needs_films
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.errors import BadSetting
from scorelock.engine.find_tempo import Proposal, Search, find_tempo
from scorelock.engine.hits import Hit, hits_at
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap
from scorelock.engine.timebase import FrameRate
from scorelock.engine.watch import watch

FILM = FrameRate(Fraction(24))
NTSC = FrameRate(Fraction(30000, 1001))
LENGTH_S = 20.0
Numbers = tuple[int, ...]  # microseconds a quarter, or bars

frames = st.integers(1, 24 * int(LENGTH_S) - 1)
some_hits = st.lists(
    st.builds(
        Hit,
        frames.map(lambda frame: frame / 24),
        st.sampled_from([0.5, 1.0, 2.0]),
        st.sampled_from([1.0, 2.0]),
    ),
    min_size=1,
    max_size=6,
)


def frames_off(grid: TempoMap, hits: list[Hit], rate: FrameRate, places: Fraction) -> list[float]:
    """Frames from each hit to the nearest place, exactly."""
    off = []
    for hit in hits:
        quarter = round(grid.quarter(hit.at_s) / places) * places
        off.append(float((grid.seconds(quarter) - Fraction(hit.at_s)) * rate.fps))
    return off


def judged(off: list[float], hits: list[Hit]) -> float:
    """Mean error without the cost of changes, by its definition."""
    sizes = [abs(miss) / hit.tolerance_frames for miss, hit in zip(off, hits, strict=True)]
    errors = [size if size <= 1.001 else 4 for size in sizes]
    return float(np.average(errors, weights=[hit.weight for hit in hits]))


def tried(hits: list[Hit], search: Search, first: float, tempos: Numbers, bars: Numbers) -> float:
    """The error of one map in floats, tempo by tempo."""
    starts = [first]
    for tempo, count in zip(tempos, bars, strict=False):
        starts.append(starts[-1] + tempo / 10**6 * count * float(search.meter.quarters))
    off = []
    for hit in hits:
        index = max([i for i, start in enumerate(starts) if start <= hit.at_s], default=0)
        step = tempos[index] / 10**6 * float(search.grid) * 4 / search.meter.unit
        rest = (hit.at_s - starts[index]) % step
        off.append(min(rest, step - rest) * 24)
    octaves = (abs(log2(b / a)) for a, b in pairwise(tempos))
    return judged(off, hits) + sum(search.change_cost * (1 + octave) for octave in octaves)


def all_maps(search: Search) -> Iterator[tuple[float, Numbers, Numbers]]:
    """First beats by whole frames, all tempos, and changes on all bar lines of the film."""
    count = round((search.highest - search.lowest) / search.step) + 1
    tempos = [round(60e6 / (search.lowest + search.step * n)) for n in range(count)]
    for chosen in product(tempos, repeat=search.changes + 1):
        if any(a == b for a, b in pairwise(chosen)):
            continue
        beat = chosen[0] / 10**6 * 4 / search.meter.unit * float(search.grid)
        firsts = [n / 24 for n in range(int(beat * 24))] if search.free_start else [0.0]
        most = int(LENGTH_S / (min(chosen) / 10**6 * float(search.meter.quarters))) + 1
        held = range(search.hold_bars, most)
        for first, bars in product(firsts, product(held, repeat=search.changes)):
            yield first, chosen, bars


def best_of_all(hits: list[Hit], search: Search) -> float:
    return min(tried(hits, search, *chosen) for chosen in all_maps(search))


def played(grid: TempoMap, count: int, bars: int, rate: FrameRate, random: Random) -> list[Hit]:
    """Hits on the frames nearest to beats of so many bars."""
    beats = random.sample(range(4 * bars), count)
    return [
        Hit(float(round(grid.seconds(beat) * rate.fps) / rate.fps), 1.0) for beat in sorted(beats)
    ]


def true_error(grid: TempoMap, hits: list[Hit], rate: FrameRate, search: Search) -> float:
    error = judged(frames_off(grid, hits, rate, Fraction(1)), hits)
    bpm = [tempo.bpm for tempo in grid.tempos]
    octaves = (abs(log2(b / a)) for a, b in pairwise(bpm))
    return error + (sum(search.change_cost * (1 + octave) for octave in octaves))


@settings(max_examples=40, deadline=None)
@given(some_hits, st.integers(60, 140), st.booleans(), st.sampled_from([1, 2]))
def test_no_tempo_is_better(hits: list[Hit], lowest: int, free: bool, parts: int) -> None:
    search = Search(lowest, lowest + 5, 0.25, grid=Fraction(1, parts), free_start=free)
    assert find_tempo(hits, FILM, LENGTH_S, search)[0].error <= best_of_all(hits, search) + 1e-3


@settings(max_examples=25, deadline=None)
@given(
    some_hits,
    st.integers(60, 140),
    st.sampled_from([Meter(), Meter(1, 3, 4), Meter(1, 6, 8)]),
    st.sampled_from([(1, True, 2.0), (1, False, 0.5), (2, False, 3.0)]),
    st.integers(1, 3),
)
def test_no_tempo_with_changes_is_better(
    hits: list[Hit], lowest: int, meter: Meter, how: tuple[int, bool, float], hold_bars: int
) -> None:
    changes, free, step = how
    search = Search(
        *(lowest, lowest + 6, step, changes, Fraction(1), meter, free), hold_bars=hold_bars
    )
    assert find_tempo(hits, FILM, LENGTH_S, search)[0].error <= best_of_all(hits, search) + 1e-3


@settings(max_examples=25, deadline=None)
@given(
    some_hits,
    st.sampled_from([FILM, NTSC, FrameRate(Fraction(25, 2))]),
    st.sampled_from([Meter(), Meter(1, 3, 4), Meter(1, 6, 8)]),
    st.integers(0, 2),
    st.sampled_from([1, 2, 3]),
    st.booleans(),
)
def test_what_is_told_is_so(
    hits: list[Hit], rate: FrameRate, meter: Meter, changes: int, parts: int, free: bool
) -> None:
    search = Search(80, 100, 0.5, changes, Fraction(1, parts), meter, free)
    places = Fraction(4, meter.unit * parts)
    told = find_tempo(hits, rate, LENGTH_S, search)
    assert 1 <= len(told) <= search.proposals
    for one in told:
        off = frames_off(one.tempo_map, hits, rate, places)
        assert np.abs(one.misses) == pytest.approx(np.abs(off), abs=1e-4)
        cost = sum(
            search.change_cost * (1 + abs(log2(b.bpm / a.bpm)))
            for a, b in pairwise(one.tempo_map.tempos)
        )
        assert one.error == pytest.approx(judged(list(one.misses), hits) + cost)
        met = [abs(m) <= h.tolerance_frames * 1.001 for m, h in zip(off, hits, strict=True)]
        assert one.within == pytest.approx(np.mean(met))
        mean = np.average(np.abs(off), weights=[hit.weight for hit in hits])
        assert one.mean_frames == pytest.approx(mean, abs=1e-4)
        keeps_its_limits(one, search)
    assert [one.error for one in told] == sorted(one.error for one in told)


def keeps_its_limits(one: Proposal, search: Search) -> None:
    grid = one.tempo_map
    beat_s = grid.seconds(Fraction(4, search.meter.unit)) - grid.first_s
    assert 0 <= grid.first_s < beat_s
    assert search.free_start or grid.first_s == 0
    assert grid.meters == (search.meter,)
    assert len(grid.tempos) <= search.changes + 1
    assert all(search.lowest - 1e-3 <= t.bpm <= search.highest + 1e-3 for t in grid.tempos)
    bars = [tempo.quarter / search.meter.quarters for tempo in grid.tempos]
    assert all(bar.denominator == 1 for bar in bars)
    assert all(b - a >= search.hold_bars for a, b in pairwise(bars))


@settings(max_examples=15, deadline=None)
@given(st.integers(6000, 15000), st.floats(0, 0.39), st.integers(4, 40), st.randoms())
def test_a_tempo_is_found_in_its_hits(
    hundredths: int, first_s: float, count: int, random: Random
) -> None:
    grid = TempoMap.steady(hundredths / 100, first_s=first_s)
    hits, search = played(grid, count, 60, NTSC, random), Search()
    found = find_tempo(hits, NTSC, 300.0, search)[0]
    assert found.within == 1
    assert found.error <= true_error(grid, hits, NTSC, search) + 0.125  # half a step of the start


@pytest.mark.parametrize("seed", range(4))
def test_changes_are_found_in_their_hits(seed: int) -> None:
    random = Random(seed)
    tempos = (
        TempoChange.of(random.randrange(6000, 15000) / 100, 64 * Fraction(n)) for n in (0, 1, 2)
    )
    grid, search = TempoMap(tuple(tempos), first_s=Fraction(1, 5)), Search(changes=2)
    hits = played(grid, 60, 48, FILM, random)
    found = find_tempo(hits, FILM, 200.0, search)[0]
    assert found.within >= 0.95
    assert found.error <= true_error(grid, hits, FILM, search) + 0.125


def test_the_order_of_hits_does_not_matter() -> None:
    hits = [Hit(at_s) for at_s in (1.0, 2.5, 7.25, 9.0, 15.5)]
    one = find_tempo(hits, FILM, LENGTH_S)
    other = find_tempo(hits[::-1], FILM, LENGTH_S)
    assert [p.misses[::-1] for p in one] == [p.misses for p in other]


def test_proposals_are_unlike() -> None:
    told = find_tempo([Hit(3.0), Hit(11.0)], FILM, LENGTH_S)
    bpm = sorted(one.tempo_map.tempos[0].bpm for one in told)
    assert len(told) == 10
    assert min(np.diff(bpm)) > 0.4


def test_a_change_has_to_be_worth_it() -> None:
    hits = [Hit(at_s) for at_s in (1.0, 2.5, 7.25, 9.0, 15.5)]
    free, dear = (
        find_tempo(hits, FILM, LENGTH_S, Search(changes=2, change_cost=cost))[0]
        for cost in (0.0, 10.0)
    )
    assert len(free.tempo_map.tempos) > 1
    assert len(dear.tempo_map.tempos) == 1
    assert free.error < dear.error


def test_a_hit_that_weighs_nothing_is_told_of_but_not_sought() -> None:
    told = find_tempo([Hit(2.0), Hit(3.1, 0.0), Hit(8.0)], FILM, LENGTH_S, Search(changes=1))[0]
    alone = find_tempo([Hit(2.0), Hit(8.0)], FILM, LENGTH_S, Search(changes=1))[0]
    assert told.error == pytest.approx(alone.error)
    assert len(told.misses) == 3


@needs_films
@pytest.mark.parametrize("film", sorted(SHARED.glob("*.*")), ids=lambda path: path.name)
def test_strong_cuts_of_real_films_are_met(film: Path) -> None:
    seen = watch(film)
    hits = hits_at(seen.cuts)
    if not hits:
        pytest.skip("this film has no cuts")
    found = find_tempo(hits, seen.film.rate, seen.film.duration_s, Search(changes=2))[0]
    off = frames_off(found.tempo_map, list(hits), seen.film.rate, Fraction(1))
    assert np.mean(np.abs(off) <= 1.001) >= 0.9


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"lowest": 150.0, "highest": 60.0}, "expected tempos from a lowest to a highest"),
        ({"lowest": float("nan")}, "expected tempos"),
        ({"highest": 1e9}, "between 10 and 600"),
        ({"step": 0.0}, "wider steps"),
        ({"step": float("nan")}, "wider steps"),
        ({"step": 1e-4}, "100000 tempos"),
        ({"changes": 3}, "expected 0, 1 or 2 changes"),
        ({"grid": Fraction(1, 7)}, "of a beat"),
        ({"meter": Meter(2)}, "meter of all bars"),
        ({"change_cost": -1.0}, "cost of 0 or more"),
        ({"hold_bars": 0}, "1 or more bars"),
        ({"proposals": 0}, "1 or more proposals"),
    ],
)
def test_impossible_search(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSetting, match=says) as error:
        Search(**wrong)
    assert "\n" not in str(error.value)


def test_nothing_to_find_a_tempo_for() -> None:
    with pytest.raises(BadSetting, match="expected hits"):
        find_tempo([], FILM, LENGTH_S)
    with pytest.raises(BadSetting, match="none that weighs anything"):
        find_tempo([Hit(1.0, 0.0)], FILM, LENGTH_S)


def test_a_hit_outside_the_film() -> None:
    with pytest.raises(BadSetting, match=r"within the film's 20.000 s, got one at 20.500 s"):
        find_tempo([Hit(1.0), Hit(20.5)], FILM, LENGTH_S)
