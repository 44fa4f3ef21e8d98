"""The biGRU regressor in PyTorch: film in, note density and loudness of each second out.

Kang, Poria and Herremans 2024, section 4.3; parameter names are those of the published checkpoint.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from scorelock.engine.features import WIDTH, Layout
from scorelock.training.amt import Standardise


@dataclass(frozen=True, slots=True)
class GruSizes:
    """Hidden units a direction, and layers."""

    layout: Layout
    hidden: int = 64
    layers: int = 2
    standardised: bool = True


class BiGru(nn.Module):
    """Raw features (B, T, F) to (B, T, 2): notes sounding, and loudness 0..1."""

    output_mean: Tensor
    output_std: Tensor

    def __init__(self, sizes: GruSizes, dropout: float = 0.0) -> None:
        super().__init__()
        self.sizes = sizes
        width = WIDTH[sizes.layout]
        if sizes.standardised:
            self.standardise = Standardise(width)
            self.register_buffer("output_mean", torch.zeros(2))
            self.register_buffer("output_std", torch.ones(2))
        self.bigru = nn.GRU(
            width,
            sizes.hidden,
            sizes.layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if sizes.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.bifc = nn.Linear(2 * sizes.hidden, 2)

    def raw(self, features: Tensor) -> Tensor:
        """(B, T, 2) in units of the targets' deviations; of the published model, the result."""
        if self.sizes.standardised:
            features = self.standardise(features)
        states, _ = self.bigru(features)
        return self.bifc(self.dropout(states))  # type: ignore[no-any-return]

    def forward(self, features: Tensor) -> Tensor:
        y = self.raw(features)
        return y * self.output_std + self.output_mean if self.sizes.standardised else y
