"""What the training songs alone predict, without film or network: the least a model must beat."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle
from scorelock.engine.files import writing
from scorelock.engine.vocabulary import SIZE
from scorelock.training.songs import Example

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Baselines:
    """Counts over training songs.

    Attributes:
        single: (159,) how often each chord stands.
        pairs: (159, 159) how often the second chord follows the first a second later.
        triples: (n, 4) chord before last, last chord, chord, and how often.
        mean: (2,) of density and loudness over all seconds.
    """

    single: Counts
    pairs: Counts
    triples: Counts
    mean: Floats

    @classmethod
    def of(cls, songs: Sequence[Example]) -> Self:
        """Count songs."""
        pairs = np.zeros((SIZE, SIZE), np.int64)
        threes = []
        for song in songs:
            chords = song.chords
            np.add.at(pairs, (chords[:-1], chords[1:]), 1)
            threes.append(np.stack([chords[:-2], chords[1:-1], chords[2:]], axis=1))
        kinds, counts = np.unique(np.concatenate(threes), axis=0, return_counts=True)
        return cls(
            single=np.bincount(np.concatenate([s.chords for s in songs]), minlength=SIZE),
            pairs=pairs,
            triples=np.column_stack([kinds, counts]),
            mean=np.array(
                [
                    np.nanmean(np.concatenate([getattr(s, name) for s in songs]), dtype=np.float64)
                    for name in ("density", "loudness")
                ]
            ),
        )

    def save(self, path: Path) -> None:
        """Write an .npz."""
        with writing(path) as beside:
            np.savez_compressed(beside, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadBundle: it is damaged.
        """
        try:
            with path.open("rb") as file, np.load(file) as pack:
                return cls(**{f.name: pack[f.name] for f in fields(cls)})
        except (OSError, ValueError, KeyError, BadZipFile) as err:
            raise BadBundle(f"expected counts of training songs in {path}, got: {err}") from err

    def most_frequent(self, song: Example) -> Floats:
        """Scores (T - 1, 159) of every chord after the first: how often it stands anywhere."""
        return np.broadcast_to(self.single / self.single.sum(), (len(song.chords) - 1, SIZE))

    def repeat_last(self, song: Example) -> Floats:
        """The last chord first, then the most frequent ones."""
        scores = self.most_frequent(song).copy()
        scores[np.arange(len(scores)), song.chords[:-1]] += 1
        return scores

    def trigram(self, song: Example) -> Floats:
        """Probabilities after the two last chords, interpolated after Witten and Bell (1991)."""
        chords = song.chords
        single = (self.single + 1) / (self.single.sum() + SIZE)
        result = _interpolated(self.pairs[chords[:-1]].astype(float), single)
        third: dict[tuple[int, int], Floats] = {}
        for before, last, chord, count in self.triples.tolist():
            third.setdefault((before, last), np.zeros(SIZE))[chord] = count
        for row in range(1, len(result)):
            counts = third.get((int(chords[row - 1]), int(chords[row])))
            if counts is not None:
                result[row] = _interpolated(counts, result[row])
        return result


def _interpolated(counts: Floats, lower: Floats) -> Floats:
    """Counts (..., 159) mixed with the shorter context's belief, by how many kinds were seen."""
    kinds = (counts > 0).sum(-1, keepdims=True)
    total = counts.sum(-1, keepdims=True) + kinds
    return np.where(kinds > 0, (counts + kinds * lower) / np.maximum(total, 1), lower)
