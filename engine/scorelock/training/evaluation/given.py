"""Scores where the true chords so far are given, each a mean over songs as the paper takes it.

The first chord of a song is given; losses (nats) are means over seconds.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS
from scorelock.training.affective import affect_table
from scorelock.training.songs import Example

Floats = NDArray[np.floating]

RANKS = (1, 3, 5)
SURE = 0.8
"""Probability from which on a second's emotion counts for correspondence (Kang et al. 2024)."""


def hits(scores: Sequence[Floats], songs: Sequence[Example]) -> dict[str, float]:
    """Hits@1/3/5 of scores (T - 1, 159) a song, and Hits@1 where the chord changes.

    `hits1_next` is the latter with the last chord ruled out: which chord comes, if one does. A
    predictor that never dares to leave a chord has nothing at changes but may have this.
    """
    names = (*(f"hits{k}" for k in RANKS), "hits1_change", "hits1_next")
    found: dict[str, list[float]] = {name: [] for name in names}
    for score, song in zip(scores, songs, strict=True):
        last, truth = song.chords[:-1], song.chords[1:]
        places = ranks(score, truth)
        for k in RANKS:
            found[f"hits{k}"].append(float((places < k).mean()))
        changed = truth != last
        if changed.any():
            found["hits1_change"].append(float((places[changed] == 0).mean()))
            others = score[changed].astype(np.float64)
            np.put_along_axis(others, last[changed, None], -np.inf, axis=1)
            found["hits1_next"].append(float((ranks(others, truth[changed]) == 0).mean()))
    return {name: float(np.mean(values)) for name, values in found.items() if values}


def ranks(scores: Floats, truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """Place (T,) of each true token among scores (T, 159), 0 the first; of equals the lower."""
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    before = (scores == own) & (np.arange(scores.shape[1]) < truth[:, None])
    return ((scores > own) | before).sum(axis=1)  # type: ignore[no-any-return]


def chord_loss(logits: Sequence[Floats], songs: Sequence[Example]) -> float:
    """Negative log-likelihood of the true chord, nats a second."""
    losses = [
        -np.take_along_axis(log_softmax(row), song.chords[1:, None], axis=1)
        for row, song in zip(logits, songs, strict=True)
    ]
    return float(np.concatenate(losses).mean())


def affective_loss(logits: Sequence[Floats], songs: Sequence[Example]) -> float:
    """Binary cross-entropy of each output with the set that the second's likeliest emotion asks."""
    table = affect_table()
    losses = []
    for row, song in zip(logits, songs, strict=True):
        x, wanted = row.astype(np.float64), table[_emotion(song).argmax(axis=1)]
        losses.append((np.logaddexp(0, x) - wanted * x).mean(axis=1))
    return float(np.concatenate(losses).mean())


def correspondence(scores: Sequence[Floats], songs: Sequence[Example]) -> dict[str, float]:
    """Share of the likeliest chords that suit the emotion, over seconds that are sure of one.

    Neutral asks for no chord and is left out. Empty where no second is sure.
    """
    table = affect_table()
    suits = []
    for score, song in zip(scores, songs, strict=True):
        emotion = _emotion(song)
        sure = (emotion.max(axis=1) > SURE) & (emotion.argmax(axis=1) != EMOTIONS.index("neutral"))
        suits.append(table[emotion.argmax(axis=1), score.argmax(axis=1)][sure])
    found = np.concatenate(suits)
    return {"correspondence": float(found.mean())} if found.size else {}


def log_softmax(logits: Floats) -> Floats:
    """Over the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # type: ignore[no-any-return]


def _emotion(song: Example) -> Floats:
    """Of the seconds that are predicted, (T - 1, 6)."""
    return song.features[1:, -len(EMOTIONS) :]
