"""Errors of density and loudness, over real seconds and as the public code takes them."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.training.songs import Example

Rows = NDArray[np.floating]

PADDED: Final = 300
"""Rows to which the public code pads each song with zeros, predicted as zero there."""


def dynamics_scores(predicted: Sequence[Rows], songs: Sequence[Example]) -> dict[str, float]:
    """RMSE, R2, correlation and relative spread of (T, 2) a song, for density and loudness.

    `_rmse` and the rest are over all known seconds of all songs; `_rmse_padded` is the mean over
    songs of the RMSE over 300 rows.
    """
    result: dict[str, float] = {}
    for column, name in enumerate(("density", "loudness")):
        truth = [getattr(song, name).astype(np.float64) for song in songs]
        known = [np.isfinite(t) for t in truth]
        guess = [p[:, column][k].astype(np.float64) for p, k in zip(predicted, known, strict=True)]
        real = [t[k] for t, k in zip(truth, known, strict=True)]
        errors = [g - r for g, r in zip(guess, real, strict=True)]
        x, y = np.concatenate(guess), np.concatenate(real)
        mse = float(np.square(np.concatenate(errors)).mean())
        result[f"{name}_rmse"] = mse**0.5
        result[f"{name}_rmse_padded"] = float(
            np.mean([np.sqrt(np.square(e).sum() / PADDED) for e in errors])
        )
        result[f"{name}_r2"] = 1 - mse / float(y.var())
        result[f"{name}_spread"] = float(x.std() / y.std())
        if x.std() > 0:
            result[f"{name}_correlation"] = float(np.corrcoef(x, y)[0, 1])
    return result
