"""Notes that spans keep from another cut of a film, and how long: while nothing is changed of what
they were made of. An edit of their chord, dynamics, mood, hits, tempo or playing lets the arranger
write them anew; taking it back brings them back.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import blake2b
from math import ceil
from typing import Final

from scorelock.engine.score import ChordSpan, Cue, Kept, Note
from scorelock.engine.vocabulary import Chord

REACH_S: Final = 4.0
"""Hits so near to a span may be heard in it."""

Place = tuple[float, float, Chord]
"""Of a span: from, to, and its chord."""


def place(span: ChordSpan | Kept) -> Place:
    """By which a span and its kept notes find each other."""
    return span.start_s, span.end_s, span.chord


def standing(cue: Cue) -> dict[Place, tuple[Note, ...]]:
    """The kept notes that still stand, by their span."""
    made_of = _maker(cue)
    return {place(kept): kept.notes for kept in cue.kept if made_of(kept) == kept.made_of}


def keeping(cue: Cue, notes: Iterable[tuple[ChordSpan, tuple[Note, ...]]]) -> Cue:
    """The cue with these notes for these of its spans."""
    made_of = _maker(cue)
    kept = (Kept(*place(span), its, made_of(span)) for span, its in notes)
    return replace(cue, kept=tuple(kept))


def _maker(cue: Cue) -> Callable[[ChordSpan | Kept], str]:
    """What tells what the notes of a span are made of, but for the chord."""
    grid, emotion = cue.tempo_map, cue.seen.emotion
    whole = blake2b(repr((cue.playing, cue.key, grid)).encode(), digest_size=12)

    def made_of(span: ChordSpan | Kept) -> str:
        start_s, end_s = span.start_s - REACH_S, span.end_s + REACH_S
        rows = slice(int(span.start_s), ceil(span.end_s))
        hits = [hit for hit in cue.hits if start_s <= hit.at_s <= end_s]
        digest = whole.copy()
        digest.update(repr(hits).encode())
        for curve in (cue.dynamics.density, cue.dynamics.loudness, emotion):
            digest.update(curve[rows].tobytes())
        return digest.hexdigest()

    return made_of
