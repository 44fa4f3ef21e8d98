"""OSC out: what happens in the film, for lights, video, prompters and anything else.

Each is a message of its own; times are film seconds, negative before the film:

    /scorelock/state ,s "locked"            what is known of the host (`State`), when it changes
    /scorelock/position ,f 12.5             ten times a second while it rolls, and where it stands
    /scorelock/chord ,sff "Am7" 12.0 14.0   a chord begins: its name, start and end
    /scorelock/next ,sf "Dm" 2.0            what follows it, and in how many seconds of the film
    /scorelock/hit ,f 12.5                  a cut or hit is now

After a jump, place and chord are told at once. Backwards and while the host stands chords go with
the place, and there are no hits.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.leading.pace import GAP_S, Pace
from scorelock.bridge.osc import Argument, encode
from scorelock.bridge.player import LATE_S
from scorelock.bridge.voice import DueMessage, sounds
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan

ROOT: Final = "/scorelock/"


class OscOut:
    """Tells the film's chords and hits as OSC packets, to one output. Satisfies `Voice`.

    Args:
        spans: the chords so far.
        hits: film seconds of cuts and hits.
        key: that the chords are spelled in; it may be set anew.
        film_start_s: the host's time at the film's first frame.
        port: the output's number.
    """

    def __init__(
        self,
        spans: Iterable[ChordSpan],
        hits: Iterable[float],
        key: Key,
        film_start_s: float,
        port: int = 0,
    ) -> None:
        self._spans: list[ChordSpan] = []
        self._starts_s: list[float] = []
        self._hits_s = sorted(hits)
        self.key = key
        self._film_start_s = film_start_s
        self._port = port
        self._state: State | None = None
        self._take: int | None = None
        self._rolls = False
        self._here_s = 0.0  # where all was told, forwards
        self._place = Pace()
        self._told = (-1, -1)  # the chord of the place and the one that follows, as they were told
        self.add(spans)

    def add(self, spans: Iterable[ChordSpan]) -> None:
        """Take in chords that begin after all the others; or with the last one, if that lasts."""
        for span in spans:
            if self._starts_s and span.start_s == self._starts_s[-1]:
                self._spans[-1] = span
                continue
            self._spans.append(span)
            self._starts_s.append(span.start_s)

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not sent before."""
        due: list[DueMessage] = []
        if fix.state is not self._state:
            self._state = fix.state
            due.append(self._say(fix.at_s, "state", fix.state.value))
        if fix.position_s is None or fix.state is State.LOCATING:
            self._rolls = False
            self._place.forget()
            return due
        film_s = fix.position_s - self._film_start_s
        rolls = fix.state in (State.LOCKED, State.FLYWHEEL) and fix.rate != 0
        if rolls and (not self._rolls or fix.take != self._take or self._strays(fix, film_s)):
            self._jump(fix, film_s)
        self._rolls = rolls
        due += self._report(fix, film_s)
        if sounds(fix):
            due += self._pass(fix, film_s)
        return sorted(due, key=lambda message: message.at_s)

    def wake_s(self, fix: SyncFix) -> float:
        """When the next report, chord or hit is due."""
        if not self._rolls or fix.position_s is None:
            return min(fix.until_s, self._place.due_s)
        return min(fix.until_s, self._next_s(fix, fix.position_s - self._film_start_s))

    def _jump(self, fix: SyncFix, film_s: float) -> None:
        """All that holds at this place is news, and what begins at it is yet to come."""
        self._take = fix.take
        self._here_s = math.nextafter(film_s, -math.inf)
        self._told = (-1, -1)
        self._place.forget()
        self._place.free_s = fix.at_s

    def _report(self, fix: SyncFix, film_s: float) -> list[DueMessage]:
        """The place, and without a forward motion that passes them, the chord of it."""
        places: list[tuple[float, float]] = []
        if self._rolls:
            while (at_s := self._place.free_s) <= fix.at_s:
                self._place.free_s += GAP_S
                places.append((at_s, film_s - fix.rate * (fix.at_s - at_s)))
        else:
            self._place.show(film_s, fix.at_s)
            if (shown_s := self._place.take(fix.at_s)) is not None:
                places.append((shown_s, film_s))
        due: list[DueMessage] = []
        for at_s, place_s in places:
            due.append(self._say(at_s, "position", place_s))
            due += [] if sounds(fix) else self._tell(at_s, place_s)
        return due

    def _pass(self, fix: SyncFix, film_s: float) -> list[DueMessage]:
        """What began since the last fix, each on its time."""
        due: list[DueMessage] = []
        for times_s in (self._starts_s, self._hits_s):
            first, last = bisect_right(times_s, self._here_s), bisect_right(times_s, film_s)
            for begins_s in times_s[first:last]:
                at_s = fix.at_s + (begins_s - film_s) / fix.rate
                if times_s is self._hits_s:
                    due.append(self._say(at_s, "hit", begins_s))
                else:
                    due += self._tell(at_s, begins_s)
        self._here_s = max(self._here_s, film_s)
        return due + self._tell(fix.at_s, self._here_s)  # after a jump, or what was added

    def _tell(self, at_s: float, place_s: float) -> list[DueMessage]:
        """The chord of a place and the next, where they are others than were told."""
        index = bisect_right(self._starts_s, place_s) - 1
        due: list[DueMessage] = []
        here = index if index >= 0 and place_s < self._spans[index].end_s else -1
        following = index + 1 if index + 1 < len(self._spans) else -1
        if here not in (-1, self._told[0]):
            span = self._spans[here]
            name = self.key.symbol(span.chord)
            due.append(self._say(at_s, "chord", name, span.start_s, span.end_s))
        if following not in (-1, self._told[1]):
            span = self._spans[following]
            name = self.key.symbol(span.chord)
            due.append(self._say(at_s, "next", name, span.start_s - place_s))
        self._told = (here, following)
        return due

    def _next_s(self, fix: SyncFix, film_s: float) -> float:
        """When on our clock the next report, chord or hit is due; it rolls."""
        next_s = self._place.free_s
        if sounds(fix):
            for times_s in (self._starts_s, self._hits_s):
                for begins_s in times_s[bisect_right(times_s, self._here_s) :][:1]:
                    next_s = min(next_s, fix.at_s + (begins_s - film_s) / fix.rate)
        return next_s

    def _strays(self, fix: SyncFix, film_s: float) -> bool:
        """Whether the host was moved within its take, or we come so late that it is a jump."""
        late_s = fix.at_s - self._next_s(fix, film_s)
        return late_s > LATE_S or (sounds(fix) and self._here_s - film_s > LATE_S)

    def _say(self, at_s: float, what: str, *args: Argument) -> DueMessage:
        return DueMessage(at_s, encode(ROOT + what, args), self._port)
