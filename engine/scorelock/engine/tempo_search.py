"""The search behind `find_tempo`.

Tempos lie on a ladder, first beats on another of 1/4 frame, changes on bar lines: finitely many
choices, and what was chosen up to a change says exactly where the next tempo begins. So tempo maps
grow from the left, as paths: a path is a map whose last tempo holds to the film's end, until a
change is put on one of its bar lines. All paths are followed where that is affordable; otherwise,
as in a beam search, those that look best, as many as `WORK` allows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.tempo_fit import (
    CLOSE,
    FIRST_STEPS,
    LOST,
    Floats,
    Found,
    Task,
    change_cost,
    errors,
    judged,
    polished,
    rank,
)

Singles = NDArray[np.float32]
Whole = NDArray[np.int64]

WORK: Final = 6_000_000
"""Paths times hits that are followed from one change to the next."""
GLANCES: Final = 60_000_000
"""Paths times hits that are looked at to choose those."""
HORIZON: Final = 12
"""Hits after a change that show which tempos may be worth following, at least."""
PLACES: Final = 16
"""Stretches of the film of which each keeps its own best places for a change."""
BARS: Final = 16
"""Bar lines before a hit on which a change is tried."""
VOTES: Final = 1 << 21
"""Pairs of a tempo and a first beat that are voted on at once."""
UNLIKE: Final = 50_000
"""The best paths, of which those are told that are unlike."""
CHUNK: Final = 1 << 18
"""Numbers worked on at once, so that they stay in the processor's cache."""
ALIKE_BPM: Final = 0.5
"""Of two maps whose tempos are all this near, only the better one is told."""


@dataclass(frozen=True, slots=True, eq=False)
class _Paths:
    """P tempo maps of L tempos each, or of L - 1 and one to come.

    Attributes:
        first: (P,) first beat.
        tempos: (P, L or L - 1) microseconds a quarter.
        bars: (P, L - 1) that all but the last one hold.
        begin: (P,) where the last one begins.
        done: (P,) hits before that.
        cost: (P,) of those hits and of all changes.
    """

    first: Floats
    tempos: Floats
    bars: Whole
    begin: Floats
    done: Whole
    cost: Floats

    def __len__(self) -> int:
        return len(self.first)

    def of(self, rows: NDArray[np.intp] | slice) -> "_Paths":
        """Some of them."""
        return _Paths(
            self.first[rows],
            self.tempos[rows],
            self.bars[rows],
            self.begin[rows],
            self.done[rows],
            self.cost[rows],
        )

    def went_on(self, rows: NDArray[np.intp], tempos: Floats, cost: Floats | float) -> "_Paths":
        """Some of them with one more tempo each, and what that costs."""
        some = self.of(rows)
        tempos = np.concatenate([some.tempos, tempos[:, None]], axis=1)
        return _Paths(some.first, tempos, some.bars, some.begin, some.done, some.cost + cost)


def found(task: Task, count: int) -> list[Found]:
    """Tempo maps by rising error, unlike each other, at most so many."""
    paths, best = _first(task), []
    for left in range(task.changes, -1, -1):
        run = _run(task, paths)
        best += [_found(task, paths, row) for row in _unlike(paths, run[:, -1], count)]
        if left:
            paths = _next_tempos(task, _changed(task, paths, run))
    best = sorted(best, key=rank)[:count]
    return sorted((polished(task, one) for one in best), key=rank)


def _found(task: Task, paths: _Paths, row: int) -> Found:
    return judged(
        task,
        float(paths.first[row]),
        tuple(paths.tempos[row].tolist()),
        tuple(paths.bars[row].tolist()),
    )


def _unlike(paths: _Paths, error: Singles, count: int) -> Iterator[int]:
    """The best of the paths, then the best of those unlike it, and so on."""
    rows = _least(error, UNLIKE)
    bpm, error = 60e6 / paths.tempos[rows], error[rows]
    for _ in range(min(count, len(rows))):
        best = int(error.argmin())
        if np.isinf(error[best]):
            return
        yield int(rows[best])
        error[(abs(bpm - bpm[best]) < ALIKE_BPM).all(axis=1)] = np.inf


def _run(task: Task, paths: _Paths) -> Singles:
    """(P, n + 1) error of the first j hits if the last tempo holds; infinite before it begins."""
    hits = len(task.at)
    run = np.empty((len(paths), hits + 1), np.float32)
    for rows in _chunks(len(paths), hits):
        some = paths.of(rows)
        lost = errors(task, some.begin[:, None], some.tempos[:, -1:])
        before = np.arange(hits) < some.done[:, None]
        lost[before] = 0
        lost[:, 0] += some.cost
        run[rows, 0] = some.cost
        run[rows, 1:] = np.cumsum(lost, axis=1, out=lost)
        run[rows, :-1][before] = np.inf
    return run


def _first(task: Task) -> _Paths:
    """Paths of one tempo."""
    if not task.free_start:
        return _next_tempos(task, _begun(np.zeros(1)))
    firsts = np.rint(np.arange(0, task.tempos[-1] * task.grid, task.frame / FIRST_STEPS))
    pairs = firsts < task.tempos[:, None] * task.grid
    if pairs.sum() > _affordable(task):
        pairs = _promising(task, pairs)
    rows, columns = np.nonzero(pairs)
    return _begun(firsts[columns]).went_on(np.arange(len(rows)), task.tempos[rows], 0.0)


def _begun(firsts: Floats) -> _Paths:
    """Paths whose first tempo is to come."""
    none, zeros = np.zeros((len(firsts), 0)), np.zeros(len(firsts))
    return _Paths(firsts, none, none.astype(int), firsts, zeros.astype(int), zeros)


def _promising(task: Task, pairs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of (T, firsts) pairs those that meet the most by weight up to some place of the film.

    Every hit votes, tempo by tempo, for the first beats that let it be met: a histogram.
    """
    chosen, firsts = np.zeros_like(pairs), pairs.shape[1]
    ends = np.linspace(0, len(task.at), PLACES + 1).astype(int).tolist()
    looked_at = set(ends[1:] if task.changes else ends[-1:])
    chunks = list(_chunks(len(pairs), firsts, VOTES))
    each = _affordable(task) // (len(looked_at) * len(chunks)) + 1
    for rows in chunks:
        votes: Floats | float = 0.0
        for begin, end in pairwise(ends):
            votes = votes + _votes(task, slice(begin, end), task.tempos[rows], firsts)
            if end in looked_at:
                met = np.where(pairs[rows], _met(task, votes, task.tempos[rows], firsts), 0)
                chosen[rows].reshape(-1)[_least(-met.ravel(), each)] = True
    return chosen & pairs


def _votes(task: Task, hits: slice, tempos: Floats, firsts: int) -> Floats:
    """(T, firsts + 2 margins) weight that is met from a first beat on, less that met until then."""
    unit, margin = _margin(task)
    steps = (tempos[:, None] * task.grid / unit).astype(np.float32)
    at = (task.at[hits] / unit).astype(np.float32)
    # A tolerance of more than half of the way to the next place meets everywhere.
    reach = np.minimum((task.tolerance[hits] / unit).astype(np.float32), steps / 2)
    turns = at / steps
    phases = (turns - np.floor(turns)) * steps
    width = firsts + 2 * margin
    phases += margin
    row = np.arange(len(tempos))[:, None] * width
    weight = np.tile(task.weight[hits], len(tempos))
    low = np.ceil(phases - reach).astype(np.int64) + row
    high = np.floor(phases + reach).astype(np.int64) + row + 1
    votes = np.bincount(low.ravel(), weight, len(tempos) * width)
    votes = votes - np.bincount(high.ravel(), weight, len(tempos) * width)
    return votes.reshape(len(tempos), width).astype(np.float64, copy=False)


def _met(task: Task, votes: Floats, tempos: Floats, firsts: int) -> Floats:
    """(T, firsts) weight that is met."""
    unit, margin = _margin(task)
    met = np.cumsum(votes, axis=1)
    # The last of the first beats are next to the first ones, of the beat after.
    rows = np.arange(len(tempos))[:, None]
    seam = np.rint(tempos[:, None] * task.grid / unit).astype(np.int64) + np.arange(margin)
    below = met[:, :margin].copy()
    met[:, margin : 2 * margin] += met[rows, seam + margin]
    met[rows, seam] += below
    return met[:, margin : margin + firsts]


def _margin(task: Task) -> tuple[float, int]:
    """Microseconds between first beats, and how many of them a tolerance spans at most."""
    unit = task.frame / FIRST_STEPS
    return unit, int(min(task.tolerance.max(), task.tempos[-1] * task.grid / 2) / unit) + 2


def _changed(task: Task, paths: _Paths, run: Singles) -> _Paths:
    """Paths that change on a bar line, their next tempo to come.

    What a path is worth up to a place is its error, and half of what the hits to come may lose.
    """
    hits = len(task.at)
    rest = np.cumsum(task.weight[::-1])[::-1] * LOST / 2
    ends = np.linspace(0, hits, min(hits, PLACES) + 1).astype(int).tolist()
    each = GLANCES // (len(task.tempos) * min(hits, HORIZON) * (len(ends) - 1)) + 1
    some = []
    for begin, end in pairwise(ends):
        rows, places = np.divmod(
            _least((run[:, begin:end] + rest[begin:end]).ravel(), 20 * each), end - begin
        )
        places += begin
        lines = _at_bar_lines(task, paths.of(rows), places, run[rows, places])
        some.append(_spread(task, lines, lines.cost + rest[lines.done], each))
    return _joined(some)


def _at_bar_lines(task: Task, paths: _Paths, places: Whole, cost: Singles) -> _Paths:
    """Each path with each bar line between two hits, of which the latter has its place."""
    bar = paths.tempos[:, -1] * task.bar
    hit_before = np.where(places, task.at[places - 1], 0)
    last = ((task.at[places] - paths.begin) // bar).astype(int)
    held = np.floor((np.maximum(hit_before, paths.begin) - paths.begin) / bar).astype(int)
    held = np.maximum(np.maximum(held, task.hold_bars - 1), last - BARS)
    counts = np.maximum(0, last - held)
    rows = np.repeat(np.arange(len(paths)), counts)
    bars = held[rows] + 1 + np.arange(len(rows)) - (np.cumsum(counts) - counts)[rows]
    some = paths.of(rows)
    return replace(
        some,
        bars=np.concatenate([some.bars, bars[:, None]], axis=1),
        begin=some.begin + bars * bar[rows],
        done=places[rows],
        cost=cost[rows].astype(np.float64),
    )


def _spread(task: Task, lines: _Paths, worth: Floats, count: int) -> _Paths:
    """At most so many, the best; of those that begin the next tempo in one frame the best one.

    How well a path goes on depends on where alone.
    """
    if len(lines) <= count:
        return lines
    order = np.argsort(worth, kind="stable")
    together = np.rint(lines.begin[order] / task.frame)
    _, best = np.unique(together, return_index=True)
    return lines.of(order[np.sort(best)[:count]])


def _next_tempos(task: Task, paths: _Paths) -> _Paths:
    """Each path with every tempo that may come next, or with those that seem best."""
    count, tempos = max(1, len(paths)), len(task.tempos)
    tries = min(tempos, _affordable(task) // count + 1)
    ahead = max(HORIZON, GLANCES // (count * tempos))
    some = []
    for rows in _chunks(len(paths), tempos):
        here = paths.of(rows)
        cost = np.zeros((len(here), tempos))
        if here.tempos.shape[1]:
            cost += change_cost(task, here.tempos[:, -1:], task.tempos)
        seems = cost + _glance(task, here, ahead) if tries < tempos else cost
        columns = np.argpartition(seems, tries - 1, axis=1)[:, :tries].ravel()
        each = np.repeat(np.arange(len(here)), tries)
        changes = np.isfinite(cost[each, columns])
        each, columns = each[changes], columns[changes]
        some.append(here.went_on(each, task.tempos[columns], cost[each, columns]))
    return _joined(some)


def _glance(task: Task, paths: _Paths, ahead: int) -> Singles:
    """(P, T) error of each tempo in all hits to come, as the next few of them show it."""
    inverse = (1 / (task.tempos * task.grid)).astype(np.float32)
    error = np.zeros((len(paths), len(inverse)), np.float32)
    begin, end = paths.done, np.minimum(paths.done + ahead, len(task.at))
    for nth in range((end - begin).max(initial=0)):
        hits = np.minimum(begin + nth, end - 1)
        weight = np.where(begin + nth < end, task.weight[hits], 0)
        size = (task.at[hits] - paths.begin).astype(np.float32)[:, None] * inverse
        size -= np.rint(size)
        np.abs(size, out=size)
        size /= task.tolerance[hits].astype(np.float32)[:, None] * inverse
        size[size > CLOSE] = LOST
        size *= weight.astype(np.float32)[:, None]
        error += size
    weights = np.concatenate([[0], np.cumsum(task.weight)])
    shown = np.maximum(weights[end] - weights[begin], 1e-9)
    error *= ((1 - weights[begin]) / shown).astype(np.float32)[:, None]
    return error


def _affordable(task: Task) -> int:
    """Paths that may be followed at once."""
    return WORK // (len(task.at) + 16)


def _chunks(rows: int, width: int, size: int = CHUNK) -> Iterator[slice]:
    """Slices of so many rows, each of about `size` numbers."""
    step = max(1, size // width)
    return (slice(begin, min(begin + step, rows)) for begin in range(0, max(1, rows), step))


def _least(values: Floats | Singles, count: int) -> Whole:
    """Where the least of the finite values are."""
    count = min(count, int(np.isfinite(values).sum()))
    if count == 0:
        return np.zeros(0, np.int64)
    return np.argpartition(values, count - 1)[:count]


def _joined(some: Sequence[_Paths]) -> _Paths:
    return _Paths(*(np.concatenate([getattr(p, f.name) for p in some]) for f in fields(_Paths)))
