"""The house transport: where it says it is, and what a sync clock makes of what it says."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.chaser import Chaser, State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.timelines.house import EVERY_S, House, HouseTimeline
from scorelock.bridge.transport import Position, Repeat, Roll, Stop, TransportEvent

CLOCK = MonotonicClock()


class Follower:
    """A house and a sync clock that hears it, turn by turn on a clock that is set."""

    def __init__(self) -> None:
        self.house, self.chaser = House(), Chaser()
        self.events: list[TransportEvent] = []

    def hear(self, events: list[TransportEvent]) -> None:
        self.events += events
        for event in events:
            self.chaser.observe(event)

    def go_to(self, from_s: float, at_s: float) -> None:
        """Every report at its time, as the thread would."""
        while self.house.due_s <= at_s:
            self.hear(self.house.advance(max(self.house.due_s, from_s)))
        self.hear(self.house.advance(at_s))


def walk(place_s: float, way_s: float, loop_s: tuple[float, float] | None) -> float:
    """Where a way leads, step by step round the loop."""
    if loop_s is None or place_s >= loop_s[1]:
        return place_s + way_s
    while place_s + way_s >= loop_s[1]:
        way_s -= loop_s[1] - place_s
        place_s = loop_s[0]
    return place_s + way_s


PLACES = st.integers(-8, 80).map(lambda n: n / 4 + 0.03)
LOOPS = st.none() | st.tuples(st.integers(0, 40), st.integers(1, 12)).map(
    lambda loop: (loop[0] / 4, (loop[0] + loop[1]) / 4)
)
DEEDS = st.one_of(
    st.just(("roll", None)),
    st.just(("halt", None)),
    st.tuples(st.just("locate"), PLACES),
    st.tuples(st.just("loop"), LOOPS),
    st.tuples(st.just("speed"), st.sampled_from([0.25, 0.5, 1.0, 2.0])),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(st.integers(1, 8), DEEDS), min_size=1, max_size=15))
def test_a_sync_clock_that_hears_it_is_where_it_is(
    deeds: list[tuple[int, tuple[str, object]]],
) -> None:
    """Whatever is done with it, near or far: a short way back is no jitter."""
    rig, now_s = Follower(), 100.0
    place_s, rolls, rate = 0.0, False, 1.0
    loop_s: tuple[float, float] | None = None
    rig.hear(rig.house.tell(now_s))
    for quarters, (deed, value) in deeds:
        before_s, now_s = now_s, now_s + quarters / 4
        rig.go_to(before_s, now_s)
        place_s = walk(place_s, rate * quarters / 4, loop_s) if rolls else place_s
        match deed:
            case "roll":
                rolls = True
                rig.hear(rig.house.roll(now_s, now_s))
            case "halt":
                rolls = False
                rig.hear(rig.house.halt(now_s))
            case "locate":
                place_s = float(value)  # type: ignore[arg-type]
                rig.hear(rig.house.locate(place_s, now_s))
            case "loop":
                loop_s = value  # type: ignore[assignment]
                rig.hear(rig.house.loop(loop_s, now_s))
            case "speed":
                rate = float(value)  # type: ignore[arg-type]
                rig.hear(rig.house.speed(rate, now_s))
        fix = rig.chaser.fix(now_s)
        assert rig.house.place_s(now_s) == pytest.approx(place_s, abs=1e-6)
        assert fix.position_s == pytest.approx(place_s, abs=1e-6)
        assert fix.state is (State.LOCKED if rolls else State.STOPPED)
        assert fix.rate == (rate if rolls else 0.0)
    assert rig.chaser.drop_outs == 0
    stamps = [event.at_s for event in rig.events]
    assert stamps == sorted(stamps)


def test_it_rolls_at_a_moment_to_come_and_stays_where_it_halts() -> None:
    house = House()
    assert house.locate(-2.0, 9.0)[-1] == Position(9.0, -2.0)
    assert house.roll(12.0, 10.0) == []
    assert house.advance(11.9) == []
    assert house.due_s == 12.0
    assert house.advance(12.003) == [Roll(12.0), Position(12.0, -2.0)]
    assert house.halt(13.5) == [Stop(13.5), Position(13.5, -0.5)]
    assert (house.due_s, house.place_s(99.0)) == (math.inf, -0.5)


def test_it_reports_ten_times_a_second_and_only_the_newest_of_those_that_were_missed() -> None:
    house = House()
    house.roll(1.0, 1.0)
    assert house.advance(1.05) == []
    (first,) = house.advance(1.1)
    assert isinstance(first, Position)
    assert (first.at_s, first.position_s) == pytest.approx((1.1, 0.1))
    told = house.advance(7.77)
    assert [type(event) for event in told] == [Position]
    assert 7.77 - told[0].at_s < EVERY_S


def test_halting_while_it_waits_means_it_never_rolls() -> None:
    house = House()
    house.roll(5.0, 1.0)
    assert house.halt(2.0) == []
    assert house.advance(9.0) == []
    assert house.rolls_s == math.inf


def test_a_loop_too_short_to_hear_is_none() -> None:
    house = House()
    assert house.loop((1.0, 1.05), 0.0) == [Repeat(0.0, False)]
    house.roll(0.0, 0.0)
    assert house.place_s(5.0) == 5.0


def test_the_speed_stays_within_what_it_can() -> None:
    house = House()
    house.speed(9.0, 0.0)
    assert house.rate == 2.0
    house.speed(0.0, 0.0)
    assert house.rate == 0.25


def test_the_thread_tells_by_itself_on_the_hosts_time_line() -> None:
    """Film seconds are shifted by the film's start."""
    told: list[TransportEvent] = []
    house = HouseTimeline("house", CLOCK, 3600.0)
    house.start(lambda events, at_s: told.extend(events))
    house.do(lambda transport, now_s: transport.locate(2.0, now_s))
    rolls_s = CLOCK.now() + 0.05
    house.do(lambda transport, now_s: transport.roll(rolls_s, now_s))
    CLOCK.sleep_until(rolls_s + 0.35)
    house.close()
    count = len(told)
    CLOCK.sleep_until(CLOCK.now() + 0.15)
    assert len(told) == count
    reports = [event for event in told if isinstance(event, Position)]
    assert reports[0].position_s == 3602.0
    assert Roll(rolls_s) in told
    assert len(reports) >= 3
    for report in reports[1:]:
        assert report.position_s == pytest.approx(3602.0 + report.at_s - rolls_s)


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0])
def test_it_halts_at_the_films_end_and_then_rolls_from_the_beginning(rate: float) -> None:
    house = House(8.0)
    house.speed(rate, 0.0)
    house.locate(6.0, 0.0)
    house.roll(0.0, 0.0)
    assert house.advance(2 / rate + 0.03)[-2:] == [Stop(2 / rate), Position(2 / rate, 8.0)]
    assert (house.place_s(60.0), house.due_s) == (8.0, math.inf)
    assert house.roll(70.0, 70.0) == [Roll(70.0), Position(70.0, 0.0)]


def test_a_loop_that_ends_with_the_film_goes_round() -> None:
    house = House(8.0)
    house.loop((6.0, 8.0), 0.0)
    house.locate(6.0, 0.0)
    house.roll(0.0, 0.0)
    assert not [event for event in house.advance(3.0) if isinstance(event, Stop)]
    assert house.place_s(3.0) == pytest.approx(7.0)
