"""Note density second by second, as Video2Music counts it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.heard import HeardNote

FAINTEST: Final = 0.38
"""Strength; what is heard fainter is more often an overtone or an echo than a note."""
EARLY_S: Final = 0.04
"""A note may be heard so much before it begins."""
RING_S: Final = 0.1
"""A note is heard to ring on for so long after it was let go."""


def as_played(notes: Iterable[HeardNote]) -> Iterator[HeardNote]:
    """What was played, most likely, of what was heard: music begins and ends notes with its beats,
    and one that is heard a little beyond a second's edge would count in two.

    The three numbers are those that bring the density of rendered scores nearest to the truth.
    """
    for note in notes:
        if note.strength >= FAINTEST:
            onset_s = note.onset_s + EARLY_S
            yield replace(note, onset_s=onset_s, end_s=max(onset_s + EARLY_S, note.end_s - RING_S))


def density(notes: Iterable[HeardNote], seconds: int) -> NDArray[np.float32]:
    """(seconds,) float32: how many notes sound in each second, be it for a part of it."""
    begun = np.zeros(seconds + 1, np.int64)
    for note in notes:
        begun[min(int(note.onset_s), seconds)] += 1
        begun[min(int(np.ceil(note.end_s)), seconds)] -= 1
    return np.cumsum(begun[:-1]).astype(np.float32)
