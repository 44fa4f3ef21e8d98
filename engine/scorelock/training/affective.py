"""Which chords go with which emotion, as the paper's affective loss asks."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import QUALITIES, SIZE

AFFECT: Final[dict[str, tuple[str, ...]]] = {
    "exciting": ("maj", "sus4", "7"),
    "fearful": ("dim", "min7", "dim7", "hdim7"),
    "tense": ("dim", "sus4", "min7", "7"),
    "sad": ("min7", "min", "sus2"),
    "relaxing": ("maj", "maj6", "maj7"),
    "neutral": (),
}
"""Chord qualities that go with each emotion, on every root (the published training code)."""


def affect_table() -> NDArray[np.float32]:
    """(6, 159): 1 where a chord goes with an emotion."""
    table = np.zeros((len(AFFECT), SIZE), np.float32)
    for row, qualities in enumerate(AFFECT.values()):
        for quality in qualities:
            table[row, 1 + QUALITIES.index(quality) : 1 + 12 * len(QUALITIES) : len(QUALITIES)] = 1
    return table
