"""What training minimises."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from scorelock.engine.vocabulary import PAD, SIZE
from scorelock.training.affective import affect_table

_TABLE: Final = torch.from_numpy(affect_table())


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Shares of the two losses (published: 0.4 and 0.6) and the smoothing of the first."""

    chord: float = 0.4
    affect: float = 0.6
    label_smoothing: float = 0.0


def chord_sums(
    logits: Tensor, chords: Tensor, emotion: Tensor, film: Tensor, label_smoothing: float = 0.0
) -> Tensor:
    """The two losses added up over a batch, (2,); `chord_entries` says over how many terms.

    They are the cross-entropy of the chord, and the binary cross-entropy to the set of chords that
    the emotion of its second asks for.

    Args:
        logits: (B, T, 159).
        chords: the chords to be found, (B, T), PAD where there is none.
        emotion: (B, T, 6) of the same seconds; the most probable one decides.
        film: (B,) False leaves a song out of the affective loss.
        label_smoothing: of the cross-entropy, 0..1.
    """
    real = chords != PAD
    felt = real & film[:, None]
    exact = functional.cross_entropy(
        logits[real], chords[real], label_smoothing=label_smoothing, reduction="sum"
    )
    affect = functional.binary_cross_entropy_with_logits(
        logits[felt], _TABLE.to(logits.device)[emotion[felt].argmax(-1)], reduction="sum"
    )
    return torch.stack([exact, affect])


def chord_entries(chords: Tensor, film: Tensor) -> Tensor:
    """Terms of each sum that `chord_sums` gives, (2,)."""
    real = chords != PAD
    return torch.stack([real.sum(), SIZE * (real & film[:, None]).sum()])


def dynamics_sums(predicted: Tensor, targets: Tensor, unit: Tensor) -> Tensor:
    """Squared errors in units (2,) of the targets, added up over the known entries, (1,).

    `predicted` and `targets` are (B, T, 2); NaN stands where a target is not known.
    """
    errors = (predicted - targets) / unit
    return errors[~targets.isnan()].square().sum()[None]


def dynamics_entries(targets: Tensor) -> Tensor:
    """Terms of the sum that `dynamics_sums` gives, (1,)."""
    return (~targets.isnan()).sum()[None]
