"""What training minimises."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from scorelock.engine.vocabulary import PAD, QUALITIES, SIZE

AFFECT: Final[dict[str, tuple[str, ...]]] = {
    "exciting": ("maj", "sus4", "7"),
    "fearful": ("dim", "min7", "dim7", "hdim7"),
    "tense": ("dim", "sus4", "min7", "7"),
    "sad": ("min7", "min", "sus2"),
    "relaxing": ("maj", "maj6", "maj7"),
    "neutral": (),
}
"""Chord qualities that go with each emotion, on every root (the published training code)."""


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Shares of the two losses (published: 0.4 and 0.6) and the smoothing of the first."""

    chord: float = 0.4
    affect: float = 0.6
    label_smoothing: float = 0.0


def affect_table() -> Tensor:
    """(6, 159): 1 where a chord goes with an emotion."""
    table = torch.zeros(len(AFFECT), SIZE)
    for row, qualities in enumerate(AFFECT.values()):
        for quality in qualities:
            table[row, 1 + QUALITIES.index(quality) : 1 + 12 * len(QUALITIES) : len(QUALITIES)] = 1
    return table


_TABLE = affect_table()


def chord_loss(
    logits: Tensor, chords: Tensor, emotion: Tensor, film: Tensor, weights: LossWeights
) -> Tensor:
    """Cross-entropy of the chord, and binary cross-entropy to the set its second's emotion asks.

    Args:
        logits: (B, T, 159).
        chords: the chords to be found, (B, T), PAD where there is none.
        emotion: (B, T, 6) of the same seconds; the most probable one decides.
        film: (B,) False leaves a song out of the affective loss.
        weights: of the two.
    """
    real = chords != PAD
    exact = functional.cross_entropy(
        logits[real], chords[real], label_smoothing=weights.label_smoothing
    )
    felt = real & film[:, None]
    if not weights.affect or not felt.any():
        return weights.chord * exact
    affect = functional.binary_cross_entropy_with_logits(
        logits[felt], _TABLE[emotion[felt].argmax(-1)]
    )
    return weights.chord * exact + weights.affect * affect


def dynamics_loss(predicted: Tensor, targets: Tensor) -> Tensor:
    """Mean squared error over the entries that are known (not NaN); shapes alike."""
    known = ~targets.isnan()
    return functional.mse_loss(predicted[known], targets[known])
