"""Songs that are far from the rest of their data set, and in what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from scorelock.engine.vocabulary import N
from scorelock.training.dataset.counts import changes, scene_lengths
from scorelock.training.songs import Example

FEWEST: Final = 8
"""Songs: of fewer nobody can say what is usual."""
FAR: Final = 5.0
"""Robust deviations from the median: of a normal distribution one in two million is so far."""
TRAITS: Final[dict[str, tuple[str, float]]] = {
    "density": ("notes in a second", 0.5),
    "loudness": ("loudness, 0..1", 0.01),
    "changes": ("share of seconds with another chord", 0.02),
    "silence": ("share of seconds without a chord", 0.02),
    "motion": ("motion, 0..255", 0.5),
    "scene": ("seconds a scene", 2.0),
    "length": ("seconds", 30.0),
    "tuning": ("cents off A at 440 Hz", 2.0),
}
"""What is asked of each song: in words, and the least deviation that counts as one, which is what a
listener or a viewer takes for the same.
"""


@dataclass(frozen=True, slots=True)
class Outlier:
    """A song that is far from the rest.

    Attributes:
        song: its id.
        trait: of `TRAITS`.
        value: the song's.
        usual: the median of all.
        far: how many deviations lie between them, below 0 where the song's is less.
    """

    song: str
    trait: str
    value: float
    usual: float
    far: float

    def __str__(self) -> str:
        what, _ = TRAITS[self.trait]
        return f"{what}: {self.value:.3g}, usual is {self.usual:.3g} ({self.far:+.1f} deviations)"


def traits(song: Example, tuning_cents: float) -> dict[str, float]:
    """What is asked of each song."""
    return {
        "density": float(song.density.mean()),
        "loudness": float(song.loudness.mean()),
        "changes": changes(song),
        "silence": float(np.mean(song.chords == N)),
        "motion": float(song.features[:, -7].mean()),
        "scene": float(scene_lengths(song).mean()),
        "length": float(len(song.chords)),
        "tuning": tuning_cents,
    }


def find_outliers(songs: Sequence[tuple[str, Mapping[str, float]]]) -> list[Outlier]:
    """The songs, by id and traits, that are far from the rest; the farthest first.

    The distance is that from the median in median absolute deviations, scaled to a normal
    distribution's deviation (Iglewicz and Hoaglin 1993), which the outliers themselves do not move.
    """
    if len(songs) < FEWEST:
        return []
    found: list[Outlier] = []
    for trait, (_, least) in TRAITS.items():
        values = np.array([asked[trait] for _, asked in songs])
        usual = float(np.median(values))
        deviation = max(least, 1.4826 * float(np.median(np.abs(values - usual))))
        for (song, _), value in zip(songs, values.tolist(), strict=True):
            far = (value - usual) / deviation
            if abs(far) > FAR:
                found.append(Outlier(song, trait, value, usual, far))
    return sorted(found, key=lambda one: (-abs(one.far), one.song, one.trait))
