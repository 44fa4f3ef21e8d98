"""Controllers that follow the loudness while a chord holds, at most so many a second.

Velocity is chosen once a note; the swell within it is the controllers' (modulation and expression
in orchestral sample libraries). The curve goes straight from the middle of a second to the next.
"""

from bisect import bisect_right
from typing import Final

import numpy as np

from scorelock.bridge.chaser import SyncFix
from scorelock.bridge.ledger import CONTROL
from scorelock.bridge.show import Expression
from scorelock.bridge.voice import DueMessage, sounds
from scorelock.engine.arrange import loudness_share

STEPS_HZ: Final = 20
"""Values a second of each controller at most: DIN MIDI carries 1,000 messages."""
SOFTEST: Final = 24
"""Where libraries are still heard."""


def values(loudness: tuple[float, ...]) -> tuple[list[float], list[int]]:
    """When the controllers change, in film seconds, and to what, 0..127."""
    seconds = np.arange(len(loudness)) + 0.5
    at_s = np.arange(len(loudness) * STEPS_HZ) / STEPS_HZ
    shares = loudness_share(np.interp(at_s, seconds, loudness)) if len(loudness) else at_s
    steps = np.rint(SOFTEST + (127 - SOFTEST) * shares).astype(int)
    changes = np.flatnonzero(np.diff(steps, prepend=-1))
    return at_s[changes].tolist(), steps[changes].tolist()


class Curves:
    """Says the controllers' values: all at a jump, then each change. Satisfies `Voice`."""

    def __init__(self, expression: Expression, film_start_s: float) -> None:
        self._at_s, self._values = values(expression.loudness)
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

    def wake_s(self, fix: SyncFix) -> float:
        """When the next value begins."""
        if fix.take != self._take or fix.position_s is None or self._cursor == len(self._at_s):
            return fix.until_s
        next_s = self._at_s[self._cursor] + self._film_start_s
        return min(fix.until_s, fix.at_s + (next_s - fix.position_s) / fix.rate)
