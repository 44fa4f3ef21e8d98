"""The notes that are due: a performance, read at the position that the sync clock gives.

Pure. A cursor runs over the notes' starts and ends, so that a small correction backwards never
sends anything twice; a jump releases what sounds and strikes what should sound there (chase).
Another reel may be put in while it plays: what both have goes on.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.ledger import ALL_SOUND_OFF, CONTROL, Ledger
from scorelock.bridge.reel import Begun, Reel
from scorelock.bridge.show import Late, OnStop, Show
from scorelock.bridge.voice import DueMessage, sounds
from scorelock.engine.score import Note

LATE_S: Final = 0.1  # a note that is due longer ago than this is late
RINGS_S: Final = 2.0  # a chord where the host stands
SCRUB_S: Final = 0.1  # no two of them are closer than this


class Player:
    """Plays a show's notes. Satisfies `Voice`.

    Attributes:
        late: notes struck more than `LATE_S` after their time.
        dropped: notes not struck because they were late.
    """

    def __init__(self, show: Show, ledgers: Sequence[Ledger]) -> None:
        self.late = 0
        self.dropped = 0
        self._show = show
        self._ledgers = ledgers  # one an output
        self._reel = Reel.of(show.performance.notes, show.performance.duration_s, show.lanes)
        self._coming: Reel | None = None
        self._struck: set[int] = set()  # indices of the notes that were struck and not yet ended
        self._take: int | None = None  # the take that is being played
        self._cursor = 0
        self._here_s = -math.inf  # how far the reel has been played, in film seconds
        self._stands_s: float | None = None  # where the host stands, as far as it was heard
        self._struck_s = -math.inf  # when

    def add(self, notes: Iterable[Note]) -> None:
        """Take in notes that begin where all the others have ended, or later.

        They may be added while their time is passing, or has passed: they are struck late then, or
        dropped, as any other.
        """
        self._reel = self._reel.plus(notes)

    def load(self, reel: Reel) -> None:
        """Play another reel from the next fix on.

        What sounds then and has begun alike in both goes on, and ends as the new one has it; the
        rest is lifted on the lanes on which it was struck. What sounds there in the new one alone
        is struck, if the host rolls.
        """
        self._coming = reel

    def again(self, port: int, at_s: float) -> list[DueMessage]:
        """Strike anew what sounds at an output whose ledger has been released."""
        here = [index for index in sorted(self._struck) if self._reel.lane(index).port == port]
        return [due for index in here for due in self._strike(index, at_s)]

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not sent before."""
        due = self._advance(fix)
        if self._coming is not None:
            reel, self._coming = self._coming, None
            due += self._change(reel, fix.at_s)
        return due

    def _advance(self, fix: SyncFix) -> list[DueMessage]:
        if not sounds(fix) or fix.position_s is None:
            return self._stand(fix)
        position_s = fix.position_s - self._show.film_start_s
        if fix.take != self._take:
            return self._locate(fix, position_s)
        due: list[DueMessage] = []
        edge_s, edge = self._reel.edge_s, self._reel.edge
        while self._cursor < len(edge) and edge_s[self._cursor] <= position_s:
            passed_s, which = edge_s[self._cursor], edge[self._cursor]
            self._cursor += 1
            at_s = fix.at_s + (passed_s - position_s) / fix.rate
            due += self._start(which, position_s, at_s) if which >= 0 else self._end(~which, at_s)
        self._here_s = max(self._here_s, position_s)
        return due

    def wake_s(self, fix: SyncFix) -> float:
        """When on our clock the next message is due, or the fix changes by itself."""
        if self._stands_s is not None:
            if fix.position_s != self._stands_s:
                return min(fix.until_s, self._struck_s + SCRUB_S)
            rings = any(ledger.sounding for ledger in self._ledgers)
            return min(fix.until_s, self._struck_s + RINGS_S) if rings else fix.until_s
        if fix.position_s is None or fix.take != self._take or self._cursor == len(self._reel.edge):
            return fix.until_s
        next_s = self._reel.edge_s[self._cursor] + self._show.film_start_s
        return min(fix.until_s, fix.at_s + (next_s - fix.position_s) / fix.rate)

    def panic(self, at_s: float) -> list[DueMessage]:
        """Silence on every channel of every output; the notes that sounded are not struck again."""
        self._struck.clear()
        return self._release(at_s) + [
            DueMessage(at_s, bytes((CONTROL | channel, controller, 0)), port)
            for port in range(len(self._ledgers))
            for channel in range(16)
            for controller in ALL_SOUND_OFF
        ]

    def _stand(self, fix: SyncFix) -> list[DueMessage]:
        """Silence, or for a moment what sounds where the host stands."""
        rolled, here_s = self._take is not None, fix.position_s
        silent = self._show.on_stop is OnStop.SILENCE or fix.state is not State.STOPPED
        if silent or here_s is None:
            self._stands_s = None
            return self._halt(fix.since_s)
        due = self._halt(fix.since_s) if rolled else []
        if not rolled and self._stands_s is None:
            self._stands_s = here_s  # where it was found standing
        elif here_s != self._stands_s and fix.at_s >= self._struck_s + SCRUB_S:
            due += self._halt(fix.at_s) + self._chase(here_s - self._show.film_start_s, fix.at_s)
            self._stands_s, self._struck_s = here_s, fix.at_s
        elif fix.at_s >= self._struck_s + RINGS_S:
            due += self._halt(fix.at_s)
        return due

    def _halt(self, at_s: float) -> list[DueMessage]:
        self._take = None
        self._struck.clear()
        return self._release(at_s)

    def _release(self, at_s: float) -> list[DueMessage]:
        return [
            DueMessage(at_s, data, port)
            for port, ledger in enumerate(self._ledgers)
            for data in ledger.release()
        ]

    def _locate(self, fix: SyncFix, position_s: float) -> list[DueMessage]:
        """Release everything, then strike what sounds at the new position."""
        due = self._halt(fix.since_s) + self._chase(position_s, fix.since_s)
        self._take, self._stands_s = fix.take, None
        return due

    def _chase(self, position_s: float, at_s: float) -> list[DueMessage]:
        """Put the cursor there and strike what sounds."""
        self._here_s = position_s
        self._cursor, sounding = self._reel.at(position_s)
        self._struck.update(sounding)
        return [due for index in sounding for due in self._strike(index, at_s)]

    def _change(self, reel: Reel, at_s: float) -> list[DueMessage]:
        """Go on with another reel from here."""
        known: dict[Begun, list[int]] = {}  # what has had its start, whether it sounds or not
        for index in self._reel.at(self._here_s)[1]:
            known.setdefault(self._reel.begun(index), []).append(index)
        self._cursor, sounding = reel.at(self._here_s)
        kept: dict[int, int] = {}  # of the new reel, and what it was in the old one
        fresh: list[int] = []
        for index in sounding:
            same = known.get(reel.begun(index))
            if same:
                kept[index] = same.pop()
            elif self._take is not None:
                fresh.append(index)
        gone = sorted(self._struck.difference(kept.values()))
        due = [message for index in gone for message in self._lift(index, at_s)]
        self._struck = {new for new, old in kept.items() if old in self._struck}.union(fresh)
        self._reel = reel
        return due + [message for index in fresh for message in self._strike(index, at_s)]

    def _start(self, index: int, position_s: float, at_s: float) -> list[DueMessage]:
        """What the start of a note that has just been passed sends."""
        if position_s - self._reel.onset_s[index] > LATE_S:
            over = self._reel.end_s[index] <= position_s
            policy = self._show.late
            if policy is Late.DROP or (policy is Late.PLAY and over):
                self.dropped += 1
                return []
            self.late += 1
        self._struck.add(index)
        return self._strike(index, at_s)

    def _end(self, index: int, at_s: float) -> list[DueMessage]:
        """What the end of a note that has just been passed sends."""
        if index not in self._struck:
            return []
        self._struck.remove(index)
        return self._lift(index, at_s)

    def _strike(self, index: int, at_s: float) -> list[DueMessage]:
        reel, lane = self._reel, self._reel.lane(index)
        messages = self._ledgers[lane.port].strike(
            lane.channel, reel.pitch[index], reel.velocity[index]
        )
        return [DueMessage(at_s, data, lane.port) for data in messages]

    def _lift(self, index: int, at_s: float) -> list[DueMessage]:
        lane = self._reel.lane(index)
        messages = self._ledgers[lane.port].lift(lane.channel, self._reel.pitch[index])
        return [DueMessage(at_s, data, lane.port) for data in messages]
