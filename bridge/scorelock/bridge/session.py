"""A live session: a host's datagrams in, MIDI out, and nothing left sounding.

Three threads, each with one job: the OSC thread stamps and reads what arrives, the sender follows
the host and sends what is due, and the caller's thread draws. What the sender thinks is
`Follower`'s.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import count
from types import TracebackType
from typing import Final, Self

from scorelock.bridge.changes import Asks, Change, OtherOut
from scorelock.bridge.chaser import SyncFix
from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects import Dialect, read
from scorelock.bridge.follower import Follower
from scorelock.bridge.ledger import NOTE_OFF, NOTE_ON
from scorelock.bridge.log_writer import Log, LoggedOut, NoLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import MidiOut, MidiPort
from scorelock.bridge.realtime import on_signals, prefer_this_thread, tuned
from scorelock.bridge.reel import Reel
from scorelock.bridge.show import Show
from scorelock.bridge.show_log import Begun, Ended, Heard, Part, Turn
from scorelock.bridge.tally import Tally
from scorelock.bridge.timelines.timeline import Retelling, Timeline
from scorelock.bridge.transport import Lead, TransportEvent, Wish
from scorelock.bridge.views import ChordLine, SessionReport, Snapshot, Spread
from scorelock.bridge.voice import DueMessage
from scorelock.engine.errors import PortError
from scorelock.engine.score import Cue

REMEMBERED: Final = 1 << 16  # send errors kept for the report
VIEW_EVERY_S: Final = 0.1
LOOK_AT_PORT_EVERY: Final = 10  # views
LONGEST_SLEEP_S: Final = 1.0

Strikes = Callable[[DueMessage, float, float], None]
"""Hears of a note that was struck: the film seconds that it was struck for, and when it went out.
It is called by the sender, which it must not hold up.
"""


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
            It gives None where nothing has come for a while, so that it can be ended.
        log: what keeps all of it for a replay.
        timelines: hosts that do not speak OSC; they are closed at the end.
        strikes: hears of every note that is struck.
    """

    def __init__(
        self,
        show: Show,
        cue: Cue | None,
        outs: Sequence[MidiOut],
        osc: OscIn | None,
        dialect: Dialect,
        clock: Clock,
        coming: Iterable[Part | None] = (),
        log: Log | None = None,
        timelines: Sequence[Timeline] = (),
        strikes: Strikes | None = None,
    ) -> None:
        self._is_logged = log is not None
        self._log: Log = NoLog() if log is None else log
        self._follower = Follower(show)
        self._chords = ChordLine(cue)
        self._coming = coming
        self._composed: deque[Part] = deque()
        self._composer = threading.Thread(target=self._compose, name="composer", daemon=True)
        self._film_start_s = show.film_start_s
        self._outs = [LoggedOut(out, self._log, clock, port) for port, out in enumerate(outs)]
        self._osc = osc
        self._timelines = timelines
        self._strikes = strikes
        self._dialect = dialect
        self._clock = clock
        self._fix = self._follower.chaser.fix(clock.now())
        self._told = self._follower.decided(self._fix)
        self._events: deque[TransportEvent] = deque()
        self._changes: deque[Change] = deque()
        self._arrived = threading.Condition()
        self._ended = threading.Event()
        self._failure: BaseException | None = None
        self._sender = threading.Thread(target=self._send_all, name="sender", daemon=True)
        self._tally = Tally(timelines)
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
            for timeline in self._timelines:
                stack.callback(timeline.close)
            stack.callback(self.silence)
            stack.callback(self._stop_sending)
            self._sender.start()
            self._composer.start()
            if self._osc is not None:
                self._osc.start(self.receive)
            for timeline in self._timelines:
                timeline.start(partial(self.follow, timeline))
            self._running = stack.pop_all()
        return self

    def run(self, view: Callable[[Snapshot], None] | None = None) -> None:
        """Stay until a signal (SIGINT, SIGTERM, SIGHUP) or a call of `end`; show views.

        Raises:
            PortError: the output failed, or its server has gone.
        """
        for turn in count():
            if self.over(VIEW_EVERY_S):
                break
            if turn % LOOK_AT_PORT_EVERY == 0:
                self._look_at_ports()
            if view is not None:
                view(self.snapshot())

    def over(self, within_s: float) -> bool:
        """Wait so long at most; gives whether the session has ended.

        Raises:
            BaseException: what ended it, if not the user.
        """
        ended = self._ended.wait(within_s)
        if self._failure is not None:
            raise self._failure
        return ended

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

    @property
    def fix(self) -> SyncFix:
        """Where the host was at the sender's last turn; from any thread."""
        return self._fix

    @property
    def leads(self) -> str:
        """Who is followed; "" for nobody yet. From any thread."""
        return str(self._follower.leader.host or "")

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
        self._tally.datagram(reading, peer)
        self.hear(Heard(at_s, reading.source, peer, datagram, reading.events))

    def follow(self, timeline: Timeline, events: Sequence[TransportEvent], at_s: float) -> None:
        """Take in what a time line that is no OSC told at at_s."""
        self._tally.told(timeline)
        self.hear(Heard(at_s, timeline.address, None, None, tuple(events)))

    def wish(self, wish: Wish) -> None:
        """Take in what the user wishes; from any thread."""
        self.hear(Heard(wish.at_s, "user", None, None, (wish,)))

    def hear(self, heard: Heard) -> None:
        """Take in what a time line told, and wake the sender.

        A time line that shall lead tells at once what holds: one that stands may be silent.
        """
        with self._arrived:
            self._log.put(heard)
            led = self._follower.leader.led(heard.source, heard.peer, heard.at_s, heard.events)
            if led:
                self._events.extend(led)
                self._arrived.notify()
            if len(led) < len(heard.events):
                self._tally.passed_over()
        for name in (event.host for event in led if isinstance(event, Lead)):
            for timeline in self._timelines:
                if isinstance(timeline, Retelling) and name in ("", timeline.address):
                    timeline.retell()

    def change(self, change: Change) -> None:
        """Have the sender change the show at its next turn; from any thread.

        Raises:
            ValueError: the show is logged, and a log has one score and one set of outputs.
        """
        if self._is_logged:
            raise ValueError("a show that is logged goes on as it began")
        with self._arrived:
            self._changes.append(change)
            self._arrived.notify()

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
            changes = list(self._changes)
            self._changes.clear()
            now_s = self._clock.now()  # not before anything that is taken in arrived
            self._log.put(Turn(now_s, len(events), composed))
        for part in composed:
            self._follower.add(part)
        for change in changes:
            self._make(change, now_s)
        due, self._fix, wake_s = self._follower.advance(events, now_s)
        decided = self._follower.decided(self._fix)
        if decided.news != self._told.news:
            self._log.put(decided)
            self._told = decided
        for message in due:
            self._send(message)
        return wake_s

    def _make(self, change: Change, now_s: float) -> None:
        first = self._outs[0]
        match change:
            case Reel():
                self._follower.player.load(change)
            case Asks():
                for data in change.messages:
                    first.send(data)
            case OtherOut():
                for data in self._follower.ledgers[0].release():
                    with suppress(PortError):  # it may be why another is wanted
                        first.send(data)
                change.retire(first.exchange(change.out))
                for data in change.asks:
                    first.send(data)
                for message in self._follower.player.again(0, now_s):
                    self._send(message)

    def snapshot(self) -> Snapshot:
        """What a view should show now; from any thread."""
        now_s, fix = self._clock.now(), self._fix
        late_ms = 1000 * self._errors_s[-1] if self._errors_s else 0.0
        with self._arrived:
            others = tuple(map(str, self._follower.leader.others()))
        told = (1000 * self.latency_s, self.leads, others)
        film_s = self._film_s(fix, now_s)
        if film_s is None:
            unknown = (None, None, None, None, None)
            return Snapshot(fix.state, *unknown, late_ms, 0.0, *told)
        shown = (film_s + self._film_start_s, film_s, *self._chords.at(film_s))
        return Snapshot(fix.state, *shown, late_ms, 1000 * fix.error_s, *told)

    def _film_s(self, fix: SyncFix, at_s: float) -> float | None:
        """Film seconds at a moment, by a fix; None where they are not known."""
        if fix.position_s is None:
            return None
        return fix.position_s + fix.rate * (at_s - fix.at_s) - self._film_start_s

    def report(self, *, spread: bool = True) -> SessionReport:
        """What was done so far; without `spread` in less time than the sender would notice."""
        return SessionReport(
            notes_sent=self._notes_sent,
            notes_left_on=sum(len(ledger.sounding) for ledger in self._follower.ledgers),
            notes_late=self._follower.player.late,
            notes_dropped=self._follower.player.dropped,
            send_error_ms=Spread.of(self._errors_s) if spread else None,
            datagrams=self._tally.datagrams,
            ignored=self._tally.ignored,
            sources=self._tally.sources,
            locates=self._follower.chaser.locates,
            drop_outs=self._follower.chaser.drop_outs,
            log_dropped=self._log.dropped,
        )

    def silence(self) -> None:
        """Release what sounds and close the outputs, the first one first, whatever fails.

        The end of one that is driven by turns alone. Again, it closes outputs that came too late.
        """
        with ExitStack() as stack:
            for out, ledger in reversed(list(zip(self._outs, self._follower.ledgers, strict=True))):
                stack.enter_context(MidiPort(out, ledger))
            for change in self._changes:
                if isinstance(change, OtherOut):
                    stack.callback(change.out.close)

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
                if part is None:
                    continue
                with self._arrived:
                    self._composed.append(part)
                    self._arrived.notify()
                self._chords.add(part.span)
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
                    news = self._events or self._composed or self._changes
                    if not news and not self._ended.is_set():
                        self._clock.wait(self._arrived, until_s)
        except BaseException as err:  # told by `run`, after which all that sounds is released
            self._failure = err
            self._ended.set()

    def _send(self, message: DueMessage) -> None:
        self._outs[message.port].send(message.data, message.at_s)
        kind = message.data[0] & 0xF0
        if kind not in (NOTE_ON, NOTE_OFF):
            return
        sent_s = self._clock.now()
        self._errors_s.append(sent_s - message.at_s)
        self._notes_sent += kind == NOTE_ON
        if kind == NOTE_ON and self._strikes is not None:
            film_s = self._film_s(self._fix, message.at_s)
            if film_s is not None:
                self._strikes(message, film_s, sent_s)
