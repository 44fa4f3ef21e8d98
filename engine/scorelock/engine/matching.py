"""Where the frames of one cut of a film are in another: a line of pieces, by picture alone.

Each frame of the new cut is an old one, so many frames earlier or later, or new. That shift changes
seldom, and mostly where the new picture cuts, so the cheapest line through all frames (Viterbi
1967) finds shots that moved, were trimmed or come twice, to the frame, and needs no list of cuts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.fingerprint import Rows, contrast

NEAR: Final = 0.35
"""Pictures further apart than this are two (re-encoded and graded ones lie under 0.25)."""
LEAST: Final = 6
"""Frames of a piece."""
CLEAR: Final = 0.5
"""Of contrast, 0 to 1: what shows less is as good as black."""

_EVERY: Final = 5  # frames of the new cut for which shifts are sought, one in so many
_AS_NEAR: Final = 0.03  # a shift explains a frame that no other brings nearer by more
_JUMP: Final = 4 * NEAR  # what a change of shift costs: as much as so many new frames
_JUMP_AT_CUT: Final = NEAR / 2  # shots are trimmed where they meet, often by a frame or two
_MOST_SHIFTS: Final = 256
_MOST_LIKE: Final = 256  # old frames that a frame is compared by: a still has thousands
_AROUND: Final = 12  # frames
_PART: Final = 24  # frames
_BLOCK: Final = 64
_NEW: Final = -1


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """Frames of the new cut, from start to end, that are the old ones from `old` on."""

    start: int
    end: int
    old: int

    @property
    def old_end(self) -> int:
        """The old frame after its last."""
        return self.old + self.end - self.start


def pieces(old: Rows, new: Rows) -> tuple[Piece, ...]:
    """The pieces of a new cut (M, W) that are in an old one (N, W), in order; none overlap.

    There are none where the two share no more than black.
    """
    cuts = _cuts(new)
    rough = _pieces(old, new, _shifts(old, new), cuts)
    refined = {_refined(old, new, part) for piece in rough for part in _parts(piece, cuts)}
    found = _pieces(old, new, sorted(refined), cuts)
    # Black is in every film.
    telling = sum(int((contrast(new[each.start : each.end]) > CLEAR).sum()) for each in found)
    return tuple(found) if telling >= LEAST else ()


def _cuts(new: Rows) -> NDArray[np.int64]:
    """The new frames that are far from the one before."""
    return np.flatnonzero(np.linalg.norm(np.diff(new, axis=0), axis=1) > NEAR) + 1


def _pieces(old: Rows, new: Rows, shifts: Sequence[int], cuts: NDArray[np.int64]) -> list[Piece]:
    """The pieces that the cheapest line through these shifts has."""
    jumps = np.full(len(new), _JUMP)
    jumps[cuts] = _JUMP_AT_CUT
    found, start = [], 0
    for state, run in groupby(_line(_costs(old, new, shifts), jumps)):
        end = start + sum(1 for _ in run)
        if state != _NEW and end - start >= LEAST:
            found.append(Piece(start, end, start + shifts[state]))
        start = end
    return found


def _parts(piece: Piece, cuts: NDArray[np.int64]) -> Iterator[Piece]:
    """The piece, and pieces of it: a trim by a frame or two hides in a whole one."""
    yield piece
    inside = cuts[(piece.start < cuts) & (cuts < piece.end)].tolist()
    for first, last in pairwise((piece.start, *inside, piece.end)):
        for start in range(first, last, _PART):
            yield Piece(start, min(start + _PART, last), piece.old + start - piece.start)


def _refined(old: Rows, new: Rows, piece: Piece) -> int:
    """The shift around that of a piece that brings it nearest: where little moves, single frames
    tell hardly more than their neighbours.
    """
    shift = piece.old - piece.start
    near = [0, *(sign * by for by in range(1, _AROUND + 1) for sign in (-1, 1))]
    inside = [by for by in near if piece.old + by >= 0 and piece.old_end + by <= len(old)]

    def away(by: int) -> float:
        apart = new[piece.start : piece.end] - old[piece.old + by : piece.old_end + by]
        return float(np.linalg.norm(apart, axis=1).sum())

    return shift + min(inside, key=away)


def _shifts(old: Rows, new: Rows) -> list[int]:
    """Old frame minus new frame, for as few such differences as explain every frame that can be."""
    frames, places = _likes(old, new)
    least = -len(new)
    keys = places - frames - least
    shifts: list[int] = []
    while len(shifts) < _MOST_SHIFTS and frames.size:
        best = int(np.bincount(keys).argmax())
        shifts.append(best + least)
        explained = np.unique(frames[keys == best])
        rest = ~np.isin(frames, explained)
        frames, keys = frames[rest], keys[rest]
    return shifts


def _likes(old: Rows, new: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Some new frames, each with the old ones that are about as near to it as any."""
    asked = np.arange(0, len(new), _EVERY)
    sizes = (old**2).sum(axis=1)
    frames, places = [], []
    for block in np.array_split(asked, -(-len(asked) // _BLOCK)):
        wanted = new[block]
        squares = (wanted**2).sum(axis=1)[:, None] + sizes - 2 * wanted @ old.T
        away = np.sqrt(np.maximum(squares, 0))
        near = away <= np.minimum(away.min(axis=1) + _AS_NEAR, NEAR)[:, None]
        for frame, row, alike in zip(block.tolist(), away, near, strict=True):
            like = np.flatnonzero(alike)
            if like.size > _MOST_LIKE:
                like = like[np.argpartition(row[like], _MOST_LIKE)[:_MOST_LIKE]]
            frames.append(np.full(like.size, frame))
            places.append(like)
    return np.concatenate(frames), np.concatenate(places)


def _costs(old: Rows, new: Rows, shifts: Sequence[int]) -> NDArray[np.float32]:
    """How far each new frame is from its old one by each shift, and at last by being new."""
    costs = np.full((len(shifts) + 1, len(new)), 2.0, np.float32)
    for row, shift in zip(costs, shifts, strict=False):
        first, last = max(0, -shift), min(len(new), len(old) - shift)
        if first < last:
            apart = new[first:last] - old[first + shift : last + shift]
            row[first:last] = np.linalg.norm(apart, axis=1)
    costs[-1] = NEAR
    return costs


def _line(costs: NDArray[np.float32], jump_costs: NDArray[np.float64]) -> list[int]:
    """The cheapest state of each frame, `_NEW` for the last one."""
    states, frames = costs.shape
    best = costs[:, 0].astype(np.float64)
    jumps = np.zeros((frames, states), bool)
    origins = np.zeros(frames, np.int64)
    for frame in range(1, frames):
        origins[frame] = best.argmin()
        jump = best[origins[frame]] + jump_costs[frame]
        np.greater(best, jump, out=jumps[frame])
        best = np.minimum(best, jump) + costs[:, frame]
    state = int(best.argmin())
    line = [state]
    for frame in range(frames - 1, 0, -1):
        if jumps[frame, state]:
            state = int(origins[frame])
        line.append(state)
    return [_NEW if state == states - 1 else state for state in reversed(line)]
