"""What the piece itself did the last time it went like this.

Music repeats itself, seldom exactly: a chorus comes back with one chord held longer, and a chord
recogniser errs. For every lag, the piece so far is compared with itself that many seconds earlier;
where the two have agreed of late, what came next then is likely to come next now. This belief is
mixed with the chord model's, as a pointer network mixes copying with its vocabulary (Merity et al.
2016, Pointer Sentinel Mixture Models), with 17 weights in all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import SIZE

DECAYS: Final = (0.6, 0.8, 0.9, 0.95, 0.975)
"""Agreement is averaged over the last 2.5, 5, 10, 20 and 40 seconds or so."""
LONGEST_LAG: Final = 300
LAG_FEATURES: Final = len(DECAYS) + 2
GATE_FEATURES: Final = len(DECAYS) + 4

Floats = NDArray[np.float64]
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class RecallWeights:
    """What `scorelock train recall` fits.

    Attributes:
        lag: of a lag's agreement at each decay, its log run of equal chords and its log length.
        gate: of the agreement found at each decay, the two beliefs' entropies (nats), their
            overlap, and the time in units of 100 s.
        bias: of the gate.
        sharpness: that the chord model's logits are multiplied by.
    """

    lag: tuple[float, ...]
    gate: tuple[float, ...]
    bias: float
    sharpness: float

    def __post_init__(self) -> None:
        if len(self.lag) != LAG_FEATURES or len(self.gate) != GATE_FEATURES:
            raise ValueError(
                f"expected {LAG_FEATURES} and {GATE_FEATURES} weights, got {len(self.lag)} and "
                f"{len(self.gate)}"
            )

    @classmethod
    def parse(cls, content: Mapping[str, Any]) -> Self:
        """From plain values; raises ValueError, KeyError or TypeError where they do not fit."""
        values = {field.name: content[field.name] for field in fields(cls)}
        return cls(
            lag=tuple(map(float, values["lag"])),
            gate=tuple(map(float, values["gate"])),
            bias=float(values["bias"]),
            sharpness=float(values["sharpness"]),
        )

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Memory:
    """Hears chords one by one and knows, for every lag, how well the piece agrees with itself."""

    def __init__(self) -> None:
        self._decays = np.array(DECAYS)[:, None]
        self._chords = np.zeros(64, np.int64)
        self._agreement = np.zeros((len(DECAYS), LONGEST_LAG))
        self._run = np.zeros(LONGEST_LAG)
        self.seconds = 0

    @property
    def heard(self) -> NDArray[np.int64]:
        """The chords so far, (t,)."""
        return self._chords[: self.seconds]

    def hear(self, chord: int) -> None:
        """One more second."""
        past = self.heard[::-1][:LONGEST_LAG]
        equal = past == chord
        self._agreement *= self._decays
        self._agreement[:, : len(past)] += (1 - self._decays) * equal
        self._run[: len(past)] = np.where(equal, self._run[: len(past)] + 1, 0)
        if self.seconds == len(self._chords):
            self._chords = np.concatenate([self._chords, np.zeros_like(self._chords)])
        self._chords[self.seconds] = chord
        self.seconds += 1

    def lags(self) -> tuple[Floats, NDArray[np.int64]]:
        """Features (n, 7) of the lags 1, 2, .. n seconds, and the chord (n,) that each proposes."""
        count = min(max(0, self.seconds - 1), LONGEST_LAG)
        agreement = self._agreement[:, :count] / (1 - self._decays**self.seconds)
        lengths = np.log(np.arange(1, count + 1)) / 5
        features = np.stack([*agreement, np.log1p(self._run[:count]), lengths], axis=1)
        return features, self.heard[::-1][:count]


@dataclass(slots=True)
class Recall:
    """A logit filter: the model's belief mixed with what the piece remembers of itself.

    What it gives depends on its input alone; the memory is kept between calls because chords mostly
    come one by one. `trust`, 0..1, scales how far the memory is believed.
    """

    weights: RecallWeights
    trust: float
    _memory: Memory

    def __init__(self, weights: RecallWeights, trust: float = 1.0) -> None:
        self.weights = weights
        self.trust = trust
        self._memory = Memory()

    def __call__(self, logits: Floats, chords: Sequence[int]) -> Floats:
        """Log probabilities (159,), given logits (159,) and the chords so far."""
        known = self._memory.seconds
        if known > len(chords) or not np.array_equal(self._memory.heard, chords[:known]):
            self._memory = Memory()
        for chord in chords[self._memory.seconds :]:
            self._memory.hear(chord)
        return self._mixed(logits)

    def over(self, logits: NDArray[np.floating], chords: NDArray[np.int64]) -> Floats:
        """Log probabilities (T - 1, 159) of a whole song's chords (T,) after the first."""
        self._memory = Memory()
        rows = []
        for row, chord in zip(logits.astype(np.float64), chords[:-1].tolist(), strict=True):
            self._memory.hear(chord)
            rows.append(self._mixed(row))
        return np.array(rows).reshape(-1, SIZE)

    def _mixed(self, logits: Floats) -> Floats:
        weights = self.weights
        model = _softmax(weights.sharpness * logits)
        features, proposed = self._memory.lags()
        if not len(features):
            return np.log(model + _TINY)
        attention = _softmax(features @ np.array(weights.lag))
        copied = np.bincount(proposed, attention, minlength=SIZE)
        inputs = [
            *(attention @ features[:, : len(DECAYS)]),
            *(-(p * np.log(p + _TINY)).sum() for p in (model, copied)),
            (model * copied).sum(),
            (self._memory.seconds - 1) / 100,
        ]
        gate = self.trust / (1 + np.exp(-(np.dot(inputs, weights.gate) + weights.bias)))
        mixed: Floats = np.log((1 - gate) * model + gate * copied + _TINY)
        return mixed


def _softmax(values: Floats) -> Floats:
    weights = np.exp(values - values.max())
    return weights / weights.sum()  # type: ignore[no-any-return]
