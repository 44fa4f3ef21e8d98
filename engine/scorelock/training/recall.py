"""Fits the weights of `scorelock.engine.recall` to songs that the chord model has not seen.

On its own training songs a chord model is surer than it will ever be again, so these are held-out
songs, and the scores are cross-fitted: each half of the songs by the weights of the other half.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from scorelock.engine.recall import DECAYS, GATE_FEATURES, LAG_FEATURES, Memory, RecallWeights
from scorelock.engine.vocabulary import SIZE

_TINY: Final = 1e-9
_START: Final = (1.0, *[2.0] * (len(DECAYS) - 1), 0.5, 0.0)


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Steps of Adam, songs a step, the peak of the learning rate, and the seed."""

    steps: int = 150
    songs: int = 12
    learning_rate: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """A song of T chords as the fit sees it, a row for each chord after the first.

    `lags` (T - 1, n, 7) and `proposed` (T - 1, n) as of `Memory.lags`, the rows padded to n lags
    with `real` (T - 1, n) False; `logits` (T - 1, 159) of the model and the `truth` (T - 1,).
    """

    lags: Tensor
    proposed: Tensor
    real: Tensor
    logits: Tensor
    truth: Tensor

    @classmethod
    def of(cls, logits: NDArray[np.float32], chords: NDArray[np.int64]) -> "Remembered":
        """Hear a song through."""
        memory = Memory()
        rows = []
        for chord in chords[:-1]:
            memory.hear(chord[None])
            rows.append(memory.lags())
        widest = max(1, *(proposed.shape[1] for _, proposed in rows))
        lags = np.zeros((len(rows), widest, LAG_FEATURES), np.float32)
        ids = np.zeros((len(rows), widest), np.int64)
        real = np.zeros((len(rows), widest), bool)
        for row, (features, proposed) in enumerate(rows):
            count = proposed.shape[1]
            lags[row, :count] = features[:, 0].T
            ids[row, :count] = proposed[0]
            real[row, :count] = True
        return cls(*map(torch.from_numpy, (lags, ids, real, logits, chords[1:])))


class Mixture(nn.Module):
    """The formula of `scorelock.engine.recall.Recall` with weights that have gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.lag = nn.Parameter(torch.tensor(_START))
        self.gate = nn.Parameter(torch.zeros(GATE_FEATURES))
        self.bias = nn.Parameter(torch.tensor(-1.5))
        self.sharpness = nn.Parameter(torch.tensor(1.0))

    def forward(self, song: Remembered) -> Tensor:
        """Log probabilities (T - 1, 159)."""
        model = (self.sharpness * song.logits).softmax(-1)
        scores = (song.lags @ self.lag).masked_fill(~song.real, -torch.inf)
        any_lag = song.real.any(-1, keepdim=True)
        attention = torch.where(any_lag, scores, 0.0).softmax(-1) * song.real
        copied = torch.zeros(len(model), SIZE).scatter_add(1, song.proposed, attention)
        inputs = torch.cat(
            [
                (song.lags[..., : len(DECAYS)] * attention[..., None]).sum(1),
                *(-(p * (p + _TINY).log()).sum(-1, keepdim=True) for p in (model, copied)),
                (model * copied).sum(-1, keepdim=True),
                torch.arange(len(model))[:, None] / 100,
            ],
            dim=1,
        )
        gate = torch.sigmoid(inputs @ self.gate + self.bias)[:, None] * any_lag
        return ((1 - gate) * model + gate * copied + _TINY).log()

    def weights(self) -> RecallWeights:
        """As plain values, rounded to what JSON need hold."""
        return RecallWeights(
            lag=tuple(round(w, 5) for w in self.lag.tolist()),
            gate=tuple(round(w, 5) for w in self.gate.tolist()),
            bias=round(self.bias.item(), 5),
            sharpness=round(self.sharpness.item(), 5),
        )


def fit(songs: Sequence[Remembered], settings: FitSettings) -> Mixture:
    """Least negative log-likelihood of the songs' own chords."""
    mixture = Mixture()
    optimiser = torch.optim.Adam(mixture.parameters())
    rng = np.random.default_rng(settings.seed)
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * (1 - step / settings.steps)
        chosen = rng.permutation(len(songs))[: settings.songs]
        losses = [
            nn.functional.nll_loss(mixture(songs[i]), songs[i].truth, reduction="none")
            for i in chosen
        ]
        optimiser.zero_grad()
        torch.cat(losses).mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return mixture


def cross_fitted(songs: Sequence[Remembered], settings: FitSettings) -> list[NDArray[np.float32]]:
    """Log probabilities (T - 1, 159) of each song, by weights fitted to the other half of them."""
    results: dict[int, NDArray[np.float32]] = {}
    for first in (0, 1):
        mixture = fit(songs[first::2], settings)
        with torch.inference_mode():
            for index in range(1 - first, len(songs), 2):
                results[index] = mixture(songs[index]).numpy()
    return [results[index] for index in range(len(songs))]
