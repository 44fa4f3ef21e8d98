"""Six emotions and the plane of valence and arousal, one to the other.

References:
    Russell (1980), J. Personality and Social Psychology 39(6): emotion words on a circle.
"""

from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS

Floats = NDArray[np.float32]
Seen = Literal["clip", "picture"]

_ANGLE: Final = {"exciting": 48.6, "tense": 92.8, "fearful": 116.0, "sad": 207.5, "relaxing": 318.0}
"""Degrees from pleasure towards arousal: excited, tense, afraid, sad and relaxed in Russell's
circular scaling. Neutral lies in the middle."""
PLACES: Final = np.array(
    [
        [np.cos(np.radians(_ANGLE[name])), np.sin(np.radians(_ANGLE[name]))]
        if name in _ANGLE
        else [0.0, 0.0]
        for name in EMOTIONS
    ]
)
"""(6, 2): valence and arousal of each emotion, on the unit circle."""
_RADIUS: Final = 0.7  # of that circle in our plane
_BREADTH: Final = 0.47  # standard deviation of a class around its place
SHARE: Final = np.array([0.178, 0.227, 0.257, 0.191, 0.089, 0.058])
"""Mean probability of each emotion over the 171,982 rows of MuVi-Sync's train and val splits."""

_USUAL: Final[dict[Seen, tuple[NDArray[np.float64], NDArray[np.float64]]]] = {
    "clip": (np.array([-0.098, 0.445]), np.array([0.258, 0.314])),
    "picture": (np.array([-0.04, 0.30]), np.array([0.45, 0.45])),
}
"""Middle and deviation of valence and arousal as `Mood` reads them, by who named the emotions.

CLIP's are over the same rows; the picture's, named by `emotions` below, have their middle where its
own valence and arousal are 0, and their deviation as far as those usually go.
"""
_LIMIT: Final = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Mood:
    """Valence and arousal (T,) of each second, in deviations from the usual film's, -2..2."""

    valence: Floats
    arousal: Floats

    @classmethod
    def of(cls, emotion: Floats, seen_by: Seen = "clip") -> Self:
        """The mean place of the six emotions, weighted by their probabilities (T, 6)."""
        middle, spread = _USUAL[seen_by]
        plane = (emotion @ PLACES - middle) / spread
        valence, arousal = plane.clip(-_LIMIT, _LIMIT).astype(np.float32).T
        return cls(valence, arousal)


def emotions(valence: Floats, arousal: Floats) -> Floats:
    """Probabilities (T, 6) in the order of `EMOTIONS`, from valence and arousal (T,), -1..1.

    Each emotion is a bell around its place in the plane. Their shares enter by the square root: in
    full they would leave no second neutral, which the data set's extractor hardly ever says.
    """
    plane = np.stack([valence, arousal], axis=-1)
    distance = np.linalg.norm(plane[:, None] - _RADIUS * PLACES, axis=-1)
    weights = np.sqrt(SHARE) * np.exp(-((distance / _BREADTH) ** 2) / 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
