"""Density and loudness from a second's surroundings: where it lies in the film and what is around.

A recurrent network learns little from 600 songs with so noisy a target; told outright how far the
beginning and the end are, how fast the cutting is and what the film is like on the whole, a small
network explains nearly twice as much (see examples/training/README.md).

Shapes: B films, T seconds, F raw features, C features of the surroundings.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from scorelock.engine.features import SEMANTIC_WIDTH, Layout

CLAMP: Final = 5.0
_PLACES: Final = 8
NEAR_CUTS, FAR_CUTS = 4, 15
NEAR_MOTION, FAR_MOTION = 1, 8
MOOD: Final = 8
SCENE: Final = 4
"""Seconds to both sides that are averaged over."""

_SEMANTIC: Final = 0.12
"""Deviation to which CLIP's columns are brought, against 1 of the others (chosen on val)."""
_PLAIN: Final = _PLACES + 1 + 2 + 2 + 2 + 3 * 6


@dataclass(frozen=True, slots=True)
class SurroundSizes:
    """Hidden units; `inner` is the share of the surroundings that training leaves out at random."""

    layout: Layout
    hidden: int = 128
    inner: float = 0.1

    @property
    def pad_to(self) -> int | None:
        """Films are never padded: how long they are says much."""
        return None

    @property
    def width(self) -> int:
        """C."""
        return _PLAIN + (2 * SEMANTIC_WIDTH if self.layout == "published" else 0)


class Surround(nn.Module):
    """Raw features (B, T, F) to (B, T, 2): notes sounding, and loudness 0..1."""

    mean: Tensor
    std: Tensor
    output_mean: Tensor
    output_std: Tensor

    def __init__(self, sizes: SurroundSizes, dropout: float = 0.0) -> None:
        super().__init__()
        self.sizes = sizes
        self.register_buffer("mean", torch.zeros(sizes.width))
        self.register_buffer("std", torch.ones(sizes.width))
        self.register_buffer("output_mean", torch.zeros(2))
        self.register_buffer("output_std", torch.ones(2))
        self.leave_out = nn.Dropout(sizes.inner)
        self.straight = nn.Linear(sizes.width, 2)
        self.bent = nn.Linear(sizes.width, sizes.hidden)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(sizes.hidden, 2)

    @property
    def readouts(self) -> tuple[nn.Linear, ...]:
        """The layers whose sum is the result, in deviations of the targets."""
        return (self.straight, self.out)

    def forward(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """`hidden` (B, T) is True at rows after a film's end, which are not read."""
        return self.regress(features, hidden)

    def regress(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """As `forward`."""
        x = ((self.surroundings(features, hidden) - self.mean) / self.std).clamp(-CLAMP, CLAMP)
        y = self.straight(x) + self.out(self.dropout(self.bent(self.leave_out(x)).relu()))
        return y * self.output_std + self.output_mean  # type: ignore[no-any-return]

    def surroundings(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Of raw features (B, T, F), before normalisation, (B, T, C)."""
        real = torch.ones_like(features[..., :1])
        if hidden is not None:
            real = (~hidden)[..., None].to(features.dtype)
        offset, motion, emotion = features[..., -8:-7], features[..., -7:-6], features[..., -6:]
        cut = (offset < 1.5).to(features.dtype) * real  # scene offset + 1: a scene's first second
        parts = [
            _places(real),
            offset.clamp(max=30) / 10,
            _around(cut, real, NEAR_CUTS),
            _around(cut, real, FAR_CUTS),
            _around(motion, real, NEAR_MOTION) / 20,
            _around(motion, real, FAR_MOTION) / 20,
            _whole(torch.cat([motion / 20, cut], dim=-1), real),
            emotion,
            _around(emotion, real, MOOD),
            _whole(emotion, real),
        ]
        if self.sizes.layout == "published":
            semantic = features[..., :SEMANTIC_WIDTH]
            film = _whole(semantic, real)
            parts += [film, _around(semantic, real, SCENE) - film]
        return torch.cat(parts, dim=-1)


def _places(real: Tensor) -> Tensor:
    """How far a second is from both ends of its film, (B, T, 8)."""
    length = real.sum(1, keepdim=True)
    second = real.cumsum(1) - 1
    left = (length - 1 - second).clamp(min=0)
    share = second / length
    return torch.cat(
        [
            second.clamp(max=40) / 40,
            (-second / 5).exp(),
            (-second / 15).exp(),
            (-left / 5).exp(),
            (-left / 15).exp(),
            share,
            share**2,
            (length / 300).expand_as(second),
        ],
        dim=-1,
    )


def _around(rows: Tensor, real: Tensor, reach: int) -> Tensor:
    """Mean (B, T, n) over the real rows at most `reach` seconds away."""

    def pooled(x: Tensor) -> Tensor:
        y = functional.avg_pool1d(x.transpose(1, 2), 2 * reach + 1, stride=1, padding=reach)
        return y.transpose(1, 2)

    return pooled(rows * real) / pooled(real).clamp(min=1e-6)


def _whole(rows: Tensor, real: Tensor) -> Tensor:
    """Mean over the film's real rows, at every row, (B, T, n)."""
    mean = (rows * real).sum(1, keepdim=True) / real.sum(1, keepdim=True).clamp(min=1)
    return mean.expand_as(rows)


def fit_normalisation(model: Surround, films: list[Tensor]) -> None:
    """Take mean and deviation of the surroundings from raw features (T, F) of some films.

    CLIP's 1536 columns keep one common scale, since their variance lies in few directions, and a
    small one: Adam moves every column alike, so that many small ones add up to long steps.
    """
    with torch.inference_mode():
        rows = torch.cat([model.surroundings(film[None])[0] for film in films]).double()
    model.mean.copy_(rows.mean(0))
    std = rows.std(0)
    model.std.copy_(torch.where(std < 1e-6, 1.0, std))
    if model.sizes.layout == "published":
        model.std[_PLAIN:] = std[_PLAIN:].square().mean().sqrt() / _SEMANTIC
