"""Songs to batches: varied, cropped, padded, with their lengths."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import torch
from torch import Tensor

from scorelock.engine.vocabulary import PAD, decomposed
from scorelock.training.songs import Example


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B songs padded to T seconds.

    `features` (B, T, F) with zeros, `chords` (B, T) with PAD, `targets` (B, T, 2) density and
    loudness with NaN; `hidden` (B, T) is True at padded rows; `film` and `minor` are (B,).
    """

    features: Tensor
    hidden: Tensor
    film: Tensor
    minor: Tensor
    chords: Tensor
    targets: Tensor

    @classmethod
    def of(cls, songs: Sequence[Example]) -> "Batch":
        """Pad songs to the longest."""
        longest = max(len(song.chords) for song in songs)
        shape = (len(songs), longest)
        features = torch.zeros(*shape, songs[0].features.shape[1])
        hidden = torch.ones(shape, dtype=torch.bool)
        chords = torch.full(shape, PAD)
        targets = torch.full((*shape, 2), float("nan"))
        for row, song in enumerate(songs):
            end = len(song.chords)
            features[row, :end] = torch.from_numpy(song.features)
            hidden[row, :end] = False
            chords[row, :end] = torch.from_numpy(song.chords)
            targets[row, :end, 0] = torch.from_numpy(song.density)
            targets[row, :end, 1] = torch.from_numpy(song.loudness)
        film = torch.tensor([song.film for song in songs])
        minor = torch.tensor([float(song.minor) for song in songs])
        return cls(features, hidden, film, minor, chords, targets)

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))

    def share(self, rank: int, world: int) -> "Batch":
        """The songs that fall to one of `world` processes.

        Where none does it is one with nothing to be learned, as all must take part in a step.
        """
        rows = slice(rank, None, world) if rank < len(self.chords) else slice(1)
        part = Batch(*(getattr(self, field.name)[rows] for field in fields(self)))
        if rank < len(self.chords):
            return part
        nothing = torch.full_like(part.targets, float("nan"))
        return replace(part, chords=torch.full_like(part.chords, PAD), targets=nothing)

    @property
    def emotion(self) -> Tensor:
        """The last six features of every row, (B, T, 6)."""
        return self.features[..., -6:]


_ROOTS, _ATTRIBUTES = (torch.from_numpy(ids) for ids in decomposed())


def split_tokens(chords: Tensor) -> tuple[Tensor, Tensor]:
    """Root ids and attribute ids of tokens, of the same shape."""
    return _ROOTS.to(chords.device)[chords], _ATTRIBUTES.to(chords.device)[chords]


SHORTEST: Final = 4
"""Seconds of an excerpt, at least."""


@dataclass(frozen=True, slots=True)
class Augment:
    """How songs are varied from epoch to epoch.

    Attributes:
        no_film: share of the films that is hidden, so that the model also learns what it would do
            without, which guidance at composing time needs.
        stretch: songs last up to this factor longer or shorter, in log (0.1 is about 10 %).
        transpose: share of the songs moved to another of the twelve keys.
        excerpt: share of the songs of which only a part is shown, of any length. A whole song fades
            in and out, a film that is cut from one does not, and short films are mostly such.
    """

    no_film: float = 0.1
    stretch: float = 0.0
    transpose: float = 0.0
    excerpt: float = 0.0


def training_batches(
    songs: Sequence[Example], size: int, seconds: int, augment: Augment, rng: np.random.Generator
) -> list[Batch]:
    """One epoch: every song once, varied, cropped, of like lengths together, in random order.

    A song longer than `seconds` starts where chance says, half the time at its beginning, since
    films begin there.
    """
    cropped = []
    for original in songs:
        song = original
        if augment.stretch:
            song = song.stretched(float(np.exp(rng.uniform(-augment.stretch, augment.stretch))))
        if augment.transpose and rng.random() < augment.transpose:
            song = song.transposed(int(rng.integers(1, 12)))
        if augment.excerpt and rng.random() < augment.excerpt:
            length = int(rng.integers(min(SHORTEST, len(song.chords)), len(song.chords) + 1))
            first = int(rng.integers(len(song.chords) - length + 1))
            song = song.crop(first, first + length)
        spare = max(0, len(song.chords) - seconds)
        start = int(rng.integers(spare + 1)) if rng.random() < 0.5 else 0
        part = song.crop(start, start + seconds)
        if part.film and rng.random() < augment.no_film:
            part = replace(part, features=np.zeros_like(part.features), film=False)
        cropped.append(part)
    # Sorting with some noise keeps lengths alike without the same neighbours every epoch.
    keys = [len(song.chords) * rng.uniform(0.9, 1.1) for song in cropped]
    order = np.argsort(keys)
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    return [Batch.of([cropped[i] for i in group]) for group in groups]
