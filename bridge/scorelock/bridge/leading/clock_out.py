"""MIDI clock out: the beats of the film, for sequencers, arpeggiators and delays.

MIDI 1.0, System Real Time and System Common messages: F8 is a tick, 24 to a quarter note; FA starts
at the film's first beat, F2 lsb msb and FB in the middle, FC stops. A song position counts
sixteenths, so the first tick, which is the place itself, waits for the next one. Before the film,
backwards and where the host stands there are no ticks.
"""

import math
from typing import Final

from scorelock.bridge.chaser import SyncFix
from scorelock.bridge.player import LATE_S
from scorelock.bridge.timelines.midi_clock import TICKS
from scorelock.bridge.voice import DueMessage, sounds

LEAD_S: Final = 0.002
"""From a start to its first tick: MIDI 1.0 asks for a millisecond, and ports jitter by another."""
CATCH_UP_S: Final = 0.005
"""A sixteenth that was so short ago is still begun with: a start is not heard of at once."""
FURTHEST: Final = (1 << 14) - 1  # sixteenths that a song position can count
_SIXTEENTH: Final = TICKS // 4
_TICK, _START, _GO_ON, _STOP = b"\xf8", b"\xfa", b"\xfb", b"\xfc"


class ClockOut:
    """Tells the film's beats to one output. Satisfies `Voice`.

    Args:
        bpm: quarter notes a minute of film.
        film_start_s: the host's time at the film's first frame, which is the first beat.
        port: the output's number.

    Attributes:
        out_of_reach: locates to places that no song position can tell, more than 1,023 bars in: who
            follows is sent to the last one and left standing there.
    """

    def __init__(self, bpm: float, film_start_s: float, port: int = 0) -> None:
        self.out_of_reach = 0
        self._tick_s = 60 / (TICKS * bpm)
        self._film_start_s = film_start_s
        self._port = port
        self._take: int | None = None
        self._next: float = 0  # the tick that comes next, from the film's start; inf for none
        self._started = False
        self._free_s = 0.0  # from when on the next message may be sent

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not sent before."""
        if not sounds(fix):
            self._take = None
            return self._stop(fix.since_s)
        due: list[DueMessage] = []
        if fix.take != self._take or self._strays(fix):
            due += self._locate(fix)
        while (at_s := self._next_s(fix)) <= fix.at_s:
            due.append(DueMessage(at_s, self._pass(at_s), self._port))
        return due

    def wake_s(self, fix: SyncFix) -> float:
        """When the start or the next tick is due."""
        if self._take is None:
            return fix.until_s
        return min(fix.until_s, self._next_s(fix))

    def _film_s(self, fix: SyncFix) -> float:
        assert fix.position_s is not None
        return fix.position_s - self._film_start_s

    def _stop(self, at_s: float) -> list[DueMessage]:
        stops, self._started = self._started, False
        return [DueMessage(at_s, _STOP, self._port)] if stops else []

    def _locate(self, fix: SyncFix) -> list[DueMessage]:
        """Stop, and go to the next sixteenth: who follows gets there while it waits for it."""
        at_s = fix.at_s if fix.take == self._take else fix.since_s
        self._take, self._free_s = fix.take, at_s
        due = self._stop(at_s)
        from_s = self._film_s(fix) - CATCH_UP_S * fix.rate
        place = max(0, math.ceil(from_s / (_SIXTEENTH * self._tick_s)))
        self._next = place * _SIXTEENTH
        if place > FURTHEST:
            self.out_of_reach += 1
            self._next = math.inf
            place = FURTHEST
        if place:
            data = bytes((0xF2, place & 0x7F, place >> 7))
            due.append(DueMessage(at_s, data, self._port))
        return due

    def _due_s(self, fix: SyncFix) -> float:
        """When on our clock the host comes to the next tick."""
        return fix.at_s + (self._next * self._tick_s - self._film_s(fix)) / fix.rate

    def _next_s(self, fix: SyncFix) -> float:
        """When the next tick may be sent, or the start before the first."""
        return max(self._free_s, self._due_s(fix) - (0 if self._started else LEAD_S))

    def _pass(self, at_s: float) -> bytes:
        """What is sent then."""
        if not self._started:
            self._started = True
            self._free_s = at_s + LEAD_S
            return _GO_ON if self._next else _START
        self._next += 1
        return _TICK

    def _strays(self, fix: SyncFix) -> bool:
        """Whether the host was moved within its take, or we come so late that it is a jump."""
        waits_s = self._tick_s / fix.rate if self._started else math.inf
        return not -LATE_S <= self._due_s(fix) - fix.at_s <= waits_s + LATE_S
