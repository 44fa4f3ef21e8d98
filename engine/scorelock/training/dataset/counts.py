"""What songs are like, counted: the same counts of one's own songs and of MuVi-Sync's.

`muvisync.json` beside this file holds what `Counts` gives for the 672 songs of MuVi-Sync's train
and val splits (Kang, Poria and Herremans 2024, Zenodo 10057093): numbers of seconds, scenes and
songs in each bin, and nothing of any one song.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS
from scorelock.engine.vocabulary import QUALITIES, ROOTS, N
from scorelock.training.songs import Example

REFERENCE: Final = "muvisync.json"

EDGES: Final[dict[str, tuple[float, ...]]] = {
    "density": tuple(range(0, 42, 2)),
    "loudness": tuple(np.arange(0, 0.61, 0.04).round(2).tolist()),
    "motion": (0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256),
    "scene": (0, 1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 120, 300),
    "changes": tuple(np.arange(0, 1.01, 0.05).round(2).tolist()),
    "length": (0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 360, 420, 600),
}
"""Where the bins of what is measured begin; the last edge ends the last one, which holds all above.

density: notes that sound in a second; loudness: 0..1 in a second; motion: 0..255 in a second;
scene: seconds that one lasts; changes: share of a song's seconds with another chord than the one
before; length: seconds of a song.
"""
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "quality": ("N", *QUALITIES),
    "root": ROOTS,
    "emotion": EMOTIONS,
    "mode": ("major", "minor"),
}
"""What is counted by name: a second's chord in C major or A minor, its likeliest emotion; a song's
mode.
"""
_SIZES: Final = {name: len(edges) - 1 for name, edges in EDGES.items()} | {
    name: len(names) for name, names in NAMES.items()
}


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are in each bin.

    Attributes:
        songs: that were counted.
        seconds: in all.
        bins: by the names of `EDGES` and `NAMES`, how many there are in each bin.
    """

    songs: int
    seconds: int
    bins: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, song: Example) -> Self:
        """Count what one song has."""
        bins = {name: np.zeros(size, np.int64) for name, size in _SIZES.items()}
        for name, values in _measured(song).items():
            inside = np.clip(values, EDGES[name][0], EDGES[name][-1])
            bins[name] += np.histogram(inside, EDGES[name])[0]
        for name, indices in _named(song).items():
            bins[name] += np.bincount(indices, minlength=_SIZES[name])
        return cls(1, len(song.chords), bins)

    @classmethod
    def together(cls, counts: Iterable["Counts"]) -> Self:
        """Of many songs together."""
        songs, seconds = 0, 0
        bins = {name: np.zeros(size, np.int64) for name, size in _SIZES.items()}
        for one in counts:
            songs, seconds = songs + one.songs, seconds + one.seconds
            for name, values in one.bins.items():
                bins[name] += values
        return cls(songs, seconds, bins)

    def share(self, name: str) -> NDArray[np.float64]:
        """Of each bin, together 1; all 0 where nothing was counted."""
        bins = self.bins[name]
        shares: NDArray[np.float64] = bins / max(1, bins.sum())
        return shares

    def as_json(self) -> dict[str, Any]:
        """As numbers and lists."""
        bins = {name: values.tolist() for name, values in self.bins.items()}
        return {"songs": self.songs, "seconds": self.seconds, "bins": bins}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """The way back."""
        bins = {name: np.array(values, np.int64) for name, values in told["bins"].items()}
        return cls(told["songs"], told["seconds"], bins)


def muvisync() -> Counts:
    """MuVi-Sync's."""
    text = files(__package__).joinpath(REFERENCE).read_text(encoding="utf-8")
    return Counts.from_json(json.loads(text))


def scene_lengths(song: Example) -> NDArray[np.float64]:
    """Seconds of each scene, by rows whose offset is no more than that of the row before."""
    offset = song.features[:, -8]
    begins = np.flatnonzero(np.diff(offset, prepend=np.inf) <= 0)
    return np.diff(np.append(begins, len(offset))).astype(np.float64)


def changes(song: Example) -> float:
    """The share of seconds with another chord than the one before, 0..1."""
    return float(np.mean(song.chords[1:] != song.chords[:-1])) if len(song.chords) > 1 else 0.0


def _measured(song: Example) -> dict[str, NDArray[Any]]:
    return {
        "density": song.density,
        "loudness": song.loudness,
        "motion": song.features[:, -7],
        "scene": scene_lengths(song),
        "changes": np.array([changes(song)]),
        "length": np.array([len(song.chords)]),
    }


def _named(song: Example) -> dict[str, NDArray[np.int64]]:
    root, quality = np.divmod(song.chords[song.chords != N] - 1, len(QUALITIES))
    silent = np.zeros(len(song.chords) - len(quality), np.int64)
    return {
        "quality": np.concatenate([silent, quality + 1]),
        "root": root,
        "emotion": song.features[:, -6:].argmax(axis=1),
        "mode": np.array([int(song.minor)]),
    }
