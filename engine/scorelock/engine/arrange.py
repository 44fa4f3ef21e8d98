"""Chords, density and loudness become notes: held chords, a bass, and a pattern.

Density is the paper's: notes sounding in a second. The held chord and the bass make up what they
can of it, the pattern the rest (the public renderer reads its pattern from loudness, so its own
density is never heard). Velocity follows the paper's renderer: 49 + 63 (loudness / 0.5)^0.3.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.score import ChordSpan, Cue, Dynamics, Note, Part, Performance
from scorelock.engine.voicing import Voicing, bass_note, thinned, voice

CHORDS_CHANNEL: Final = 0
BASS_CHANNEL: Final = 1
PATTERN_CHANNEL: Final = 2

LOUDEST: Final = 0.5
"""Loudness at which the paper's renderer reaches its highest velocity."""

PATTERNS: Final = (
    *((0, 0), (1, 1), (2, 1), (3, 1), (4, 1), (6, 1), (8, 1)),
    *((6, 2), (8, 2), (6, 3), (8, 3)),
)
"""(steps a second, notes a step): at 120 beats a minute halves, quarters, triplets, eighths,
sixteenths, then two and three notes at once, because more steps than eight blur."""

_ACCENTS: Final = {"second": -4, "beat": -10, "off": -18}
"""Velocity of the pattern under the held chord's: strong on the second, weak off the beat."""


def velocity(loudness: float) -> int:
    """MIDI velocity 49..112 of a loudness 0..1 (paper's renderer)."""
    return 49 + round(63 * float(loudness_share(np.float64(loudness))))


def loudness_share(loudness: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    """How loud it is heard, 0..1, of a loudness 0..1 (paper's renderer)."""
    share: NDArray[np.float64] = (np.clip(loudness, 0.0, LOUDEST) / LOUDEST) ** 0.3
    return share


@dataclass(frozen=True, slots=True)
class Arranged:
    """The notes of one span, by part; none sounds outside of it."""

    span: ChordSpan
    chords: tuple[Note, ...]
    bass: tuple[Note, ...]
    pattern: tuple[Note, ...]

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of all parts."""
        return (*self.chords, *self.bass, *self.pattern)


def arrange(cue: Cue) -> Performance:
    """Write the notes of a cue: parts "chords", "bass" and "pattern", none past the film's end."""
    spans = list(arranged(cue.chords, cue.dynamics))
    return Performance(
        tuple(
            Part(name, tuple(sorted(note for span in spans for note in getattr(span, name))))
            for name in ("chords", "bass", "pattern")
        ),
        cue.features.film.duration_s,
    )


def arranged(spans: Iterable[ChordSpan], dynamics: Dynamics) -> Iterator[Arranged]:
    """Write the notes of span after span, as they come."""
    voicing: Voicing | None = None
    low: int | None = None
    for span in spans:
        voicing, low = voice(span.chord, voicing), bass_note(span.chord, low)
        rows = _seconds(span, dynamics)
        level = velocity(_mean(dynamics.loudness, rows))
        held = thinned(voicing, span.chord, round(_mean(dynamics.density, rows)) - 1)
        length = span.end_s - span.start_s
        yield Arranged(
            span,
            tuple(Note(span.start_s, length, pitch, level, CHORDS_CHANNEL) for pitch in held),
            (Note(span.start_s, length, low, level, BASS_CHANNEL),),
            tuple(_pattern(span, voicing, dynamics, sustained=len(held) + 1)),
        )


def _pattern(
    span: ChordSpan, voicing: Voicing, dynamics: Dynamics, sustained: int
) -> Iterator[Note]:
    """Arpeggiate the voicing an octave up, as densely as each second asks beyond what is held."""
    pitches = [pitch + 12 for pitch in voicing]
    ranks = cycle([*range(len(pitches)), *range(len(pitches) - 2, 0, -1)])  # up and down
    for second in _seconds(span, dynamics):
        steps, together = _densest(float(dynamics.density[second]) - sustained)
        level = velocity(float(dynamics.loudness[second]))
        for step in range(steps):
            onset, end = second + step / steps, second + (step + 1) / steps
            if not span.start_s <= onset < span.end_s:
                continue
            accent = _ACCENTS["second" if step == 0 else "beat" if 2 * step == steps else "off"]
            length, lowest = min(end, span.end_s) - onset, next(ranks)
            for rank in range(lowest, lowest + together):
                pitch = pitches[rank % len(pitches)]
                yield Note(onset, length, pitch, level + accent, PATTERN_CHANNEL)


def _densest(notes: float) -> tuple[int, int]:
    """The pattern whose notes a second are nearest to what is wanted, the thinner one of two."""
    return min(PATTERNS, key=lambda pattern: abs(pattern[0] * pattern[1] - notes))


def _seconds(span: ChordSpan, dynamics: Dynamics) -> range:
    """The seconds that a span touches and that have a row: the last frame of a film may end just
    past a whole second, which begins no row.
    """
    return range(int(span.start_s), min(ceil(span.end_s), len(dynamics.density)))


def _mean(row_values: NDArray[np.float32], rows: range) -> float:
    return float(row_values[rows.start : rows.stop].mean())
