"""Note density second by second, as Video2Music counts it.

A transcriber misses notes, hears overtones as notes, and hears them ring on; how much of each
depends on the instruments and the room. So the count of what it hears is only told, among other
things, to a small network that was fitted to rendered music (`density_weights.json`, made by
`scorelock.export.fit_density`) and believes each count so far.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.heard import PITCHES, HeardNote, Transcription

WEIGHTS: Final = Path(__file__).with_name("density_weights.json")
MOST: Final = 40
"""Notes in a second that are told apart; more count as so many."""
NEAR: Final = 0.2
"""A count is right within this share of the truth."""
EXACT: Final = 0.1
"""What the very count is worth beside one that is as near as `NEAR`."""
AROUND_S: Final = 24
"""Seconds before and after one that it is compared with: together as long as the pieces that the
network was fitted to."""

FAINTEST: Final = 0.38
"""Strength; what is heard fainter is more often an overtone or an echo than a note."""
EARLY_S: Final = 0.04
"""A note may be heard so much before it begins."""
RING_S: Final = 0.1
"""A note is heard to ring on for so long after it was let go."""

_FAINTEST: Final = (0.0, 0.3, FAINTEST, 0.45, 0.55)
_RINGS_S: Final = (0.0, RING_S, 0.25)
_SURE: Final = np.arange(2, 9, dtype=np.float32) / 10
_OCTAVES: Final = np.arange(0, 84, 12)
_EDGE: Final = 6
"""Frames (70 ms) at either end of a second."""

Told = NDArray[np.float32]
"""(T, F): what is told of each second."""


def as_played(
    notes: Iterable[HeardNote], faintest: float = FAINTEST, ring_s: float = RING_S
) -> Iterator[HeardNote]:
    """What was played, most likely, of what was heard: music begins and ends notes with its beats,
    and one that is heard a little beyond a second's edge would count in two.

    The three numbers are those that bring the density of rendered scores nearest to the truth.
    """
    for note in notes:
        if note.strength >= faintest:
            onset_s = note.onset_s + EARLY_S
            yield replace(note, onset_s=onset_s, end_s=max(onset_s + EARLY_S, note.end_s - ring_s))


def density(notes: Iterable[HeardNote], seconds: int) -> NDArray[np.float32]:
    """(seconds,) float32: how many notes sound in each second, be it for a part of it."""
    begun = np.zeros(seconds + 1, np.int64)
    for note in notes:
        begun[min(int(note.onset_s), seconds)] += 1
        begun[min(int(np.ceil(note.end_s)), seconds)] -= 1
    return np.cumsum(begun[:-1]).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Counter:
    """A network of one hidden layer: weights (F, H), biases (H,), then (H, 41), (41,)."""

    inward: NDArray[np.float32]
    thresholds: NDArray[np.float32]
    outward: NDArray[np.float32]
    biases: NDArray[np.float32]

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """From the weights by their names here."""
        return cls(**{name: np.array(kept[name], np.float32) for name in cls.__slots__})

    def kept(self) -> dict[str, Any]:
        """The weights by their names here, of three decimals each."""
        return {
            name: np.round(getattr(self, name).astype(float), 3).tolist() for name in self.__slots__
        }

    @classmethod
    @cache
    def fitted(cls) -> Self:
        """The weights that ship."""
        return cls.of(json.loads(WEIGHTS.read_text(encoding="utf-8")))

    def count(self, told: Told) -> NDArray[np.float32]:
        """(T,) the count that is most likely near the truth, in seconds of which this is told."""
        worth = self.believe(told) @ _worth()
        counts: NDArray[np.float32] = worth.argmax(axis=1).astype(np.float32)
        return counts

    def believe(self, told: Told) -> NDArray[np.float32]:
        """(T, 41) how likely each count from 0 is in seconds of which this is told, in context."""
        hidden = np.maximum(told @ self.inward + self.thresholds, 0)
        scores = hidden @ self.outward + self.biases
        chances: NDArray[np.float32] = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        return chances


def density_of(
    heard: Transcription, seconds: int, counter: Counter | None = None
) -> NDArray[np.float32]:
    """(seconds,) float32: how many notes sound in each second, most likely; 0 where none is heard.

    The counter is the one that ships unless another is given.
    """
    if not seconds:
        return np.zeros(0, np.float32)
    counts = (counter or Counter.fitted()).count(in_context(told_of(heard, seconds)))
    counts[density(heard.notes, seconds) == 0] = 0
    return counts


@cache
def _worth() -> NDArray[np.float32]:
    """(41, 41) what telling the second is worth where the first is true."""
    true, told = np.arange(MOST + 1)[:, None], np.arange(MOST + 1)
    near, exact = np.abs(told - true) <= NEAR * true, told == true
    worth: NDArray[np.float32] = (near + EXACT * exact).astype(np.float32)
    return worth


def in_context(told: Told) -> Told:
    """(T, 4 F): each second, those beside it, and the mean of those `AROUND_S` before to after it
    in which there is anything to tell.
    """
    seconds = np.arange(len(told))
    sums = np.zeros((len(told) + 1, told.shape[1] + 1))
    np.cumsum(np.column_stack([told, told.any(axis=1)]), axis=0, out=sums[1:])
    first, last = np.maximum(seconds - AROUND_S, 0), np.minimum(seconds + AROUND_S + 1, len(told))
    around = sums[last] - sums[first]
    mean = around[:, :-1] / np.maximum(around[:, -1:], 1)
    before, after = np.maximum(seconds - 1, 0), np.minimum(seconds + 1, len(told) - 1)
    return np.concatenate([told, told[before], told[after], mean], axis=1, dtype=np.float32)


def told_of(heard: Transcription, seconds: int) -> Told:
    """(seconds, 52) what there is to count by, as logarithms: the error that matters is a share."""
    peaks = _peaks(heard.onsets)
    edges = np.round(np.arange(seconds + 1) / heard.frame_s).astype(int).clip(max=len(peaks))
    none = np.zeros((1, PITCHES), np.float32)
    sounds = [
        _told_of_second(*(s[first:last] if last > first else none for s in (heard.activity, peaks)))
        for first, last in pairwise(edges)
    ]
    counts = [
        density(as_played(heard.notes, faintest, ring_s), seconds)
        for faintest in _FAINTEST
        for ring_s in _RINGS_S
    ]
    told = np.column_stack([*counts, np.reshape(sounds, (seconds, -1))])
    logarithms: Told = np.log1p(told).astype(np.float32)
    return logarithms


def _peaks(onsets: NDArray[np.float32]) -> NDArray[np.float32]:
    """(F, 88) the onsets where they are surest, 0 elsewhere."""
    peaks = np.zeros_like(onsets)
    here = onsets[1:-1]
    peaks[1:-1] = np.where((here >= onsets[:-2]) & (here > onsets[2:]), here, 0)
    return peaks


def _told_of_second(
    activity: NDArray[np.float32], peaks: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(37,) how much sounds and begins in a second, how many pitches do so surely, and where."""
    surest, mean = activity.max(axis=0), activity.mean(axis=0)
    ends = (activity[:_EDGE], activity[-_EDGE:], activity)
    return np.array(
        [
            *(surest.sum(), mean.sum(), peaks.sum()),
            *((frames > 0.3).sum(axis=1).mean() for frames in ends),
            *(surest > _SURE[:, None]).sum(axis=1),
            *(mean > _SURE[:3, None]).sum(axis=1),
            *(peaks > _SURE[:, None, None]).sum(axis=(1, 2)),
            *np.add.reduceat(surest, _OCTAVES),
            *np.add.reduceat(peaks.sum(axis=0), _OCTAVES),
        ]
    )
