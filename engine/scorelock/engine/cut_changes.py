"""What a new cut did to the shots of the old one, as an editor would list it."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from scorelock.engine.matching import Piece

SLIP: Final = 1
"""Frames by which a cut may be found beside its place; so short a rest of a shot is none."""

Kind = Literal["kept", "trimmed", "moved", "repeated", "new", "removed"]
Range = tuple[int, int]
"""First frame, and the one after the last."""


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a shot, or of the part of it that is left.

    Attributes:
        kind: "trimmed" where frames are missing; "moved" (out of the old order) and "repeated" may
            be trimmed, too.
        old: its frames in the old cut that are left (all of them, of a removed one); None if new.
        new: where they are; None if removed.
        head: frames that are missing of the shot before.
        tail: and after.
    """

    kind: Kind
    old: Range | None
    new: Range | None
    head: int = 0
    tail: int = 0


def changes(
    pieces: Sequence[Piece], cuts: Sequence[int], old_frames: int, new_frames: int
) -> list[Change]:
    """What happened, in the order of the new cut; removed shots where they would be.

    Args:
        pieces: of the new cut, in order.
        cuts: frames of the old cut at which a shot begins, the first apart.
        old_frames: of the whole old cut.
        new_frames: of the whole new cut.
    """
    edges = sorted({0, old_frames, *(cut for cut in cuts if 0 < cut < old_frames)})
    shots = list(pairwise(edges))
    parts = [part for piece in pieces for part in _parts(piece, edges)]
    in_order = _in_order([old for old, _ in parts])
    seen: dict[int, list[Range]] = defaultdict(list)
    listed: list[tuple[int, int, Change]] = []
    for i, (old, new) in enumerate(parts):
        shot = min(len(shots), bisect_right(edges, old[0] + SLIP)) - 1
        first, last = shots[shot]
        head, tail = max(0, old[0] - first), max(0, last - old[1])
        kind: Kind = "trimmed" if head or tail else "kept"
        if any(old[0] < end and old[1] > start for start, end in seen[shot]):
            kind = "repeated"
        elif i not in in_order:
            kind = "moved"
        seen[shot].append(old)
        listed.append((new[0], 1, Change(kind, old, new, head, tail)))
    for start, end in _between([new for _, new in parts], new_frames):
        listed.append((start, 1, Change("new", None, (start, end))))
    main = [parts[i] for i in sorted(in_order)]
    for shot, old in enumerate(shots):
        if shot not in seen:
            before = [new[1] for its, new in main if its[0] < old[0]]
            listed.append((max(before, default=0), 0, Change("removed", old, None)))
    return [change for *_, change in sorted(listed, key=lambda each: each[:2])]


def _parts(piece: Piece, edges: Sequence[int]) -> Iterator[tuple[Range, Range]]:
    """A piece, cut where the old cut is, slips apart: old frames and new ones."""
    inner = [e for e in edges if piece.old + SLIP < e < piece.old_end - SLIP]
    shift = piece.start - piece.old
    for start, end in pairwise([piece.old, *inner, piece.old_end]):
        yield (start, end), (start + shift, end + shift)


def _between(taken: Sequence[Range], frames: int) -> Iterator[Range]:
    """What none of these ranges, which are in order, takes."""
    until = 0
    for start, end in [*taken, (frames, frames)]:
        if start > until:
            yield until, start
        until = end


def _in_order(ranges: Sequence[Range]) -> set[int]:
    """The indices of the rising ranges that have most frames together."""
    best: list[tuple[int, int | None]] = []
    for i, (start, end) in enumerate(ranges):
        before = [(best[j][0], j) for j in range(i) if ranges[j][1] <= start]
        total, last = max(before, default=(0, None))
        best.append((total + end - start, last))
    order: set[int] = set()
    at: int | None = max(range(len(best)), key=lambda i: best[i][0], default=None)
    while at is not None:
        order.add(at)
        at = best[at][1]
    return order
