"""MIDI clock out: what an independent sequencer and our own reader make of it."""

from collections.abc import Sequence

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from legs import Leg, exactly, gaps, leg_of, roughly, ways

from scorelock.bridge.leading.clock_out import CATCH_UP_S, FURTHEST, LEAD_S, ClockOut
from scorelock.bridge.timelines.midi_clock import ClockReader
from scorelock.bridge.transport import Position
from scorelock.bridge.voice import DueMessage

START_S = 10.0
TICK_S = 60 / (24 * 120)


class Sequencer:
    """Follows MIDI clock as the standard has it; keeps when and where each tick was, in ticks."""

    def __init__(self) -> None:
        self.runs = False
        self.ticks: list[tuple[float, int]] = []
        self._place = 0
        self._since_s = 0.0

    def hear(self, said: Sequence[DueMessage]) -> "Sequencer":
        """Take messages; what a sender must not send fails."""
        for each in said:
            message = mido.Message.from_bytes(each.data)
            match message.type:
                case "start" | "continue":
                    assert not self.runs
                    self.runs, self._since_s = True, each.at_s
                    self._place = 0 if message.type == "start" else self._place
                case "stop":
                    assert self.runs
                    self.runs = False
                case "songpos":
                    assert not self.runs
                    self._place = 6 * message.pos
                case "clock":
                    assert self.runs
                    assert each.at_s >= self._since_s + 0.001 - 1e-9
                    self.ticks.append((each.at_s, self._place))
                    self._place += 1
                case other:
                    raise AssertionError(other)
        return self


def told(said: Sequence[DueMessage]) -> list[tuple[float, str]]:
    """Times, to a tenth of a millisecond, and mido's words for all but ticks."""
    messages = [(each.at_s, mido.Message.from_bytes(each.data)) for each in said]
    return [
        (
            round(at_s, 4),
            f"{message.type} {message.pos}" if "pos" in vars(message) else message.type,
        )
        for at_s, message in messages
        if message.type != "clock"
    ]


def test_a_film_that_is_played_from_before_its_start_begins_on_its_first_beat() -> None:
    said = exactly(ClockOut(120, START_S, 2), [Leg(0, 5, START_S - 2), Leg(5, 6, START_S, 0)])
    assert told(said) == [(2 - LEAD_S, "start"), (5, "stop")]
    ticks = [at_s for at_s, _ in Sequencer().hear(said).ticks]
    assert ticks == pytest.approx([2 + i * TICK_S for i in range(3 * 48 + 1)])
    assert {each.port for each in said} == {2}


@pytest.mark.parametrize("late_s", [0.0, 0.004])
def test_a_start_at_the_first_frame_is_a_start_though_it_was_told_late(late_s: float) -> None:
    said = exactly(ClockOut(120, START_S), [Leg(1, 2, START_S + late_s)])
    assert told(said) == [(1, "start")]
    ticks = [at_s for at_s, _ in Sequencer().hear(said).ticks]
    assert ticks[:4] == pytest.approx(
        [max(1 + LEAD_S, 1 - late_s + i * TICK_S) for i in range(4)], abs=1e-6
    )


def test_in_the_middle_the_next_sixteenth_is_the_place() -> None:
    """4.1 s at 120 are 32.8 sixteenths; the 33rd is 25 ms ahead."""
    said = exactly(ClockOut(120, START_S), [Leg(0, 1, START_S + 4.1)])
    assert told(said) == [(0, "songpos 33"), (0.025 - LEAD_S, "continue")]
    at_s, place = Sequencer().hear(said).ticks[0]
    assert (round(at_s, 4), place) == (0.025, 33 * 6)


def test_a_jump_stops_goes_there_and_goes_on() -> None:
    legs = [Leg(0, 1, START_S + 4), Leg(1, 2, START_S + 8.004, 1, 2), Leg(2, 3, START_S, 1, 3)]
    said = exactly(ClockOut(120, START_S), legs)
    assert told(said) == [
        *((0, "songpos 32"), (0, "continue")),
        *((1, "stop"), (1, "songpos 64"), (1, "continue")),
        *((2, "stop"), (2, "start")),
    ]


@given(st.floats(30, 300), st.floats(0, 700))
def test_our_own_reader_lands_on_the_true_position(bpm: float, film_s: float) -> None:
    leg = Leg(5.0, 6.5, START_S + film_s)
    reader = ClockReader(bpm)
    said = exactly(ClockOut(bpm, START_S), [leg])
    events = [event for each in said for event in reader.hear(each.data, each.at_s)]
    positions = [event for event in events if isinstance(event, Position) and event.at_s > 5.1]
    assert len(positions) > 5
    for each in positions:
        true_s = leg.at(each.at_s) - START_S
        assert each.position_s == pytest.approx(true_s, abs=1.5 * (CATCH_UP_S + LEAD_S))
    assert not reader.ignored


@given(st.sampled_from([40.0, 90.0, 120.0, 233.3]), ways(), gaps)
def test_coming_at_any_times_sends_the_same(
    bpm: float, legs: list[Leg], gaps_s: list[float]
) -> None:
    wanted = exactly(ClockOut(bpm, START_S), legs)
    said = roughly(ClockOut(bpm, START_S), legs, gaps_s)
    assert [each.data for each in said] == [each.data for each in wanted]
    assert [each.at_s for each in said] == pytest.approx([each.at_s for each in wanted], abs=1e-6)


@given(st.sampled_from([40.0, 120.0, 233.3]), ways(), gaps)
def test_every_tick_is_at_its_place_in_the_film(
    bpm: float, legs: list[Leg], gaps_s: list[float]
) -> None:
    """Also at other speeds, after jumps and stops; never before the film nor backwards."""
    sequencer = Sequencer().hear(roughly(ClockOut(bpm, START_S), legs, gaps_s))
    for at_s, place in sequencer.ticks:
        late_s = [
            (leg.at(at_s) - START_S) - place * 60 / (24 * bpm)
            for leg in leg_of(legs, at_s)
            if leg.rate > 0
        ]
        assert any(-1e-6 < each < 2.3 * (CATCH_UP_S + LEAD_S) for each in late_s)
    assert sequencer.runs <= (legs[-1].rate > 0)


@pytest.mark.parametrize("rate", [0.0, -1.0])
def test_standing_and_backwards_there_is_silence(rate: float) -> None:
    voice, leg = ClockOut(120, START_S), Leg(0, 5, START_S + 50, rate)
    assert exactly(voice, [leg]) == []
    assert voice.wake_s(leg.fix(5)) == 5


@pytest.mark.parametrize("by_s", [-2.0, 2.0])
def test_a_host_that_is_moved_within_its_take_is_located_anew(by_s: float) -> None:
    """As by another latency: no burst of ticks, and no wait for the place to come again."""
    legs = [Leg(0, 1, START_S + 20), Leg(1, 2, START_S + 21 + by_s)]
    said = exactly(ClockOut(120, START_S), legs)
    assert told(said)[2:] == [
        *((1, "stop"), (1, f"songpos {8 * (21 + int(by_s))}"), (1, "continue")),
    ]


def test_a_host_that_is_moved_before_the_place_has_come_is_sent_on() -> None:
    said = exactly(
        ClockOut(120, START_S), [Leg(0, 0.05, START_S + 4.01), Leg(0.05, 1, START_S + 6)]
    )
    assert told(said) == [(0, "songpos 33"), (0.05, "songpos 48"), (0.05, "continue")]


def test_where_no_song_position_reaches_who_follows_stands_at_the_last() -> None:
    """At 120 that is after 34 minutes."""
    far_s, voice = START_S + FURTHEST * 6 * TICK_S, ClockOut(120, START_S)
    said = exactly(voice, [Leg(0, 1, far_s + 1), Leg(1, 2, far_s - 1, 1, 2)])
    assert told(said)[:2] == [(0, f"songpos {FURTHEST}"), (1, f"songpos {FURTHEST - 8}")]
    assert voice.out_of_reach == 1
    at_s, place = Sequencer().hear(said).ticks[-1]
    assert (round(at_s, 4), place) == (2.0, FURTHEST * 6)
    assert voice.wake_s(Leg(0, 9, far_s + 1).fix(0)) <= 9


def test_playing_on_past_the_last_song_position_ticks_on() -> None:
    far_s = START_S + FURTHEST * 6 * TICK_S
    said = exactly(ClockOut(120, START_S), [Leg(0, 2, far_s - 1)])
    assert len(Sequencer().hear(said).ticks) == 2 * 48 + 1
