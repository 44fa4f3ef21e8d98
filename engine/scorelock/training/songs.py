"""A song as the models see it: one row a second. Every corpus gives the same `Example`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import END, QUALITIES, SIZE

Split = Literal["train", "val", "test"]
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One song of T seconds.

    Attributes:
        name: corpus and the song's id in it.
        features: (T, WIDTH[layout]) float32, raw; zeros without film.
        film: whether there was one.
        minor: whether the song, in C major or A minor, is in A minor.
        chords: (T,) int64 tokens 0..156.
        density: (T,) float32 notes sounding, NaN where unknown.
        loudness: (T,) float32 on the film corpus's scale, 0..1, NaN where unknown.
    """

    name: str
    features: Rows
    film: bool
    minor: bool
    chords: NDArray[np.int64]
    density: Rows
    loudness: Rows

    def fault(self) -> str | None:
        """Why the song cannot be learned from, or None."""
        if len(self.chords) < 2:
            return "shorter than two seconds"
        if any(
            len(rows) != len(self.chords) for rows in (self.features, self.density, self.loudness)
        ):
            return "rows misaligned"
        if not np.isfinite(self.features).all():
            return "features not finite"
        if self.chords.min() < 0 or self.chords.max() >= END:
            return "chords outside the vocabulary"
        return None

    def crop(self, start: int, stop: int) -> "Example":
        """The seconds from start to stop."""
        return self._rows(slice(start, stop))

    def stretched(self, factor: float) -> "Example":
        """The song `factor` times as long: its rows as a slower or faster take would fall."""
        seconds = max(2, round(len(self.chords) * factor))
        return self._rows(((np.arange(seconds) + 0.5) * len(self.chords) / seconds).astype(int))

    def transposed(self, semitones: int) -> "Example":
        """Every chord that many semitones higher; the film stays."""
        return replace(self, chords=transposition(semitones)[self.chords])

    def _rows(self, rows: slice | NDArray[np.int64]) -> "Example":
        return replace(
            self,
            features=self.features[rows],
            chords=self.chords[rows],
            density=self.density[rows],
            loudness=self.loudness[rows],
        )


@dataclass(frozen=True, slots=True)
class Corpus:
    """The songs of one split, and by name why others were left out."""

    songs: tuple[Example, ...]
    skipped: Mapping[str, str]


def transposition(semitones: int) -> NDArray[np.int64]:
    """The token (159,) that each token becomes; N, END and PAD stay."""
    tokens = np.arange(SIZE)
    chords = tokens[1:END] - 1
    width = len(QUALITIES)
    tokens[1:END] = 1 + (chords + semitones * width) % (12 * width)
    return tokens
