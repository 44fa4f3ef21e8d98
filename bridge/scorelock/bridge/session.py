"""A live session: a host's datagrams in, MIDI out, and nothing left sounding.

Three threads, each with one job: the OSC thread stamps and reads what arrives, the sender follows
the host and sends what is due, and the caller's thread draws. What the sender thinks is
`Follower`'s.
"""

import threading
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import count, pairwise
from types import TracebackType
from typing import Final, Self

import numpy as np

from scorelock.bridge.chaser import State
from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects import Dialect, read
from scorelock.bridge.follower import Follower
from scorelock.bridge.ledger import NOTE_OFF, NOTE_ON
from scorelock.bridge.log_writer import Log, LoggedOut, NoLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import MidiOut, MidiPort
from scorelock.bridge.realtime import on_signals, prefer_this_thread, tuned
from scorelock.bridge.show import Show
from scorelock.bridge.show_log import Begun, Ended, Heard, Turn
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.bridge.transport import TransportEvent, Wish
from scorelock.bridge.voice import DueMessage
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import PortError
from scorelock.engine.score import ChordSpan, Cue

REMEMBERED: Final = 1 << 16  # send errors kept for the report
MOST_SOURCES: Final = 64  # that are counted apart
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
    """What a session did: counts, and how exactly it sent (the last 65,536 messages).

    `sources` has, for each dialect and machine that spoke, its datagrams and why messages of it
    were ignored; `ignored` has those of all of them.
    """

    notes_sent: int
    notes_left_on: int
    notes_late: int
    notes_dropped: int
    send_error_ms: Spread | None
    datagrams: int
    ignored: dict[str, int]
    sources: dict[str, dict[str, int]]
    locates: int
    drop_outs: int
    log_dropped: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view shows at a moment.

    Attributes:
        state: what is known of the host.
        host_s: seconds on the host's time line; None where it is not known.
        film_s: seconds from the film's start, negative before it; None likewise.
        chord: the chord of that moment.
        next_chord: the next one that differs, and to_next_s when it comes.
        late_ms: send error of the newest note.
        error_ms: about how exact film_s is.
        latency_ms: how much later than its reports the host is taken to be heard.
        leads: who is followed, and others, who is heard besides.
    """

    state: State
    host_s: float | None
    film_s: float | None
    chord: ChordSpan | None
    next_chord: ChordSpan | None
    to_next_s: float | None
    late_ms: float
    error_ms: float
    latency_ms: float = 0.0
    leads: str = ""
    others: tuple[str, ...] = ()


class LiveSession:
    """Plays a performance on a host's time. Enter to start, `run` to stay, leave to make silence.

    Args:
        show: the notes, and how they are played.
        cue: the chords for views, or None.
        outs: where messages go, as many as the show has outputs; they are closed at the end.
        osc: where the host's datagrams come from, or None; it is closed at the end.
        dialect: how to read them.
        clock: the time.
        coming: what is still being composed, after the show's notes; it is taken in while playing.
        log: what keeps all of it for a replay.
        timeline: a host that does not speak OSC, or None; it is closed at the end.
    """

    def __init__(
        self,
        show: Show,
        cue: Cue | None,
        outs: Sequence[MidiOut],
        osc: OscIn | None,
        dialect: Dialect,
        clock: Clock,
        coming: Iterable[Arranged] = (),
        log: Log | None = None,
        timeline: Timeline | None = None,
    ) -> None:
        self._log: Log = NoLog() if log is None else log
        self._follower = Follower(show)
        self._spans = [] if cue is None else list(cue.chords)
        self._starts_s = [span.start_s for span in self._spans]
        self._coming = coming
        self._composed: deque[Arranged] = deque()
        self._composer = threading.Thread(target=self._compose, name="composer", daemon=True)
        self._film_start_s = show.film_start_s
        self._outs = [LoggedOut(out, self._log, clock, port) for port, out in enumerate(outs)]
        self._osc = osc
        self._timeline = timeline
        self._dialect = dialect
        self._clock = clock
        self._fix = self._follower.chaser.fix(clock.now())
        self._told = self._follower.decided(self._fix)
        self._events: deque[TransportEvent] = deque()
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._sender = threading.Thread(target=self._send_all, name="sender", daemon=True)
        self._datagrams = 0
        self._ignored: Counter[str] = Counter()
        self._sources: dict[str, Counter[str]] = {}
        self._notes_sent = 0
        self._errors_s: deque[float] = deque(maxlen=REMEMBERED)
        self._log.put(Begun(self._fix.at_s, show))

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.push(self._log_end)
            # Signals first and last: one that comes while notes are released must not stop that.
            stack.enter_context(on_signals(self.end))
            stack.enter_context(tuned())
            # Silence comes before all else that ends: closing the socket takes its time.
            if self._osc is not None:
                stack.enter_context(self._osc)
            if self._timeline is not None:
                stack.callback(self._timeline.close)
            # What is entered last is left first: the first output's notes are released first.
            for out, ledger in reversed(list(zip(self._outs, self._follower.ledgers, strict=True))):
                stack.enter_context(MidiPort(out, ledger))
            stack.callback(self._stop_sending)
            self._sender.start()
            self._composer.start()
            if self._osc is not None:
                self._osc.start(self.receive)
            if self._timeline is not None:
                self._timeline.start(self.follow)
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
            if turn % LOOK_AT_PORT_EVERY == 0:
                self._look_at_ports()
            if view is not None:
                view(self.snapshot())
        if self._failure is not None:
            raise self._failure

    def _look_at_ports(self) -> None:
        for out in self._outs:
            if not out.alive():
                raise PortError(
                    f'expected "{out.name}" to stay, but its server has gone; '
                    "start the server and scorelock again"
                )

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens for OSC: host and port."""
        assert self._osc is not None
        return self._osc.address

    @property
    def latency_s(self) -> float:
        """How much later than its reports the host is taken to be heard."""
        return self._follower.chaser.latency_s

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
        """Read a datagram that arrived at at_s, greet a host that it makes known, and wake the
        sender.
        """
        assert self._osc is not None
        peer = self._osc.peer
        reading = read(self._dialect, datagram, at_s, peer)
        if reading.greeting and peer is not None:
            self._osc.greet(peer, reading.greeting)
        self._datagrams += 1
        self._ignored.update(reading.ignored)
        machine = "" if peer is None else f"@{peer[0]}"
        source = f"{reading.source or 'unknown'}{machine}"
        if source in self._sources or len(self._sources) < MOST_SOURCES:
            self._sources.setdefault(source, Counter()).update(("datagrams", *reading.ignored))
        self.hear(Heard(at_s, reading.source, peer, datagram, reading.events))

    def follow(self, events: Sequence[TransportEvent], at_s: float) -> None:
        """Take in what the time line that is no OSC told at at_s."""
        assert self._timeline is not None
        self.hear(Heard(at_s, self._timeline.address, None, None, tuple(events)))

    def wish(self, wish: Wish) -> None:
        """Take in what the user wishes; from any thread."""
        self.hear(Heard(wish.at_s, "user", None, None, (wish,)))

    def hear(self, heard: Heard) -> None:
        """Take in what a time line told, and wake the sender."""
        with self._arrived:
            self._log.put(heard)
            led = self._follower.leader.led(heard.source, heard.peer, heard.at_s, heard.events)
            if led:
                self._events.extend(led)
                self._arrived.notify()
            if len(led) < len(heard.events):
                self._ignored["another host leads"] += 1

    def turn(self) -> float:
        """Take in what has come, send what is due; gives when to come again at the latest.

        The sender's thread calls it again and again; without the thread it can be driven on a
        manual clock.
        """
        with self._arrived:
            events = list(self._events)
            self._events.clear()
            composed = tuple(self._composed)
            self._composed.clear()
            now_s = self._clock.now()  # not before anything that is taken in arrived
            self._log.put(Turn(now_s, len(events), composed))
        for part in composed:
            self._follower.add(part)
        due, self._fix, wake_s = self._follower.advance(events, now_s)
        decided = self._follower.decided(self._fix)
        if decided.news != self._told.news:
            self._log.put(decided)
            self._told = decided
        for message in due:
            self._send(message)
        return wake_s

    def snapshot(self) -> Snapshot:
        """What a view should show now; from any thread."""
        now_s, fix = self._clock.now(), self._fix
        late_ms = 1000 * self._errors_s[-1] if self._errors_s else 0.0
        with self._arrived:
            leader = self._follower.leader
            leads = (str(leader.host or ""), tuple(map(str, leader.others())))
        latency_ms = 1000 * self.latency_s
        if fix.position_s is None:
            unknown = (None, None, None, None, None)
            return Snapshot(fix.state, *unknown, late_ms, 0.0, latency_ms, *leads)
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
        return Snapshot(
            *(fix.state, host_s, film_s, span, coming, to_next_s),
            *(late_ms, error_ms, latency_ms, *leads),
        )

    def report(self) -> SessionReport:
        """What was done so far."""
        return SessionReport(
            notes_sent=self._notes_sent,
            notes_left_on=sum(len(ledger.sounding) for ledger in self._follower.ledgers),
            notes_late=self._follower.player.late,
            notes_dropped=self._follower.player.dropped,
            send_error_ms=Spread.of(self._errors_s),
            datagrams=self._datagrams,
            ignored=dict(self._ignored if self._timeline is None else self._timeline.ignored),
            sources={source: dict(counts) for source, counts in self._sources.items()},
            locates=self._follower.chaser.locates,
            drop_outs=self._follower.chaser.drop_outs,
            log_dropped=self._log.dropped,
        )

    def _log_end(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        cause = error or self._failure
        told = None if cause is None else f"{type(cause).__name__}: {cause}"
        self._log.put(Ended(self._clock.now(), told))

    def _stop_sending(self) -> None:
        self._ended.set()
        with self._arrived:
            self._arrived.notify()
        self._sender.join()
        self._composer.join()
        for message in self._follower.end():
            with suppress(PortError):
                self._outs[message.port].send(message.data)

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
        prefer_this_thread()
        try:
            while not self._ended.is_set():
                wake_s = self.turn()
                until_s = min(wake_s, self._clock.now() + LONGEST_SLEEP_S)
                with self._arrived:
                    if not self._events and not self._composed and not self._ended.is_set():
                        self._clock.wait(self._arrived, until_s)
        except BaseException as err:  # told by `run`, after which all that sounds is released
            self._failure = err
            self._ended.set()

    def _send(self, message: DueMessage) -> None:
        self._outs[message.port].send(message.data, message.at_s)
        if message.data[0] & 0xF0 in (NOTE_ON, NOTE_OFF):
            self._errors_s.append(self._clock.now() - message.at_s)
            self._notes_sent += message.data[0] & 0xF0 == NOTE_ON
