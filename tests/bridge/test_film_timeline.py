"""The browser's player as a time line: its times, and what holds of what it said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.timelines.film import OLDEST_S, SILENT_S, FilmMemory, FilmTimeline
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)

SAID = st.lists(st.tuples(st.floats(0, 2), st.lists(st.floats(-5, 20), max_size=4)), max_size=12)


@given(SAID)
def test_times_are_never_in_the_future_nor_long_ago_nor_before_what_was_heard(
    said: list[tuple[float, list[float]]],
) -> None:
    memory, now_s, last_s = FilmMemory(), 10.0, -1.0
    for gap_s, stamps in said:
        now_s += gap_s
        events: list[TransportEvent] = [Position(at_s, 1.0) for at_s in stamps]
        for event, stamp in zip(memory.hear(events, now_s), stamps, strict=True):
            assert now_s - OLDEST_S <= event.at_s <= now_s
            assert event.at_s >= last_s
            if max(now_s - OLDEST_S, last_s) <= stamp <= now_s:
                assert event.at_s == stamp
            last_s = event.at_s


def test_it_speaks_on_the_hosts_time_line() -> None:
    clock, told = ManualClock(50.0), list[tuple[list[TransportEvent], float]]()
    film = FilmTimeline("film", clock, 3600.0)
    film.hear([Stop(49.9)])  # nobody listens yet
    film.start(lambda events, at_s: told.append((list(events), at_s)))
    film.hear([LoopRange(49.9, 1.0, 2.0), Rate(49.9, 0.5), Roll(49.9), Position(49.9, 1.5)])
    film.close()
    film.hear([Stop(50.0)])
    loop = LoopRange(49.9, 3601.0, 3602.0)
    assert told == [([loop, Rate(49.9, 0.5), Roll(49.9), Position(49.9, 3601.5)], 50.0)]


@pytest.mark.parametrize("standing", [Stop, Pause])
def test_a_film_that_stands_says_so_an_hour_later(standing: type[Stop | Pause]) -> None:
    clock, told = ManualClock(50.0), list[TransportEvent]()
    film = FilmTimeline("film", clock, 10.0)
    film.start(lambda events, at_s: told.extend(events))
    film.hear([Rate(50.0, 2.0), Repeat(50.0, True), standing(50.0), Position(50.0, 7.0)])
    clock.sleep_until(3650.0)
    told.clear()
    film.retell()
    now_s = 3650.0
    assert told == [Rate(now_s, 2.0), Repeat(now_s, True), standing(now_s), Position(now_s, 17.0)]


def test_a_film_that_rolls_says_where_it_is_by_now_if_it_was_heard_just_before() -> None:
    memory = FilmMemory()
    memory.hear([Rate(5.0, 0.5), Roll(5.0), Position(5.0, 20.0)], 5.0)
    *before, here = memory.recall(5.4)
    assert before == [Rate(5.4, 0.5), Roll(5.4)]
    assert isinstance(here, Position)
    assert (here.at_s, here.position_s) == pytest.approx((5.4, 20.2))
    late_s = 5.0 + SILENT_S
    assert memory.recall(late_s) == [Rate(late_s, 0.5), Stop(late_s), Position(late_s, 20.0)]


def test_a_film_that_said_nothing_has_nothing_to_say() -> None:
    assert FilmMemory().recall(1.0) == []
