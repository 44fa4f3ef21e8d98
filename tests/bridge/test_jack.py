"""Through a real MIDI system into another process: what a synthesizer would get."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from fakes import FILM_RATE, LONG_NOTES, Keyboard, note, performance, python_path
from jackd import Listener, running_jack

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import midi_status, open_port
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show
from scorelock.bridge.simulate import HostSimulator, osc_bundle, reaper
from scorelock.bridge.transport import Pause, Position, Roll, Stop
from scorelock.engine.errors import PortError

CLOCK = MonotonicClock()
SCALE = performance(*(note(i / 4, i / 4 + 0.2, 60 + i) for i in range(20)), duration_s=5.0)


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server for the tests of this file."""
    with running_jack():
        yield


def pitches(heard: list[bytes]) -> list[int]:
    """The notes that were struck, in order."""
    return [data[1] for data in heard if data[0] & 0xF0 == 0x90]


@pytest.mark.usefixtures("jack")
def test_another_process_hears_exactly_the_notes_of_play_locate_pause_and_stop() -> None:
    """A locate is heard of up to 67 ms later, with the next report; no note begins meanwhile."""
    moves = (
        Position(0, 0.0),
        Roll(0.2),
        Position(1.3, 0.48),  # at 1.1, in the fifth note; back to before the third
        Pause(2.28),  # at 1.46, before the seventh
        Roll(2.8),
        Stop(3.2),  # at 1.86, in the eighth
    )
    out = open_port("virtual:loopback")
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        with LiveSession(Show(SCALE), None, [out], osc, hosts(FILM_RATE), CLOCK) as live:
            listener = Listener("loopback")
            host = HostSimulator(reaper(moves, 3.5), [osc.address], CLOCK)
            host.start(CLOCK.now() + 0.1)
            host.join()
            CLOCK.sleep_until(host.start_s + 3.5)
        heard = listener.heard()
    assert pitches(heard) == [60, 61, 62, 63, 64, 62, 63, 64, 65, 66, 67]
    keyboard = Keyboard()
    for data in heard:
        keyboard.hear(data)
    assert (keyboard.down, keyboard.double_ons, keyboard.loose_offs) == (set(), 0, 0)
    report = live.report()
    assert (report.notes_sent, report.notes_left_on, report.locates) == (11, 0, 1)


CHILD = """
from fakes import FILM_RATE, long_chord
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import open_port
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show

clock, out = MonotonicClock(), open_port("virtual:killed")
osc = OscIn("127.0.0.1:0", clock)
with LiveSession(Show(long_chord()), None, [out], osc, hosts(FILM_RATE), clock) as live:
    print(live.address[1], flush=True)
    live.run()
"""


@pytest.mark.usefixtures("jack")
def test_a_process_that_is_terminated_leaves_no_note_in_the_synthesizer() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=python_path(),
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        address = ("127.0.0.1", int(child.stdout.readline()))
        listener = Listener("killed")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
            host.sendto(osc_bundle({"/time": 0.0, "/stop": 0.0, "/play": 1.0}), address)
        CLOCK.sleep_until(CLOCK.now() + 0.3)
        child.send_signal(signal.SIGTERM)
        assert child.wait(5) == 0
    heard, keyboard = listener.heard(), Keyboard()
    for data in heard:
        keyboard.hear(data)
    assert (len(pitches(heard)), keyboard.down) == (len(LONG_NOTES), set())


@pytest.mark.usefixtures("jack")
def test_a_name_that_no_port_has_is_told_with_the_names_there_are() -> None:
    out = open_port("virtual:present")
    with pytest.raises(PortError, match="virtual:NAME"):
        open_port("absent")
    out.close()
    status = midi_status()
    assert status.available is not None
    assert not any("present" in port for port in status.available.ports)


def test_a_server_that_goes_away_ends_the_session_instead_of_freezing_it() -> None:
    """python-rtmidi would go on until its buffer is full, and then hang with the whole process."""
    before = os.environ.get("JACK_DEFAULT_SERVER")
    with running_jack("scorelock-dies"):
        out = open_port("virtual:gone")
    osc = OscIn("127.0.0.1:0", CLOCK)
    with (
        pytest.raises(PortError, match="gone"),
        LiveSession(Show(SCALE), None, [out], osc, hosts(FILM_RATE), CLOCK) as live,
    ):
        live.run()
    assert os.environ.get("JACK_DEFAULT_SERVER") == before
