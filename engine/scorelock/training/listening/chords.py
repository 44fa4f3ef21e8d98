"""A chord a second, from how surely each pitch sounds and begins.

Every tenth of a second is judged by what is heard around it, and the chords are those that are
believed most together when each change of chord costs something: a hidden Markov model, decoded by
Viterbi. The judge is a softmax over the 156 chords that hears every root alike: its few weights
belong to intervals above the root, and were fitted to rendered music (`weights.json`, made by
`scorelock.export.fit_listening`).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import QUALITIES, N
from scorelock.training.listening.heard import LOWEST, PITCHES, Transcription

Evidence = NDArray[np.float32]
"""(S, 3, 12), 0 or more, a row each `STEP_S`: how surely each pitch class (C = 0) sounds, is the
lowest that sounds, and begins."""

WEIGHTS: Final = Path(__file__).with_name("weights.json")
STEP_S: Final = 0.1
STEPS_A_SECOND: Final = round(1 / STEP_S)
AROUND: Final = 7
"""Steps, this one in the middle, that a step is judged by. Fitted, as the next is, to pieces that
the judge was not: with 5 as many chords are right, with 10 up to one in 60 fewer, with 15 in 30."""
CHANGE: Final = 0.6
"""What a change of chord costs, in nats; a chord is believed so many nats a second."""
QUIET: Final = 0.1
"""When no pitch class sounds as surely, there is no chord."""
PLAUSIBLE: Final = 0.1
"""What no chord explains so far is none: noise is believed 0.03, most music 0.3 and more."""
KINDS: Final = 3
CLASSES: Final = 12
CHORDS: Final = CLASSES * len(QUALITIES)
_LITTLE: Final = (0.05, 0.05, 0.02)
"""What is nothing beside the surest pitch class, for each kind of evidence."""


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Weights (3, 12, 13): kind of evidence, semitones above the root, quality; biases (13,)."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]

    @classmethod
    @cache
    def fitted(cls) -> Self:
        """The weights that ship."""
        kept = json.loads(WEIGHTS.read_text(encoding="utf-8"))["chords"]
        return cls(np.array(kept["weights"], np.float32), np.array(kept["biases"], np.float32))

    def believe(self, means: Evidence) -> NDArray[np.float32]:
        """(M, 156) log probabilities of the chords, by token - 1, of mean evidence (M, 3, 12)."""
        above = (np.arange(CLASSES)[:, None] - np.arange(CLASSES)) % CLASSES
        every_root = self.weights[:, above].reshape(KINDS * CLASSES, CHORDS)
        scores = contrast(means).reshape(len(means), KINDS * CLASSES) @ every_root
        scores += np.tile(self.biases, CLASSES)
        scores -= scores.max(axis=1, keepdims=True)
        scores -= np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return scores


def contrast(means: Evidence) -> Evidence:
    """What the judge is told, (M, 3, 12): logs of shares of the surest, as loud as faint music."""
    little = np.array(_LITTLE, np.float32)[:, None]
    shares = means / (means.max(axis=2, keepdims=True) + np.float32(0.02))
    contrasted: Evidence = np.log(shares + little)
    return contrasted


def evidence_of(heard: Transcription) -> Evidence:
    """What there is to judge by; the last step may be short."""
    activity, onsets = heard.activity, heard.onsets
    if not len(activity):
        return np.zeros((0, KINDS, CLASSES), np.float32)
    # A pitch is the lowest when it sounds and none below it does.
    none_below = np.cumprod(1 - activity, axis=1)
    lowest = activity.copy()
    lowest[:, 1:] *= none_below[:, :-1]
    frames = np.stack(
        [
            _folded(activity, np.maximum),
            _folded(lowest, np.add),
            _folded(onsets, np.maximum),
        ],
        axis=1,
    )
    # A frame belongs to the step that its beginning is in.
    begins = np.arange(len(activity)) * heard.frame_s / STEP_S
    steps = np.floor(begins + 1e-9).astype(np.int64)
    starts = np.searchsorted(steps, np.arange(steps[-1] + 1))
    counts = np.diff(starts, append=len(activity))
    return (np.add.reduceat(frames, starts) / counts[:, None, None]).astype(np.float32)


def chords(
    evidence: Evidence, rows: int, judge: Judge | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The token (rows,) of the chord that covers most of each second, and its belief, 0..1.

    It is N, and the belief 0, where little sounds or where no chord explains what sounds. The judge
    is the one that ships unless another is given.
    """
    heard = evidence[: rows * STEPS_A_SECOND]
    nats = (judge or Judge.fitted()).believe(around(heard))
    path = best_path(nats)
    belief = np.exp(nats[np.arange(len(path)), path])
    belief[(belief < PLAUSIBLE) | (heard[:, 0].max(axis=1, initial=0) < QUIET)] = 0
    steps = np.where(belief > 0, path + 1, N)
    seconds = [steps[row * STEPS_A_SECOND :][:STEPS_A_SECOND] for row in range(rows)]
    tokens = np.array([_most(second) for second in seconds], np.int64)
    whole = np.arange(len(path)) // STEPS_A_SECOND
    return tokens, np.bincount(whole, belief, minlength=rows) / STEPS_A_SECOND


def _most(tokens: NDArray[np.int64]) -> int:
    """Which there are most of, of two as many the earlier; N of none."""
    kinds, first, counts = np.unique(tokens, return_index=True, return_counts=True)
    return int(kinds[np.lexsort((first, -counts))][0]) if len(tokens) else N


def around(evidence: Evidence) -> Evidence:
    """The mean of the steps around each step, of fewer at both ends."""
    sums = np.zeros((len(evidence) + 1, KINDS, CLASSES))
    np.cumsum(evidence, axis=0, out=sums[1:])
    steps = np.arange(len(evidence))
    first = np.maximum(steps - AROUND // 2, 0)
    last = np.minimum(steps + AROUND // 2 + 1, len(evidence))
    means: Evidence = (sums[last] - sums[first]) / (last - first)[:, None, None]
    return means.astype(np.float32)


def best_path(nats: NDArray[np.float32]) -> NDArray[np.int64]:
    """(S,) which of C chords at each step: those of the greatest sum of log probabilities
    (S, C) for `STEP_S` each, less `CHANGE` for each change.
    """
    if not len(nats):
        return np.zeros(0, np.int64)
    worth = np.float32(STEP_S) * nats
    came = np.zeros(nats.shape, np.int64)
    best, same = worth[0], np.arange(nats.shape[1])
    for step in range(1, len(worth)):
        top = best.argmax()
        changed = best[top] - CHANGE
        came[step] = np.where(best >= changed, same, top)
        best = np.maximum(best, changed) + worth[step]
    path = np.full(len(nats), best.argmax())
    for step in range(len(nats) - 1, 0, -1):
        path[step - 1] = came[step, path[step]]
    return path


def _folded(pitches: NDArray[np.float32], fold: np.ufunc) -> NDArray[np.float32]:
    """(F, 12) of (F, 88): octaves joined."""
    octaves = -(-(PITCHES + LOWEST % CLASSES) // CLASSES)
    padded = np.zeros((len(pitches), octaves * CLASSES), np.float32)
    padded[:, LOWEST % CLASSES : LOWEST % CLASSES + PITCHES] = pitches
    folded: NDArray[np.float32] = fold.reduce(
        padded.reshape(len(pitches), octaves, CLASSES), axis=1
    )
    return folded
