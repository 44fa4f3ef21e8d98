"""Musical time against a count of it by hand, exact both ways."""

import pickle
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.tempo_map import Meter, Place, TempoChange, TempoMap

quarters = st.fractions(-200, 5000, max_denominator=960)


@st.composite
def tempo_maps(draw: st.DrawFn, changes: int = 12) -> TempoMap:
    places = draw(st.sets(st.fractions(Fraction(1, 8), 4000, max_denominator=64), max_size=changes))
    bars = draw(st.sets(st.integers(2, 900), max_size=changes))
    return TempoMap(
        tuple(
            TempoChange(place, draw(st.integers(100_000, 2_000_000)))
            for place in [Fraction(0), *sorted(places)]
        ),
        tuple(
            Meter(bar, draw(st.integers(1, 12)), draw(st.sampled_from([2, 4, 8, 16])))
            for bar in [1, *sorted(bars)]
        ),
        draw(st.fractions(0, 10, max_denominator=10**6)),
    )


def counted_seconds(grid: TempoMap, quarter: Fraction) -> Fraction:
    """Each tempo with what lies of the way from quarter 0 within its own stretch."""
    passed = grid.first_s
    for index, tempo in enumerate(grid.tempos):
        last = index + 1 == len(grid.tempos)
        end = quarter if last else min(quarter, grid.tempos[index + 1].quarter)
        if index == 0 or end > tempo.quarter:
            passed += (end - tempo.quarter) * tempo.microseconds / 10**6
    return passed


@given(tempo_maps(), quarters)
def test_seconds_are_counted_tempo_by_tempo(grid: TempoMap, quarter: Fraction) -> None:
    assert grid.seconds(quarter) == counted_seconds(grid, quarter)


@given(tempo_maps(), quarters)
def test_a_quarter_and_its_second_are_the_same_instant(grid: TempoMap, quarter: Fraction) -> None:
    assert grid.quarter(grid.seconds(quarter)) == quarter


@given(tempo_maps(), st.floats(-100, 8000))
def test_a_second_keeps_its_last_bit(grid: TempoMap, seconds: float) -> None:
    assert grid.seconds(grid.quarter(seconds)) == Fraction(seconds)


@given(tempo_maps(), quarters, quarters)
def test_later_is_later(grid: TempoMap, one: Fraction, other: Fraction) -> None:
    assert (one < other) == (grid.seconds(one) < grid.seconds(other))


@given(tempo_maps(), st.integers(-20, 30))
def test_bars_follow_each_other(grid: TempoMap, bar: int) -> None:
    length = grid.bar_quarter(bar + 1) - grid.bar_quarter(bar)
    meter = max((m for m in grid.meters if m.bar <= bar), default=grid.meters[0])
    assert length == Fraction(4 * meter.beats, meter.unit)
    assert grid.meter_at(bar) == meter


@given(tempo_maps(), quarters)
def test_a_place_is_in_its_bar(grid: TempoMap, quarter: Fraction) -> None:
    place = grid.place(quarter)
    meter = grid.meter_at(place.bar)
    assert 1 <= place.beat < meter.beats + 1
    assert grid.bar_quarter(place.bar) + (place.beat - 1) * 4 / meter.unit == quarter


@given(tempo_maps(), st.integers(-10_000, 5_000_000))
def test_a_tick_and_its_second_are_the_same_instant(grid: TempoMap, tick: int) -> None:
    assert grid.tick(grid.seconds(Fraction(tick, 960))) == tick


def test_counted_by_hand() -> None:
    """Two bars of 4/4 at 120 from 0.5 s on, then 6/8 at 90 quarters a minute."""
    grid = TempoMap(
        (TempoChange.of(120), TempoChange.of(90, Fraction(8))),
        (Meter(), Meter(3, 6, 8)),
        Fraction(1, 2),
    )
    assert grid.seconds(8) == Fraction(9, 2)
    assert grid.bar_quarter(4) == 11
    assert grid.seconds(11) == pytest.approx(6.5, abs=2e-6)  # 666,667 microseconds a quarter
    assert grid.place(Fraction(19, 2)) == Place(3, Fraction(4))
    assert grid.place(Fraction(-1)) == Place(0, Fraction(4))
    assert grid.seconds(-1) == 0
    assert grid.tick(4.5) == 8 * 960


def test_a_steady_tempo() -> None:
    grid = TempoMap.steady(97.5, Meter(1, 3, 4), 0.25)
    assert grid.seconds(3) == Fraction(1, 4) + 3 * Fraction(615_385, 10**6)
    assert grid.tempos[0].bpm == pytest.approx(97.5, abs=1e-4)
    assert grid == pickle.loads(pickle.dumps(grid))
    assert grid != TempoMap.steady(97.5, Meter(1, 4, 4), 0.25)


@given(tempo_maps(changes=4))
def test_what_was_stored_answers_the_same(grid: TempoMap) -> None:
    again = pickle.loads(pickle.dumps(grid))
    assert again == grid
    assert hash(again) == hash(grid)
    assert again.seconds(777) == grid.seconds(777)


@pytest.mark.parametrize(
    ("tempos", "meters"),
    [
        ((), (Meter(),)),
        ((TempoChange.of(120, Fraction(1)),), (Meter(),)),
        ((TempoChange.of(120),), (Meter(2),)),
        ((TempoChange.of(120), TempoChange.of(90)), (Meter(),)),
        ((TempoChange(Fraction(0), 0),), (Meter(),)),
    ],
)
def test_no_such_map(tempos: tuple[TempoChange, ...], meters: tuple[Meter, ...]) -> None:
    with pytest.raises(ValueError, match="tempo"):
        TempoMap(tempos, meters)


@pytest.mark.parametrize(("beats", "unit"), [(0, 4), (4, 3), (65, 4)])
def test_no_such_meter(beats: int, unit: int) -> None:
    with pytest.raises(ValueError, match="no such meter"):
        Meter(1, beats, unit)
