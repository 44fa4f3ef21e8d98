"""A live session: a host's datagrams in, MIDI out, and nothing left sounding.

Three threads, each with one job: the OSC thread stamps and reads what arrives, the sender follows
the host and sends what is due, and the caller's thread draws. `Follower` is all of the sender's
thinking without its thread, for tests and for replaying.
"""

import gc
import os
import signal
import sys
import threading
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import count, pairwise
from types import FrameType, TracebackType
from typing import Final, Self

import numpy as np

from scorelock.bridge.chaser import Chaser, State, SyncFix
from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects import Dialect, read
from scorelock.bridge.ledger import Ledger
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.player import DueMessage, Player
from scorelock.bridge.ports import MidiOut, MidiPort
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import PortError
from scorelock.engine.score import ChordSpan, Cue, Performance

SWITCH_INTERVAL_S: Final = 0.0005  # how long the drawing thread may hold the sender up
REMEMBERED: Final = 1 << 16  # send errors kept for the report
VIEW_EVERY_S: Final = 0.1
LOOK_AT_PORT_EVERY: Final = 10  # views
LONGEST_SLEEP_S: Final = 1.0
LOOK_AHEAD: Final = 8  # spans; only a primer's end parts two of the same chord


@dataclass(frozen=True, slots=True)
class Spread:
    """Send error, sent minus wanted, in milliseconds."""

    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, errors_s: Iterable[float]) -> "Spread | None":
        """Of some errors in seconds; None of none."""
        errors_ms = 1000 * np.array(list(errors_s))
        if not errors_ms.size:
            return None
        p50, p99 = np.percentile(errors_ms, (50, 99))
        return cls(float(p50), float(p99), float(errors_ms.max()))


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What a session did: counts, and how exactly it sent (the last 65,536 messages)."""

    notes_sent: int
    notes_left_on: int
    notes_late: int
    notes_dropped: int
    send_error_ms: Spread | None
    datagrams: int
    ignored: dict[str, int]
    locates: int
    drop_outs: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view shows at a moment.

    Attributes:
        state: what is known of the host.
        host_s: seconds on the host's time line; None where it is not known.
        film_s: seconds from the film's start, negative before it; None likewise.
        chord: the chord of that moment.
        next_chord: the next one that differs, and to_next_s when it comes.
        late_ms: send error of the newest message.
        error_ms: about how exact film_s is.
    """

    state: State
    host_s: float | None
    film_s: float | None
    chord: ChordSpan | None
    next_chord: ChordSpan | None
    to_next_s: float | None
    late_ms: float
    error_ms: float


class Follower:
    """Events in, messages out: the sync clock, the player and the ledger as one."""

    def __init__(self, performance: Performance, film_start_s: float = 0.0) -> None:
        self.ledger = Ledger()
        self.chaser = Chaser()
        self.player = Player(performance, film_start_s, self.ledger)

    def advance(
        self, events: Iterable[TransportEvent], now_s: float
    ) -> tuple[list[DueMessage], SyncFix, float]:
        """Take in events in their order; gives what is due, the fix, and when to come again."""
        for event in events:
            self.chaser.observe(event)
        fix = self.chaser.fix(now_s)
        return self.player.advance(fix), fix, self.player.wake_s(fix)


class LiveSession:
    """Plays a performance on a host's time. Enter to start, `run` to stay, leave to make silence.

    Args:
        performance: the notes, in film seconds.
        cue: the chords for views, or None.
        out: where the notes go; it is closed at the end.
        osc: where the host's datagrams come from; it is closed at the end.
        dialect: how to read them.
        clock: the time.
        film_start_s: the host's time at the film's first frame.
        coming: what is still being composed, after the performance; it is taken in while playing.
    """

    def __init__(
        self,
        performance: Performance,
        cue: Cue | None,
        out: MidiOut,
        osc: OscIn,
        dialect: Dialect,
        clock: Clock,
        film_start_s: float = 0.0,
        coming: Iterable[Arranged] = (),
    ) -> None:
        self._follower = Follower(performance, film_start_s)
        self._spans = [] if cue is None else list(cue.chords)
        self._starts_s = [span.start_s for span in self._spans]
        self._coming = coming
        self._composed: deque[Arranged] = deque()
        self._composer = threading.Thread(target=self._compose, name="composer", daemon=True)
        self._film_start_s = film_start_s
        self._out = out
        self._port = MidiPort(out, self._follower.ledger)
        self._osc = osc
        self._dialect = dialect
        self._clock = clock
        self._fix = self._follower.chaser.fix(clock.now())
        self._events: deque[TransportEvent] = deque()
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._sender = threading.Thread(target=self._send_all, name="sender", daemon=True)
        self._datagrams = 0
        self._ignored: Counter[str] = Counter()
        self._notes_sent = 0
        self._errors_s: deque[float] = deque(maxlen=REMEMBERED)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            # Signals first and last: one that comes while notes are released must not stop that.
            stack.enter_context(_on_signals(self.end))
            stack.enter_context(_tuned())
            # Silence comes before all else that ends: closing the socket takes its time.
            stack.enter_context(self._osc)
            stack.enter_context(self._port)
            stack.callback(self._stop_sending)
            self._sender.start()
            self._composer.start()
            self._osc.start(self.receive)
            self._running = stack.pop_all()
        return self

    def run(self, view: Callable[[Snapshot], None] | None = None) -> None:
        """Stay until a signal (SIGINT, SIGTERM, SIGHUP) or a call of `end`; show views.

        Raises:
            PortError: the output failed, or its server has gone.
        """
        for turn in count():
            if self._ended.wait(VIEW_EVERY_S):
                break
            if turn % LOOK_AT_PORT_EVERY == 0 and not self._out.alive():
                raise PortError(
                    f'expected "{self._out.name}" to stay, but its server has gone; '
                    "start the server and scorelock again"
                )
            if view is not None:
                view(self.snapshot())
        if self._failure is not None:
            raise self._failure

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port."""
        return self._osc.address

    def end(self) -> None:
        """Let `run` return. Safe in a signal handler."""
        self._ended.set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def receive(self, datagram: bytes, at_s: float) -> None:
        """Read a datagram that arrived at at_s, and wake the sender."""
        reading = read(self._dialect, datagram, at_s)
        self._datagrams += 1
        self._ignored.update(reading.ignored)
        if reading.events:
            with self._arrived:
                self._events.extend(reading.events)
                self._arrived.notify()

    def snapshot(self) -> Snapshot:
        """What a view should show now; from any thread."""
        now_s, fix = self._clock.now(), self._fix
        late_ms = 1000 * self._errors_s[-1] if self._errors_s else 0.0
        if fix.position_s is None:
            return Snapshot(fix.state, None, None, None, None, None, late_ms, 0.0)
        host_s = fix.position_s + fix.rate * (now_s - fix.at_s)
        film_s = host_s - self._film_start_s
        index = bisect_right(self._starts_s, film_s) - 1
        span = self._spans[index] if index >= 0 and film_s < self._spans[index].end_s else None
        later = self._spans[index + 1 : index + 1 + LOOK_AHEAD]
        coming = next(
            (
                after
                for before, after in pairwise((span, *later))
                if after is not None and (before is None or after.chord != before.chord)
            ),
            None,
        )
        to_next_s = None if coming is None else coming.start_s - film_s
        error_ms = 1000 * fix.error_s
        return Snapshot(fix.state, host_s, film_s, span, coming, to_next_s, late_ms, error_ms)

    def report(self) -> SessionReport:
        """What was done so far."""
        return SessionReport(
            notes_sent=self._notes_sent,
            notes_left_on=len(self._follower.ledger.sounding),
            notes_late=self._follower.player.late,
            notes_dropped=self._follower.player.dropped,
            send_error_ms=Spread.of(self._errors_s),
            datagrams=self._datagrams,
            ignored=dict(self._ignored),
            locates=self._follower.chaser.locates,
            drop_outs=self._follower.chaser.drop_outs,
        )

    def _stop_sending(self) -> None:
        self._ended.set()
        with self._arrived:
            self._arrived.notify()
        self._sender.join()
        self._composer.join()

    def _compose(self) -> None:
        """The composer's thread: hand over what comes, span by span."""
        try:
            for part in self._coming:
                if self._ended.is_set():
                    return
                with self._arrived:
                    self._composed.append(part)
                    self._arrived.notify()
                self._spans.append(part.span)
                self._starts_s.append(part.span.start_s)
        except BaseException as err:  # told by `run`; what sounds is released
            self._failure = err
            self._ended.set()

    def _send_all(self) -> None:
        """The sender's thread: everything that is due, then sleep until more is, or news comes."""
        _prefer_this_thread()
        try:
            while not self._ended.is_set():
                with self._arrived:
                    events = list(self._events)
                    self._events.clear()
                    composed = list(self._composed)
                    self._composed.clear()
                for part in composed:
                    self._follower.player.add(part.notes)
                due, self._fix, wake_s = self._follower.advance(events, self._clock.now())
                for message in due:
                    self._send(message)
                until_s = min(wake_s, self._clock.now() + LONGEST_SLEEP_S)
                with self._arrived:
                    if not self._events and not self._composed and not self._ended.is_set():
                        self._clock.wait(self._arrived, until_s)
        except BaseException as err:  # told by `run`, after which all that sounds is released
            self._failure = err
            self._ended.set()

    def _send(self, message: DueMessage) -> None:
        self._port.send(message.data)
        self._errors_s.append(self._clock.now() - message.at_s)
        self._notes_sent += message.data[0] & 0xF0 == 0x90


@contextmanager
def _on_signals(end: Callable[[], None]) -> Iterator[None]:
    """Let signals that mean "finish" call `end` instead of tearing the process down."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    def handle(number: int, frame: FrameType | None) -> None:
        end()

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def _tuned() -> Iterator[None]:
    """Keep the interpreter from holding the sender up: quick thread switches, no old garbage."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval_s)


def _prefer_this_thread() -> None:
    """Ask for real-time scheduling of the calling thread, where the system has it and allows."""
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
