"""One tempo map against a film's hits: what it misses, what that counts, and what is better nearby.

Times are microseconds in float64, which holds them exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOST: Final = 4.0
"""Tolerances that a hit counts that is missed by more than one of them."""
CLOSE: Final = 1.001
"""Tolerances that a hit may be missed by: one, and a little because times are rounded."""
FIRST_STEPS: Final = 4
"""First beats that are tried, a frame."""
STEPS: Final = 32
"""First beats tried around one."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is asked, in microseconds and quarters.

    Attributes:
        at, weight, tolerance: (n,) of the hits in time order; the weights add up to 1.
        frame: length of one.
        tempos: (T,) microseconds a quarter, whole and rising.
        grid, bar: quarters between places for hits, and of a bar.
        changes, free_start, change_cost, hold_bars: see `find_tempo.Search`.
    """

    at: Floats
    weight: Floats
    tolerance: Floats
    frame: float
    tempos: Floats
    grid: float
    bar: float
    changes: int
    free_start: bool
    change_cost: float
    hold_bars: int


@dataclass(frozen=True, slots=True)
class Found:
    """A first beat, tempos in microseconds a quarter, how many bars all but the last hold, and
    the error.
    """

    first: float
    tempos: tuple[float, ...]
    bars: tuple[int, ...]
    error: float


def misses(task: Task, one: Found) -> Floats:
    """(n,) microseconds from each hit to the place of the grid that is nearest to it."""
    begin, tempo = _at_hits(task, one.first, one.tempos, one.bars)
    places = (task.at - begin) / (tempo * task.grid)
    return (np.rint(places) - places) * tempo * task.grid


def _at_hits(
    task: Task, first: float, tempos: Sequence[float], bars: Sequence[int]
) -> tuple[Floats, Floats]:
    """(n,) beginning of the tempo that a hit lies in, and the tempo."""
    lengths = [count * task.bar * tempo for count, tempo in zip(bars, tempos, strict=False)]
    begins = first + np.cumsum([0, *lengths])
    index = np.maximum(0, np.searchsorted(begins, task.at, side="right") - 1)
    return begins[index], np.array(tempos)[index]


def errors(task: Task, begin: Floats, tempo: Floats) -> Floats:
    """(..., n) what each hit counts, if such a tempo begins there."""
    step = tempo * task.grid
    size = (task.at - begin) / step
    size -= np.rint(size)
    np.abs(size, out=size)
    size *= step
    size /= task.tolerance
    np.copyto(size, LOST, where=size > CLOSE)
    size *= task.weight
    return size


def change_cost(task: Task, before: Floats, after: Floats) -> Floats:
    """Infinite where nothing changes."""
    octaves = abs(np.log2(after) - np.log2(before))
    return np.where(octaves, task.change_cost * (1 + octaves), np.inf)


def judged(task: Task, first: float, tempos: tuple[float, ...], bars: tuple[int, ...]) -> Found:
    """A map and its error."""
    error = errors(task, *_at_hits(task, first, tempos, bars)).sum()
    changes = change_cost(task, np.array(tempos[:-1]), np.array(tempos[1:])).sum()
    return Found(first, tempos, bars, float(error + changes))


def rank(one: Found) -> tuple[float, int, tuple[float, ...], float]:
    """The best first; of two as good the one of fewer changes, then of the quicker tempo."""
    return one.error, len(one.bars), one.tempos, one.first


def polished(task: Task, one: Found) -> Found:
    """The nearest map that no small step betters."""
    while (better := min(_neighbours(task, one), key=rank, default=one)).error < one.error - 1e-9:
        one = better
    return one


def _neighbours(task: Task, one: Found) -> Iterator[Found]:
    """A first beat that meets some hit, a tempo next to one, or a change a bar off."""
    if task.free_start:
        missed = misses(task, one)
        meets = (-missed, np.ceil(-task.tolerance - missed), np.floor(task.tolerance - missed))
        firsts = one.first + np.unique(np.rint(np.concatenate(meets)))
        near = abs(firsts - one.first) <= task.frame / FIRST_STEPS
        near &= (firsts >= 0) & (firsts < one.tempos[0] * task.grid)
        firsts = firsts[near]
        for first in firsts[:: len(firsts) // STEPS + 1].tolist():
            yield judged(task, first, one.tempos, one.bars)
    for index, tempo in enumerate(one.tempos):
        at = int(np.searchsorted(task.tempos, tempo))
        for other in chain(task.tempos[max(0, at - 2) : at], task.tempos[at + 1 : at + 3]):
            tempos = (*one.tempos[:index], float(other), *one.tempos[index + 1 :])
            if one.first < tempos[0] * task.grid:
                yield judged(task, one.first, tempos, one.bars)
    for index, held in enumerate(one.bars):
        for bars in {held - 1, held + 1} - {task.hold_bars - 1}:
            yield judged(
                task, one.first, one.tempos, (*one.bars[:index], bars, *one.bars[index + 1 :])
            )
