"""Beats and bars stay on their frames in every stretch that a new cut keeps."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.tempo_conform import Stretch, conformed
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap

OLD_S = 120
GRIDS = st.builds(
    TempoMap,
    st.lists(st.integers(350_000, 1_200_000), min_size=1, max_size=3).map(
        lambda lengths: tuple(TempoChange(Fraction(24 * i), us) for i, us in enumerate(lengths))
    ),
    st.lists(st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 2)]), min_size=1, max_size=3).map(
        lambda meters: tuple(Meter(1 + 5 * i, *meter) for i, meter in enumerate(meters))
    ),
    st.sampled_from([Fraction(0), Fraction(7, 5), Fraction(-1, 3)]),
)


@st.composite
def new_cuts(draw: st.DrawFn) -> list[Stretch]:
    """Stretches in frames at 24 a second, in any order, with or without new ones between."""
    at, stretches = 0, []
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.sampled_from([0, 0, 17, 100]))
        length = draw(st.integers(24, 24 * 40))
        old = draw(st.integers(0, 24 * OLD_S - length))
        start, end, shift = (Fraction(frame, 24) for frame in (at, at + length, at - old))
        stretches.append(Stretch(start, end, shift))
        at += length
    return stretches


def lines(grid: TempoMap, start_s: Fraction, end_s: Fraction) -> dict[Fraction, Meter]:
    """The bar lines from start to end, with the meters that they begin."""
    first, last = (grid.place(grid.quarter(at_s)).bar for at_s in (start_s, end_s))
    at = {grid.seconds(grid.bar_quarter(bar)): bar for bar in range(first, last + 2)}
    return {at_s: grid.meter_at(bar) for at_s, bar in at.items() if start_s <= at_s <= end_s}


@settings(max_examples=150, deadline=None)
@given(GRIDS, new_cuts())
def test_beats_stay_on_the_picture(grid: TempoMap, stretches: list[Stretch]) -> None:
    new = conformed(grid, stretches)
    for stretch in stretches:
        olds = lines(grid, stretch.old_start_s, stretch.old_end_s)
        olds = {at_s: meter for at_s, meter in olds.items() if at_s >= grid.first_s}
        news = lines(new, stretch.start_s - 1, stretch.end_s + 1)
        # Of the beat next to a join the bridge may make a longer one, and of its bar another.
        inner = sorted(olds)[1:-2]
        for at_s in inner:
            away = {abs(at_s + stretch.shift_s - other): meter for other, meter in news.items()}
            assert min(away) < Fraction(1, 100_000)
            meter = away[min(away)]
            assert (meter.beats, meter.unit) == (olds[at_s].beats, olds[at_s].unit)
        if inner:
            beats = grid.quarter(inner[0]), grid.quarter(inner[-1])
            for quarter in range(ceil(beats[0]), floor(beats[1]) + 1):
                at_s = grid.seconds(quarter) + stretch.shift_s
                beat = Fraction(4, grid.meter_at(grid.place(quarter).bar).unit)
                part = new.quarter(at_s) - new.quarter(inner[0] + stretch.shift_s)
                since = quarter - beats[0]
                assert abs(part - since) < Fraction(1, 10_000) or beat > 1


@given(GRIDS, new_cuts())
def test_no_beat_is_hurried_out_of_reason(grid: TempoMap, stretches: list[Stretch]) -> None:
    """Between two stretches beats last half as long again at most, or half as long."""
    lengths = [tempo.microseconds for tempo in grid.tempos]
    bounds = min(lengths) * 0.4, max(lengths) * 2.1
    whole = [
        stretch
        for stretch in stretches
        if len(lines(grid, stretch.old_start_s, stretch.old_end_s)) > 2
    ]
    for tempo in conformed(grid, whole).tempos:
        assert bounds[0] < tempo.microseconds < bounds[1]


def test_two_bars_are_cut_out_and_nothing_else_changes() -> None:
    """120 a minute: a bar lasts two seconds, and four go."""
    grid = TempoMap.steady(120)
    kept = Stretch(Fraction(0), Fraction(10), Fraction(0))
    pulled = Stretch(Fraction(10), Fraction(30), Fraction(-4))
    assert conformed(grid, [kept, pulled]) == grid


def test_a_beat_too_much_is_a_shorter_bar() -> None:
    grid = TempoMap.steady(120)
    kept = Stretch(Fraction(0), Fraction(10), Fraction(0))
    pulled = Stretch(Fraction(10), Fraction(30), Fraction(-7, 2))
    new = conformed(grid, [kept, pulled])
    assert new.tempos == grid.tempos
    assert new.meters == (Meter(), Meter(6, 1), Meter(7, 4))


def test_a_part_of_a_beat_is_taken_in_by_the_one_beside_it() -> None:
    """Up to the next bar line there are 0.6 s: one beat of 100."""
    kept = Stretch(Fraction(0), Fraction(10), Fraction(0))
    pulled = Stretch(Fraction(10), Fraction(30), Fraction(-17, 5))
    new = conformed(TempoMap.steady(120), [kept, pulled])
    assert [tempo.bpm for tempo in new.tempos] == [120, 100, 120]
    assert new.seconds(new.bar_quarter(7)) == pytest.approx(10.6)


@pytest.mark.parametrize("shift", [0, 5, Fraction(1, 3)])
def test_a_film_that_only_begins_later_or_ends_sooner_keeps_its_map(shift: Fraction) -> None:
    grid = TempoMap.steady(97, Meter(1, 3, 4), 0.5)
    new = conformed(grid, [Stretch(Fraction(shift), Fraction(20), Fraction(shift))])
    assert new.tempos == grid.tempos
    assert new.meters == grid.meters
    assert new.first_s == grid.first_s + shift


def test_too_short_a_stretch_does_not_bend_the_map() -> None:
    grid = TempoMap.steady(60)
    short = Stretch(Fraction(1), Fraction(3), Fraction(0))
    assert conformed(grid, [short]) == grid
