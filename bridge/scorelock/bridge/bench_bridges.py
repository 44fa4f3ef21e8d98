"""What a bench of live sending runs: two bridges and a receiver, each a process of its own.

Scorelock's own live session, a plain bridge that sends what is due whenever a report comes, and a
listener at the far end of their ports, all on one clock with the host that is simulated here. Each
tells that it is ready, works until it is told to end, and tells what it saw.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.console import say
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.ledger import NOTE_ON
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import MidiOut, RtMidiIn
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show
from scorelock.bridge.simulate import HostSimulator, TimedDatagram
from scorelock.bridge.transport import Position, Roll
from scorelock.bridge.views import SessionReport
from scorelock.engine.score import Performance
from scorelock.engine.timebase import FrameRate

Sent = list[tuple[float, bytes]]
"""Times and messages."""

OURS: Final = "ours"
OTHER: Final = "other"
RATE: Final = FrameRate(Fraction(25))
"""Of timecode text."""
_SETTLES_S: Final = 1.0
_POLL_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Played:
    """What a script of a host made of a score.

    Attributes:
        start_s: when the script began, on our clock.
        sent: by bridge, what it sent and when.
        received: by bridge, what came out of its port and when.
        report: of our session.
    """

    start_s: float
    sent: dict[str, Sent]
    received: dict[str, Sent]
    report: SessionReport


def play(api: str, score: Performance, datagrams: Iterable[TimedDatagram], *bridges: str) -> Played:
    """Let a host say these datagrams to the bridges, by name, and wait for the end.

    Args:
        api: the MIDI system.
        score: what both bridges play.
        datagrams: in time order.
        bridges: `OURS`, and `OTHER` where it is wanted.
    """
    clock = MonotonicClock()
    with ExitStack() as stack:
        children = [stack.enter_context(child(_bridge, name, score)) for name in bridges]
        addresses = [child.recv() for child in children]
        receiver = stack.enter_context(child(_receive, api, bridges))
        receiver.recv()
        host = HostSimulator(iter(datagrams), addresses, clock)
        host.start(clock.now() + _SETTLES_S)
        host.join()
        clock.sleep_until(clock.now() + _SETTLES_S)
        ends = dict(zip(bridges, map(finish, children), strict=True))
        received: dict[str, Sent] = finish(receiver)
    sent = {name: messages for name, (messages, _) in ends.items()}
    return Played(host.start_s, sent, received, ends[OURS][1])


@contextmanager
def child(work: Callable[..., None], *args: object) -> Iterator["Connection[Any, Any]"]:
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


def finish(child: "Connection[Any, Any]") -> Any:  # noqa: ANN401 - each child answers its own
    child.send(None)
    return child.recv()


def _bridge(parent: "Connection[Any, Any]", name: str, score: Performance) -> None:
    clock = MonotonicClock()
    out = Both(PortProcess(f"virtual:{name}", clock, say), RecordingOut(clock))
    osc = OscIn("127.0.0.1:0", clock)
    run = ours if name == OURS else other
    with closing(out):
        report = run(parent, score, out, osc)
    parent.send((out.recording.sent, report))


def ours(
    parent: "Connection[Any, Any]", score: Performance, out: "Both", osc: OscIn
) -> SessionReport:
    with LiveSession(Show(score), None, [out], osc, hosts(RATE), MonotonicClock()) as live:
        parent.send(osc.address)
        parent.recv()
    return live.report()


def other(parent: "Connection[Any, Any]", score: Performance, out: "Both", osc: OscIn) -> None:
    """A plain bridge: while the host rolls it plays on the last report."""
    waiting = sorted(
        [
            (note.onset_s, bytes((NOTE_ON | note.channel, note.pitch, note.velocity)))
            for note in score.notes
        ]
        + [(note.end_s, bytes((NOTE_ON | note.channel, note.pitch, 0))) for note in score.notes],
        reverse=True,
    )
    dialect = hosts(RATE)
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


class Both:
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
