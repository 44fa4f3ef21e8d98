"""The notes that are due: a performance, read at the position that the sync clock gives.

Pure. A cursor runs over the notes' starts and ends, so that a small correction backwards never
sends anything twice; a jump releases what sounds and strikes what should sound there (chase).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.ledger import ALL_SOUND_OFF, CONTROL, Ledger
from scorelock.bridge.show import Late, OnStop, Show
from scorelock.bridge.voice import DueMessage, sounds
from scorelock.engine.score import Note

LATE_S: Final = 0.1  # a note that is due longer ago than this is late
RINGS_S: Final = 2.0  # a chord where the host stands
SCRUB_S: Final = 0.1  # no two of them are closer than this
_OFF, _ON = 0, 1  # at the same instant, ends come before starts


@dataclass(frozen=True, slots=True, order=True)
class _Edge:
    """The start or the end of a note, in film seconds."""

    position_s: float
    kind: int
    index: int


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
        self._end_s = show.performance.duration_s
        self._notes: list[Note] = []
        self._edges: list[_Edge] = []
        self._longest_s = 0.0
        self._struck: set[int] = set()  # indices of the notes that were struck and not yet ended
        self._take: int | None = None  # the take that is being played
        self._cursor = 0
        self._stands_s: float | None = None  # where the host stands, as far as it was heard
        self._struck_s = -math.inf  # when
        self.add(show.performance.notes)

    def add(self, notes: Iterable[Note]) -> None:
        """Take in notes that begin where all the others have ended, or later.

        They may be added while their time is passing, or has passed: they are struck late then, or
        dropped, as any other.
        """
        fresh = [note for note in notes if note.onset_s < self._end_s]
        first = len(self._notes)
        self._notes += fresh
        self._longest_s = max([self._longest_s, *(note.duration_s for note in fresh)])
        self._edges += sorted(
            edge
            for index, note in enumerate(fresh, first)
            for edge in (
                _Edge(note.onset_s, _ON, index),
                _Edge(min(note.end_s, self._end_s), _OFF, index),
            )
        )

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not sent before."""
        if not sounds(fix) or fix.position_s is None:
            return self._stand(fix)
        position_s = fix.position_s - self._show.film_start_s
        if fix.take != self._take:
            return self._locate(fix, position_s)
        due: list[DueMessage] = []
        while self._cursor < len(self._edges):
            edge = self._edges[self._cursor]
            if edge.position_s > position_s:
                break
            self._cursor += 1
            due += self._pass(
                edge, position_s, fix.at_s + (edge.position_s - position_s) / fix.rate
            )
        return due

    def wake_s(self, fix: SyncFix) -> float:
        """When on our clock the next message is due, or the fix changes by itself."""
        if self._stands_s is not None:
            if fix.position_s != self._stands_s:
                return min(fix.until_s, self._struck_s + SCRUB_S)
            rings = any(ledger.sounding for ledger in self._ledgers)
            return min(fix.until_s, self._struck_s + RINGS_S) if rings else fix.until_s
        if fix.position_s is None or fix.take != self._take or self._cursor == len(self._edges):
            return fix.until_s
        next_s = self._edges[self._cursor].position_s + self._show.film_start_s
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
        # Just past the edges at this very position: what starts now is struck, what ends is not.
        self._cursor = bisect_right(self._edges, _Edge(position_s, _ON, len(self._notes)))
        first = bisect_left(self._edges, _Edge(position_s - self._longest_s, _OFF, 0))
        for edge in self._edges[first : self._cursor]:
            if edge.kind == _ON:
                self._struck.add(edge.index)
            else:
                self._struck.discard(edge.index)
        return [due for index in sorted(self._struck) for due in self._strike(index, at_s)]

    def _pass(self, edge: _Edge, position_s: float, at_s: float) -> list[DueMessage]:
        """What the start or end of a note that has just been passed sends."""
        if edge.kind == _OFF:
            if edge.index not in self._struck:
                return []
            self._struck.remove(edge.index)
            return self._lift(edge.index, at_s)
        if position_s - edge.position_s > LATE_S:
            over = self._notes[edge.index].end_s <= position_s
            policy = self._show.late
            if policy is Late.DROP or (policy is Late.PLAY and over):
                self.dropped += 1
                return []
            self.late += 1
        self._struck.add(edge.index)
        return self._strike(edge.index, at_s)

    def _strike(self, index: int, at_s: float) -> list[DueMessage]:
        note = self._notes[index]
        lane = self._show.lane(note.channel)
        messages = self._ledgers[lane.port].strike(lane.channel, note.pitch, note.velocity)
        return [DueMessage(at_s, data, lane.port) for data in messages]

    def _lift(self, index: int, at_s: float) -> list[DueMessage]:
        note = self._notes[index]
        lane = self._show.lane(note.channel)
        messages = self._ledgers[lane.port].lift(lane.channel, note.pitch)
        return [DueMessage(at_s, data, lane.port) for data in messages]
