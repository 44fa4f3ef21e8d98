"""From logits to a chord: small filters applied in order, then one draw.

The filters are the published sampling rules (Kang et al. 2024: no END, PAD or N, no chord three
seconds running) made adjustable, and the two usual ones of language models.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.key import notes_outside
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, PAD, N

Logits = NDArray[np.float64]
NEVER: Final = -np.inf


class LogitFilter(Protocol):
    """Takes logits (159,) and the chords so far, gives logits; may change its input in place."""

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits: ...


@dataclass(frozen=True, slots=True)
class Forbid:
    """Never these tokens."""

    tokens: tuple[int, ...] = (N, END, PAD)

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits:
        logits[list(self.tokens)] = NEVER
        return logits


@dataclass(frozen=True, slots=True)
class LimitRepeats:
    """Never a chord that has sounded in each of the last `seconds` (>= 1) seconds."""

    seconds: int = 2

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ValueError(f"a chord sounds at least one second, got {self.seconds!r}")

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits:
        recent = set(chords[-self.seconds :])
        if len(chords) >= self.seconds and len(recent) == 1:
            logits[recent.pop()] = NEVER
        return logits


@dataclass(frozen=True, slots=True)
class InKey:
    """Each note of a chord that lies outside the key costs so many nats.

    A model that has learned from recognised chords and estimated keys believes in its own key less
    than a composer who asked for one; without this a piece may drift off and stay away. The raised
    seventh of a minor key lies inside.
    """

    minor: bool
    cost: float

    def __post_init__(self) -> None:
        if not 0 <= self.cost < np.inf:
            raise ValueError(f"a note outside the key costs 0 or more, got {self.cost!r}")

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits:
        return logits - self.cost * notes_outside(self.minor)


@dataclass(frozen=True, slots=True)
class Temperature:
    """Divide by the temperature: below 1 bolder, above 1 freer, 0 keeps the likeliest alone."""

    value: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.value < np.inf:
            raise ValueError(f"a temperature is 0 or more, got {self.value!r}")

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits:
        if self.value:
            # Relative to the best, so that no temperature overflows upwards.
            with np.errstate(over="ignore"):
                scaled: Logits = (logits - logits.max()) / self.value
            return scaled
        best = logits.argmax()
        kept = np.full_like(logits, NEVER)
        kept[best] = logits[best]
        return kept


@dataclass(frozen=True, slots=True)
class TopK:
    """Only the `count` (>= 1) likeliest; of equals at the edge the lower token."""

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"top-k keeps at least one chord, got {self.count!r}")

    def __call__(self, logits: Logits, chords: Sequence[int]) -> Logits:
        logits[np.argsort(-logits, kind="stable")[self.count :]] = NEVER
        return logits


@dataclass(frozen=True, slots=True)
class Sampler:
    """Filters in order, then a draw from the softmax with the generator given."""

    filters: tuple[LogitFilter, ...]
    rng: np.random.Generator

    @classmethod
    def of(
        cls,
        settings: ComposeSettings,
        minor: bool = False,
        recall: LogitFilter | None = None,
        lean: LogitFilter | None = None,
    ) -> "Sampler":
        """The usual sampler of a user's settings, seeded by them.

        `recall` completes the model's belief; `lean` chooses among the chords that it would think
        of.
        """
        return cls(
            (
                *([recall] if recall else []),
                Forbid(),
                LimitRepeats(settings.max_repeat),
                InKey(minor, settings.in_key),
                TopK(settings.top_k),
                *([lean] if lean else []),
                Temperature(settings.temperature),
            ),
            np.random.default_rng(settings.seed),
        )

    def draw(self, logits: NDArray[np.float32], chords: Sequence[int]) -> int:
        """The next token, given logits (159,), which stay as they are, and the chords so far."""
        scores = logits.astype(np.float64)
        for apply in self.filters:
            scores = apply(scores, chords)
        weights = np.exp(scores - scores.max())
        total = weights.cumsum()
        return int(total.searchsorted(self.rng.random() * total[-1], side="right"))
