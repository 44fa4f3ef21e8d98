"""The MIDI port's own process: killed, hung or without its server, no note hangs; it comes back."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import mido
import pytest
from fakes import off, on, python_path
from hypothesis import given
from hypothesis import strategies as st
from jackd import SERVER, Listener, running_jack

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.jack_server import jack_server
from scorelock.bridge.outputs import SilentOut
from scorelock.bridge.port_child import Held, frames
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import midi_out_or_none
from scorelock.engine.errors import PortError

CLOCK = MonotonicClock()
MESSAGE = st.one_of(
    st.tuples(st.integers(0x80, 0x9F), st.integers(0, 127), st.integers(0, 127)),
    st.tuples(st.integers(0xB0, 0xBF), st.sampled_from([1, 64]), st.integers(0, 127)),
).map(bytes)


@given(st.lists(MESSAGE))
def test_what_is_held_is_what_a_synth_would_sound(messages: list[bytes]) -> None:
    """Followed by mido, note by note; after its offs nothing is left."""
    held, sounding = Held(), set()
    for data in messages:
        held.hear(data)
        read = mido.parse(data)
        if read.type == "note_on" and read.velocity:
            sounding.add((read.channel, read.note))
        elif read.type in ("note_on", "note_off"):
            sounding.discard((read.channel, read.note))
    assert set(held.notes) == sounding
    for data in list(held.offs()):
        held.hear(data)
    assert list(held.offs()) == []


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_frames_come_whole_however_they_are_cut(messages: list[bytes], size: int) -> None:
    stream = b"".join(bytes((len(data),)) + data for data in messages)
    pending, found = bytearray(), []
    for start in range(0, len(stream), size):
        pending += stream[start : start + size]
        found += list(frames(pending))
    assert found == messages
    assert not pending


@pytest.fixture
def jack(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with running_jack():
        yield


def eventually(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    until_s = CLOCK.now() + seconds
    while not true() and CLOCK.now() < until_s:
        CLOCK.sleep_until(CLOCK.now() + 0.02)
    return true()


def connected(port: str) -> Listener:
    """One whose connection counts: what is sent before JACK's next periods would pass it by."""
    listener = Listener(port)
    CLOCK.sleep_until(CLOCK.now() + 0.3)
    return listener


def pid_of(out: PortProcess) -> int:
    assert out._child is not None
    return out._child.process.pid


@pytest.mark.usefixtures("jack")
def test_what_is_sent_arrives_in_order() -> None:
    out = PortProcess("virtual:Apart", CLOCK, print)
    listener = connected("Apart")
    sent = [data for pitch in range(40, 90) for data in (on(pitch), off(pitch))]
    for data in sent:
        out.send(data)
    CLOCK.sleep_until(CLOCK.now() + 0.2)
    heard = listener.heard()
    out.close()
    assert heard == sent


@pytest.mark.usefixtures("jack")
def test_a_killed_player_leaves_no_note() -> None:
    """kill -9 on the process that plays: the port's own releases what sounds."""
    player = subprocess.Popen(
        [sys.executable, "-c", _PLAYER], stdout=subprocess.PIPE, env=python_path()
    )
    assert player.stdout is not None
    assert player.stdout.readline() == b"ready\n"
    listener = Listener("Doomed")
    player.stdout.readline()  # it has struck
    CLOCK.sleep_until(CLOCK.now() + 0.3)
    player.kill()
    player.wait()
    CLOCK.sleep_until(CLOCK.now() + 0.5)
    heard = listener.heard()
    player.stdout.close()
    assert [data for data in heard if data[0] & 0xF0 == 0x90] == [on(60), on(64)]
    assert [data for data in heard if data[0] & 0xF0 == 0x80] == [off(60), off(64)]


_PLAYER = """
import time
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.port_process import PortProcess
out = PortProcess("virtual:Doomed", MonotonicClock(), lambda line: None)
print("ready", flush=True)
time.sleep(1.5)
for pitch in (60, 64):
    out.send(bytes((0x90, pitch, 80)))
print("struck", flush=True)
time.sleep(60)
"""


@pytest.mark.usefixtures("jack")
@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGSTOP])
def test_a_port_that_is_killed_or_hangs_comes_back_with_what_sounds(deadly: int) -> None:
    said: list[str] = []
    out = PortProcess("virtual:Phoenix", CLOCK, said.append)
    out.send(bytes((0xC0, 5)))
    out.send(on(60))
    os.kill(pid_of(out), deadly)
    out.send(off(60))
    for _ in range(10_000):  # more than waits in a pipe
        out.send(on(62))
        out.send(off(62))
    out.send(on(64))
    assert eventually(lambda: out.returns == 1)
    CLOCK.sleep_until(CLOCK.now() + 3.0)  # a server that waited for a hung client catches up
    listener = connected("Phoenix")
    out.send(off(64))
    CLOCK.sleep_until(CLOCK.now() + 0.2)
    assert listener.heard() == [off(64)]
    out.close()
    assert ["gone" in said[0], "back" in said[1], len(said)] == [True, True, 2]


def test_a_server_that_dies_freezes_nothing_and_is_waited_for() -> None:
    said: list[str] = []
    with running_jack():
        out = PortProcess("virtual:Patient", CLOCK, said.append)
        out.send(on(60))
    begun_s = CLOCK.now()
    for _ in range(5000):  # more than the library's buffer takes
        out.send(on(61))
        out.send(off(61))
    assert CLOCK.now() - begun_s < 5
    assert eventually(lambda: bool(said))
    with jack_server(SERVER):
        assert eventually(lambda: out.returns >= 1)
        listener = connected("Patient")
        out.send(off(60))
        CLOCK.sleep_until(CLOCK.now() + 0.2)
        assert listener.heard() == [off(60)]
        out.close()


def test_without_midi_a_wish_is_refused_and_no_wish_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "nobody")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    said: list[str] = []
    with pytest.raises(PortError, match="expected"):
        PortProcess("Moog that is not there", CLOCK, said.append)
    out = midi_out_or_none(None, said.append, lambda name: PortProcess(name, CLOCK, said.append))
    if isinstance(out, SilentOut):
        assert "without sound" in said[0]
    out.close()
