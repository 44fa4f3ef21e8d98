"""Counting in: beats in the tempo and meter of the place, at the rate of the transport."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scorelock.bridge.desk.counting import counting_in
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap

METERS = st.builds(Meter, st.just(1), st.integers(1, 13), st.sampled_from([2, 4, 8, 16]))
RATES = st.sampled_from([0.25, 0.5, 0.75, 1.0, 1.5, 2.0])


@pytest.mark.parametrize(
    ("place_s", "bars", "rate", "beats"),
    [
        (0.0, 1, 1.0, [2.0, 1.5, 1.0, 0.5]),
        (8.0, 2, 1.0, [4.0, 3.5, 3.0, 2.5, 2.0, 1.5, 1.0, 0.5]),
        (8.0, 1, 0.5, [4.0, 3.0, 2.0, 1.0]),
        (9.0, 1, 1.0, [3.0, 2.5, 2.0, 1.5, 1.0, 0.5]),  # beat 3: 1 2 3 4 1 2
        (8.2, 1, 1.0, [2.2, 1.7, 1.2, 0.7, 0.2]),  # after a beat that sounds in the count
        (7.99999, 1, 1.0, [2.0, 1.5, 1.0, 0.5]),  # the bar line, in a page's float
        (8.0, 0, 1.0, []),
    ],
)
def test_four_four_at_120(place_s: float, bars: int, rate: float, beats: list[float]) -> None:
    assert counting_in(TempoMap.steady(120), place_s, bars, rate) == pytest.approx(beats, abs=1e-4)


def test_a_waltz_counts_three_and_six_eight_counts_eighths() -> None:
    assert len(counting_in(TempoMap.steady(90, Meter(1, 3, 4)), 0.0, 1, 1.0)) == 3
    assert counting_in(TempoMap.steady(60, Meter(1, 6, 8)), 0.0, 1, 1.0) == pytest.approx(
        [3.0, 2.5, 2.0, 1.5, 1.0, 0.5]
    )


def test_the_tempo_and_meter_of_the_place_count() -> None:
    """120 in four up to bar 3, then 60 in three."""
    slower = TempoChange.of(60, Fraction(8))
    grid = TempoMap((TempoChange.of(120), slower), (Meter(), Meter(3, 3, 4)))
    assert counting_in(grid, 4.0, 1, 1.0) == pytest.approx([3.0, 2.0, 1.0])
    assert counting_in(grid, 2.0, 1, 1.0) == pytest.approx([2.0, 1.5, 1.0, 0.5])


@given(
    bpm=st.floats(20, 400),
    meter=METERS,
    first_s=st.floats(-5, 5),
    place_s=st.floats(0, 600),
    bars=st.integers(1, 8),
    rate=RATES,
)
def test_the_count_is_the_grid_before_the_place(
    bpm: float, meter: Meter, first_s: float, place_s: float, bars: int, rate: float
) -> None:
    """Every beat line from so many bars before the place's bar up to it, and nothing else."""
    grid = TempoMap.steady(bpm, meter, first_s)
    bar = grid.place(grid.quarter(place_s)).bar
    lines_s = [
        float(grid.seconds(grid.bar_quarter(bar - bars) + Fraction(4 * index, meter.unit)))
        for index in range((bars + 1) * meter.beats + 1)
    ]
    assume(all(abs(line_s - place_s) > 3e-4 for line_s in lines_s))  # there the nearest counts
    wanted = [(place_s - line_s) / rate for line_s in lines_s if line_s < place_s]
    assert counting_in(grid, place_s, bars, rate) == pytest.approx(wanted, abs=1e-6)


@given(
    tempos=st.lists(st.floats(20, 400), min_size=1, max_size=5),
    meter=METERS,
    place_s=st.floats(0, 60),
    bars=st.integers(1, 8),
    rate=RATES,
)
def test_beats_are_even_whatever_the_tempo_does(
    tempos: list[float], meter: Meter, place_s: float, bars: int, rate: float
) -> None:
    changes = tuple(TempoChange.of(bpm, Fraction(5 * index)) for index, bpm in enumerate(tempos))
    grid = TempoMap(changes, (meter,))
    beats = counting_in(grid, place_s, bars, rate)
    steps = [before - after for before, after in pairwise(beats)]
    beat_s = (
        60
        / changes[max(0, sum(c.quarter <= grid.quarter(place_s + 1e-4) for c in changes) - 1)].bpm
    )
    assert steps == pytest.approx([beat_s * 4 / meter.unit / rate] * len(steps), abs=1e-6)
    assert len(beats) >= bars * meter.beats
    assert 0 < beats[-1] <= beat_s * 4 / meter.unit / rate + 1e-4
