"""Where the host is now: a sync clock made of late, sparse position reports.

Pure: events and times go in, a `SyncFix` comes out. Theory of operation:

1. A host rolls at rate 1 and its reports can only be late, never early. So every report's offset
   (position minus arrival) is at most the true one, and the greatest of the last seconds is the
   least delayed: the minimum filter of network time (RFC 5905, section 10). With delays spread
   over 16 ms at 15 Hz it is 0.5 ms late on average, a 90 % quantile 2 ms, and a loop filter, which
   settles at the mean delay, 8 ms. A delay that every report shares cannot be seen.
2. A report ahead of the clock is therefore the truth, a little ahead as a correction, far ahead as
   a locate. A report behind is a late one, unless it is later than any network: then it is a
   locate or a loop's wrap. In between, two that agree decide.
3. Rolling is believed from the host's flag, or from reports that move as time does. While the host
   stands its position is the edit cursor: shown, never sounded.
4. Silence of the host flywheels first, then lets go.
5. A loop whose range is known wraps here, on time, not when a report tells of it. Reports of the
   other side of the seam, late or early by their delay, are read as of this side.
6. A rate that the host tells is taken at once, from where the clock is; it is 1 until then.
7. What is followed is the host as it is heard: its reports, less its latency while it rolls. So the
   loop, too, wraps when its end is heard.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean, median
from typing import Final

from scorelock.bridge.transport import (
    Latency,
    LoopRange,
    Nudge,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)

WINDOW_S: Final = 3.0  # of reports that make the estimate
AT_ONCE_S: Final = 0.008  # a burst, or more reports than are worth their while
AHEAD_IS_LOCATE_S: Final = 0.15
BEHIND_IS_LATE_S: Final = 0.15
BEHIND_IS_LOCATE_S: Final = 0.5
AGREE_S: Final = 0.05
RECENT: Final = 8  # reports that overrule the window when all of them are later than
STALE_S: Final = 0.02  # this: the host runs slow, or moved back by a few frames
USUAL_PERIOD_S: Final = 1 / 15  # REAPER's default, until the host's own is known
LONGEST_PERIOD_S: Final = 1.0
FLYWHEEL_PERIODS: Final = 2.5
LOST_PERIODS: Final = 5
LOST_S: Final = 0.5
LOST_WITHOUT_FLAGS_S: Final = 0.2  # of hosts that say stop by silence
STALL_PERIODS: Final = 3  # of one and the same position
BELIEVED: Final = 3  # moving reports that mean rolling where no flag was seen
BELIEVED_AGAINST_FLAG: Final = 8  # and where the host's last word was stop
BELIEVED_S: Final = 0.06  # that they must span at least
MOVING_S: Final = 0.03  # how far they may differ from moving as time does, and a tenth of it
SEAM_S: Final = 0.3  # after a wrap, reports from before it are still on their way
ROUNDING_S: Final = 1e-6  # what begins at the loop's end must not be struck before the wrap
SHORTEST_LOOP_S: Final = 0.1  # shorter ones are for the host to tell
LONGEST_LATENCY_S: Final = 2.0
FASTEST: Final = 16.0  # rates beyond are a slip


class State(StrEnum):
    """What the sync clock knows of the host."""

    STOPPED = "stopped"
    LOCATING = "locating"  # rolling, but not known where
    LOCKED = "locked"
    FLYWHEEL = "flywheel"  # rolling on without reports
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class SyncFix:
    """Where the host is at a moment.

    Attributes:
        at_s: that moment on our clock.
        position_s: the host's time line in seconds; None where it is not known.
        rate: seconds of it a second, 0 while it stands, negative backwards.
        state: what the position is worth.
        error_s: about how far the host may be ahead of position_s.
        take: grows with each jump of the position: start, locate, wrap, resumption.
        since_s: when the event arrived, or the silence ran out, that made the state or the take.
        until_s: when silence alone would change the state; inf for never.
        loop_s: the loop that it goes round by itself, from and to on its time line; None for none.
    """

    at_s: float
    position_s: float | None
    rate: float
    state: State
    error_s: float
    take: int
    since_s: float
    until_s: float
    loop_s: tuple[float, float] | None = None


class Chaser:
    """Follows one host. Times of events and fixes must not go back.

    Args:
        latency_s: how much later than its reports the host is heard; negative for earlier.
    """

    def __init__(self, latency_s: float = 0.0) -> None:
        self.latency_s = latency_s
        self.locates = 0
        self.wraps = 0
        self.drop_outs = 0
        self._rate = 1.0
        self._loop: LoopRange | None = None
        self._repeat = False
        self._wraps_at_end = False  # rolls towards the loop's end, from before it
        self._wrapped_s = -math.inf
        self._rolling = False
        self._standing = State.STOPPED
        self._flags = False  # the host says when it rolls
        self._cursor_s: float | None = None
        self._starts_at_cursor = False
        self._paused = False
        self._guessed = False
        self._believe = BELIEVED
        self._moving: list[Position] = []  # reports that move as time does
        self._suspect: Position | None = None
        self._window: deque[Position] = deque()
        self._offset_s = 0.0
        self._last: Position | None = None  # the first report of the newest position
        self._heard_s = -math.inf
        self._gaps: deque[float] = deque(maxlen=9)
        self._take = 0
        self._since_s = 0.0

    def observe(self, event: TransportEvent) -> None:
        """Take in what the host said."""
        self._expire(event.at_s)
        match event:
            case Roll():
                self._roll(event.at_s)
            case Stop():
                self._paused = self._paused and not self._rolling  # a pause says stop, too
                self._halt(event.at_s)
            case Pause():
                self._paused = True
                self._starts_at_cursor = False
                self._halt(event.at_s)
            case Position():
                self._report(event)
            case Rate():
                self._change_rate(event)
            case LoopRange() if event.end_s - event.start_s >= SHORTEST_LOOP_S:
                self._loop = event
                self._look_at_loop(event.at_s)
            case LoopRange():
                self._loop = None
            case Repeat():
                self._repeat = event.on
                self._look_at_loop(event.at_s)
            case Latency():
                self._hear_later(event.latency_s)
            case Nudge():
                self._hear_later(self.latency_s + event.by_s)

    def forget(self, at_s: float) -> None:
        """Another host is followed from now on: nothing that this one said holds."""
        self._expire(at_s)
        self._stand(at_s, State.STOPPED, BELIEVED)
        self._rate, self._loop, self._repeat, self._flags = 1.0, None, False, False
        self._cursor_s, self._last = None, None
        self._starts_at_cursor = self._paused = False
        self._gaps.clear()

    def fix(self, now_s: float) -> SyncFix:
        """Where the host is, as far as is known."""
        self._expire(now_s)
        position_s, state, until_s, error_s = self._cursor_s, self._standing, math.inf, 0.0
        if self._rolling:
            until_s = self._heard_s + self._lost_after_s
            state = State.LOCATING
        if self._window:
            position_s = self._at(now_s)
            flywheel_s = self._heard_s + FLYWHEEL_PERIODS * self._period_s
            state = State.LOCKED if now_s < flywheel_s else State.FLYWHEEL
            until_s = flywheel_s if state is State.LOCKED else until_s
            until_s = min(until_s, self._wrap_s)
            late_s = self._offset_s - fmean(map(self._offset, self._window))
            # The least of n delays of this mean; ten milliseconds stand for what n = 1 hides.
            error_s = 2 * (late_s + 0.01) / len(self._window)
        rate = self._rate if self._rolling else 0.0
        loop_s = None
        if self._loop is not None and self._wrap_s < math.inf:
            loop_s = (self._loop.start_s, self._loop.end_s)
        return SyncFix(
            *(now_s, position_s, rate, state, error_s, self._take, self._since_s, until_s, loop_s)
        )

    @property
    def _period_s(self) -> float:
        return median(self._gaps) if self._gaps else USUAL_PERIOD_S

    @property
    def _lost_after_s(self) -> float:
        least_s = LOST_S if self._flags else LOST_WITHOUT_FLAGS_S
        return max(least_s, LOST_PERIODS * self._period_s)

    def _expire(self, now_s: float) -> None:
        """Let go of a host that has been silent for too long."""
        silent_s = self._heard_s + self._lost_after_s
        while self._wrap_s - ROUNDING_S <= min(now_s, silent_s):
            self._wrap(min(self._wrap_s, now_s))
        if self._rolling and now_s >= silent_s:
            self.drop_outs += self._flags
            self._stand(silent_s, State.LOST if self._flags else State.STOPPED, BELIEVED)

    def _at(self, now_s: float) -> float:
        """Where the host is; it rolls, and a report was heard."""
        return self._rate * now_s + self._offset_s

    def _offset(self, report: Position) -> float:
        return report.position_s - self._rate * report.at_s

    @property
    def _wrap_s(self) -> float:
        """When the host will go back to its loop's start, inf for never."""
        if not (self._rolling and self._window and self._wraps_at_end and self._loop):
            return math.inf
        return (self._loop.end_s - self._offset_s) / self._rate

    def _look_at_loop(self, at_s: float) -> None:
        """Whether the host, where it is now, will run into its loop's end."""
        self._wraps_at_end = (
            self._repeat
            and self._loop is not None
            and self._rate > 0
            and bool(self._window)
            and self._at(at_s) < self._loop.end_s
        )

    def _wrap(self, at_s: float) -> None:
        """Go on from the loop's start: all that was heard is read as of after the seam."""
        assert self._loop is not None
        length_s = self._loop.end_s - self._loop.start_s
        self._shift(-length_s)
        self._wrapped_s = self._since_s = at_s
        self._suspect = None
        self._take += 1
        self.wraps += 1

    def _hear_later(self, latency_s: float) -> None:
        latency_s = min(LONGEST_LATENCY_S, max(-LONGEST_LATENCY_S, latency_s))
        self._shift((self.latency_s - latency_s) * self._rate)
        self.latency_s = latency_s

    def _shift(self, by_s: float) -> None:
        """Read all that was heard as of so much later on the time line."""
        self._window = deque(Position(r.at_s, r.position_s + by_s) for r in self._window)
        self._offset_s += by_s

    def _heard(self, report: Position) -> Position:
        """The report as of when it is heard, if the host rolls."""
        return Position(report.at_s, report.position_s - self.latency_s * self._rate)

    def _change_rate(self, event: Rate) -> None:
        if not (math.isfinite(event.rate) and abs(event.rate) <= FASTEST):
            return
        if event.rate != self._rate and self._rolling and self._window:
            here = Position(event.at_s, self._at(event.at_s))
            self._rate = event.rate
            self._window = deque([here])
            self._offset_s = self._offset(here)
            self._suspect = None
        self._rate = event.rate
        self._look_at_loop(event.at_s)

    def _roll(self, at_s: float) -> None:
        self._flags = True
        if self._rolling:
            return  # said again, as in a refresh
        self._begin(at_s)
        self._gaps.clear()
        self._last = None
        if self._starts_at_cursor and self._cursor_s is not None:
            self._anchor(self._heard(Position(at_s, self._cursor_s)))
            self._guessed = True

    def _begin(self, at_s: float) -> None:
        self._rolling = True
        self._paused = False
        self._since_s = self._heard_s = at_s

    def _halt(self, at_s: float) -> None:
        self._flags = True
        self._stand(at_s, State.STOPPED, BELIEVED_AGAINST_FLAG)

    def _stand(self, at_s: float, state: State, believe: int) -> None:
        if self._rolling:
            self._cursor_s = self._at(at_s) if self._window else self._cursor_s
            self._starts_at_cursor = False
            self._rolling = False
            self._since_s = at_s
        self._standing = state
        self._believe = believe
        self._moving.clear()
        self._window.clear()
        self._suspect = None

    def _report(self, report: Position) -> None:
        self._heard_s = report.at_s
        last = self._last
        if last is not None and report.position_s == last.position_s:
            stalled_s = max(STALL_PERIODS * self._period_s, LOST_WITHOUT_FLAGS_S / 2)
            if self._rolling and report.at_s - last.at_s > stalled_s:
                self._stand(report.at_s, State.STOPPED, BELIEVED)
            return
        if last is not None and report.at_s - last.at_s > 0.001:  # not of one datagram
            self._gaps.append(min(report.at_s - last.at_s, LONGEST_PERIOD_S))
        self._last = report
        if self._rolling:
            self._track(self._heard(report))
        else:
            self._watch(report)

    def _watch(self, report: Position) -> None:
        """The host stands: this is its edit cursor, unless such reports move as time does."""
        self._cursor_s = report.position_s
        self._starts_at_cursor = not self._paused
        if not all(self._moves_as_time(before, report) for before in self._moving):
            self._moving.clear()
        self._moving.append(report)
        watched_s = report.at_s - self._moving[0].at_s
        if len(self._moving) >= self._believe and watched_s >= BELIEVED_S:
            self._begin(report.at_s)
            self._anchor(*map(self._heard, self._moving))

    def _track(self, report: Position) -> None:
        """The host rolls: is this report on time, late, or from elsewhere?"""
        if not self._window:
            self._anchor(report)
            return
        report = self._this_side(report)
        ahead_s = self._offset(report) - self._offset_s
        if ahead_s > AHEAD_IS_LOCATE_S or -ahead_s > BEHIND_IS_LOCATE_S or self._confirms(report):
            self.locates += 1
            self._anchor(report)
        elif ahead_s >= -BEHIND_IS_LATE_S:
            self._suspect = None
            self._add(report)
        else:
            self._suspect = report

    def _this_side(self, report: Position) -> Position:
        """The report as of this side of the loop's seam, where it is of the other."""
        if not (self._wraps_at_end and self._loop):
            return report
        length_s = self._loop.end_s - self._loop.start_s
        ahead_s = self._offset(report) - self._offset_s
        if abs(ahead_s + length_s) < AHEAD_IS_LOCATE_S:
            if report.position_s < self._loop.start_s:  # it has wrapped, but that is not heard yet
                return Position(report.at_s, report.position_s + length_s)
            self._wrap(report.at_s)  # the host was first
        elif abs(ahead_s - length_s) < BEHIND_IS_LATE_S and (
            report.at_s - self._wrapped_s < SEAM_S + abs(self.latency_s)
        ):
            return Position(report.at_s, report.position_s - length_s)
        return report

    def _confirms(self, report: Position) -> bool:
        """Whether a suspect and this report, which did not come in one burst, agree."""
        suspect = self._suspect
        return (
            suspect is not None
            and report.at_s - suspect.at_s > self._period_s / 2
            and abs(self._offset(report) - self._offset(suspect)) < AGREE_S
        )

    def _anchor(self, *reports: Position) -> None:
        """Begin a take at these reports."""
        self._guessed = False
        self._window.clear()
        self._suspect = None
        for report in reports:
            self._add(report)
        self._take += 1
        self._since_s = reports[-1].at_s
        self._look_at_loop(reports[-1].at_s)

    def _add(self, report: Position) -> None:
        """Take in a report; of those that come at once only the least late counts."""
        if self._window and report.at_s - self._window[-1].at_s < AT_ONCE_S:
            if self._offset(report) <= self._offset(self._window[-1]):
                return
            self._window.pop()
        self._window.append(report)
        if self._guessed and len(self._window) > RECENT:
            self._guessed = False  # the start's own message is not as late as reports are
            self._window.popleft()
        while self._window[0].at_s < report.at_s - WINDOW_S:
            self._window.popleft()
        newest = list(self._window)[-RECENT:]
        if max(map(self._offset, newest)) < max(map(self._offset, self._window)) - STALE_S:
            self._window = deque(newest)
        self._offset_s = max(map(self._offset, self._window))

    def _moves_as_time(self, before: Position, after: Position) -> bool:
        elapsed_s = self._rate * (after.at_s - before.at_s)
        moved_s = after.position_s - before.position_s
        return moved_s * self._rate > 0 and (
            abs(moved_s - elapsed_s) < MOVING_S + abs(elapsed_s) / 10
        )
