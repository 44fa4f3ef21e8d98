"""What of a score is worth a mark on a host's time line."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from scorelock.engine.hits import hits_at
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, Cue

CUTS: Final = "cuts"
CHORDS: Final = "chords"
HITS: Final = "hits"
KINDS: Final = (CUTS, CHORDS, HITS)

CUT: Final = "cut"
HIT: Final = "hit"


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A name at a place of the host's time line, in seconds; a chord also has a length."""

    at_s: float
    name: str
    length_s: float | None = None

    @property
    def end_s(self) -> float:
        """Where it ends."""
        return self.at_s + (self.length_s or 0.0)


def marks_of(cue: Cue, kinds: Collection[str], film_start_s: float) -> tuple[Mark, ...]:
    """The marks of these kinds in time order.

    Args:
        cue: a composed film.
        kinds: of `KINDS`. Without hits of its own a cue's hits are its strong cuts; where hits are
            wanted, too, a cut that is one is marked as a hit alone.
        film_start_s: the host's time at the film's first frame.
    """
    marks: list[Mark] = []
    if CHORDS in kinds:
        marks += _chords(cue.chords, cue.key, film_start_s)
    hits_s = (
        {hit.at_s for hit in cue.hits or hits_at(cue.features.cuts)} if HITS in kinds else set()
    )
    marks += [Mark(film_start_s + at_s, HIT) for at_s in hits_s]
    if CUTS in kinds:
        cuts_s = {cut.at_s for cut in cue.features.cuts}
        marks += [Mark(film_start_s + at_s, CUT) for at_s in cuts_s - hits_s]
    return tuple(sorted(marks, key=lambda mark: (mark.at_s, mark.length_s is None)))


def points(marks: Iterable[Mark], place_of: Callable[[float], int]) -> list[tuple[int, str]]:
    """Places and names for hosts that have points only: marks of one place share one.

    Args:
        marks: in time order.
        place_of: a host's own unit of time from seconds.
    """
    names: dict[int, list[str]] = {}
    for mark in marks:
        names.setdefault(place_of(mark.at_s), []).append(mark.name)
    return [(place, ", ".join(dict.fromkeys(each))) for place, each in sorted(names.items())]


def _chords(spans: Sequence[ChordSpan], key: Key, film_start_s: float) -> list[Mark]:
    """A mark for each chord; spans of the same chord that touch are one."""
    merged: list[ChordSpan] = []
    for span in spans:
        before = merged[-1] if merged else None
        if before is not None and (before.chord, before.end_s) == (span.chord, span.start_s):
            merged[-1] = ChordSpan(before.start_s, span.end_s, span.chord)
        else:
            merged.append(span)
    return [
        Mark(film_start_s + span.start_s, key.symbol(span.chord), span.end_s - span.start_s)
        for span in merged
    ]
