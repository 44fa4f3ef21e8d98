"""Chords and bass: held through the span, or struck with the meter as often as density allows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from scorelock.engine.arranging.metre import BAR, DIVISION, NEAR_S, Beat
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.strokes import Stroke, heard, touched
from scorelock.engine.arranging.styles import Manner
from scorelock.engine.arranging.voicing import VOICES
from scorelock.engine.score import ChordSpan

_APART_S: Final = 0.1
"""A strike has at least so long; nearer to a hit or to the span's ends the meter has none."""
_FULL: Final = 3
"""Voices that make a chord: more strikes are worth less than these."""
_BASS_SHARE: Final = 0.2
"""Of the density, where the bass is struck again."""


@dataclass(frozen=True, slots=True)
class Strikes:
    """When one part strikes in a span: moments and their levels, the last of them held to the end
    where the film closes.
    """

    moments: tuple[tuple[float, int], ...]
    end_s: float
    gate: float
    closing: bool

    def strokes(self, pitches: Sequence[int]) -> Iterator[Stroke]:
        """All pitches at each moment."""
        ends = [at_s for at_s, _ in self.moments[1:]] + [self.end_s]
        for (at_s, level), until_s in zip(self.moments, ends, strict=True):
            holds = len(self.moments) == 1 or (self.closing and until_s == self.end_s)
            gated_s = at_s + max((until_s - at_s) * self.gate, _APART_S)
            end_s = until_s if holds else min(gated_s, until_s)
            yield from (Stroke(at_s, end_s, pitch, level) for pitch in pitches)

    def heard(self) -> int:
        """What one voice adds to the density of the span in all."""
        return heard(self.strokes((0,)))


def strikes(
    scene: Scene,
    span: ChordSpan,
    manner: Manner,
    hits: Sequence[float],
    stop_s: float,
    others: int,
) -> tuple[Strikes, Strikes, int]:
    """The strikes of the chords and of the bass, and how many voices (1..4) the chords have where
    so many `others` hold beside them.
    """
    if manner.struck:
        return _struck(scene, span, manner, hits, stop_s, others)
    return (each := held(span, hits)), each, _held_voices(scene, span, manner, others)


def held(span: ChordSpan, hits: Sequence[float] = ()) -> Strikes:
    """One strike and one at each hit, held through the span."""
    return Strikes(tuple((at_s, BAR) for at_s in (span.start_s, *hits)), span.end_s, 1.0, False)


def _held_voices(scene: Scene, span: ChordSpan, manner: Manner, others: int) -> int:
    """How many voices, 1..4, may hold through the span beside the bass and `others`."""
    wanted = scene.density(span.start_s, span.end_s) * (span.end_s - span.start_s)
    voices = manner.share * wanted / touched(span.start_s, span.end_s) - 1 - others
    return max(1, min(VOICES, int(voices), int(scene.thinnest(span.start_s, span.end_s)) - 1))


def _struck(
    scene: Scene,
    span: ChordSpan,
    manner: Manner,
    hits: Sequence[float],
    stop_s: float,
    others: int,
) -> tuple[Strikes, Strikes, int]:
    """As often as their shares of the density allow, full chords before many."""
    wanted = scene.density(span.start_s, span.end_s) * (span.end_s - span.start_s)
    beats = list(scene.metre.beats(span.start_s, span.end_s))
    levels = [
        Strikes(
            _moments(span, beats, hits, stop_s, level),
            span.end_s,
            manner.gate,
            stop_s < span.end_s,
        )
        for level in range(BAR - 1, DIVISION + 1)
    ]
    adds = [each.heard() for each in levels]
    bass = max((i for i, notes in enumerate(adds) if notes <= _BASS_SHARE * wanted), default=0)
    rest = manner.share * wanted - adds[bass] - others * touched(span.start_s, span.end_s)
    chords, voices = max(
        (
            (i, voices)
            for i, notes in enumerate(adds)
            for voices in range(1, VOICES + 1)
            if notes * voices <= rest
        ),
        key=lambda choice: (min(choice[1], _FULL), adds[choice[0]] * choice[1]),
        default=(0, 1),
    )
    return levels[chords], levels[bass], voices


def _moments(
    span: ChordSpan, beats: Sequence[Beat], hits: Sequence[float], stop_s: float, level: int
) -> tuple[tuple[float, int], ...]:
    """The span's start and the hits, every moment of this level or a stronger one until the pattern
    stops, and where it stops before the span does, that moment.
    """
    metric = [
        (step.onset_s, step.level)
        for beat in beats
        for step in beat.steps(1)
        if step.level <= level
        and span.start_s + _APART_S < step.onset_s < min(stop_s, span.end_s - _APART_S) - NEAR_S
    ]
    if span.start_s < stop_s < span.end_s:
        metric.append((stop_s, BAR))
    apart = [at for at in metric if all(abs(at[0] - hit_s) > _APART_S for hit_s in hits)]
    return tuple(sorted([(span.start_s, BAR), *((hit_s, BAR) for hit_s in hits), *apart]))
