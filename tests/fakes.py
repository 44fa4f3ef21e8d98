"""What tests of the live half play with: notes in a line, and a host on a clock that is set."""

import os
import sys
from collections.abc import Iterable
from fractions import Fraction
from types import ModuleType

from pythonosc.osc_message_builder import OscMessageBuilder

from scorelock.bridge.clock import Clock, ManualClock
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.follower import Follower
from scorelock.bridge.osc import Argument
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.show import Show
from scorelock.bridge.simulate import TimedDatagram
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.errors import PortError
from scorelock.engine.score import Note, Part, Performance
from scorelock.engine.timebase import FrameRate

FILM_RATE = FrameRate(Fraction(25))


LONG_NOTES = [(pitch, pitch % 2) for pitch in range(60, 70)]
"""Pitch and channel of the notes of `long_chord`."""


def message(address: str, *args: Argument) -> bytes:
    """An OSC message as python-osc writes it; ints as int32 and floats as float32."""
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    datagram: bytes = builder.build().dgram
    return datagram


def performance(*notes: Note, duration_s: float = 60.0) -> Performance:
    """A film of that length with these notes."""
    return Performance((Part("chords", tuple(sorted(notes))),), duration_s)


def note(onset_s: float, end_s: float, pitch: int = 60, channel: int = 0) -> Note:
    """A note by its two ends, at velocity 80."""
    return Note(onset_s, end_s - onset_s, pitch, 80, channel)


def long_chord() -> Performance:
    """Notes on two channels that sound from the film's start for 50 s."""
    return performance(*(note(0, 50, *each) for each in LONG_NOTES))


def on(pitch: int = 60, channel: int = 0) -> bytes:
    """The note-on of `note`."""
    return bytes((0x90 | channel, pitch, 80))


def off(pitch: int = 60, channel: int = 0) -> bytes:
    """Its note-off."""
    return bytes((0x80 | channel, pitch, 0))


def silence(channel: int = 0) -> list[bytes]:
    """Sustain up, all notes off."""
    return [bytes((0xB0 | channel, 64, 0)), bytes((0xB0 | channel, 123, 0))]


def python_path() -> dict[str, str]:
    """The environment in which another Python finds what this one does."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


class ManualRig:
    """Everything from datagrams to MIDI but the threads, on a manual clock from 0 s."""

    def __init__(self, score: Performance | Show, film_start_s: float = 0.0) -> None:
        self.clock = ManualClock()
        self.follower = Follower(score if isinstance(score, Show) else Show(score, film_start_s))
        self.out = RecordingOut(self.clock)
        self.ignored: list[str] = []
        self._dialect = hosts(FILM_RATE)
        self._wake_s = 0.0

    def hear(self, datagrams: Iterable[TimedDatagram], until_s: float) -> "ManualRig":
        """Let these arrive, each at its time, and the clock run on to until_s."""
        for at_s, data in datagrams:
            self._run_to(at_s)
            reading = read(self._dialect, data, at_s)
            self.ignored += reading.ignored
            led = self.follower.leader.led(reading.source, None, at_s, reading.events)
            self._send_due(led)
        self._run_to(until_s)
        return self

    @property
    def sent(self) -> list[tuple[float, bytes]]:
        """What went out, times to a tenth of a millisecond."""
        return [(round(at_s, 4), data) for at_s, data in self.out.sent]

    def _run_to(self, at_s: float) -> None:
        while self._wake_s < at_s:
            self.clock.sleep_until(self._wake_s)
            self._send_due()
        self.clock.sleep_until(at_s)

    def _send_due(self, events: Iterable[TransportEvent] = ()) -> None:
        now_s = self.clock.now()
        due, _, wake_s = self.follower.advance(events, now_s)
        for each in due:
            assert each.at_s < now_s + 1e-9, "sent before its time"
            self.out.send(each.data)
        # The clock reads floats: a wake that is due already comes a microsecond later.
        self._wake_s = max(wake_s, now_s + 1e-6)


class Keyboard:
    """An independent reader of MIDI: what sounds, and what was wrong with what came."""

    def __init__(self) -> None:
        self.down: set[tuple[int, int]] = set()
        self.double_ons = 0
        self.loose_offs = 0

    def hear(self, data: bytes) -> None:
        """Take one message."""
        kind, key = data[0] & 0xF0, (data[0] & 0x0F, data[1])
        if kind == 0x90 and data[2]:
            self.double_ons += key in self.down
            self.down.add(key)
        elif kind in (0x80, 0x90):
            self.loose_offs += key not in self.down
            self.down.discard(key)


class FakeRtMidi(ModuleType):
    """python-rtmidi on a machine with these outputs, or none where the API cannot be had."""

    API_LINUX_ALSA, API_UNIX_JACK, API_MACOSX_CORE, API_WINDOWS_MM = 2, 3, 1, 4

    def __init__(self, **ports: list[str] | None) -> None:
        super().__init__("rtmidi")
        self._ports = {getattr(self, f"API_{name}"): there for name, there in ports.items()}
        self.inputs: list[str] = []
        self.opened: list[str] = []

    def get_compiled_api(self) -> list[int]:
        """Numbers of the APIs."""
        return list(self._ports)

    def MidiOut(self, api: int, name: str) -> "FakeMidiOut":
        """A client, or rtmidi's SystemError, which is an OSError."""
        there = self._ports[api]
        if there is None:
            raise OSError("error creating client object")
        return FakeMidiOut(there, self.opened)

    def MidiIn(self, api: int, name: str) -> "FakeMidiOut":
        """A client that can say which inputs there are."""
        return FakeMidiOut(self.inputs, self.opened)


class FakeMidiOut:
    """A client of `FakeRtMidi`."""

    def __init__(self, ports: list[str], opened: list[str]) -> None:
        self._ports, self._opened = ports, opened

    def get_ports(self) -> list[str]:
        """Names of the outputs."""
        return self._ports

    def open_port(self, number: int, name: str) -> None:
        """Note which."""
        self._opened.append(self._ports[number])

    def open_virtual_port(self, name: str) -> None:
        """Note which."""
        self._opened.append(f"virtual:{name}")

    def send_message(self, data: bytes) -> None:
        """Drop it."""

    def close_port(self) -> None:
        """Note it."""
        self._opened.append("closed")

    def delete(self) -> None:
        """Nothing is held."""


class FailingOut(RecordingOut):
    """An output with a loose contact: some of its messages, counted from 0, are refused."""

    def __init__(self, clock: Clock, refused: Iterable[int]) -> None:
        super().__init__(clock)
        self.closed = False
        self._refused = frozenset(refused)
        self._count = -1

    def send(self, data: bytes) -> None:
        """Send it, or fail."""
        self._count += 1
        if self._count in self._refused:
            raise PortError("the cable is out")
        super().send(data)

    def close(self) -> None:
        """Remember it."""
        self.closed = True
