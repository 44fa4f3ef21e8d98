"""How well a piece was heard, beside what is known of it.

Chords and keys are compared by mir_eval (Raffel et al., "mir_eval: A Transparent Implementation of
Common MIR Metrics", ISMIR 2014), as MIREX compares them, weighted by how long they last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import mir_eval
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.key import Key
from scorelock.engine.vocabulary import ROOTS, Chord, N
from scorelock.export.truth import Truth
from scorelock.training.listening.heard import Heard

NEAR: Final = 0.2
"""A density is right within this share of the true one."""
CHORD_SCORES: Final = {
    "majmin": "majmin",
    "sevenths": "sevenths",
    "root": "root",
    "exact": "tetrads",
}
"""Ours -> mir_eval's. Tetrads tell all 13 qualities apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One piece, what is known of it and what was heard.

    Attributes:
        name: of the piece.
        font: that played it.
        style: of its pattern.
        truth: what is known.
        heard: what was heard.
        level: (T,) float32, root mean square of each second of the sound before it was compressed.
    """

    name: str
    font: str
    style: str
    truth: Truth
    heard: Heard
    level: NDArray[np.float32]


def scores(trials: Sequence[Trial]) -> dict[str, float]:
    """All measures over pieces, each 0..1 but the correlations, -1..1.

    "majmin", "sevenths", "root", "exact": share of the time that the chord is right, of the time
    that mir_eval's rule compares. "most", "most_exact": what the true chords, one a second, get of
    majmin and of exact, for a chord may change within a second. "key": share of pieces. "key_near":
    mir_eval's mean score, which gives a part for a fifth or a relative. "density": share of seconds
    within `NEAR` of the true count. "steady": what always telling the median true count gets of it.
    "loudness": mean correlation with the level of the sound.
    "asked": with what the score asked for.
    """
    best = [trial.truth.chords for trial in trials]
    ours, most = chord_scores(trials, [t.heard.chords for t in trials]), chord_scores(trials, best)
    counts = np.concatenate([trial.truth.density for trial in trials])
    return {
        **ours,
        "most": most["majmin"],
        "most_exact": most["exact"],
        "key": float(np.mean([_same(t.truth.key, t.heard.key) for t in trials])),
        "key_near": float(np.mean([key_score(t.truth.key, t.heard.key) for t in trials])),
        "density": float(np.concatenate([_near(t) for t in trials]).mean()),
        "steady": float(density_right(counts, np.full_like(counts, np.median(counts))).mean()),
        "loudness": _mean(correlation(t.level, t.heard.loudness) for t in trials),
        "asked": _mean(correlation(t.truth.loudness, t.heard.loudness) for t in trials),
    }


def chord_scores(trials: Sequence[Trial], told: Sequence[NDArray[np.int64]]) -> dict[str, float]:
    """`CHORD_SCORES` of tokens (T,), one a second of each piece; the pieces count as one long one,
    so that each second weighs the same.
    """
    true: list[tuple[float, float, str]] = []
    heard: list[tuple[float, float, str]] = []
    begin_s = 0.0
    for trial, tokens in zip(trials, told, strict=True):
        spans = trial.truth.spans
        end_s = spans[-1].end_s
        true += [(begin_s + s.start_s, begin_s + s.end_s, label(s.chord.token)) for s in spans]
        heard += _a_second(tokens, begin_s, begin_s + end_s)
        begin_s += end_s
    found: dict[str, Any] = mir_eval.chord.evaluate(*_apart(true), *_apart(heard))
    return {ours: float(found[theirs]) for ours, theirs in CHORD_SCORES.items()}


def label(token: int) -> str:
    """A chord in mir_eval's spelling (Harte 2005), which spells all of the vocabulary."""
    if token == N:
        return str(mir_eval.chord.NO_CHORD)
    chord = Chord.from_token(token)
    return f"{ROOTS[chord.root]}:{chord.quality}"


def key_score(true: Key, heard: Key) -> float:
    """1 for the same, 0.5 for a fifth above, 0.3 for the relative, 0.2 for the parallel, else 0."""
    return float(mir_eval.key.weighted_score(_spelled(true), _spelled(heard)))


def density_right(true: NDArray[np.float32], heard: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(T,) whether as many notes are heard as sound, within `NEAR` of their number."""
    rows = min(len(true), len(heard))
    right: NDArray[np.bool_] = np.abs(heard[:rows] - true[:rows]) <= NEAR * true[:rows]
    return right


def correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Pearson's, -1..1, over the seconds that both have; None where one of them stays the same."""
    rows = min(len(one), len(other))
    if rows < 2 or not one[:rows].std() or not other[:rows].std():
        return None
    return float(np.corrcoef(one[:rows], other[:rows])[0, 1])


def _a_second(
    tokens: NDArray[np.int64], begin_s: float, end_s: float
) -> Iterable[tuple[float, float, str]]:
    """One label a second, no chord where there is no token any more."""
    until_s = begin_s
    for token in tokens.tolist():
        if until_s < end_s:
            yield until_s, min(until_s + 1, end_s), label(token)
            until_s = min(until_s + 1, end_s)
    if until_s < end_s:
        yield until_s, end_s, label(N)


def _apart(spans: Sequence[tuple[float, float, str]]) -> tuple[NDArray[np.float64], list[str]]:
    return np.array([span[:2] for span in spans]), [span[2] for span in spans]


def _near(trial: Trial) -> NDArray[np.bool_]:
    return density_right(trial.truth.density, trial.heard.density)


def _same(one: Key, other: Key) -> bool:
    return (one.pitch_class, one.minor) == (other.pitch_class, other.minor)


def _spelled(key: Key) -> str:
    return f"{ROOTS[key.pitch_class]} {'minor' if key.minor else 'major'}"


def _mean(values: Iterable[float | None]) -> float:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else 0.0
