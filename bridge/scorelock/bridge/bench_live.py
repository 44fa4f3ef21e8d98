"""How exactly notes go out: a host's datagrams in, a MIDI port out, a second process at its end.

Four processes on one clock: the host that is simulated here (REAPER's 15 reports a second over
UDP, each up to 16 ms late), Scorelock's own live session, a plain bridge for comparison that sends
what is due whenever a report comes, and a receiver at the far end of both their ports. The plan
is the host's true time: a note's onset after the moment that the host began to play.
"""

import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

import numpy as np

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.console import say
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.ledger import NOTE_ON
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import (
    ApiStatus,
    MidiOut,
    RtMidiIn,
    midi_status,
)
from scorelock.bridge.session import LiveSession, SessionReport, Spread
from scorelock.bridge.simulate import SEND_DELAY_S, HostSimulator, reaper
from scorelock.bridge.transport import Position, Roll, Stop
from scorelock.engine.errors import MissingPart
from scorelock.engine.score import Note, Part, Performance
from scorelock.engine.timebase import FrameRate

Sent = list[tuple[float, bytes]]
"""Times and messages."""

_RATE: Final = FrameRate(Fraction(25))
_STARTS_S: Final = 0.5  # from here on the host plays
_SETTLES_S: Final = 1.0
_POLL_S: Final = 0.005
_JACK_PERIOD: Final = 128  # frames of 48 kHz: 2.7 ms


def measure(
    seconds: float = 60.0, *, delay_s: float = SEND_DELAY_S, seed: int = 0
) -> dict[str, Any]:
    """Play that long and compare with the plan; needs a MIDI system, or jackd to start one.

    Args:
        seconds: of playing.
        delay_s: how much later one of the host's reports may go out than another.
        seed: of the delays and of the notes.

    Returns:
        "ours" and "other": p50, p99 and max of the error of sending in milliseconds, either way;
        "ours_arrival" and "other_arrival": the same at the receiver; "ratio": other's p99 by ours;
        "what": the same in a line;
        "planned" and "received": note-ons of ours; "left_on"; "locates" and
        "drop_outs", of which there should be none; "midi_api"; "seconds"; "delay_ms".

    Raises:
        MissingPart: there is no MIDI here, nor jackd.
    """
    with ExitStack() as stack:
        api = midi_status().available
        if api is None:
            api = stack.enter_context(jack_server("scorelock-bench"))
        return _measure(api, synthetic(seconds, seed), delay_s, seed)


def synthetic(seconds: float, seed: int) -> Performance:
    """Chords a second apart and a busier line, off the grid, so that reports fall anywhere."""
    draw = np.random.default_rng(seed)
    chords = [Note(float(s), 0.95, p, 80, 0) for s in range(int(seconds)) for p in (48, 55, 64)]
    line = [
        Note(float(at_s), 0.1, 72 + index % 12, 90, 1)
        for index, at_s in enumerate(np.sort(draw.uniform(0, seconds - 0.2, int(8 * seconds))))
    ]
    return Performance((Part("chords", tuple(chords)), Part("line", tuple(line))), seconds)


def _measure(api: ApiStatus, score: Performance, delay_s: float, seed: int) -> dict[str, Any]:
    if not api.virtual:
        raise MissingPart(f"expected a MIDI system with virtual ports, {api.name} has none")
    clock = MonotonicClock()
    names = ("ours", "other")
    with ExitStack() as stack:
        bridges = [stack.enter_context(_child(_bridge, name, score)) for name in names]
        addresses = [bridge.recv() for bridge in bridges]
        receiver = stack.enter_context(_child(_receive, api.name, names))
        receiver.recv()
        ends_s = _STARTS_S + score.duration_s
        moves = (Position(0, 0.0), Roll(_STARTS_S), Stop(ends_s))
        datagrams = reaper(moves, ends_s, delay_s=delay_s, seed=seed)
        host = HostSimulator(datagrams, addresses, clock)
        host.start(clock.now() + _SETTLES_S)
        host.join()
        clock.sleep_until(clock.now() + _SETTLES_S)
        (ours, report), (other, _) = (_finish(bridge) for bridge in bridges)
        received: dict[str, Sent] = _finish(receiver)
    origin_s = host.start_s + _STARTS_S
    result: dict[str, Any] = {}
    for name, own in zip(names, (ours, other), strict=True):
        result[name] = _spread(_errors(score, own, origin_s))
        result[f"{name}_arrival"] = _spread(_errors(score, received[name], origin_s))
    return result | {
        "ratio": result["other"]["p99"] / result["ours"]["p99"],
        "what": "error of live sending against the host's true time; other: on the last report",
        "planned": len(score.notes),
        "received": len(_ons(received["ours"])),
        "left_on": _left_on(received["ours"]),
        "locates": report.locates,
        "drop_outs": report.drop_outs,
        "midi_api": api.name,
        "seconds": score.duration_s,
        "delay_ms": 1000 * delay_s,
    }


def _errors(score: Performance, sent: Sent, origin_s: float) -> list[float]:
    """How far each note-on was from the plan, in seconds: the nearest note of its pitch there."""
    planned: dict[tuple[int, int], list[float]] = defaultdict(list)
    for note in score.notes:
        planned[note.channel, note.pitch].append(origin_s + note.onset_s)
    return [
        min(abs(at_s - wanted_s) for wanted_s in planned[data[0] & 0x0F, data[1]])
        for at_s, data in _ons(sent)
    ]


def _ons(sent: Sent) -> Sent:
    return [(at_s, data) for at_s, data in sent if data[0] & 0xF0 == NOTE_ON and data[2]]


def _left_on(sent: Sent) -> int:
    """Notes that a listener would still hear at the end."""
    down: set[tuple[int, int]] = set()
    for _, data in sent:
        key = data[0] & 0x0F, data[1]
        if data[0] & 0xF0 == NOTE_ON:
            down.add(key)
        elif data[0] & 0xF0 == NOTE_ON - 0x10:
            down.discard(key)
    return len(down)


def _spread(errors_s: Iterable[float]) -> dict[str, float]:
    spread = Spread.of(errors_s)
    return asdict(spread) if spread is not None else {}


# The other processes. Each tells that it is ready, works until it is told to end, and tells what
# it saw.


@contextmanager
def _child(work: Callable[..., None], *args: object) -> Iterator["Connection[Any, Any]"]:
    context = get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=work, args=(there, *args), daemon=True)
    process.start()
    there.close()  # so that its end is told, not waited for
    try:
        yield here
    finally:
        here.close()
        process.join(5.0)
        process.kill()


def _finish(child: "Connection[Any, Any]") -> Any:  # noqa: ANN401 - each child answers its own
    child.send(None)
    return child.recv()


def _bridge(parent: "Connection[Any, Any]", name: str, score: Performance) -> None:
    clock = MonotonicClock()
    out = _Both(PortProcess(f"virtual:{name}", clock, say), RecordingOut(clock))
    osc = OscIn("127.0.0.1:0", clock)
    run = _ours if name == "ours" else _other
    report = run(parent, score, out, osc)
    parent.send((out.recording.sent, report))


def _ours(
    parent: "Connection[Any, Any]", score: Performance, out: "_Both", osc: OscIn
) -> SessionReport:
    with LiveSession(score, None, out, osc, hosts(_RATE), MonotonicClock()) as live:
        parent.send(osc.address)
        parent.recv()
    return live.report()


def _other(parent: "Connection[Any, Any]", score: Performance, out: "_Both", osc: OscIn) -> None:
    """A plain bridge: while the host rolls it plays on the last report."""
    waiting = sorted(
        [
            (note.onset_s, bytes((NOTE_ON | note.channel, note.pitch, note.velocity)))
            for note in score.notes
        ]
        + [(note.end_s, bytes((NOTE_ON | note.channel, note.pitch, 0))) for note in score.notes],
        reverse=True,
    )
    dialect = hosts(_RATE)
    rolling: list[Roll] = []

    def receive(datagram: bytes, at_s: float) -> None:
        for event in read(dialect, datagram, at_s).events:
            if isinstance(event, Roll):
                rolling.append(event)
            elif isinstance(event, Position) and rolling:
                while waiting and waiting[-1][0] <= event.position_s:
                    out.send(waiting.pop()[1])

    with osc:
        osc.start(receive)
        parent.send(osc.address)
        parent.recv()


def _receive(parent: "Connection[Any, Any]", api: str, names: tuple[str, ...]) -> None:
    clock = MonotonicClock()
    with ExitStack() as stack:
        ports = [stack.enter_context(closing(RtMidiIn(api, name))) for name in names]
        parent.send("ready")
        ends = [_Arrivals() for _ in ports]
        ended = False
        while not ended:
            ended = parent.poll(_POLL_S)
            for port, end in zip(ports, ends, strict=True):
                end.add(port.read(), clock.now())
        parent.send({name: end.sent() for name, end in zip(names, ends, strict=True)})


class _Arrivals:
    """Messages with the library's own times between them, put on our clock.

    The time of reading, less the times since the first message, is late by how long a message
    waited to be read: the least of these differences is when the first message came.
    """

    def __init__(self) -> None:
        self._came: Sent = []
        self._last_s = 0.0
        self._first_s = float("inf")

    def add(self, messages: Sent, read_s: float) -> None:
        for after_s, data in messages:
            self._last_s += after_s
            self._came.append((self._last_s, data))
            self._first_s = min(self._first_s, read_s - self._last_s)

    def sent(self) -> Sent:
        return [(self._first_s + came_s, data) for came_s, data in self._came]


class _Both:
    """Sends on, and keeps what was sent with its time."""

    def __init__(self, out: MidiOut, recording: RecordingOut) -> None:
        self.name = out.name
        self.api = out.api
        self.recording = recording
        self._out = out

    def send(self, data: bytes) -> None:
        self._out.send(data)
        self.recording.send(data)

    def alive(self) -> bool:
        return self._out.alive()

    def close(self) -> None:
        self._out.close()


@contextmanager
def jack_server(name: str) -> Iterator[ApiStatus]:
    """A JACK server without sound hardware, for this process and its children.

    Any name but "default" leaves a user's own server alone.

    Raises:
        MissingPart: jackd is not installed, or does not start.
    """
    jackd = shutil.which("jackd")
    if jackd is None:
        raise MissingPart("expected a MIDI system, found none; on Debian: apt-get install jackd2")
    before = dict(os.environ)
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1"}
    driver = ["-d", "dummy", "-r", "48000", "-p", str(_JACK_PERIOD)]
    server = subprocess.Popen(
        [jackd, "-n", name, "-r", *driver],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _await_jack(server)
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(5.0)
        server.kill()
        server.wait()
        for key in ("JACK_DEFAULT_SERVER", "JACK_NO_AUDIO_RESERVATION"):
            os.environ.pop(key, None)
        os.environ |= before


def _await_jack(server: "subprocess.Popen[bytes]") -> ApiStatus:
    clock = MonotonicClock()
    for _ in range(50):
        clock.sleep_until(clock.now() + 0.1)
        for api in midi_status().apis:
            if api.name == "JACK" and api.available:
                return api
        if server.poll() is not None:
            break
    raise MissingPart("expected jackd to start, it did not; try: jackd -r -d dummy")
