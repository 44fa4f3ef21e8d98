"""The notes that are due: a performance, read at the position that the sync clock gives.

Pure. A cursor runs over the notes' starts and ends, so that a small correction backwards never
sends anything twice; a jump releases what sounds and strikes what should sound there (chase).
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.ledger import Ledger
from scorelock.engine.score import Note, Performance

LATE_S: Final = 0.1  # a note that is due longer ago than this is not struck after its end
_OFF, _ON = 0, 1  # at the same instant, ends come before starts


@dataclass(frozen=True, slots=True)
class DueMessage:
    """MIDI bytes, and when on our clock they should have gone out."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True, order=True)
class _Edge:
    """The start or the end of a note, in film seconds."""

    position_s: float
    kind: int
    index: int


def _sounds(fix: SyncFix) -> bool:
    """Whether the host plays forwards at a known place; backwards and standing it is silent."""
    return fix.state in (State.LOCKED, State.FLYWHEEL) and fix.rate > 0


class Player:
    """Plays a performance whose second 0 is at film_start_s on the host's time line.

    Attributes:
        late: notes struck more than `LATE_S` after their time.
        dropped: notes not struck because they had ended by then.
    """

    def __init__(self, performance: Performance, film_start_s: float, ledger: Ledger) -> None:
        self.late = 0
        self.dropped = 0
        self._end_s = performance.duration_s
        self._notes: list[Note] = []
        self._edges: list[_Edge] = []
        self.add(performance.notes)
        self._film_start_s = film_start_s
        self._ledger = ledger
        self._struck: set[int] = set()  # indices of the notes that were struck and not yet ended
        self._take: int | None = None  # the take that is being played
        self._cursor = 0

    def add(self, notes: Iterable[Note]) -> None:
        """Take in notes that begin where all the others have ended, or later.

        They may be added while their time is passing, or has passed: they are struck late then, or
        dropped, as any other.
        """
        fresh = [note for note in notes if note.onset_s < self._end_s]
        first = len(self._notes)
        self._notes += fresh
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
        if not _sounds(fix) or fix.position_s is None:
            return self._halt(fix)
        position_s = fix.position_s - self._film_start_s
        if fix.take != self._take:
            return self._locate(fix, position_s)
        due: list[DueMessage] = []
        while self._cursor < len(self._edges):
            edge = self._edges[self._cursor]
            if edge.position_s > position_s:
                break
            self._cursor += 1
            at_s = fix.at_s + (edge.position_s - position_s) / fix.rate
            due += [DueMessage(at_s, data) for data in self._pass(edge, position_s)]
        return due

    def wake_s(self, fix: SyncFix) -> float:
        """When on our clock the next message is due, or the fix changes by itself."""
        if fix.position_s is None or fix.take != self._take or self._cursor == len(self._edges):
            return fix.until_s
        next_s = self._edges[self._cursor].position_s + self._film_start_s
        return min(fix.until_s, fix.at_s + (next_s - fix.position_s) / fix.rate)

    def _halt(self, fix: SyncFix) -> list[DueMessage]:
        self._take = None
        self._struck.clear()
        return [DueMessage(fix.since_s, data) for data in self._ledger.release()]

    def _locate(self, fix: SyncFix, position_s: float) -> list[DueMessage]:
        """Release everything, then strike what sounds at the new position."""
        due = self._halt(fix)
        self._take = fix.take
        # Just past the edges at this very position: what starts now is struck, what ends is not.
        self._cursor = bisect_right(self._edges, _Edge(position_s, _ON, len(self._notes)))
        for edge in self._edges[: self._cursor]:
            if edge.kind == _ON:
                self._struck.add(edge.index)
            else:
                self._struck.discard(edge.index)
        for index in sorted(self._struck):
            due += [DueMessage(fix.since_s, data) for data in self._strike(self._notes[index])]
        return due

    def _pass(self, edge: _Edge, position_s: float) -> list[bytes]:
        """What the start or end of a note that has just been passed sends."""
        note = self._notes[edge.index]
        if edge.kind == _OFF:
            if edge.index not in self._struck:
                return []
            self._struck.remove(edge.index)
            return self._ledger.lift(note.channel, note.pitch)
        if position_s - edge.position_s > LATE_S:
            if note.end_s <= position_s:
                self.dropped += 1
                return []
            self.late += 1
        self._struck.add(edge.index)
        return self._strike(note)

    def _strike(self, note: Note) -> list[bytes]:
        return self._ledger.strike(note.channel, note.pitch, note.velocity)
