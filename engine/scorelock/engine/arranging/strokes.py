"""Notes before they have a velocity, and how many of them a second is said to have."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor
from typing import Final

from scorelock.engine.arranging.metre import NEAR_S

SHORTEST_S: Final = 0.03
"""A note cut shorter than this is a click, and is left out."""


@dataclass(frozen=True, slots=True, order=True)
class Stroke:
    """A pitch from onset to end in film seconds.

    Attributes:
        level: of its moment in the bar, 0 for the bar line.
        louder: velocity on top of what the moment asks, below 0 for softer.
    """

    onset_s: float
    end_s: float
    pitch: int
    level: int
    louder: int = 0


def touched(onset_s: float, end_s: float) -> int:
    """Seconds in which a note sounds: what it adds to the paper's note density in all."""
    return ceil(end_s - NEAR_S) - floor(onset_s + NEAR_S)


def heard(strokes: Iterable[Stroke]) -> int:
    """`touched` of all."""
    return sum(touched(stroke.onset_s, stroke.end_s) for stroke in strokes)


def apart(strokes: Iterable[Stroke]) -> Iterator[Stroke]:
    """In time order within each pitch, none sounding into the next one of its pitch."""

    def pitch(stroke: Stroke) -> int:
        return stroke.pitch

    for _, same in groupby(sorted(sorted(strokes), key=pitch), key=pitch):
        line = list(same)
        for stroke, following in zip(line, [*line[1:], None], strict=True):
            end_s = stroke.end_s if following is None else min(stroke.end_s, following.onset_s)
            if end_s - stroke.onset_s >= SHORTEST_S:
                yield Stroke(stroke.onset_s, end_s, stroke.pitch, stroke.level, stroke.louder)
