"""Controllers that follow the loudness while a chord holds, at most so many a second.

Velocity is chosen once a note; the swell within it is the controllers'.
"""

from bisect import bisect_right

from scorelock.bridge.chaser import SyncFix
from scorelock.bridge.ledger import CONTROL
from scorelock.bridge.show import Expression
from scorelock.bridge.voice import DueMessage, sounds
from scorelock.engine.expression import ramp, values


class Curves:
    """Says the controllers' values: all at a jump, then each change. Satisfies `Voice`."""

    def __init__(self, expression: Expression, film_start_s: float) -> None:
        self._at_s, self._values = values(expression.loudness)
        self._end: tuple[float, float | None] = (0.0, None)  # of what is led on, and the loudness
        self._film_start_s = film_start_s
        self._streams = [
            (lane.port, bytes((CONTROL | lane.channel, controller)))
            for lane in dict.fromkeys(expression.lanes)
            for controller in expression.controllers
        ]
        self._take: int | None = None
        self._cursor = 0

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """The newest value, where it was not said: what lies between is passed over."""
        if not sounds(fix) or fix.position_s is None:
            self._take = None
            return []
        position_s = fix.position_s - self._film_start_s
        jumped, cursor = fix.take != self._take, bisect_right(self._at_s, position_s)
        if not jumped and cursor <= self._cursor:  # a small correction backwards, or nothing new
            return []
        self._take, self._cursor = fix.take, cursor
        if cursor == 0:
            return []
        at_s, value = self._at_s[cursor - 1], self._values[cursor - 1]
        due_s = fix.since_s if jumped else fix.at_s + (at_s - position_s) / fix.rate
        return [DueMessage(due_s, stream + bytes((value,)), port) for port, stream in self._streams]

    def lead(self, until_s: float, loudness: float) -> None:
        """Go on to a loudness at a moment of the film, evenly from where the curve ends."""
        start_s, before = self._end
        self._end = until_s, loudness
        at_s, steps = ramp(start_s, until_s, loudness if before is None else before, loudness)
        passed = max(0, self._cursor - 1)  # the newest of them is said again after a jump
        self._at_s = self._at_s[passed:] + at_s
        self._values = self._values[passed:] + steps
        self._cursor -= passed

    def wake_s(self, fix: SyncFix) -> float:
        """When the next value begins."""
        if fix.take != self._take or fix.position_s is None or self._cursor == len(self._at_s):
            return fix.until_s
        next_s = self._at_s[self._cursor] + self._film_start_s
        return min(fix.until_s, fix.at_s + (next_s - fix.position_s) / fix.rate)
