"""From logits to chords: small filters applied in order, then one draw for every take.

The filters are the published sampling rules (Kang et al. 2024: no END, PAD or N, no chord three
seconds running) made adjustable, and the two usual ones of language models. All work on B takes at
once; a parameter is one number for all of them or an array (B,).
"""

from collections.abc import Collection, Sequence
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.key import notes_outside
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, PAD, SIZE, N

Logits = NDArray[np.float64]
Chords = NDArray[np.int64]
Floats = float | NDArray[np.float64]
Ints = int | NDArray[np.int64]
NEVER: Final = -np.inf
_COLDEST: Final = 1e-9
_TOKENS: Final = np.arange(SIZE)


class LogitFilter(Protocol):
    """Takes logits (B, 159) and the chords so far (B, t), gives logits; may change its input."""

    def __call__(self, logits: Logits, chords: Chords) -> Logits: ...


class Forbid:
    """Never these tokens."""

    def __init__(self, tokens: Sequence[int] = (N, END, PAD)) -> None:
        self._never = np.zeros(SIZE)
        self._never[list(tokens)] = NEVER

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        logits += self._never
        return logits


class LimitRepeats:
    """Never a chord that has sounded in each of the last `seconds` (>= 1) seconds."""

    def __init__(self, seconds: Ints = 2) -> None:
        limits = np.ravel(seconds)
        if limits.min() < 1:
            raise ValueError(f"a chord sounds at least one second, got {seconds!r}")
        self._limits = [(int(limit), limits == limit) for limit in np.unique(limits)]

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        for limit, takes in self._limits:
            if chords.shape[1] >= limit:
                last = chords[:, -1:]
                held = takes & (chords[:, -limit:] == last).all(axis=1)
                if held.any():
                    logits[held, last[held, 0]] = NEVER
        return logits


class Change:
    """At these places of the piece, never the chord before: a new one begins there."""

    def __init__(self, places: Collection[int]) -> None:
        self._places = frozenset(places) - {0}

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        takes, place = chords.shape
        if place in self._places:
            logits[np.arange(takes), chords[:, -1]] = NEVER
        return logits


class InKey:
    """Each note of a chord that lies outside the key costs so many nats.

    A model that has learned from recognised chords and estimated keys believes in its own key less
    than a composer who asked for one; without this a piece may drift off and stay away. The raised
    seventh of a minor key lies inside.
    """

    def __init__(self, minor: Sequence[bool], cost: Floats) -> None:
        if not (np.min(cost) >= 0 and np.max(cost) < np.inf):
            raise ValueError(f"a note outside the key costs 0 or more, got {cost!r}")
        outside = np.stack([notes_outside(mode) for mode in minor])
        self._costs = _column(cost) * outside

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        logits -= self._costs
        return logits


class TopK:
    """Only the `count` (>= 1) likeliest; of equals at the edge the lower token."""

    def __init__(self, count: Ints) -> None:
        if np.min(count) < 1:
            raise ValueError(f"top-k keeps at least one chord, got {count!r}")
        self._out = _column(count) <= _TOKENS

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        order = np.argsort(-logits, axis=1, kind="stable")
        out = np.empty(logits.shape, bool)
        np.put_along_axis(out, order, self._out, axis=1)
        logits[out] = NEVER
        return logits


class Draws:
    """Uniform numbers of one take: the number of a second depends on the seed and it alone.

    So a piece that is composed again from any point on, under the same seed and after the same
    chords, goes on as it did.
    """

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._numbers = self._rng.random(0)

    def at(self, second: int) -> float:
        """0 <= u < 1."""
        if second >= len(self._numbers):
            more = self._rng.random(max(64, second + 1 - len(self._numbers)))
            self._numbers = np.concatenate([self._numbers, more])
        return float(self._numbers[second])


class Sampler:
    """Filters in order, then for each take a draw from the softmax under its own seed.

    Args:
        filters: change the logits, one after the other.
        seeds: of each take.
        temperature: divides the logits; below 1 bolder, above 1 freer, 0 takes the likeliest.
    """

    def __init__(
        self, filters: Sequence[LogitFilter], seeds: Sequence[int], temperature: Floats = 1.0
    ) -> None:
        if not (np.min(temperature) >= 0 and np.max(temperature) < np.inf):
            raise ValueError(f"a temperature is 0 or more, got {temperature!r}")
        self.filters = tuple(filters)
        self._draws = [Draws(seed) for seed in seeds]
        self._cold = np.ravel(temperature) == 0
        self._sharpness = 1 / np.maximum(_column(temperature), _COLDEST)

    @classmethod
    def of(
        cls,
        takes: Sequence[ComposeSettings],
        minor: Sequence[bool],
        recall: LogitFilter | None = None,
        lean: LogitFilter | None = None,
        *,
        slot_s: float = 1.0,
        changes: Collection[int] = (),
    ) -> "Sampler":
        """The usual sampler of a user's settings, one for each take, seeded by them.

        Args:
            takes: their settings.
            minor: of each, whether it is in A minor.
            recall: completes the model's belief.
            lean: chooses among the chords that it would think of.
            slot_s: how long a chord stands that is chosen once.
            changes: places at which a new chord begins.
        """

        def each(name: str) -> NDArray[Any]:
            return np.array([getattr(settings, name) for settings in takes])

        return cls(
            (
                *([recall] if recall else []),
                Forbid(),
                LimitRepeats(np.maximum(1, np.round(each("max_repeat") / slot_s)).astype(int)),
                *([Change(changes)] if changes else []),
                InKey(tuple(minor), each("in_key")),
                TopK(each("top_k")),
                *([lean] if lean else []),
            ),
            [settings.seed for settings in takes],
            each("temperature"),
        )

    def draw(self, logits: NDArray[np.float32], chords: Chords) -> Chords:
        """The next tokens (B,), given logits (B, 159), which stay as they are, and the chords so
        far (B, t).
        """
        scores = logits.astype(np.float64)
        for apply in self.filters:
            scores = apply(scores, chords)
        likeliest: Chords = scores.argmax(axis=1)
        if self._cold.all():
            return likeliest
        # Relative to the best, so that no temperature overflows.
        scores -= scores.max(axis=1, keepdims=True)
        scores *= self._sharpness
        totals = np.exp(scores, out=scores).cumsum(axis=1)
        second = chords.shape[1]
        wanted = np.array([draws.at(second) for draws in self._draws]) * totals[:, -1]
        drawn: Chords = (totals <= wanted[:, None]).sum(axis=1)
        return np.where(self._cold, likeliest, drawn)


def _column(value: Floats | Ints) -> NDArray[Any]:
    """(B, 1) or (1, 1), to be broadcast against logits."""
    return np.reshape(value, (-1, 1))
