"""How strokes become notes: velocity from loudness, phrase, meter and hits, and a human hand.

The hand is drawn by counter: each note's unevenness is a function of the seed and its own place
alone, so that an edit elsewhere leaves it as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import pi, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arranging.accents import Accent, emphasis
from scorelock.engine.arranging.metre import NEAR_S, Phrase
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.strokes import Stroke, apart
from scorelock.engine.score import ChordSpan, Note

LOUDEST: Final = 0.5
"""Loudness at which the paper's renderer reaches its highest velocity."""

_ARCH: Final = 8  # of velocity, from the ends of a phrase to its height
_HEIGHT: Final = 1.3  # power that puts the height at 0.59 of the phrase
_LATEST_S: Final = 0.008
_UNEVEN: Final = 4  # of velocity


@dataclass(frozen=True, slots=True)
class Voice:
    """A part's channel, its velocity at each level of the meter, and whether hits swell it."""

    channel: int
    levels: tuple[int, ...]
    swells: bool = False


def velocity(loudness: float) -> int:
    """MIDI velocity 49..112 of a loudness 0..1 (paper's renderer)."""
    return 49 + round(63 * float(loudness_share(np.float64(loudness))))


def loudness_share(loudness: NDArray[np.float64] | np.float64) -> NDArray[np.float64] | np.float64:
    """How loud it is heard, 0..1, of a loudness 0..1 (paper's renderer)."""
    share: NDArray[np.float64] = (np.minimum(np.maximum(loudness, 0.0), LOUDEST) / LOUDEST) ** 0.3
    return share


def arch(phrase: Phrase, at_s: float) -> int:
    """A phrase rises and falls: velocity on top, -4..4; a chord past its end stays at the end."""
    share = (at_s - phrase.start_s) / (phrase.end_s - phrase.start_s)
    return round(_ARCH * (sin(pi * min(max(share, 0.0), 1.0) ** _HEIGHT) - 0.5))


@dataclass(frozen=True, slots=True, eq=False)
class Player:
    """Plays the strokes of one span."""

    scene: Scene
    span: ChordSpan
    phrase: Phrase
    accents: Sequence[Accent]

    def notes(self, strokes: Iterable[Stroke], voice: Voice) -> tuple[Note, ...]:
        """In time order, none over another of its pitch."""
        return tuple(sorted(self._note(stroke, voice) for stroke in apart(strokes)))

    def _note(self, stroke: Stroke, voice: Voice) -> Note:
        onset_s = stroke.onset_s
        late, uneven = self._draws(stroke, voice)
        level = (
            velocity(self.scene.loudness(onset_s, stroke.end_s))
            + arch(self.phrase, onset_s)
            + voice.levels[min(stroke.level, len(voice.levels) - 1)]
            + stroke.louder
            + round(_UNEVEN * self.scene.playing.humanise * (2 * uneven - 1))
        )
        accent = emphasis(self.accents, onset_s)
        if voice.swells and not accent:
            level += sum(accent.swell(onset_s) for accent in self.accents)
        # A chord, and what meets a hit, is on the frame; the rest may come late, but never early:
        # it would begin in another chord.
        if not accent and onset_s > self.span.start_s + NEAR_S:
            onset_s += _LATEST_S * self.scene.playing.humanise * late
        return Note(
            onset_s,
            stroke.end_s - onset_s,
            stroke.pitch,
            min(max(level + accent, 1), 127),
            voice.channel,
        )

    def _draws(self, stroke: Stroke, voice: Voice) -> tuple[float, float]:
        """Two numbers from 0 to 1."""
        places = (round(at_s * 1e6) for at_s in (self.span.start_s, stroke.onset_s))
        key = "/".join(map(str, (self.scene.playing.seed, voice.channel, stroke.pitch, *places)))
        digest = blake2b(key.encode(), digest_size=8).digest()
        late, uneven = (int.from_bytes(half, "big") / 2**32 for half in (digest[:4], digest[4:]))
        return late, uneven
