"""A cue comes over to a new cut of its film: what the picture keeps, the music keeps.

Chords, locks, drawn curves and hits move with their shots, and where all of a chord's picture is
still there, so are its notes. Only what is new is composed, between what stands on both sides.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arrange import arranged_cue
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import NO_DYNAMICS, begun, with_dynamics
from scorelock.engine.edits import recomposed
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import VideoFeatures
from scorelock.engine.hits import Hit
from scorelock.engine.keeping import keeping
from scorelock.engine.matching import Piece
from scorelock.engine.score import ChordSpan, Cue, Dynamics, Note
from scorelock.engine.slots import LEAST_SHARE, SHORTEST_S, slots_of
from scorelock.engine.tempo_conform import Stretch, conformed
from scorelock.engine.timebase import FrameRate


def reconformed(
    cue: Cue, seen: VideoFeatures, pieces: Sequence[Piece], bundle: Callable[[], Bundle]
) -> Cue:
    """The cue for a new cut of its film.

    The film's last chord closes with it: a chord that was not the last and is now, or the other
    way round, keeps its place but not its notes.

    Args:
        cue: of the old cut, with all of its chords.
        seen: in the new cut.
        pieces: of the new cut that are in the old one, in order, in frames of its rate.
        bundle: gives the model; it is asked only where something is new.

    Raises:
        BadSetting: the two have nothing in common.
    """
    if not pieces:
        raise BadSetting(
            "expected a cut of the same film, but not one of its shots is in "
            f"{Path(seen.film.path).name}; scorelock edit {seen.film.path} new composes a score of "
            "its own"
        )
    stretches = [_stretch(piece, seen.film.rate) for piece in pieces]
    move = _Move(cue, seen, stretches)
    parts = move.parts()
    new = move.cue(parts, bundle)
    return keeping(new, _kept_notes(cue, new, parts))


def _stretch(piece: Piece, rate: FrameRate) -> Stretch:
    return Stretch(
        piece.start / rate.fps, piece.end / rate.fps, (piece.start - piece.old) / rate.fps
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A span of the new cut: an old one's or what is left of it, or new where it has no `of`."""

    start_s: float
    end_s: float
    of: ChordSpan | None = None
    whole: bool = False

    @property
    def length_s(self) -> float:
        """To the microsecond: between rounded edges the shortest slot may come out shorter."""
        return round(self.end_s - self.start_s, 6)


@dataclass(frozen=True, slots=True, eq=False)
class _Move:
    """From an old cue to a new cut."""

    old: Cue
    seen: VideoFeatures
    stretches: Sequence[Stretch]

    @property
    def _near_s(self) -> float:
        """Half a frame: what is nearer to a cut is on it."""
        return float(1 / (2 * self.seen.film.rate.fps))

    def parts(self) -> list[_Part]:
        """The new cut without gaps: what is left of the old spans, and what is new between."""
        film_s, parts, until_s = self.seen.film.duration_s, list[_Part](), 0.0
        for stretch in self.stretches:
            start_s, end_s = self._edge(float(stretch.start_s)), self._edge(float(stretch.end_s))
            if start_s - until_s > self._near_s:
                parts.append(_Part(until_s, start_s))
            parts += self._left(stretch, start_s, end_s)
            until_s = end_s
        if film_s - until_s > self._near_s:
            parts.append(_Part(until_s, film_s))
        return _without_slivers(parts)

    def _edge(self, at_s: float) -> float:
        film_s = self.seen.film.duration_s
        return film_s if at_s >= film_s - self._near_s else round(at_s, 9)

    def _left(self, stretch: Stretch, start_s: float, end_s: float) -> Iterator[_Part]:
        """What is left of the old spans in a stretch."""
        near_s = self._near_s
        first_s, last_s = float(stretch.old_start_s), float(stretch.old_end_s)
        spans = [s for s in self.old.chords if s.end_s > first_s + near_s]
        spans = [s for s in spans if s.start_s < last_s - near_s]
        for span in spans:
            whole = span.start_s >= first_s - near_s and span.end_s <= last_s + near_s
            edges = (self._moved(at_s, stretch) for at_s in (span.start_s, span.end_s))
            begins_s, stops_s = (min(max(at_s, start_s), end_s) for at_s in edges)
            yield _Part(
                start_s if span is spans[0] else begins_s,
                end_s if span is spans[-1] else stops_s,
                span,
                whole,
            )

    def _moved(self, at_s: float, stretch: Stretch) -> float:
        """A moment of the old cut in the new one, on the stretch's edge where it is near."""
        for old_s, edge_s in (
            (stretch.old_start_s, stretch.start_s),
            (stretch.old_end_s, stretch.end_s),
        ):
            if abs(at_s - float(old_s)) <= self._near_s:
                return self._edge(float(edge_s))
        return round(at_s + float(stretch.shift_s), 9) if stretch.shift_s else at_s

    def cue(self, parts: Sequence[_Part], bundle: Callable[[], Bundle]) -> Cue:
        """The new cue, but for kept notes."""
        new = [(part.start_s, part.end_s) for part in parts if part.of is None]
        draft = replace(
            self.old,
            features=self.seen,
            chords=(),
            dynamics=NO_DYNAMICS,
            tempo_map=conformed(self.old.tempo_map, self.stretches),
            hits=self._hits(),
            emotion=self._carried(self.old.emotion, self.seen.emotion),
            edges_s=None,
            kept=(),
        )
        fresh = with_dynamics(draft, bundle()).dynamics if new else None
        draft = replace(draft, dynamics=self._dynamics(fresh))
        draft = replace(draft, edges_s=self._edges(draft, parts))
        filler = begun(draft, draft.slots)[0]
        spans = [
            ChordSpan(part.start_s, part.end_s, filler)
            if part.of is None
            else replace(part.of, start_s=part.start_s, end_s=part.end_s)
            for part in parts
        ]
        draft = replace(draft, chords=tuple(spans))
        if not new:
            return draft
        composed = recomposed(draft, new, draft.settings.seed, bundle())
        chords = [
            span
            for part, kept in zip(parts, spans, strict=True)
            for span in ([kept] if part.of else _cut(composed.chords, part.start_s, part.end_s))
        ]
        return replace(draft, chords=tuple(chords))

    def _hits(self) -> tuple[Hit, ...]:
        """The old hits, each wherever its frame is now."""
        moved = {
            replace(hit, at_s=self._moved(hit.at_s, stretch))
            for stretch in self.stretches
            for hit in self.old.hits
            if stretch.old_start_s <= hit.at_s + self._near_s < stretch.old_end_s
        }
        film_s = self.seen.film.duration_s
        return tuple(sorted(hit for hit in moved if hit.at_s < film_s))

    def _edges(self, draft: Cue, parts: Sequence[_Part]) -> tuple[float, ...] | None:
        """Where chords may change: where they could, and where the rhythm says in what is new."""
        film_s = self.seen.film.duration_s
        usual = slots_of(self.seen, draft.settings.rhythm, draft.tempo_map)
        bounds = [part.start_s for part in parts] + [film_s]
        wanted = {
            self._moved(at_s, stretch): SHORTEST_S
            for stretch in self.stretches
            for at_s in self.old.slots.edges_s
            if stretch.old_start_s < at_s < stretch.old_end_s
        }
        apart_s = LEAST_SHARE * usual.usual_s
        for part in parts:
            if part.of is None:
                inside = [at for at in usual.edges_s if part.start_s < at < part.end_s]
                wanted |= dict.fromkeys(inside, apart_s)
        taken = [
            at_s
            for at_s, least_s in wanted.items()
            if 0 < at_s < film_s and _distance(bounds, at_s) > least_s - self._near_s / 10
        ]
        edges_s = tuple(sorted({*bounds[1:-1], *taken}))
        hits = draft.hits
        set_s = slots_of(self.seen, draft.settings.rhythm, draft.tempo_map, hits, edges_s)
        return None if set_s == draft.slots else edges_s

    def _dynamics(self, fresh: Dynamics | None) -> Dynamics:
        curves = (
            self._carried(getattr(self.old.dynamics, name), getattr(fresh, name, None))
            for name in ("density", "loudness")
        )
        density, loudness = (np.zeros(0, np.float32) if c is None else c for c in curves)
        return Dynamics(density, loudness)

    def _carried(
        self, old: NDArray[np.float32] | None, fresh: NDArray[np.float32] | None
    ) -> NDArray[np.float32] | None:
        """Rows of the new cut's seconds: of the old ones that they show, the rest of fresh ones.

        None where there are no old ones.
        """
        if old is None:
            return None
        rows = np.zeros((len(self.seen), *old.shape[1:]), np.float64)
        sources = self._sources(len(old))
        for second in range(len(rows)):
            shares = [(old[source], share) for source, share in sources[second]]
            length_s = min(second + 1.0, self.seen.film.duration_s) - second
            rest = length_s - sum(share for _, share in shares)
            if fresh is not None and rest > self._near_s:
                shares.append((fresh[second], rest))
            total = sum(share for _, share in shares)
            # One row alone stays as it is to the last bit.
            rows[second] = sum(
                values.astype(np.float64) * (share / total) for values, share in shares
            )
        return rows.astype(np.float32)

    def _sources(self, old_rows: int) -> dict[int, list[tuple[int, float]]]:
        """For each new second the old ones that it shows, and for how long."""
        sources: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for stretch in self.stretches:
            shift_s, at_s = float(stretch.shift_s), float(stretch.start_s)
            edges = {float(s) for s in range(int(at_s) + 1, ceil(stretch.end_s))}
            first, last = int(stretch.old_start_s) + 1, ceil(stretch.old_end_s)
            edges |= {round(s + shift_s, 9) for s in range(first, last)}
            inner = sorted(e for e in edges if at_s < e < float(stretch.end_s))
            for from_s, to_s in pairwise([at_s, *inner, float(stretch.end_s)]):
                middle_s = (from_s + to_s) / 2
                new = min(int(middle_s), len(self.seen) - 1)
                row = min(int(middle_s - shift_s), old_rows - 1)
                if to_s > from_s:
                    sources[new].append((row, to_s - from_s))
        return sources


def _without_slivers(parts: Sequence[_Part]) -> list[_Part]:
    """A rest too short for a chord goes to a neighbour that is not whole, if there is one; at the
    film's end to the last in any case.
    """
    kept: list[_Part] = []
    carry_s: float | None = None
    for i, each in enumerate(parts):
        part = each if carry_s is None else replace(each, start_s=carry_s, whole=False)
        carry_s = None
        after = parts[i + 1] if i + 1 < len(parts) else None
        if part.whole or part.length_s >= SHORTEST_S:
            kept.append(part)
        elif kept and (after is None or not kept[-1].whole):
            kept[-1] = replace(kept[-1], end_s=part.end_s, whole=False)
        elif after and not after.whole:
            carry_s = part.start_s
        else:  # a few frames between two whole spans: if new, the chord beside them holds
            beside = kept[-1].of if kept else after.of if after else None
            kept.append(replace(part, of=part.of or beside))
    return kept


def _distance(bounds: Sequence[float], at_s: float) -> float:
    """To the nearest of rising bounds, the first of which is before and the last after."""
    i = bisect_left(bounds, at_s)
    return min(abs(bounds[j] - at_s) for j in (i - 1, i))


def _cut(spans: Iterable[ChordSpan], start_s: float, end_s: float) -> list[ChordSpan]:
    """What of these spans lies from start_s to end_s."""
    return [
        replace(span, start_s=max(span.start_s, start_s), end_s=min(span.end_s, end_s))
        for span in spans
        if span.start_s < end_s and span.end_s > start_s
    ]


def notes_of(cue: Cue) -> dict[ChordSpan, tuple[Note, ...]]:
    """The notes of each span of a cue."""
    return {each.span: tuple(sorted(each.notes)) for each in arranged_cue(cue, cue.chords)}


def _kept_notes(
    old: Cue, new: Cue, parts: Sequence[_Part]
) -> Iterator[tuple[ChordSpan, tuple[Note, ...]]]:
    """The old notes of the spans that are whole, where they would be written otherwise."""
    before, now = notes_of(old), notes_of(new)
    spans = {(span.start_s, span.end_s): span for span in new.chords}
    for part in parts:
        if part.of is None or not part.whole:
            continue
        if (part.of is old.chords[-1]) != (part.end_s == new.chords[-1].end_s):
            continue
        span = spans[part.start_s, part.end_s]
        notes = tuple(sorted(_moved_notes(before[part.of], span.start_s - part.of.start_s)))
        if notes != now[span]:
            yield span, notes


def _moved_notes(notes: Iterable[Note], by_s: float) -> Iterator[Note]:
    for note in notes:
        yield replace(note, onset_s=round(note.onset_s + by_s, 9)) if by_s else note
