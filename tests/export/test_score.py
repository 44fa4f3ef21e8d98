"""Where the bars and the timecode of a written score lie."""

from dataclasses import replace
from fractions import Fraction

from gridded import NTSC_DROP, PICK_UP, grids, score
from hypothesis import given

from scorelock.engine.tempo_map import TICKS, Meter, TempoMap
from scorelock.engine.timebase import Timecode

MADE = score()


@given(grids())
def test_paper_begins_at_the_bar_line_at_or_before_the_film(grid: TempoMap) -> None:
    made = replace(MADE, grid=grid)
    paper = made.paper
    tick_s = float(paper.seconds(Fraction(1, TICKS)) - paper.first_s)
    assert made.lead_s >= -tick_s / 2
    assert 0 <= paper.tick(0) < paper.bar_quarter(2) * TICKS
    assert abs(grid.seconds(grid.bar_quarter(made.first_bar)) - paper.first_s) < 1e-9


@given(grids())
def test_paper_counts_the_same_bars_in_the_same_meters(grid: TempoMap) -> None:
    made = replace(MADE, grid=grid)
    bars = list(made.bars())
    assert [bar for bar, _, _ in bars] == list(range(1, len(bars) + 1))
    for bar, first, after in bars:
        theirs = grid.meter_at(bar + made.first_bar - 1)
        assert after - first == theirs.quarters * TICKS
    assert bars[-1][1] < made.paper.tick(made.performance.duration_s) <= bars[-1][2]


def test_a_pick_up_begins_in_bar_0_and_a_later_cut_in_a_later_bar() -> None:
    assert replace(MADE, grid=PICK_UP).first_bar == 0
    later = TempoMap.steady(120, Meter(1, 3, 4), first_s=-5.0)  # 10 quarters have passed
    made = replace(MADE, grid=later)
    assert made.first_bar == 4
    assert made.lead_s == 0.5


def test_a_bar_line_a_microsecond_off_is_the_films_start() -> None:
    made = replace(MADE, grid=TempoMap.steady(120, first_s=2.000001))
    assert made.first_bar == 0
    assert abs(made.lead_s) < 1e-5


def test_timecode_counts_from_the_films_own() -> None:
    start = Timecode.parse("00:59:59;28", NTSC_DROP)
    assert str(replace(MADE, start=start).timecode(1.001)) == "01:00:00;28"
    assert str(replace(MADE, start=None).timecode(1.5)) == "00:00:01:12"
