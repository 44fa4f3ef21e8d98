"""What is asked of the notes at any moment of the film, known before the first chord."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arranging.accents import Accent
from scorelock.engine.arranging.metre import NEAR_S, Metre
from scorelock.engine.features import EMOTIONS
from scorelock.engine.playing import Playing
from scorelock.engine.score import Dynamics

_UNKNOWN: Final = np.full((1, len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """Dynamics, emotion, beats, hits and the user's wishes.

    Attributes:
        dynamics: density (T,) notes sounding a second and loudness (T,), 0..1; the last row holds.
        metre: bars and beats.
        playing: what the user chose.
        emotion: (T, 6) probabilities in the order of `EMOTIONS`, or None where nobody knows.
        accents: what the hits ask, in time order.
        tonic: 0..11, or None where the key is not known.
    """

    dynamics: Dynamics
    metre: Metre
    playing: Playing
    emotion: NDArray[np.float32] | None = None
    accents: Sequence[Accent] = ()
    tonic: int | None = None

    def density(self, start_s: float, end_s: float) -> float:
        """Mean notes sounding a second, weighted by how much of each second lies between."""
        rows = self.dynamics.density
        seconds = range(int(start_s), max(int(start_s) + 1, ceil(end_s)))
        shares = [min(end_s, s + 1) - max(start_s, s) for s in seconds]
        values = [float(rows[min(s, len(rows) - 1)]) for s in seconds]
        return sum(a * b for a, b in zip(shares, values, strict=True)) / (end_s - start_s)

    def thinnest(self, start_s: float, end_s: float) -> float:
        """The lowest density between."""
        return float(_between(self.dynamics.density, start_s, end_s).min())

    def loudness(self, start_s: float, end_s: float | None = None) -> float:
        """At a moment, or the mean between two, 0..1."""
        return fmean(_between(self.dynamics.loudness, start_s, end_s or start_s).tolist())

    def emotions(self, start_s: float, end_s: float) -> NDArray[np.float32]:
        """Mean probabilities (6,) between; all alike where nobody knows."""
        rows = _UNKNOWN if self.emotion is None else self.emotion
        return np.asarray(_between(rows, start_s, end_s).mean(axis=0), np.float32)


def _between(rows: NDArray[np.float32], start_s: float, end_s: float) -> NDArray[np.float32]:
    """The rows of the seconds that are touched; past the end the last one."""
    first = min(max(0, int(start_s + NEAR_S)), len(rows) - 1)
    return rows[first : max(first + 1, ceil(end_s - NEAR_S))]
