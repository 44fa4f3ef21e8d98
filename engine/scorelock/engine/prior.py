"""What people hear in chords, density and loudness, and how it leans a score towards the picture.

The model alone cannot: in its data the picture says next to nothing about the harmony. People who
labelled music with valence and arousal do agree on it, so their plain statistics (see
`scorelock.training.affect_scale`) are added to the model's own belief at every draw, as Bayes' rule
adds a prior.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.mood import Mood
from scorelock.engine.sampling import Chords, Logits
from scorelock.engine.score import Dynamics
from scorelock.engine.vocabulary import SIZE

GAIN: Final = 1.75
"""At strength 1 the chords lean this many times as far as labelled music of that mood does."""

DEVIATION: Final = (5.5, 0.092)
"""Of density and loudness over MuVi-Sync's train split."""


DENSITY: Final = (3.0, 40.0)
LOUDNESS: Final = (0.01, 1.0)
"""Least and most of what is composed: a bass and two voices, and about 20 dB under the usual."""


@dataclass(frozen=True, slots=True, eq=False)
class AffectScale:
    """How music changes with what people felt, per standard deviation of the feeling.

    Attributes:
        source: the labelled corpus.
        pieces: how many of its pieces were counted.
        valence: (159,) change of a chord's log share with valence.
        change: change with arousal of the log odds that a chord gives way to another.
        density: change with arousal, in deviations of density.
        loudness: change with arousal, in deviations of loudness.
    """

    source: str
    pieces: int
    valence: NDArray[np.float64]
    change: float
    density: float
    loudness: float

    @classmethod
    @cache
    def of(cls, corpus: str) -> Self:
        """The scale measured on a corpus: "emopia" leads the score, "vgmidi" judges it."""
        text = files("scorelock.engine").joinpath("affect_scales.json").read_text(encoding="utf-8")
        return cls.parse(json.loads(text)[corpus])

    @classmethod
    def parse(cls, content: dict[str, Any]) -> Self:
        """From the plain values of the file."""
        valence = np.zeros(SIZE)
        valence[: len(content["valence"])] = content["valence"]
        return cls(
            content["source"],
            content["pieces"],
            valence,
            content["change"],
            content["density"],
            content["loudness"],
        )

    def heard(self, chords: NDArray[np.int64]) -> float:
        """Valence of chord tokens (T,), one a second, on this scale: the mean of their own."""
        return float(self.valence[chords].mean())


@dataclass(frozen=True, slots=True, eq=False)
class Lean:
    """A logit filter: each second's chord leans to the mood of that second.

    `strength` is 0 (the model alone) to 1, one number or one for each take, (B,).
    """

    scale: AffectScale
    mood: Mood
    strength: float | NDArray[np.float64]

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        takes, seconds = chords.shape
        second = min(seconds, len(self.mood.valence) - 1)
        strength = np.broadcast_to(self.strength, takes)
        logits += np.outer(strength * GAIN * self.mood.valence[second], self.scale.valence)
        if seconds:
            change = strength * self.mood.arousal[second] * self.scale.change
            logits[np.arange(takes), chords[:, -1]] -= change
        return logits

    def dynamics(self, dynamics: Dynamics) -> Dynamics:
        """Of one take: denser and louder where the picture is more aroused than most, and back.

        Never so sparse or soft that the score is gone: the model fades as songs do at their ends,
        but the picture is still there, and a rest is for the composer to write.
        """
        arousal = self.strength * self.mood.arousal[: len(dynamics.density)]
        density = dynamics.density + arousal * self.scale.density * DEVIATION[0]
        loudness = dynamics.loudness + arousal * self.scale.loudness * DEVIATION[1]
        return Dynamics(
            *(a.astype(np.float32) for a in (density.clip(*DENSITY), loudness.clip(*LOUDNESS)))
        )
