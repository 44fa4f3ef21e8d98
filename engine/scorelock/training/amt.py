"""The Affective Multimodal Transformer in PyTorch: film in the encoder, chords in the decoder.

Kang, Poria and Herremans 2024, section 4 (arXiv 2311.00968); parameter names are those of the
published checkpoint. Training runs the decoder on whole songs, composing runs it chord by chord on
a cache: both are the same `decode`, with t = 0 positions cached or more.

Shapes: B songs, T seconds of film, S new chords after t cached ones, L decoder layers, H heads of
width D, E = H * D.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.vocabulary import ATTRIBUTE_SIZE, ROOT_SIZE, SIZE

CLAMP: Final = 5.0
"""Standardised features beyond this many deviations say no more than the bound itself."""

FILM_ROWS: Final = 300
"""Rows that the published models see of every film, zeros after its end (Kang et al. 2024)."""


@dataclass(frozen=True, slots=True)
class AmtSizes:
    """What the shapes of an AMT follow from.

    A model of the published layout sees every film padded with zeros to its window, as the public
    one does; one of the picture layout never sees padded rows. `standardised` models carry the
    normalisation of their features, others have it in their weights.
    """

    layout: Layout
    d_model: int
    heads: int
    encoder_layers: int
    decoder_layers: int
    feed_forward: int
    window: int = FILM_ROWS
    standardised: bool = True

    @property
    def pad_to(self) -> int | None:
        """Rows that films are padded to with zeros, or None for exact rows."""
        return self.window if self.layout == "published" else None


def padded(features: Tensor, rows: int | None) -> Tensor:
    """Raw features (B, T, F) with rows of zeros after them up to `rows`."""
    return nn.functional.pad(features, (0, 0, 0, max(0, (rows or 0) - features.shape[1])))


class Standardise(nn.Module):
    """Raw features (..., F) to zero mean and unit deviation; the numbers are buffers.

    Of the picture layout the result is clamped. The published layout stays linear, so that it can
    be folded into the public weights, which know no normalisation.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        self.bound = CLAMP if layout == "picture" else None
        self.register_buffer("mean", torch.zeros(WIDTH[layout]))
        self.register_buffer("std", torch.ones(WIDTH[layout]))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.std
        return x if self.bound is None else x.clamp(-self.bound, self.bound)


class Positions(nn.Module):
    """Adds the sinusoids of Vaswani et al. 2017 (section 3.5) from position `start` on."""

    pe: Tensor

    def __init__(self, window: int, width: int, dropout: float) -> None:
        super().__init__()
        angle = torch.arange(window)[:, None] * torch.exp(
            torch.arange(0, width, 2) * (-math.log(10000.0) / width)
        )
        table = torch.stack([angle.sin(), angle.cos()], dim=-1).reshape(window, 1, width)
        self.register_buffer("pe", table)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, start: int = 0) -> Tensor:
        return self.dropout(x + self.pe[start : start + x.shape[1], 0])  # type: ignore[no-any-return]


def skew(relative: Tensor) -> Tensor:
    """Shift row s of (B, H, S, n) left by S - 1 - s: scores by distance to scores by position.

    The skewing of Huang et al. 2018 (Music Transformer, section 3.4.1) for S rows that end n; what
    lands right of the diagonal is left over from the next row and belongs to masked positions.
    """
    batch, heads, rows, n = relative.shape
    flat = nn.functional.pad(relative, (0, 1)).reshape(batch, heads, rows * (n + 1))
    return flat[..., rows - 1 : rows - 1 + rows * n].reshape(batch, heads, rows, n)


class Attention(nn.Module):
    """Multi-head attention, with relative positions when a window is given."""

    def __init__(self, width: int, heads: int, window: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        self.Er = None
        if window is not None:
            self.Er = nn.Parameter(torch.randn(window, width // heads) * 0.02)

    def _project(self, x: Tensor, first: int, last: int) -> tuple[Tensor, ...]:
        """Of query 0, key 1 and value 2 those from first to last, each (B, H, S, D)."""
        width = x.shape[-1]
        rows = slice(first * width, last * width)
        y = nn.functional.linear(x, self.in_proj_weight[rows], self.in_proj_bias[rows])
        split = y.reshape(*x.shape[:2], last - first, self.heads, width // self.heads)
        return split.permute(2, 0, 3, 1, 4).unbind(0)

    def keys_values(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (B, H, S, D) of inputs (B, S, E)."""
        key, value = self._project(x, 1, 3)
        return key, value

    def forward(self, x: Tensor, key: Tensor, value: Tensor, hidden: Tensor | None) -> Tensor:
        """Attend from (B, S, E) over keys (B, H, D, n) and values (B, H, n, D).

        `hidden` is True where a key must not be seen, broadcastable to (B, H, S, n).
        """
        (query,) = self._project(x, 0, 1)
        query = query * query.shape[-1] ** -0.5
        scores = query @ key
        if self.Er is not None:
            scores = scores + skew(query @ self.Er[self.Er.shape[0] - key.shape[-1] :].T)
        if hidden is not None:
            scores = scores.masked_fill(hidden, float("-inf"))
        mixed = scores.softmax(-1) @ value
        return self.out_proj(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


class FeedForward(nn.Module):
    """Base of both layers: two linear maps with a ReLU between them."""

    def __init__(self, sizes: AmtSizes, dropout: float) -> None:
        super().__init__()
        self.linear1 = nn.Linear(sizes.d_model, sizes.feed_forward)
        self.linear2 = nn.Linear(sizes.feed_forward, sizes.d_model)
        self.norm1 = nn.LayerNorm(sizes.d_model)
        self.norm2 = nn.LayerNorm(sizes.d_model)
        self.dropout = nn.Dropout(dropout)

    def feed(self, x: Tensor) -> Tensor:
        """(B, S, E) to (B, S, E)."""
        return self.dropout(self.linear2(self.dropout(self.linear1(x).relu())))  # type: ignore[no-any-return]


class EncoderLayer(FeedForward):
    """Self-attention over the film; the norm follows each sum."""

    def __init__(self, sizes: AmtSizes, dropout: float) -> None:
        super().__init__(sizes, dropout)
        self.self_attn = Attention(sizes.d_model, sizes.heads)

    def forward(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        key, value = self.self_attn.keys_values(x)
        attended = self.self_attn(x, key.transpose(-1, -2), value, hidden)
        x = self.norm1(x + self.dropout(attended))
        return self.norm2(x + self.feed(x))  # type: ignore[no-any-return]


class DecoderLayer(FeedForward):
    """Relative self-attention over the chords, attention over the film, feed-forward."""

    def __init__(self, sizes: AmtSizes, dropout: float) -> None:
        super().__init__(sizes, dropout)
        self.self_attn = Attention(sizes.d_model, sizes.heads, sizes.window)
        self.multihead_attn = Attention(sizes.d_model, sizes.heads)
        self.norm3 = nn.LayerNorm(sizes.d_model)

    def forward(
        self,
        x: Tensor,
        own: Sequence[Tensor],
        film: Sequence[Tensor],
        masks: tuple[Tensor, Tensor | None],
    ) -> Tensor:
        """Chords (B, S, E) over the keys and values of t + S chords and of the film's T rows."""
        x = self.norm1(x + self.dropout(self.self_attn(x, *own, masks[0])))
        x = self.norm2(x + self.dropout(self.multihead_attn(x, *film, masks[1])))
        return self.norm3(x + self.feed(x))  # type: ignore[no-any-return]


class Stack(nn.Module):
    """Layers and the norm after them, under the published names."""

    def __init__(self, layers: list[nn.Module], width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(width)


class Transformer(nn.Module):
    """Holds both stacks under the published names."""

    def __init__(self, sizes: AmtSizes, dropout: float) -> None:
        super().__init__()
        self.encoder = Stack(
            [EncoderLayer(sizes, dropout) for _ in range(sizes.encoder_layers)], sizes.d_model
        )
        self.decoder = Stack(
            [DecoderLayer(sizes, dropout) for _ in range(sizes.decoder_layers)], sizes.d_model
        )


class Amt(nn.Module):
    """The whole model; see `encode` and `decode`."""

    def __init__(self, sizes: AmtSizes, dropout: float = 0.1) -> None:
        super().__init__()
        self.sizes = sizes
        width = sizes.d_model
        if sizes.standardised:
            self.standardise = Standardise(sizes.layout)
        self.embedding_root = nn.Embedding(ROOT_SIZE, width)
        self.embedding_attr = nn.Embedding(ATTRIBUTE_SIZE, width)
        self.Linear_vis = nn.Linear(WIDTH[sizes.layout], width)
        self.Linear_chord = nn.Linear(width + 1, width)
        self.positional_encoding = Positions(sizes.window, width, dropout)
        self.positional_encoding_video = Positions(sizes.window, width, dropout)
        self.transformer = Transformer(sizes, dropout)
        self.Wout = nn.Linear(width, SIZE)

    def encode(self, features: Tensor, hidden: Tensor | None = None) -> list[Tensor]:
        """Raw features (B, T, F) to what the decoder attends to, layer after layer.

        They are each decoder layer's keys (B, H, D, T), as every step's product wants them, and its
        values (B, H, T, D).

        `hidden` is True at padded rows (B, T); the published layout has no such mask.
        """
        if self.sizes.standardised:
            features = self.standardise(features)
        mask = None if hidden is None else hidden[:, None, None, :]
        x = self.positional_encoding_video(self.Linear_vis(features))
        for layer in self.transformer.encoder.layers:
            x = layer(x, mask)
        x = self.transformer.encoder.norm(x)
        film = []
        for layer in self.transformer.decoder.layers:
            key, value = layer.multihead_attn.keys_values(x)  # type: ignore[union-attr, operator]
            film += [key.transpose(-1, -2), value]
        return film

    def decode(
        self,
        chords: tuple[Tensor, Tensor],
        minor: Tensor,
        cache: Sequence[Tensor] | Tensor,
        film: Sequence[Tensor],
        hidden: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Logits of the chord after each of S new ones.

        Args:
            chords: root ids and attribute ids, both (B, S).
            minor: 0.0 for C major, 1.0 for A minor, (B,).
            cache: keys and values of the chords before, layer by layer: 2 L of (t, B, H, D).
            film: what `encode` gave.
            hidden: True at padded rows of the film (B, T).

        Returns:
            logits (B, S, 159) and the cache's new rows (2 L, S, B, H, D).
        """
        root, attribute = chords
        start, steps = cache[0].shape[0], root.shape[1]
        chord = self.embedding_root(root) + self.embedding_attr(attribute)
        key = minor[:, None, None].expand(-1, steps, 1)
        x = self.Linear_chord(torch.cat([chord, key], dim=-1))
        x = self.positional_encoding(x, start)
        here = torch.arange(start, start + steps, device=x.device)[:, None]
        future = torch.arange(start + steps, device=x.device)[None, :] > here
        masks = (future, None if hidden is None else hidden[:, None, None, :])
        rows = []
        for index, layer in enumerate(self.transformer.decoder.layers):
            parts = slice(2 * index, 2 * index + 2)
            new = [part.permute(2, 0, 1, 3) for part in layer.self_attn.keys_values(x)]  # type: ignore[union-attr, operator]
            key, value = (torch.cat(pair) for pair in zip(cache[parts], new, strict=True))
            own = (key.permute(1, 2, 3, 0), value.permute(1, 2, 0, 3))
            x = layer(x, own, film[parts], masks)
            rows += new
        return self.Wout(self.transformer.decoder.norm(x)), torch.stack(rows)

    def empty_cache(self, batch: int) -> Tensor:
        """The cache before the first chord, (2 L, 0, B, H, D)."""
        sizes = self.sizes
        width = sizes.d_model // sizes.heads
        return torch.zeros(2 * sizes.decoder_layers, 0, batch, sizes.heads, width)

    def forward(
        self,
        features: Tensor,
        hidden: Tensor | None,
        chords: tuple[Tensor, Tensor],
        minor: Tensor,
    ) -> Tensor:
        """Teacher-forced logits (B, S, 159) of whole songs; `hidden` as in `encode`.

        The published layout sees its films padded to the window, without a mask.
        """
        if self.sizes.pad_to is not None:
            features, hidden = padded(features, self.sizes.pad_to), None
        cache = self.empty_cache(len(features)).to(features.device)
        logits, _ = self.decode(chords, minor, cache, self.encode(features, hidden), hidden)
        return logits
