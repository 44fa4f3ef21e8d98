"""Models of density and loudness: the paper's biGRU and the one that ships, by one name."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import bigru_from_state, surround_from_state
from scorelock.training.songs import Example
from scorelock.training.surround import Surround, SurroundSizes, fit_normalisation
from scorelock.training.train import fit_standardise, fit_targets

Regressor = BiGru | Surround

SPREAD = 0.52
"""Least deviation of what is predicted, against that of the truth.

What is least wrong on average hardly moves: its deviation is the correlation, about 0.4. A score
wants contrast, so it is widened to a bit more than half, at a cost of about 1 % in RMSE.
"""


def new_regressor(
    sizes: GruSizes | SurroundSizes, dropout: float, songs: Sequence[Example]
) -> Regressor:
    """An untrained model, its units those of the training songs."""
    if isinstance(sizes, SurroundSizes):
        surround = Surround(sizes, dropout)
        fit_normalisation(surround, [torch.from_numpy(s.features) for s in songs if s.film])
        fit_targets(surround, songs)
        return surround
    bigru = BiGru(sizes, dropout)
    if sizes.standardised:
        fit_standardise(bigru.standardise, songs)
        fit_targets(bigru, songs)
    return bigru


def regressor_from_state(state: Mapping[str, Tensor]) -> Regressor:
    """A trained model, its kind and sizes read off the tensors.

    Raises:
        BadBundle: tensors are missing, unknown or of another shape; the message lists them.
    """
    return surround_from_state(state) if "straight.weight" in state else bigru_from_state(state)


def predicted(model: Regressor, songs: Sequence[Example]) -> list[NDArray[np.float32]]:
    """(T, 2) of each song."""
    model.eval()
    with torch.inference_mode():
        return [model(torch.from_numpy(song.features)[None])[0].numpy() for song in songs]


def widen(model: Regressor, held_out: Sequence[Example]) -> list[float]:
    """Widen predictions about the mean to `SPREAD` where they are narrower; returns the factors.

    A biGRU that is not standardised stays as it is: its last layer holds the mean, too.
    """
    if isinstance(model, BiGru) and not model.sizes.standardised:
        return [1.0, 1.0]
    guesses = np.concatenate(predicted(model, held_out)).std(axis=0)
    factors = []
    for column, name in enumerate(("density", "loudness")):
        truth = np.nanstd(np.concatenate([getattr(song, name) for song in held_out]))
        factor = max(1.0, SPREAD * float(truth) / max(float(guesses[column]), 1e-9))
        for layer in model.readouts:
            layer.weight.data[column] *= factor
            layer.bias.data[column] *= factor
        factors.append(factor)
    return factors
