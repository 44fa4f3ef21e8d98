"""A chord a second, from how surely each pitch sounds and begins.

A song is cut into stretches, each with one chord, so that what is believed of all stretches
together is most: a semi-Markov decoder. A stretch is judged by the mean over the whole of it, for
an arpeggio tells its chord only when all of its notes were heard. The judge is a softmax over the
156 chords that hears every root alike: its few weights belong to intervals above the root, and were
fitted to rendered music (`weights.json`, made by `scorelock.export.fit_listening`).
"""

import json
from collections.abc import Iterator
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
SIZES: Final = np.array([*range(5, 10), *range(10, 20, 2), *range(20, 51, 5)])
"""Steps of a stretch; a chord that lasts otherwise goes on in the next."""
CHANGE: Final = 0.06
"""What a change of chord costs, in nats; a stretch is believed so many nats a second. Fitted."""
QUIET: Final = 0.1
"""When no pitch class sounds as surely, there is no chord."""
PLAUSIBLE: Final = 0.1
"""What no chord explains so far is none: noise is believed 0.03, most music 0.3 and more."""
KINDS: Final = 3
CLASSES: Final = 12
CHORDS: Final = CLASSES * len(QUALITIES)
_LITTLE: Final = (0.05, 0.05, 0.02)
"""What is nothing beside the surest pitch class, for each kind of evidence."""
_BLOCK: Final = 512
_NEVER: Final = np.float32(-1e9)


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
        scores = contrast(means).reshape(len(means), -1) @ every_root
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps from begin to end with one chord, token 1..156, and how far it is believed, 0..1."""

    begin: int
    end: int
    token: int
    belief: float


def chords(
    evidence: Evidence, rows: int, judge: Judge | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The token (rows,) of the chord that covers most of each second, and its belief, 0..1.

    It is N, and the belief 0, where little sounds or where no chord explains what sounds. The judge
    is the one that ships unless another is given.
    """
    shares: list[dict[int, int]] = [{} for _ in range(rows)]
    beliefs = np.zeros(rows)
    quiet = evidence[:, 0].max(axis=1, initial=0) < QUIET
    for stretch in stretches(evidence, judge or Judge.fitted()):
        for step in range(stretch.begin, min(stretch.end, rows * STEPS_A_SECOND)):
            plain = stretch.belief >= PLAUSIBLE and not quiet[step]
            token = stretch.token if plain else N
            share = shares[step // STEPS_A_SECOND]
            share[token] = share.get(token, 0) + 1
            beliefs[step // STEPS_A_SECOND] += stretch.belief * plain / STEPS_A_SECOND
    # Of two that cover as much the earlier.
    tokens = [max(share, key=share.__getitem__, default=N) for share in shares]
    return np.array(tokens, np.int64), beliefs


def stretches(evidence: Evidence, judge: Judge) -> list[Stretch]:
    """Stretches in time order, without gaps; none where there is too little to judge."""
    steps = len(evidence)
    best = np.full((steps + 1, CHORDS), _NEVER)  # of all that ends here, by its last chord
    best[0] = 0
    sizes = np.zeros((steps + 1, CHORDS), np.int64)  # of the last stretch of that best
    nats = np.zeros((steps + 1, CHORDS), np.float32)  # of the last stretch of that best
    top = np.full(steps + 1, _NEVER)
    top[0] = 0
    every = np.arange(CHORDS)
    for end, fitting, believed in _ending(evidence, judge):
        begins = end - fitting
        before = np.maximum(best[begins], (top[begins] - CHANGE)[:, None])
        sums = before + believed
        choice = sums.argmax(axis=0)
        best[end], top[end] = sums[choice, every], sums.max()
        sizes[end], nats[end] = fitting[choice], believed[choice, every]
    found: list[Stretch] = []
    end, chord = steps, int(best[steps].argmax())
    while size := int(sizes[end, chord]):
        belief = float(np.exp(nats[end, chord] / (size * STEP_S)))
        end -= size
        found.append(Stretch(end, end + size, chord + 1, belief))
        if top[end] - CHANGE > best[end, chord]:
            chord = int(best[end].argmax())
    return found[::-1]


def _ending(
    evidence: Evidence, judge: Judge
) -> Iterator[tuple[int, NDArray[np.int64], NDArray[np.float32]]]:
    """For every step (end, lengths (L,), nats (L, 156)) of the stretches that end before it."""
    steps = len(evidence)
    sums = np.zeros((steps + 1, KINDS, CLASSES), np.float64)
    np.cumsum(evidence, axis=0, out=sums[1:])
    for first in range(int(SIZES[0]), steps + 1, _BLOCK):
        ends = np.arange(first, min(first + _BLOCK, steps + 1))
        begins = np.maximum(ends[:, None] - SIZES, 0)
        means = (sums[ends][:, None] - sums[begins]) / SIZES[:, None, None]
        nats = judge.believe(means.reshape(-1, KINDS, CLASSES).astype(np.float32))
        nats = nats.reshape(len(ends), len(SIZES), CHORDS)
        nats *= (SIZES * np.float32(STEP_S))[:, None]
        for end, each in zip(ends.tolist(), nats, strict=True):
            fitting = np.searchsorted(SIZES, end, side="right")
            yield end, SIZES[:fitting], each[:fitting]


def _folded(pitches: NDArray[np.float32], fold: np.ufunc) -> NDArray[np.float32]:
    """(F, 12) of (F, 88): octaves joined."""
    octaves = -(-(PITCHES + LOWEST % CLASSES) // CLASSES)
    padded = np.zeros((len(pitches), octaves * CLASSES), np.float32)
    padded[:, LOWEST % CLASSES : LOWEST % CLASSES + PITCHES] = pitches
    folded: NDArray[np.float32] = fold.reduce(
        padded.reshape(len(pitches), octaves, CLASSES), axis=1
    )
    return folded
