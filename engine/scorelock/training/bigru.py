"""The biGRU regressor in PyTorch: film in, note density and loudness of each second out.

Kang, Poria and Herremans 2024, section 4.3; parameter names are those of the published checkpoint.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from scorelock.engine.features import WIDTH, Layout
from scorelock.training.amt import FILM_ROWS, Standardise, padded


@dataclass(frozen=True, slots=True)
class GruSizes:
    """Hidden units a direction, and layers; `layout` and `standardised` as in `AmtSizes`."""

    layout: Layout
    hidden: int = 64
    layers: int = 2
    standardised: bool = True

    @property
    def pad_to(self) -> int | None:
        """Rows that films are padded to with zeros, or None for exact rows."""
        return FILM_ROWS if self.layout == "published" else None


class BiGru(nn.Module):
    """Raw features (B, T, F) to (B, T, 2): notes sounding, and loudness 0..1."""

    output_mean: Tensor
    output_std: Tensor

    def __init__(self, sizes: GruSizes, dropout: float = 0.0) -> None:
        super().__init__()
        self.sizes = sizes
        if sizes.standardised:
            self.standardise = Standardise(sizes.layout)
            self.register_buffer("output_mean", torch.zeros(2))
            self.register_buffer("output_std", torch.ones(2))
        self.bigru = nn.GRU(
            WIDTH[sizes.layout],
            sizes.hidden,
            sizes.layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if sizes.layers > 1 else 0.0,
        )
        self.dropout = nn.Dropout(dropout)
        self.bifc = nn.Linear(2 * sizes.hidden, 2)

    @property
    def readouts(self) -> tuple[nn.Linear, ...]:
        """The layers whose sum is the result, in deviations of the targets where standardised."""
        return (self.bifc,)

    def regress(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """(B, T, 2) of the rows as they are; rows where `hidden` (B, T) is True are not read."""
        if self.sizes.standardised:
            features = self.standardise(features)
        if hidden is None:
            states, _ = self.bigru(features)
        else:
            lengths = (~hidden).sum(1).cpu()
            packed = pack_padded_sequence(features, lengths, True, enforce_sorted=False)
            states, _ = pad_packed_sequence(
                self.bigru(packed)[0], batch_first=True, total_length=features.shape[1]
            )
        y: Tensor = self.bifc(self.dropout(states))
        return y * self.output_std + self.output_mean if self.sizes.standardised else y

    def forward(self, features: Tensor, hidden: Tensor | None = None) -> Tensor:
        """Of whole films; the published layout sees them padded, without a mask."""
        if self.sizes.pad_to is None:
            return self.regress(features, hidden)
        return self.regress(padded(features, self.sizes.pad_to))[:, : features.shape[1]]
