"""Voice leading: each chord is placed so that the voices together move as little as possible.

The register and the spacing are those of four-part keyboard writing: adjacent voices at most an
octave apart, no two on one pitch, triads double the root or the fifth, never the third (Piston,
Harmony, chapters 2 and 3). Between the bass and the top voice there are no parallel octaves, and
no parallel fifths where another placement has none (the same, chapter 3).

A phrase begins with the hand set anew, by its own chord alone, so that a change is not heard for
longer than to the next phrase.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise, product
from typing import Final

from scorelock.engine.vocabulary import Chord

VOICES: Final = 4
LOWEST: Final = 50  # D3
HIGHEST: Final = 74  # D5
CENTRE: Final = 62  # D4
TOP: Final = range(61, HIGHEST + 1)  # from C#4
"""Where the top voice that is heard sings."""
HOME: Final = range(62, 74)  # D4 to C#5
"""Where it begins a phrase: an octave at most from anywhere that it sings."""
WIDEST_LEAP: Final = 7
"""Semitones that the top voice leaps where it need not go further: a fifth."""
_OCTAVE, _FIFTH = 0, 7

Voicing = tuple[int, ...]
"""MIDI pitches from low to high."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Where the hands are: all four voices, those of them that are heard, and the bass."""

    voicing: Voicing
    heard: Voicing
    bass: int


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


def parallel(before: tuple[int, int], after: tuple[int, int], interval: int) -> bool:
    """Whether two voices (low, high) keep an interval, octaves aside, while both of them move."""
    kept = all((high - low - interval) % 12 == 0 for low, high in (before, after))
    return kept and before[0] != after[0] and before[1] != after[1]


def placed(chord: Chord, bass: int, voices: int) -> Hand:
    """The hand set anew, near the register's centre, for so many voices heard (1..4).

    The top is neither in octaves nor in fifths with the bass where the chord has another note for
    it: whatever came before, no parallels lead here.
    """

    def cost(hand: Hand) -> tuple[bool, bool, bool, int, int, Voicing]:
        top = hand.heard[-1]
        above = (top - bass) % 12
        return (top not in HOME, above == _OCTAVE, above == _FIFTH, *_looseness(hand.voicing))

    return min(_hands(chord, bass, voices), key=cost)


def led(chord: Chord, bass: int, voices: int, before: Hand) -> Hand:
    """The hand moved least from where it was, parallels and wide leaps of the top apart."""

    def cost(hand: Hand) -> tuple[bool, bool, int, bool, int, int, int, Voicing]:
        top, last = hand.heard[-1], before.heard[-1]
        outer = (before.bass, last), (bass, top)
        return (
            top not in TOP,
            parallel(*outer, _OCTAVE),
            max(WIDEST_LEAP, abs(top - last)),
            parallel(*outer, _FIFTH),
            movement(before.voicing, hand.voicing),
            *_looseness(hand.voicing),
        )

    return min(_hands(chord, bass, voices), key=cost)


def _hands(chord: Chord, bass: int, voices: int) -> Iterator[Hand]:
    for voicing in placements(chord):
        yield Hand(voicing, thinned(voicing, chord, voices, bass % 12), bass)


def _looseness(voicing: Voicing) -> tuple[int, int, Voicing]:
    """Semitones away from the centre on average, then how wide."""
    return abs(sum(voicing) - CENTRE * VOICES) // VOICES, voicing[-1] - voicing[0], voicing


@cache
def thinned(voicing: Voicing, chord: Chord, voices: int, bass: int) -> Voicing:
    """The voicing with only that many voices: a doubled tone goes first, then the fifth, then what
    the bass (0..11) has; what tells the chord from others stays.
    """
    kept = list(voicing)
    while len(kept) > max(1, voices):
        classes = [pitch % 12 for pitch in kept]
        doubled = [pitch for pitch in kept if classes.count(pitch % 12) > 1]
        order = [
            *doubled[:1],
            *(p for tone in (chord.pitch_classes[2], bass) for p in kept if p % 12 == tone),
        ]
        kept.remove(order[0] if order else kept[0])
    return tuple(kept)
