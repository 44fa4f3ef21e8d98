"""What the piece itself did the last time it went like this.

Music repeats itself, seldom exactly: a chorus comes back with one chord held longer, and a chord
recogniser errs. For every lag, the piece so far is compared with itself that many seconds earlier;
where the two have agreed of late, what came next then is likely to come next now. This belief is
mixed with the chord model's, as a pointer network mixes copying with its vocabulary (Merity et al.
2016, Pointer Sentinel Mixture Models), with 17 weights in all.
"""

from collections.abc import Mapping
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
    """Hears chords one by one and knows, for every lag, how well the piece agrees with itself.

    Several takes are heard side by side.
    """

    def __init__(self, takes: int = 1) -> None:
        self._decays = np.array(DECAYS)[:, None, None]
        self._chords = np.zeros((takes, 64), np.int64)
        self._agreement = np.zeros((len(DECAYS), takes, LONGEST_LAG))
        self._run = np.zeros((takes, LONGEST_LAG))
        self.seconds = 0

    @property
    def heard(self) -> NDArray[np.int64]:
        """The chords so far, (B, t)."""
        return self._chords[:, : self.seconds]

    def hear(self, chords: NDArray[np.int64]) -> None:
        """One more second: chords (B,)."""
        past = self.heard[:, ::-1][:, :LONGEST_LAG]
        lags = past.shape[1]
        equal = past == chords[:, None]
        self._agreement *= self._decays
        self._agreement[..., :lags] += (1 - self._decays) * equal
        self._run[:, :lags] = (self._run[:, :lags] + 1) * equal
        if self.seconds == self._chords.shape[1]:
            self._chords = np.pad(self._chords, ((0, 0), (0, self.seconds)))
        self._chords[:, self.seconds] = chords
        self.seconds += 1

    def lags(self) -> tuple[Floats, NDArray[np.int64]]:
        """Features (7, B, n) of the lags 1, 2, .. n seconds, and the chords (B, n) they propose."""
        count = min(max(0, self.seconds - 1), LONGEST_LAG)
        features = np.empty((LAG_FEATURES, len(self._chords), count))
        weight = 1 - self._decays**self.seconds
        np.divide(self._agreement[..., :count], weight, out=features[: len(DECAYS)])
        np.log1p(self._run[:, :count], out=features[-2])
        features[-1] = _LENGTHS[:count]
        return features, self.heard[:, ::-1][:, :count]


class Recall:
    """A logit filter: the model's belief mixed with what the piece remembers of itself.

    What it gives depends on its input alone; the memory is kept between calls because chords mostly
    come one by one. `trust`, 0..1, one number or (B,), scales how far the memory is believed; at 0
    the model's logits stay as they are.
    """

    def __init__(self, weights: RecallWeights, trust: float | Floats = 1.0) -> None:
        self.weights = weights
        self.trust = trust
        self._memory = Memory()
        self._lag, self._gate = np.array(weights.lag), np.array(weights.gate)

    def __call__(self, logits: Floats, chords: NDArray[np.int64]) -> Floats:
        """Log probabilities (B, 159), given logits (B, 159) and the chords so far (B, t)."""
        known, heard = self._memory.seconds, self._memory.heard
        if heard.shape != chords[:, :known].shape or not np.array_equal(heard, chords[:, :known]):
            self._memory = Memory(len(chords))
        for second in range(self._memory.seconds, chords.shape[1]):
            self._memory.hear(chords[:, second])
        mixed = self._mixed(logits)
        return (
            mixed
            if np.all(self.trust)
            else np.where(np.reshape(self.trust, (-1, 1)), mixed, logits)
        )

    def over(self, logits: NDArray[np.floating], chords: NDArray[np.int64]) -> Floats:
        """Log probabilities (T - 1, 159) of a whole song's chords (T,) after the first."""
        self._memory = Memory()
        rows = []
        for row, chord in zip(logits.astype(np.float64), chords[:-1], strict=True):
            self._memory.hear(chord[None])
            rows.append(self._mixed(row[None])[0])
        return np.array(rows).reshape(-1, SIZE)

    def _mixed(self, logits: Floats) -> Floats:
        model = _softmax(self.weights.sharpness * logits)
        features, proposed = self._memory.lags()
        if not proposed.size:
            return np.log(model + _TINY)
        takes = len(proposed)
        scores = self._lag @ features.reshape(LAG_FEATURES, -1)
        attention = _softmax(scores.reshape(takes, -1))
        places = proposed + SIZE * np.arange(takes)[:, None]
        copied = np.bincount(places.ravel(), attention.ravel(), SIZE * takes).reshape(takes, SIZE)
        inputs = [
            *(features[: len(DECAYS)] * attention).sum(axis=-1),
            *(-(p * np.log(p + _TINY)).sum(axis=-1) for p in (model, copied)),
            (model * copied).sum(axis=-1),
            np.full(takes, (self._memory.seconds - 1) / 100),
        ]
        gate = self.trust / (1 + np.exp(-(self._gate @ np.array(inputs) + self.weights.bias)))
        share = np.reshape(gate, (-1, 1))
        mixed: Floats = np.log((1 - share) * model + share * copied + _TINY)
        return mixed


_LENGTHS: Final = np.log(np.arange(1, LONGEST_LAG + 1)) / 5


def _softmax(values: Floats) -> Floats:
    weights = np.exp(values - values.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)  # type: ignore[no-any-return]
