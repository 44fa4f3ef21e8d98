"""Where chords may change: once a second as the model was trained, or on the bars of a tempo map.

A slot is what one chord is chosen for. Hit points are slots' beginnings to the frame, whatever the
grid, and a new chord begins there.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import VideoFeatures
from scorelock.engine.hits import Hit
from scorelock.engine.tempo_map import TempoMap

SHORTEST_S: Final = 0.125
"""Of a slot: a thirty-second note at 60."""
LEAST_SHARE: Final = 0.5
"""Of the usual slot, that the first and the last must last; else their neighbour has them."""


class Rhythm(StrEnum):
    """How often a chord may change."""

    FREE = "free"  # every second
    BEAT = "beat"
    HALF = "half"  # of a bar
    BAR = "bar"
    TWO_BARS = "two-bars"


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of a film.

    Attributes:
        edges_s: where they begin, and at last the film's end, rising from 0.
        hits: numbers of the slots that begin at a hit point.
    """

    edges_s: tuple[float, ...]
    hits: frozenset[int] = frozenset()

    def __len__(self) -> int:
        return len(self.edges_s) - 1

    def within(self, start_s: float, end_s: float) -> range:
        """The slots whose beginnings lie from start_s on and before end_s."""
        first = bisect_left(self.edges_s, start_s - SHORTEST_S / 2)
        return range(first, min(len(self), bisect_left(self.edges_s, end_s - SHORTEST_S / 2)))

    @property
    def usual_s(self) -> float:
        """Seconds of most slots."""
        return float(np.median(np.diff(self.edges_s)))


def slots_of(
    features: VideoFeatures,
    rhythm: Rhythm,
    grid: TempoMap,
    hits: Sequence[Hit] = (),
    edges_s: Sequence[float] | None = None,
) -> Slots:
    """The slots of a film on a grid, or on edges inside the film that were set, with one that
    begins at each hit inside the film.
    """
    end_s = features.film.duration_s
    if edges_s is not None:
        inner = list(edges_s)
    elif rhythm is Rhythm.FREE:
        inner = [float(second) for second in range(1, seconds_of(features))]
    else:
        inner = [float(edge) for edge in grid_edges(rhythm, grid, end_s)]
        usual_s = float(np.median(np.diff(inner))) if len(inner) > 1 else end_s
        inner = [edge for edge in inner if min(edge, end_s - edge) >= LEAST_SHARE * usual_s]
    edges = dict.fromkeys(inner, False)
    around = sorted(edges)
    for hit in sorted(hits, key=lambda hit: (-hit.weight, hit.at_s)):
        _begin_at(edges, around, hit.at_s, end_s)
    starts = [0.0, *around]
    return Slots((*starts, end_s), frozenset(i for i, edge in enumerate(starts) if edges.get(edge)))


def seconds_of(features: VideoFeatures) -> int:
    """Whole slots of a second: a last row that shows less than half a second is part of the one
    before.
    """
    return min(len(features), max(1, round(features.film.duration_s)))


def grid_edges(rhythm: Rhythm, grid: TempoMap, end_s: float = inf) -> Iterator[Fraction]:
    """Every second after 0 and before the end at which the grid's slots begin."""
    bar = grid.place(grid.quarter(0.0)).bar
    while True:
        first, after = grid.bar_quarter(bar), grid.bar_quarter(bar + 1)
        meter = grid.meter_at(bar)
        step = {
            Rhythm.BEAT: Fraction(4, meter.unit),
            Rhythm.HALF: meter.quarters / 2,
        }.get(rhythm, meter.quarters)
        skipped = rhythm is Rhythm.TWO_BARS and bar % 2 == 0  # bars 1, 3, 5 begin a pair
        places = [first + i * step for i in range(int((after - first) / step))]
        for quarter in [] if skipped else places:
            at_s = grid.seconds(quarter)
            if at_s >= end_s:
                return
            if at_s > 0:
                yield at_s
        if grid.seconds(after) >= end_s:
            return
        bar += 1


def _begin_at(edges: dict[float, bool], around: list[float], at_s: float, end_s: float) -> None:
    """Let a slot begin at a hit: the nearest edge moves there, unless another hit has it.

    `around` has the edges in their order.
    """
    if not SHORTEST_S <= at_s <= end_s - SHORTEST_S:
        return
    place = bisect_left(around, at_s)
    near = around[max(0, place - 1) : place + 1]
    if any(edges[edge] and abs(edge - at_s) < SHORTEST_S for edge in near):
        return
    before_s = around[place - 1] if place else 0.0
    after_s = around[place] if place < len(around) else end_s
    reach_s = (after_s - before_s) / 2
    free = [edge for edge in near if not edges[edge] and abs(edge - at_s) <= reach_s]
    if free:
        moved = min(free, key=lambda edge: abs(edge - at_s))
        del edges[moved], around[bisect_left(around, moved)]
    edges[at_s] = True
    insort(around, at_s)


def resampled(rows: NDArray[np.float32], slots: Slots) -> NDArray[np.float32]:
    """Rows (T, F), one a second, as one a slot: each second counts by how much of it lies in it."""
    seconds = len(rows)
    if slots.edges_s[:-1] == tuple(range(len(slots))):
        return rows[: len(slots)]
    weights = np.zeros((len(slots), seconds), np.float32)
    for slot, (start_s, end_s) in enumerate(pairwise(slots.edges_s)):
        first = min(int(start_s), seconds - 1)
        for second in range(first, min(seconds, max(first + 1, int(np.ceil(end_s))))):
            part = min(end_s, second + 1.0) - max(start_s, float(second))
            weights[slot, second] = max(part, 1e-6)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights @ rows
