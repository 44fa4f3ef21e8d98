"""Chords from a bundle: the film is encoded once, every chord is one step on a cache.

T seconds of film, t chords cached, L layers, H heads of width D.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Film, Manifest
from scorelock.engine.sampling import Sampler

Rows = NDArray[np.float32]

CONTEXT_S: Final = 60
"""Seconds of chords that a window takes over from the one before."""


class ChordModel(Protocol):
    """What chords are decoded with: a `Bundle`, or a model in training that acts as one."""

    @property
    def manifest(self) -> Manifest: ...

    def encode(self, features: Rows) -> Film: ...

    def decode(
        self, tokens: NDArray[np.int64], minor: bool, cache: Rows, film: Film
    ) -> tuple[Rows, Rows]: ...


@dataclass(frozen=True, slots=True, eq=False)
class KVCache:
    """Keys and values of the chords so far: the first `length` rows of (2 L, window, 1, H, D).

    A step writes the rows after `length` and leaves those before, so a value stays right until
    another step starts from it.
    """

    buffer: Rows
    length: int = 0

    @classmethod
    def empty(cls, bundle: ChordModel) -> "KVCache":
        """Room for one window."""
        layers, pair, heads, width = bundle.manifest.cache_row
        shape = (layers * pair, bundle.manifest.window, 1, heads, width)
        return cls(np.empty(shape, np.float32))

    @property
    def rows(self) -> Rows:
        """(2 L, t, 1, H, D), not a copy, and each of the 2 L contiguous."""
        return self.buffer[:, : self.length]

    def appended(self, rows: Rows) -> "KVCache":
        """With new rows (2 L, S, 1, H, D) after the old ones."""
        end = self.length + rows.shape[1]
        self.buffer[:, self.length : end] = rows
        return KVCache(self.buffer, end)


@dataclass(frozen=True, slots=True, eq=False)
class Decoder:
    """A bundle with one window of film already encoded, in C major or A minor."""

    bundle: ChordModel
    film: Film
    minor: bool

    @classmethod
    def encode(cls, bundle: ChordModel, features: Rows, minor: bool) -> "Decoder":
        """Watch raw features (T, F), at most the bundle's window."""
        if len(features) > bundle.manifest.window:
            raise ValueError(f"at most {bundle.manifest.window} rows a window, got {len(features)}")
        return cls(bundle, bundle.encode(features), minor)

    def prefill(self, tokens: Sequence[int]) -> tuple[Rows, KVCache]:
        """Logits (159,) after some first chords, and the cache that holds them."""
        return self._advance(np.array(tokens, np.int64), KVCache.empty(self.bundle))

    def step(self, token: int, cache: KVCache) -> tuple[Rows, KVCache]:
        """Logits (159,) after one more chord, and the cache with it."""
        return self._advance(np.array([token], np.int64), cache)

    def _advance(self, tokens: NDArray[np.int64], cache: KVCache) -> tuple[Rows, KVCache]:
        logits, rows = self.bundle.decode(tokens, self.minor, cache.rows, self.film)
        return logits[-1], cache.appended(rows)


def decode_chords(
    bundle: ChordModel, features: Rows, minor: bool, primer: Sequence[int], sampler: Sampler
) -> Iterator[int]:
    """One chord token for every row of raw features (T, F), the primer's first.

    A film longer than the bundle's window is composed in windows that overlap by `CONTEXT_S`: each
    sees its own part of the film and starts from the chords already chosen there.
    """
    if not primer:
        raise ValueError("expected at least one chord to begin with")
    seconds, window = len(features), bundle.manifest.window
    chords = list(primer[:seconds])
    yield from chords
    while len(chords) < seconds:
        start = 0 if len(chords) < window else len(chords) - min(CONTEXT_S, window // 2)
        decoder = Decoder.encode(bundle, features[start : start + window], minor)
        count = min(start + window, seconds) - len(chords)
        yield from islice(_continue(decoder, chords, start, sampler), count)


def _continue(decoder: Decoder, chords: list[int], start: int, sampler: Sampler) -> Iterator[int]:
    """Append chord after chord to those from `start` on."""
    logits, cache = decoder.prefill(chords[start:])
    while True:
        chords.append(sampler.draw(logits, chords))
        yield chords[-1]
        logits, cache = decoder.step(chords[-1], cache)
