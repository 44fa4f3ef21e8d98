"""What hits ask of the notes around them: accents, stingers, swells, breaks; to the frame.

Whatever is struck within a hit's tolerance is accented. The chord and the bass are struck anew at
a mark, a stinger, a swell or a break, wherever in the bar it lies; at a cut only what is there.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from scorelock.engine.arranging.metre import Metre
from scorelock.engine.arranging.strokes import SHORTEST_S, Stroke
from scorelock.engine.hits import Hit, Kind
from scorelock.engine.score import ChordSpan

_FRAME_S: Final = 1 / 24
_REACH_S: Final = 12.0
"""How far a hit is heard: four beats at 20 a minute."""
_HEAVIEST: Final = 1.5
_ACCENT: Final[dict[Kind, int]] = {"cut": 10, "mark": 14, "stinger": 24, "swell": 18, "break": 20}
_SWELL: Final = 28  # of velocity, over the four beats before
_SWELL_BEATS: Final = 4
_STING_S: Final = 0.3
_BREAK_STROKE: Final = 0.25  # of the beat sounds before the silence
_CLEAR_S: Final = 0.04
"""Within a frame: a chord that begins this near to a hit meets it, and none is struck beside it."""


@dataclass(frozen=True, slots=True)
class Accent:
    """A hit with its size in seconds and velocity.

    Attributes:
        hit: it itself.
        weight: its own, 1.5 at most.
        beat_s: how long a beat is there.
    """

    hit: Hit
    weight: float
    beat_s: float

    @classmethod
    def of(cls, hit: Hit, metre: Metre) -> Self:
        """What a hit asks, in the tempo that there is."""
        beat = metre.beat(hit.at_s)
        return cls(hit, min(hit.weight, _HEAVIEST), beat.end_s - beat.start_s)

    def meets(self, at_s: float) -> bool:
        """Whether a moment is within the hit's tolerance."""
        return abs(at_s - self.hit.at_s) <= self.hit.tolerance_frames * _FRAME_S

    @property
    def louder(self) -> int:
        """Velocity on top for what is struck at the hit."""
        return round(_ACCENT[self.hit.kind] * self.weight)

    @property
    def silence(self) -> tuple[float, float]:
        """From when to when nothing sounds; a moment unless the hit is a break."""
        if self.hit.kind != "break":
            return self.hit.at_s, self.hit.at_s
        return self.hit.at_s + _BREAK_STROKE * self.beat_s, self.hit.at_s + self.beat_s

    def swell(self, at_s: float) -> int:
        """Velocity on top in the crescendo before a hit, from below 0 to above."""
        length_s = _SWELL_BEATS * self.beat_s
        share = (at_s - self.hit.at_s) / length_s + 1
        if self.hit.kind != "swell" or not 0 <= share < 1:
            return 0
        return round(_SWELL * self.weight * (share - 0.5))


def near(accents: Sequence[Accent], span: ChordSpan) -> Sequence[Accent]:
    """Those, of all in time order, that a span may have to do with."""

    def at_s(accent: Accent) -> float:
        return accent.hit.at_s

    first = bisect_left(accents, span.start_s - _REACH_S, key=at_s)
    return accents[first : bisect_left(accents, span.end_s + _REACH_S, key=at_s)]


def emphasis(accents: Sequence[Accent], at_s: float) -> int:
    """Velocity on top for what is struck at a moment: that of the strongest hit there."""
    return max((accent.louder for accent in accents if accent.meets(at_s)), default=0)


def moments(accents: Sequence[Accent], span: ChordSpan) -> tuple[float, ...]:
    """When chord and bass are struck within a span, its start apart."""
    return tuple(
        accent.hit.at_s
        for accent in accents
        if accent.hit.kind != "cut"
        and span.start_s + _CLEAR_S < accent.hit.at_s < span.end_s - _CLEAR_S
    )


def stung(
    accents: Sequence[Accent], strokes: Sequence[Stroke], span: ChordSpan, chord: Sequence[int]
) -> list[Stroke]:
    """The pattern with a short full chord at each stinger, and nothing beside it. Where its own
    chord is all but over, the next one has it.
    """
    stung = list(strokes)
    for accent in accents:
        at_s = accent.hit.at_s
        is_here = span.start_s - SHORTEST_S <= at_s < span.end_s - SHORTEST_S
        start_s, end_s = max(at_s, span.start_s), min(at_s + _STING_S, span.end_s)
        if accent.hit.kind == "stinger" and is_here:
            stung = [piece for s in stung for piece in _without(s, start_s, end_s, resumes=False)]
            stung += [Stroke(start_s, end_s, pitch, 0) for pitch in chord]
    return stung


def broken(accents: Sequence[Accent], strokes: Sequence[Stroke], *, resumes: bool) -> list[Stroke]:
    """Nothing sounds in the silence of a break; what is held goes on after it, if it resumes."""
    kept = list(strokes)
    for accent in accents:
        if accent.hit.kind == "break":
            kept = [piece for s in kept for piece in _without(s, *accent.silence, resumes=resumes)]
    return kept


def _without(stroke: Stroke, start_s: float, end_s: float, *, resumes: bool) -> Iterator[Stroke]:
    """What is left of a note before the silence, and after it."""
    if stroke.end_s <= start_s or stroke.onset_s >= end_s:
        yield stroke
        return
    if start_s - stroke.onset_s >= SHORTEST_S:
        yield replace(stroke, end_s=start_s)
    if resumes and stroke.end_s - end_s >= SHORTEST_S:
        yield replace(stroke, onset_s=end_s)
