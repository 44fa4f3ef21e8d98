"""The bass line: the root where the music arrives, an inversion where it makes a step of a leap.

Third and seventh may lie in the bass between arrivals, the fifth seldom (Piston, Harmony,
chapters 6 and 11); a chord whose notes do not tell its root (sus, aug) stands on it.
"""

from collections.abc import Iterator
from typing import Final

from scorelock.engine.vocabulary import Chord

LOWEST: Final = 33  # A1
HIGHEST: Final = 47  # B2
CENTRE: Final = 40  # E2
STEP: Final = 2
"""Semitones of a melodic step."""

_ROOT_ONLY: Final = ("sus2", "sus4", "aug")
_INVERSION: Final = (0.0, 2.0, 5.0, 4.0)
"""What root, third, fifth and seventh in the bass cost, in semitones of leap."""


def rooted(chord: Chord) -> int:
    """The root nearest to the register's centre: of whatever came before it knows nothing."""
    return min(_places(chord.root), key=lambda pitch: (abs(pitch - CENTRE), pitch))


def walked(chord: Chord, before: int, *, arrives: bool, voices: int) -> int:
    """The bass note after another: the nearest root, or a near inversion where nothing arrives and
    three voices above make the chord plain.
    """
    tones = chord.pitch_classes
    if arrives or voices < 3 or chord.quality in _ROOT_ONLY:
        tones = tones[:1]

    def cost(place: tuple[int, float]) -> tuple[float, int]:
        pitch, inversion = place
        leap = abs(pitch - before)
        return (0.0 if leap <= STEP else leap) + inversion, pitch

    places = (
        (pitch, inversion)
        for tone, inversion in zip(tones, _INVERSION, strict=False)
        for pitch in _places(tone)
        if inversion == 0 or 0 < abs(pitch - before) <= STEP
    )
    return min(places, key=cost)[0]


def _places(tone: int) -> Iterator[int]:
    return iter(range(LOWEST + (tone - LOWEST) % 12, HIGHEST + 1, 12))
