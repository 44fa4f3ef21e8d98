"""Voice leading: each chord is placed so that the voices together move as little as possible.

The register and the spacing are those of four-part keyboard writing: adjacent voices at most an
octave apart, no two on one pitch, triads double the root or the fifth, never the third (Piston,
Harmony, chapters 2 and 3). The bass is a part of its own.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product
from typing import Final

from scorelock.engine.vocabulary import Chord

VOICES: Final = 4
LOWEST: Final = 50  # D3
HIGHEST: Final = 77  # F5
CENTRE: Final = 62  # D4
BASS_LOWEST: Final = 33  # A1
BASS_HIGHEST: Final = 47  # B2

Voicing = tuple[int, ...]
"""MIDI pitches from low to high."""


@cache
def placements(chord: Chord) -> tuple[Voicing, ...]:
    """All four-voice placements of a chord in the register."""
    return tuple(sorted(set(_placements(chord))))


def _placements(chord: Chord) -> Iterator[Voicing]:
    tones = chord.pitch_classes
    doublings = [()] if len(tones) == VOICES else [(tones[0],), (tones[2],)]
    for doubled in doublings:
        octaves = [
            range(LOWEST + (tone - LOWEST) % 12, HIGHEST + 1, 12) for tone in tones + doubled
        ]
        for pitches in product(*octaves):
            voicing = tuple(sorted(pitches))
            if all(0 < high - low <= 12 for low, high in pairwise(voicing)):
                yield voicing


def movement(before: Voicing, after: Voicing) -> int:
    """Semitones that the voices move in all, each to the voice of the same rank.

    For pitches on a line the sorted pairing is the cheapest of all pairings.
    """
    return sum(abs(a - b) for a, b in zip(before, after, strict=True))


def voice(chord: Chord, before: Voicing | None) -> Voicing:
    """Place a chord nearest to the voicing before it; the first one near the register's centre."""

    def cost(voicing: Voicing) -> tuple[int, int, int, Voicing]:
        moved = 0 if before is None else movement(before, voicing)
        drift = abs(sum(voicing) - CENTRE * VOICES)
        return (moved, drift, voicing[-1] - voicing[0], voicing)

    return min(placements(chord), key=cost)


def bass_note(chord: Chord, before: int | None) -> int:
    """The root in the bass register, the nearer of its places to the bass note before it."""
    places = range(BASS_LOWEST + (chord.root - BASS_LOWEST) % 12, BASS_HIGHEST + 1, 12)
    around = (BASS_LOWEST + BASS_HIGHEST) // 2 if before is None else before
    return min(places, key=lambda pitch: (abs(pitch - around), pitch))


def thinned(voicing: Voicing, chord: Chord, voices: int) -> Voicing:
    """The voicing with only that many voices: a doubled tone goes first, then the fifth, then the
    root, which the bass has; what tells the chord from others stays.
    """
    kept = list(voicing)
    tones = chord.pitch_classes
    while len(kept) > max(1, voices):
        classes = [pitch % 12 for pitch in kept]
        doubled = [pitch for pitch in kept if classes.count(pitch % 12) > 1]
        order = [
            *doubled[:1],
            *(p for tone in (tones[2], tones[0]) for p in kept if p % 12 == tone),
        ]
        kept.remove(order[0] if order else kept[0])
    return tuple(kept)
