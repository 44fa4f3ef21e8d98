"""MIDI inputs: which is opened, when what came in arrived, and timecode through a real system."""

import sys
import threading
from collections.abc import Iterator

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackd import running_jack

from scorelock.bridge.chaser import Chaser
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.ports import MidiStatus, midi_status, open_input, open_port
from scorelock.bridge.timelines.follow import open_timeline
from scorelock.bridge.timelines.midi import arrivals
from scorelock.bridge.transport import Position, Roll, Stop, TransportEvent
from scorelock.engine.errors import BadSetting, PortError

CLOCK = MonotonicClock()


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server for the tests of this file."""
    with running_jack():
        yield


def test_what_lay_there_is_as_far_apart_as_it_was_sent_and_the_newest_is_now() -> None:
    came = [(7.0, b"a"), (0.01, b"b"), (0.02, b"c")]
    stamped = list(arrivals(came, 9.0, 10.0))
    assert [data for _, data in stamped] == [b"a", b"b", b"c"]
    assert [at_s for at_s, _ in stamped] == pytest.approx([9.97, 9.98, 10.0])


@given(st.lists(st.tuples(st.floats(0, 5), st.binary(max_size=3))))
def test_stamps_never_go_back_nor_out_of_the_time_between_two_looks(
    came: list[tuple[float, bytes]],
) -> None:
    stamped = list(arrivals(came, 4.0, 5.0))
    times = [4.0, *(at_s for at_s, _ in stamped), 5.0]
    assert times == sorted(times)
    assert [data for _, data in stamped] == [data for _, data in came]


def test_without_midi_an_input_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "scorelock.bridge.ports.midi_status", lambda: MidiStatus((), "JACK: no JACK server runs")
    )
    with pytest.raises(PortError, match="no JACK server runs") as err:
        open_input("virtual")
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("wanted", ["", "smpte:x", "osc:9000", "mpv:", "mpv:/nowhere/at/all"])
def test_what_cannot_be_followed_is_one_line(wanted: str) -> None:
    with pytest.raises(BadSetting, match="mpv:SOCKET") as err:
        open_timeline(wanted, CLOCK)
    assert "\n" not in str(err.value)


@pytest.mark.usefixtures("jack")
def test_an_unknown_input_is_told_with_those_there_are() -> None:
    out = open_port("virtual:Timecode of a host")
    with pytest.raises(PortError, match=r"Timecode of a host.*--follow mtc:virtual:NAME"):
        open_input("absent")
    found = open_input("timecode OF")
    assert found.name.endswith("Timecode of a host")
    found.close()
    found.close()
    out.close()


class Host(threading.Thread):
    """Sends quarter frames at 25 from 10 s on through a port, as mido writes them."""

    def __init__(self, port: str, quarters: int) -> None:
        super().__init__()
        self.start_s = CLOCK.now() + 0.2
        self._quarters = quarters
        self._out = open_port(port)

    def run(self) -> None:
        """Each on its time, or as soon after as it can be."""
        for quarter in range(self._quarters):
            frames, number = quarter // 8 * 2, quarter % 8
            fields = (frames % 25, 10 + frames // 25, 0, 1 << 5)
            value = fields[number // 2] >> 4 * (number % 2) & 15
            message = mido.Message("quarter_frame", frame_type=number, frame_value=value)
            CLOCK.sleep_until(self.start_s + quarter / 100)
            self._out.send(bytes(message.bytes()))
        self._out.close()


@pytest.mark.usefixtures("jack")
@pytest.mark.skipif(sys.platform == "win32", reason="needs JACK")
def test_timecode_through_a_real_midi_system() -> None:
    """A host sends to the input that we made; how exactly is for a bench to say."""
    chaser, events, stopped = Chaser(), list[TransportEvent](), threading.Event()
    fixes: list[tuple[float, float | None]] = []

    def receive(heard: "list[TransportEvent]", at_s: float) -> None:
        for event in heard:
            events.append(event)
            chaser.observe(event)
            if isinstance(event, Stop):
                stopped.set()
        fixes.append((at_s, chaser.fix(at_s).position_s))

    timeline = open_timeline("mtc:virtual:from a host", CLOCK)
    timeline.start(receive)  # type: ignore[arg-type]
    host = Host("from a host", 200)
    host.start()
    assert stopped.wait(10)
    host.join()
    timeline.close()
    assert "from a host" in timeline.address
    assert [type(event) for event in events if not isinstance(event, Position)] == [Roll, Stop]
    heard = sum(isinstance(event, Position) for event in events)
    assert 30 < heard <= 49  # a MIDI system that has to wait for its turn drops some
    at_s, position_s = fixes[-2]  # the last is of the stop
    assert position_s == pytest.approx(10 + at_s - host.start_s, abs=0.03)
    assert not timeline.ignored
    status = midi_status().available
    assert status is not None
    assert not any("from a host" in port for port in status.ports)
