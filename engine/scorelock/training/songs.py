"""A song as the models see it: one row a second. Every corpus gives the same `Example`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import END, QUALITIES, SIZE

Split = Literal["train", "val", "test"]
Rows = NDArray[np.float32]


class BadSong(Exception):
    """Why one song cannot be learned from. The readers keep the reason and go on."""


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

    def checked(self) -> Self:
        """The song itself.

        Raises:
            BadSong: it cannot be learned from.
        """
        if len(self.chords) < 2:
            raise BadSong("shorter than two seconds")
        if any(
            len(rows) != len(self.chords) for rows in (self.features, self.density, self.loudness)
        ):
            raise BadSong("rows misaligned")
        known = ("features", "density", "loudness") if self.film else ("features",)
        for name in known:
            if not np.isfinite(getattr(self, name)).all():
                raise BadSong(f"{name} not finite")
        if self.chords.min() < 0 or self.chords.max() >= END:
            raise BadSong("chords outside the vocabulary")
        return self

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

    @classmethod
    def of(cls, readers: Iterable[tuple[str, Callable[[], Example]]]) -> Self:
        """Read and check every song; those that raise `BadSong` are left out by name."""
        songs: list[Example] = []
        skipped: dict[str, str] = {}
        for name, read in readers:
            try:
                songs.append(read().checked())
            except BadSong as err:
                skipped[name] = str(err)
        return cls(tuple(songs), skipped)


def film_rows(
    offset: NDArray[Any],
    motion: NDArray[Any],
    emotion: NDArray[Any],
    semantic: NDArray[Any] | None = None,
) -> Rows:
    """What was seen, (T, 8) or with semantic (T, 776), in the order of `VideoFeatures.matrix`.

    `offset` (T,) counts from 0 at each cut; `motion` (T,), `emotion` (T, 6), `semantic` (T, 768).

    Raises:
        BadSong: they differ in length.
    """
    columns = [offset[:, None].astype(np.float32) + 1, motion[:, None], emotion]
    if semantic is not None:
        columns.insert(0, semantic)
    if len({len(column) for column in columns}) > 1:
        raise BadSong("rows misaligned")
    return np.concatenate(columns, axis=1, dtype=np.float32)


def transposition(semitones: int) -> NDArray[np.int64]:
    """The token (159,) that each token becomes; N, END and PAD stay."""
    tokens = np.arange(SIZE)
    chords = tokens[1:END] - 1
    width = len(QUALITIES)
    tokens[1:END] = 1 + (chords + semitones * width) % (12 * width)
    return tokens
