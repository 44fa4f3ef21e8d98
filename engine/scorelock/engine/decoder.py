"""Chords, second by second: a window of film is seen once, every chord is one step on a cache.

B takes of one film are decoded as one batch: what is read from memory for a step is read once.
"""

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Manifest
from scorelock.engine.sampling import Chords, Sampler

Rows = NDArray[np.float32]

CONTEXT_S: Final = 60
"""Seconds of chords that a window takes over from the one before."""
OVER: Final = -1
"""Stands for the chord of a take that has ended."""


class Steps(Protocol):
    """One window of film, seen, and the chords of B takes so far on a cache."""

    @property
    def position(self) -> int:
        """Chords so far."""

    def advance(self, tokens: Chords) -> Rows:
        """Logits (B, S, 159) of the chord after each of S more, tokens (B, S)."""

    def rewind(self, position: int) -> None:
        """Forget the chords from `position` on; those before need not be computed again."""


class ChordModel(Protocol):
    """What chords are decoded with: a `Bundle`, or a model in training that acts as one."""

    @property
    def manifest(self) -> Manifest: ...

    def begin(self, features: Rows, minor: Sequence[bool]) -> Steps:
        """See raw features (T, F) of one window, for takes in C major or A minor."""


def decode_takes(
    model: ChordModel,
    features: Rows,
    minor: Sequence[bool],
    primers: Sequence[Sequence[int]],
    sampler: Sampler,
    ends: Sequence[int] | None = None,
) -> Iterator[Chords]:
    """For every row of raw features (T, F) the chord tokens (B,) of all takes, primers first.

    A film longer than the model's window is composed in windows that overlap by `CONTEXT_S`: each
    sees its own part of the film and starts from the chords already chosen there.

    Args:
        model: what believes in chords.
        features: of the whole film.
        minor: of each take, whether it is in A minor.
        primers: of each take, the chords it begins with, one or more.
        sampler: chooses, for as many takes.
        ends: of each take, before which row it ends, where not all last as long as the film; after
            its end its token is `OVER`, and with the last of them the decoding ends.
    """
    if not all(primers):
        raise ValueError("expected at least one chord to begin with")
    features = features[: max(ends)] if ends else features
    last = np.array(ends or [len(features)] * len(primers))
    seconds, window = len(features), model.manifest.window
    primed = max(map(len, primers))
    chords = np.full((len(primers), seconds), -1, np.int64)
    for row, primer in zip(chords, primers, strict=True):
        row[: len(primer)] = primer[:seconds]
    known = min(seconds, *map(len, primers))
    for second in range(known):
        yield np.where(second < last, chords[:, second], OVER)
    while known < seconds:
        start = 0 if known < window else known - min(CONTEXT_S, window // 2)
        steps = model.begin(features[start : start + window], minor)
        fresh = chords[:, start:known]
        for second in range(known, min(start + window, seconds)):
            drawn = sampler.draw(steps.advance(fresh)[:, -1], chords[:, :second])
            fresh = chords[:, second : second + 1]
            if second < primed:  # the longer primers stand
                drawn = np.where(fresh[:, 0] < 0, drawn, fresh[:, 0])
            fresh[:, 0] = drawn
            yield np.where(second < last, drawn, OVER) if ends else drawn
        known = min(start + window, seconds)


def decode_chords(
    model: ChordModel, features: Rows, minor: bool, primer: Sequence[int], sampler: Sampler
) -> Iterator[int]:
    """`decode_takes` of a single one: a token for every row of raw features."""
    for tokens in decode_takes(model, features, [minor], [primer], sampler):
        yield int(tokens[0])
