"""The key of a song, from its chords.

Which chords a key uses, begins and ends with was learned from songs whose key is known: a softmax
over the 24 keys that hears every tonic alike (`weights.json`, by `scorelock.export.fit_listening`).
"""

import json
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.key import Key
from scorelock.engine.vocabulary import QUALITIES, ROOTS, N, pitch_class_name
from scorelock.training.listening.chords import WEIGHTS

LONG_S: Final = 200
"""After so many seconds of chords, how long each sounds says half of what it can ever say: in a
short piece the first chord and the last say more."""
FAMILIES: Final[tuple[tuple[str, ...], ...]] = (
    ("maj", "maj7", "maj6"),
    ("7",),
    ("min", "min7", "min6"),
    ("dim", "dim7", "hdim7"),
    ("aug", "sus4", "sus2"),
)
"""Qualities that do the same in a key."""
ROLES: Final = 3
"""How long a chord sounds, whether the song begins with it, whether it ends with it."""
_FAMILY: Final = np.array(
    [next(at for at, some in enumerate(FAMILIES) if quality in some) for quality in QUALITIES]
)
NOWHERE: Final = Key("C", minor=False)
"""The key of what has no chord."""


def key_of(tokens: NDArray[np.int64]) -> tuple[Key, float]:
    """The key of chords (T,), one a second, and how far it is ahead of the next, 0..1."""
    if not (tokens > N).any():
        return NOWHERE, 0.0
    major, minor, bias = _weights()
    turned = every_tonic(usage(tokens)).reshape(len(ROOTS), -1)
    scores = np.concatenate([turned @ major.ravel(), turned @ minor.ravel() + bias])
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    best, after = np.argsort(-chances, kind="stable")[:2].tolist()
    minor_key, tonic = divmod(best, len(ROOTS))
    return _spelled(tonic, bool(minor_key)), float(chances[best] - chances[after])


def _spelled(tonic: int, minor: bool) -> Key:
    """The key with the fewer accidentals; of two that have six, F sharp major and E flat minor."""
    mode = "minor" if minor else "major"
    names = {pitch_class_name(tonic, flats=flats) for flats in (False, True)}
    keys = [Key.parse(f"{name} {mode}") for name in sorted(names)]
    return min(keys, key=lambda key: (abs(key.fifths), (key.fifths < 0) != minor))


def usage(tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """(3, 12, 5): role by root by family of the chords (T,), of which one at least is no N."""
    roots, qualities = np.divmod(tokens[tokens > N] - 1, len(QUALITIES))
    families = _FAMILY[qualities]
    used = np.zeros((ROLES, len(ROOTS), len(FAMILIES)))
    np.add.at(used[0], (roots, families), 1 / (len(roots) + LONG_S))
    used[1, roots[0], families[0]] = used[2, roots[-1], families[-1]] = 1
    return used


def every_tonic(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """(12, 3, 12, 5): the usage as heard from each tonic, its own root first."""
    return np.stack([np.roll(used, -tonic, axis=1) for tonic in range(len(ROOTS))])


@cache
def _weights() -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """(3, 12, 5) for major and for minor keys, and what speaks for minor before any chord."""
    kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))["keys"]
    return np.array(kept["major"]), np.array(kept["minor"]), float(kept["bias"])
