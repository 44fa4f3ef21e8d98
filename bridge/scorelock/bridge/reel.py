"""The notes of a show as the player reads them: every start and end, in the order of time.

It is made of plain arrays: it goes from one process to another, and is put away, at once, whatever
its length, and so never holds a sender up.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from scorelock.bridge.show import Lane
from scorelock.engine.score import Note

Begun = tuple[float, int, int, Lane]
"""All that is heard of a note until it ends: its onset in film seconds, pitch, velocity, lane."""


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """N notes, and where they go. `of` makes one.

    Attributes:
        duration_s: of the film: no note begins then, and all that sound end.
        lanes: where the notes of a part's channel go; others keep it, at output 0.
        onset_s: (N,) film seconds.
        end_s: (N,) likewise.
        pitch: (N,) 0..127.
        velocity: (N,) 1..127.
        channel: (N,) of the part, 0..15.
        edge_s: (2 N,) film seconds of all starts and ends, in order.
        edge: (2 N,) which note starts there, or ~ which one ends. At the same instant ends come
            before starts.
        longest_s: how long the longest note is.
    """

    duration_s: float
    lanes: Mapping[int, Lane]
    onset_s: "array[float]"
    end_s: "array[float]"
    pitch: bytes
    velocity: bytes
    channel: bytes
    edge_s: "array[float]"
    edge: "array[int]"
    longest_s: float

    @classmethod
    def of(cls, notes: Iterable[Note], duration_s: float, lanes: Mapping[int, Lane]) -> Self:
        """Of these notes; those that would begin after the film are left out."""
        inside = [note for note in notes if note.onset_s < duration_s]
        onset_s = np.array([note.onset_s for note in inside], float)
        end_s = np.minimum([note.end_s for note in inside], duration_s)
        count = len(inside)
        at_s = np.concatenate((end_s, onset_s))
        starts = np.arange(2 * count) >= count
        index = np.tile(np.arange(count, dtype=np.intc), 2)
        order = np.lexsort((index, starts, at_s))
        return cls(
            duration_s,
            lanes,
            array("d", onset_s.tobytes()),
            array("d", end_s.tobytes()),
            bytes(note.pitch for note in inside),
            bytes(note.velocity for note in inside),
            bytes(note.channel for note in inside),
            array("d", at_s[order].tobytes()),
            array("i", np.where(starts, index, ~index)[order].tobytes()),
            max((note.duration_s for note in inside), default=0.0),
        )

    def __len__(self) -> int:
        return len(self.onset_s)

    def plus(self, notes: Iterable[Note]) -> "Reel":
        """This one and notes that begin where all of its own have ended, or later."""
        more, count = Reel.of(notes, self.duration_s, self.lanes), len(self)
        shifted = array("i", (i + count if i >= 0 else i - count for i in more.edge))
        return replace(
            self,
            onset_s=self.onset_s + more.onset_s,
            end_s=self.end_s + more.end_s,
            pitch=self.pitch + more.pitch,
            velocity=self.velocity + more.velocity,
            channel=self.channel + more.channel,
            edge_s=self.edge_s + more.edge_s,
            edge=self.edge + shifted,
            longest_s=max(self.longest_s, more.longest_s),
        )

    def at(self, position_s: float) -> tuple[int, list[int]]:
        """How many edges have passed there, and the notes that sound, in their order.

        What starts at this very instant sounds, what ends does not.
        """
        passed = bisect_right(self.edge_s, position_s)
        sounding: set[int] = set()
        for which in self.edge[bisect_left(self.edge_s, position_s - self.longest_s) : passed]:
            if which >= 0:
                sounding.add(which)
            else:
                sounding.discard(~which)
        return passed, sorted(sounding)

    def lane(self, index: int) -> Lane:
        """Where a note goes."""
        channel = self.channel[index]
        return self.lanes.get(channel) or Lane(0, channel)

    def begun(self, index: int) -> Begun:
        """What is heard of a note until it ends: two that agree in it cannot be told apart."""
        return self.onset_s[index], self.pitch[index], self.velocity[index], self.lane(index)
