"""JACK's transport: looks at it, and a real server whose transport another process moves."""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jack_library import Heard, Told, jack_library
from jackd import running_jack

from scorelock.bridge.chaser import Chaser, State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.timelines.follow import open_timeline
from scorelock.bridge.timelines.jack_transport import Look, TransportReader
from scorelock.bridge.transport import Position, Roll, Stop, Tempo, TransportEvent
from scorelock.engine.errors import MissingPart, PortError

CLOCK = MonotonicClock()
SERVER = "scorelock-transport"


def look(at_s: float, position_s: float, *, rolling: bool = True, width_s: float = 1e-5) -> Look:
    """A look that ended at a time; the position is right at its beginning."""
    return Look(at_s - width_s, at_s, rolling, position_s)


def seen(*looks: Look) -> list[TransportEvent]:
    """What a fresh reader makes of them."""
    reader = TransportReader()
    return [event for each in looks for event in reader.see(each)]


def rolls(start_s: float, end_s: float, position_s: float) -> list[Look]:
    """A transport that rolls from a position on, looked at every 2 ms."""
    count = round((end_s - start_s) / 0.002)
    return [look(start_s + i * 0.002, position_s + i * 0.002) for i in range(count)]


def test_it_stands_locates_rolls_and_stops() -> None:
    stands = [look(i / 10, position_s, rolling=False) for i, position_s in enumerate((0, 0, 7, 7))]
    events = seen(*stands, *rolls(1.0, 1.04, 7.0), look(1.04, 7.04, rolling=False))
    assert events == [
        Position(0.0, 0.0),
        Position(0.2, 7.0),
        Position(1.0, 7.0),
        Roll(1.0),
        Stop(1.04),
        Position(1.04, 7.04),
    ]


def test_a_locate_while_it_rolls_stops_and_rolls_at_the_new_place() -> None:
    """Even one of 30 ms, which nobody could tell from late reports."""
    events = seen(*rolls(1.0, 1.02, 7.0), *rolls(1.02, 1.04, 6.99))
    assert events[2:] == [Stop(1.02), Position(1.02, 6.99), Roll(1.02)]


def test_it_reports_twenty_times_a_second() -> None:
    positions = [event for event in seen(*rolls(1, 3, 0)) if isinstance(event, Position)]
    assert 38 <= len(positions) <= 41


@settings(deadline=None)
@given(st.lists(st.floats(0, 0.1), min_size=2, max_size=200), st.floats(0, 100))
def test_slow_looks_are_no_locates(widths_s: list[float], start_s: float) -> None:
    """Each may have been held up before or after the transport was read."""
    reader, at_s = TransportReader(), 1.0
    events: list[TransportEvent] = []
    for index, width_s in enumerate(widths_s):
        read_s = at_s + (width_s if index % 2 else 0)
        events += reader.see(Look(at_s, at_s + width_s, True, start_s + read_s))
        at_s += width_s + 0.002
    assert Counter(type(event) for event in events if not isinstance(event, Position)) == {Roll: 1}
    chaser = Chaser()
    for event in events:
        chaser.observe(event)
        if isinstance(event, Position):
            # Late, never early: the reports of a rolling host may not be ahead of it.
            assert event.position_s <= start_s + event.at_s + 1e-9


def test_a_tempo_is_told_when_it_changes() -> None:
    reader = TransportReader()
    bpms = (None, 120.0, 120.0, 90.0, None, 90.0)
    events = [
        event
        for i, bpm in enumerate(bpms)
        for event in reader.see(Look(i / 10, i / 10, False, 0.0, bpm))
    ]
    assert [event for event in events if isinstance(event, Tempo)] == [
        Tempo(0.1, 120.0),
        Tempo(0.3, 90.0),
    ]


def test_a_server_that_goes_stops_what_rolls() -> None:
    reader = TransportReader()
    assert reader.lose(1.0) == []
    reader.see(look(2.0, 5.0))
    assert reader.lose(3.0) == [Stop(3.0)]
    assert reader.lose(4.0) == []


def test_the_sync_clock_is_exact_while_it_rolls_and_stands_with_the_stop() -> None:
    reader, chaser = TransportReader(), Chaser()
    for each in (*rolls(0.5, 1.3, 0.8), look(1.3, 1.6, rolling=False)):
        for event in reader.see(each):
            chaser.observe(event)
        fix = chaser.fix(each.after_s)
        assert fix.state is (State.LOCKED if each.rolling else State.STOPPED)
        assert fix.position_s == pytest.approx(each.position_s, abs=0.0005)


# The real server.

_MOVER = """
import sys

import jack

jack.set_error_function(lambda message: None)
client = jack.Client("mover", no_start_server=True)

def tempo(state, blocksize, position, new):
    position.valid = jack.POSITION_BBT
    position.bar = position.beat = 1
    position.beats_per_bar, position.beat_type = 6.0, 8.0
    position.ticks_per_beat, position.beats_per_minute = 960.0, 180.0

client.set_timebase_callback(tempo)
client.activate()
print("ready", flush=True)
for line in sys.stdin:
    word, _, value = line.strip().partition(" ")
    if word == "roll":
        client.transport_start()
    elif word == "stop":
        client.transport_stop()
    elif word == "locate":
        client.transport_frame = round(float(value) * client.samplerate)
    elif word == "freewheel":
        client.set_freewheel(value == "on")
    print("done", flush=True)
"""


@pytest.fixture
def library() -> None:
    """JACK-Client, or no test."""
    jack_library()


@contextmanager
def server() -> Iterator[Told]:
    """A server, and another process that moves its transport; it keeps the tempo, too."""
    with running_jack(SERVER):
        mover = Told(_MOVER)
        try:
            yield mover
        finally:
            mover.close()


@pytest.mark.usefixtures("library")
def test_the_real_transport_is_followed() -> None:
    heard = Heard()
    with server() as mover:
        timeline = open_timeline("jack", CLOCK)
        timeline.start(heard.receive)
        mover.tell("locate 5")
        heard.wait_for_position(5.0)
        mover.tell("roll")
        heard.wait_for(Roll)
        heard.wait_for_more(Position, 10)
        mover.tell("locate 60")
        heard.wait_for(Roll, 2)
        heard.wait_for_more(Position, 10)
        mover.tell("freewheel on")
        heard.wait_for(Stop, 2)
        mover.tell("freewheel off")
        heard.wait_for(Roll, 3)
        mover.tell("stop")
        heard.wait_for(Stop, 3)
        mover.tell("locate 1")
        heard.wait_for_position(1.0)
        timeline.close()
    assert timeline.address == "JACK transport"
    chaser = Chaser()
    for event in heard.events:
        chaser.observe(event)
        if isinstance(event, Position) and 60 <= event.position_s < 60.6:
            fix = chaser.fix(event.at_s)
            if fix.state is State.LOCKED:
                assert fix.position_s == pytest.approx(event.position_s, abs=0.1)
    assert [event.bpm for event in heard.events if isinstance(event, Tempo)] == [90.0]
    times = [event.at_s for event in heard.events]
    assert times == sorted(times)


@pytest.mark.usefixtures("library")
def test_a_server_that_ends_is_waited_for() -> None:
    heard = Heard()
    with server() as mover:
        timeline = open_timeline("jack", CLOCK)
        timeline.start(heard.receive)
        mover.tell("roll")
        heard.wait_for(Roll)
    heard.wait_for(Stop)
    with server() as mover:
        mover.tell("locate 9")
        heard.wait_for_position(9.0)
        mover.tell("roll")
        heard.wait_for(Roll, 2)
        timeline.close()
    timeline.close()


def test_a_library_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jack", None)
    with pytest.raises(MissingPart, match=r"scorelock\[jack\]") as err:
        open_timeline("jack", CLOCK)
    assert "\n" not in str(err.value)


@pytest.mark.usefixtures("library")
def test_a_server_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "scorelock-absent")
    with pytest.raises(MissingPart, match="JACK server") as err:
        open_timeline("jack", CLOCK)
    assert "\n" not in str(err.value)


class Refusing:
    """JACK-Client at a server that takes no more clients, or has not what we are to connect to."""

    class JackError(Exception):
        """As it raises."""

    ROLLING = 1

    def __init__(self) -> None:
        self.closed = 0

    def set_error_function(self, hush: object) -> None:
        """Nothing is said."""

    set_info_function = set_shutdown_callback = set_freewheel_callback = set_error_function

    def Client(self, name: str, *, no_start_server: bool) -> "Refusing":
        """Itself."""
        return self

    def activate(self) -> None:
        """It refuses."""
        raise self.JackError("no more clients")

    def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_a_server_that_refuses_is_one_line_and_left(monkeypatch: pytest.MonkeyPatch) -> None:
    jack = Refusing()
    monkeypatch.setitem(sys.modules, "jack", jack)
    with pytest.raises(PortError, match="no more clients"):
        open_timeline("jack", CLOCK)
    assert jack.closed == 1
