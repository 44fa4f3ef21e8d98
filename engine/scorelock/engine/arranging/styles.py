"""The playing styles, a row of a table each, and which of them fits a passage."""

from dataclasses import dataclass
from math import log2
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arranging.metre import NEAR_S, PHRASE_BARS, Phrase
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.voicing import Hand, Voicing
from scorelock.engine.playing import Style
from scorelock.engine.score import ChordSpan
from scorelock.engine.vocabulary import Chord


@dataclass(frozen=True, slots=True)
class Manner:
    """How a style plays, and what it is for.

    Attributes:
        contour: ranks in the pool, step after step from each bar line on.
        pool: where the pattern's pitches are taken from: of the voices "close" (an octave up),
            "rooted" (as they lie, the root first), "wide" (as they lie and an octave up), or "deep"
            (as they lie, with the bass an octave up).
        depth: how finely the pattern divides a beat at least; more as the density asks.
        gate: how much of its step a note of the pattern sounds; over 1 it rings on.
        share: of the density that chords and bass may take; the pattern has the rest.
        struck: chords and bass are struck with the meter; else they hold.
        fits: how well it suits each of `EMOTIONS`, 0 to 1.
        density: notes a second that it is best at.
    """

    contour: tuple[int, ...]
    pool: Literal["close", "rooted", "wide", "deep"]
    depth: int
    gate: float
    share: float
    struck: bool
    fits: tuple[float, ...]
    density: float

    def pitches(self, chord: Chord, hand: Hand) -> Voicing:
        """The pattern's pool over a chord, by rank."""
        close = tuple(pitch + 12 for pitch in hand.voicing)
        match self.pool:
            case "close":
                return close
            case "rooted":
                root = next(pitch for pitch in hand.voicing if pitch % 12 == chord.root)
                return (root, *(pitch for pitch in hand.voicing if pitch != root))
            case "wide":
                return tuple(sorted({*hand.voicing, *close}))
            case "deep":
                deep = hand.bass + 12 if hand.bass + 12 < hand.voicing[0] else hand.bass
                return (deep, *hand.voicing)


MANNERS: Final = {
    Style.PAD: Manner(
        contour=(3, 1, 2, 0),
        pool="close",
        depth=0,
        gate=1.0,
        share=0.9,
        struck=False,
        fits=(0.0, 0.4, 0.3, 0.5, 0.6, 0.5),
        density=4.0,
    ),
    Style.BALLAD: Manner(
        contour=(0, 2, 4, 3, 1, 2, 4, 2),
        pool="deep",
        depth=1,
        gate=2.0,
        share=0.45,
        struck=False,
        fits=(0.0, 0.1, 0.1, 1.0, 0.6, 0.4),
        density=7.0,
    ),
    Style.BROKEN: Manner(
        contour=(0, 3, 1, 3, 0, 3, 2, 3),
        pool="close",
        depth=1,
        gate=0.95,
        share=0.5,
        struck=False,
        fits=(0.3, 0.0, 0.0, 0.5, 0.8, 0.9),
        density=8.0,
    ),
    Style.ARPEGGIO: Manner(
        contour=(0, 1, 2, 3, 4, 5, 6, 7, 6, 5, 4, 3, 2, 1),
        pool="wide",
        depth=1,
        gate=1.0,
        share=0.4,
        struck=False,
        fits=(0.3, 0.1, 0.1, 0.4, 1.0, 0.6),
        density=11.0,
    ),
    Style.PULSE: Manner(
        contour=(0, 0, 0, 0, 1, 1, 0, 0),
        pool="rooted",
        depth=1,
        gate=0.5,
        share=0.4,
        struck=True,
        fits=(0.8, 1.0, 1.0, 0.0, 0.0, 0.3),
        density=11.0,
    ),
    Style.BLOCK: Manner(
        contour=(3,),
        pool="close",
        depth=0,
        gate=0.8,
        share=0.75,
        struck=True,
        fits=(0.95, 0.2, 0.3, 0.1, 0.1, 0.6),
        density=14.0,
    ),
    Style.OSTINATO: Manner(
        contour=(0, 2, 1, 2, 0, 3, 1, 2),
        pool="close",
        depth=1,
        gate=0.6,
        share=0.35,
        struck=False,
        fits=(0.9, 0.5, 0.9, 0.0, 0.2, 0.4),
        density=16.0,
    ),
}

_PER_OCTAVE: Final = 0.35
"""What twice or half a style's density takes from how well it fits."""
_LOYALTY: Final = 0.5
"""By how much another style must fit a chord of a bar or more better than the phrase's does, to
interrupt it."""


def style_of(scene: Scene, span: ChordSpan, phrase: Phrase) -> Style:
    """The user's style; else the one that fits the phrase, unless the chord's own seconds ask
    for another one plainly: so the style does not flicker, and knows nothing of what came before.
    """
    if scene.playing.style is not Style.AUTO:
        return scene.playing.style
    whole = _fits(scene, phrase.start_s, phrase.end_s)
    usual = max(whole, key=whole.__getitem__)
    if (span.end_s - span.start_s) * PHRASE_BARS < phrase.end_s - phrase.start_s - NEAR_S:
        return usual
    here = _fits(scene, span.start_s, span.end_s)
    best = max(here, key=here.__getitem__)
    return best if here[best] > here[usual] + _LOYALTY else usual


def _fits(scene: Scene, start_s: float, end_s: float) -> dict[Style, float]:
    start_s = max(0.0, start_s)
    emotions: NDArray[np.float32] = scene.emotions(start_s, end_s)
    density = max(1.0, scene.density(start_s, end_s))
    return {
        style: float(emotions @ np.array(manner.fits))
        - _PER_OCTAVE * abs(log2(density / manner.density))
        for style, manner in MANNERS.items()
    }
