"""MIDI clock, from messages that mido writes."""

import random

import mido
import pytest
from fakes import note, off, on, performance, silence
from hypothesis import given
from hypothesis import strategies as st
from wires import WireRig

from scorelock.bridge.timelines.midi_clock import SILENCE_S, ClockReader
from scorelock.bridge.transport import Position, Roll, Stop, Tempo

Wire = list[tuple[float, bytes]]


def midi(kind: str, **fields: int) -> bytes:
    """A message as mido writes it."""
    return bytes(mido.Message(kind, **fields).bytes())


CLOCK, START, GO_ON, STOP = (midi(kind) for kind in ("clock", "start", "continue", "stop"))


def ticks(bpm: float, length: int, from_s: float = 0.1, late_s: float = 0.0) -> Wire:
    """Ticks at a tempo, each up to late_s late."""
    draw = random.Random(0)
    gap_s = 60 / (24 * bpm)
    return [(from_s + i * gap_s + draw.uniform(0, late_s), CLOCK) for i in range(length)]


def told(wire: Wire, reader: ClockReader | None = None) -> list[object]:
    """All that the reader makes of it."""
    reader = ClockReader() if reader is None else reader
    return [event for at_s, data in wire for event in reader.hear(data, at_s)]


def test_the_first_tick_after_start_is_the_downbeat() -> None:
    assert told([(0.0, CLOCK), (0.02, CLOCK), (0.03, START), (0.04, CLOCK)]) == [
        Position(0.04, 0.0),
        Roll(0.04),
    ]


def test_ticks_without_a_start_do_not_roll() -> None:
    """Many hosts send them while they stand; they tell the tempo."""
    events = told(ticks(90, 100))
    assert [type(event) for event in events] == [Tempo]


@given(st.floats(40, 300), st.floats(0, 0.004))
def test_positions_are_seconds_since_the_start_and_the_tempo_is_measured(
    bpm: float, late_s: float
) -> None:
    """Whatever tempo was expected; here 120."""
    wire = [(0.09, START), *ticks(bpm, 480, late_s=late_s)]
    events = told(wire)
    positions = [event for event in events if isinstance(event, Position)]
    assert len(positions) == 480
    for index, each in enumerate(positions):
        assert each.position_s == pytest.approx(index * 60 / (24 * bpm), abs=2 * late_s + 1e-6)
    tempos = [event.bpm for event in events if isinstance(event, Tempo)]
    assert tempos[-1] == pytest.approx(bpm, rel=0.01)


def test_the_sync_clock_follows_through_a_change_of_tempo() -> None:
    """20 s: 120, then 90 to a minute."""
    wire = [(0.09, START), *ticks(120, 480, late_s=0.003)]
    wire += ticks(90, 360, from_s=10.1, late_s=0.003)
    rig = WireRig(ClockReader()).hear(wire, 20.1)
    assert rig.position_s() == pytest.approx(20.0, abs=0.004)
    assert rig.follower.chaser.locates == 0
    assert [e.bpm for e in rig.events if isinstance(e, Tempo)][-1] == pytest.approx(90, rel=0.005)


@pytest.mark.parametrize("bpm", [60.0, 240.0])
def test_a_sudden_tempo_is_known_within_two_quarters(bpm: float) -> None:
    wire = [(0.09, START), *ticks(120, 240), *ticks(bpm, 60, from_s=5.1)]
    events = told(wire)
    tempos = [event for event in events if isinstance(event, Tempo)]
    assert tempos[-1].bpm == pytest.approx(bpm, rel=0.01)
    positions = [e for e in events if isinstance(e, Position)]
    assert positions[-1].position_s == pytest.approx(5.0 + 59 * 60 / (24 * bpm), abs=0.03)


def test_a_song_position_is_worth_its_quarters_at_the_tempo() -> None:
    """32 sixteenths are eight quarters: 4 s at the 120 that was expected, 8 s at the 60 it is."""
    place = midi("songpos", pos=32)
    assert told([(0.0, place)]) == [Position(0.0, 4.0)]
    measured = ticks(60, 50)
    after_s = measured[-1][0] + 0.01
    last = told([*measured, (after_s, place), (after_s, GO_ON), (after_s + 0.03, CLOCK)])[-3:]
    assert [type(event) for event in last] == [Position, Position, Roll]
    assert [e.position_s for e in last if isinstance(e, Position)] == pytest.approx([8.0, 8.0])


def test_stop_and_continue_go_on_with_the_next_tick() -> None:
    score = performance(note(0.5, 1.5), note(1.25, 2, 64))
    wire = [(0.09, START), *ticks(120, 49)]  # to 1 s
    wire += [(1.105, STOP), (2.0, GO_ON), *ticks(120, 49, from_s=2.1)]
    sent = WireRig(ClockReader(), score).hear(wire, 3.11).sent
    stopped = [(1.11, data) for data in (off(), *silence())]
    went_on = [(2.1, on()), (2.33, on(64)), (2.58, off()), (3.08, off(64))]
    wanted = [(0.6, on()), *stopped, *went_on]
    assert [data for _, data in sent] == [data for _, data in wanted]
    assert [at_s for at_s, _ in sent] == pytest.approx([at_s for at_s, _ in wanted], abs=0.011)


@pytest.mark.parametrize(
    ("jump", "place_s"), [([START], 0.0), ([midi("songpos", pos=64), GO_ON], 8.0)]
)
def test_a_jump_while_rolling(jump: list[bytes], place_s: float) -> None:
    """Live says start again; others a song position."""
    wire = [(0.09, START), *ticks(120, 96)]
    at_s = wire[-1][0] + 0.01
    rig = WireRig(ClockReader()).hear([*wire, *((at_s, data) for data in jump)], at_s)
    more = ticks(120, 24, from_s=wire[-1][0] + 60 / (24 * 120))
    rig.hear(more, more[-1][0])
    assert rig.position_s() == pytest.approx(place_s + 23 * 60 / (24 * 120), abs=0.002)
    assert sum(isinstance(event, Roll) for event in rig.events) == 1


def test_silence_is_a_stop_and_slow_ticks_are_not() -> None:
    wire = [(0.0, START), *ticks(15, 20)]  # one in 167 ms
    rig = WireRig(ClockReader()).hear(wire, wire[-1][0] + 2)
    stops = [event.at_s for event in rig.events if isinstance(event, Stop)]
    assert len(stops) == 1
    assert stops[0] - wire[-1][0] == pytest.approx(3 * 60 / (24 * 15), abs=0.01)
    quick = [(0.0, START), *ticks(120, 20)]
    rig = WireRig(ClockReader()).hear(quick, 2.0)
    assert isinstance(rig.events[-1], Stop)
    assert rig.events[-1].at_s == pytest.approx(quick[-1][0] + SILENCE_S, abs=0.01)


@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), max_size=40))
def test_no_bytes_raise_and_a_start_begins_at_0_whatever_came_before(
    wire: list[tuple[float, bytes]],
) -> None:
    reader, at_s = ClockReader(), 0.0
    reader.hear(START, 0.0)
    for gap_s, data in wire:
        at_s += gap_s
        for each in (data, CLOCK, b"\xf2" + data[:2]):
            reader.hear(each, at_s)
    reader.hear(START, at_s)
    places = [e for e in told(ticks(100, 30, from_s=at_s), reader) if isinstance(e, Position)]
    assert places[0].position_s == 0
    assert places[-1].position_s == pytest.approx(29 * 60 / (24 * 100), abs=0.3)


def test_what_is_no_clock_is_counted_and_active_sensing_is_nothing() -> None:
    reader = ClockReader()
    assert told([(0, on()), (0, midi("active_sensing")), (0, b""), (0, CLOCK * 2)], reader) == []
    assert reader.ignored == {"not MIDI clock": 3}
