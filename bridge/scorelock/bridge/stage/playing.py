"""A live session under a desk's orders, and what it tells of itself. No process, no thread of its
own: it is what every stage has inside.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from scorelock.bridge.changes import Asks, OtherOut
from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects import Dialect
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import SilentOut
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.reel import Reel
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show
from scorelock.bridge.stage.memory import Sounds, obey
from scorelock.bridge.stage.orders import (
    FILM,
    HOUSE,
    Counts,
    FilmSaid,
    Load,
    Moment,
    Order,
    OutIs,
    Ready,
    Send,
    Setting,
    Struck,
    TakeOut,
    Told,
    Wished,
)
from scorelock.bridge.timelines.film import FilmTimeline
from scorelock.bridge.timelines.house import HouseTimeline, moved
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.bridge.voice import DueMessage
from scorelock.engine.errors import ScorelockError
from scorelock.engine.score import Performance

TELL_EVERY_S: Final = 1.0
FAR_S: Final = 0.001
"""A place so far from where it was said to be is news."""
MOST_STRUCK: Final = 1 << 12  # notes that wait to be told


def reel_of(load: Load) -> Reel:
    """The notes of an order, as they are played."""
    return Reel.of(load.notes, load.duration_s, load.lanes)


class Playing:
    """Plays, does what is ordered, and says what is new.

    Args:
        setting: how it begins, with no notes and no output yet.
        clock: the time.
        dialect: how to read what hosts say.
        opened: opens an output by the user's words, or raises a ScorelockError.
        later: has something done that takes its time, in the order in which it is asked.
        tell: takes what is told besides `look`.
        osc: where hosts send, or None.
        others: time lines besides the film and the house.

    Attributes:
        session: to be entered, or to be driven by turns.
        film: the browser's player.
        house: the house transport.
    """

    def __init__(
        self,
        setting: Setting,
        clock: Clock,
        dialect: Dialect,
        opened: Callable[[str], MidiOut],
        later: Callable[[Callable[[], None]], object],
        tell: Callable[[Told], None],
        osc: OscIn | None = None,
        others: Sequence[Timeline] = (),
    ) -> None:
        self.film = FilmTimeline(FILM, clock, setting.film_start_s)
        self.house = HouseTimeline(HOUSE, clock, setting.film_start_s, setting.film_s)
        show = Show(
            Performance((), 0.0),
            film_start_s=setting.film_start_s,
            latency_s=setting.latency_s,
            latencies=setting.latencies,
            late=setting.late,
            on_stop=setting.on_stop,
            lead=setting.lead,
        )
        self.session = LiveSession(
            *(show, None, [SilentOut()], osc, dialect, clock),
            timelines=(self.film, self.house, *others),
            strikes=self._hear_strike,
        )
        self._listens = None if osc is None else "{}:{}".format(*osc.address)
        self._clock = clock
        self._start_s = setting.film_start_s
        self._opened = opened
        self._later = later
        self._tell = tell
        self._out: str | None = None
        self._wanted: str | None = None
        self._sounds = Sounds()
        self._struck: deque[tuple[float, int, int, int, float]] = deque(maxlen=MOST_STRUCK)
        self._moment: Moment | None = None
        self._counted_s = clock.now()
        self._first_out = setting.out

    def begin(self) -> None:
        """Tell that it plays, and open the output that it begins with; the session has begun."""
        self._tell(Ready(self._listens, None))
        if self._first_out is not None:
            self.order(TakeOut(self._first_out))

    def order(self, order: Order | Reel) -> None:
        """Do it, or have it done; from any thread, one order at a time."""
        match order:
            case Reel():
                self.session.change(order)
            case Load():
                self.session.change(reel_of(order))
            case TakeOut():
                self._later(partial(self._take_out, order.out))
            case Send():
                self._sounds.hear(order)
                self.session.change(Asks(order.messages))
            case Wished():
                self.session.wish(order.wish)
            case FilmSaid():
                self.film.hear(order.events)
            case _:
                self.house.do(lambda house, now_s: obey(house, order, now_s))

    def _take_out(self, wanted: str | None) -> None:
        """Open another output and tell which it is; what fails leaves the old one."""
        if wanted == self._wanted:
            self._tell(OutIs(self._out))
            return
        try:
            out = SilentOut() if wanted is None else self._opened(wanted)
        except (ScorelockError, OSError, ValueError) as err:  # no more processes; no such name
            self._tell(OutIs(self._out, why_not(wanted, err)))
            return
        self._wanted, self._out = wanted, None if wanted is None else out.name
        self.session.change(OtherOut(out, self._sounds.messages, self._retire))
        self._tell(OutIs(self._out))

    def _retire(self, out: MidiOut) -> None:
        self._later(out.close)

    def _hear_strike(self, message: DueMessage, film_s: float, sent_s: float) -> None:
        status, pitch, velocity = message.data
        self._struck.append((film_s, pitch, velocity, status & 0x0F, sent_s))

    @property
    def tells_s(self) -> float:
        """When there is something to tell at the latest."""
        told_s = self._counted_s if self._moment is None else self._moment.at_s
        return min(told_s, self._counted_s) + TELL_EVERY_S

    def look(self) -> list[Told]:
        """What is new since the last look."""
        now_s, told = self._clock.now(), list[Told]()
        moment = moment_of(self.session.fix, self.session.leads, self._start_s, now_s)
        if self._moment is None or is_news(moment, self._moment):
            self._moment = moment
            told.append(moment)
        if self._struck:
            count = len(self._struck)  # the sender may add to them meanwhile
            told.append(Struck(tuple(self._struck.popleft() for _ in range(count))))
        if now_s - self._counted_s >= TELL_EVERY_S:
            self._counted_s = now_s
            told.append(self._counts())
        return told

    def _counts(self) -> Counts:
        now, report = self.session.snapshot(), self.session.report(spread=False)
        return Counts(
            leads=now.leads,
            others=now.others,
            sources=report.sources,
            latency_ms=now.latency_ms,
            error_ms=now.error_ms,
            late_ms=now.late_ms,
            locates=report.locates,
            drop_outs=report.drop_outs,
            notes_sent=report.notes_sent,
            notes_late=report.notes_late,
            notes_left_on=report.notes_left_on,
        )


def why_not(wanted: str | None, err: Exception) -> str:
    """Why an output was not opened, in one line."""
    if isinstance(err, ScorelockError):
        return str(err)
    return f"expected to open {wanted!r}, got: {err}; choose another output"


def moment_of(fix: SyncFix, leads: str, film_start_s: float, now_s: float) -> Moment:
    """Where the film is now, by the newest fix."""
    rate = fix.rate if fix.state in (State.LOCKED, State.FLYWHEEL) else 0.0
    loop_s, film_s = None, None
    if fix.loop_s is not None:
        loop_s = (fix.loop_s[0] - film_start_s, fix.loop_s[1] - film_start_s)
    if fix.position_s is not None:
        film_s = moved(fix.position_s - film_start_s, rate * (now_s - fix.at_s), loop_s)
    return Moment(now_s, film_s, rate, fix.state, leads, loop_s)


def is_news(now: Moment, told: Moment) -> bool:
    """Whether whoever was told the one before would not know the other by himself."""
    same = (now.rate, now.state, now.leads, now.loop_s) == (
        *(told.rate, told.state, told.leads, told.loop_s),
    )
    if not same or now.at_s - told.at_s >= TELL_EVERY_S:
        return True
    if now.film_s is None or told.film_s is None:
        return now.film_s is not told.film_s
    expected_s = moved(told.film_s, told.rate * (now.at_s - told.at_s), told.loop_s)
    return abs(now.film_s - expected_s) > FAR_S
