"""What a model composes, measured: does it change with the picture, and does it stay music?

Every piece is composed for the film of a held-out song, over its length, in its mode and from its
tonic chord, with a seed of its own. The scale that judges valence is measured on another corpus of
human labels than the one that leads (see `scorelock.engine.prior`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.compose import LEADS, recall_of
from scorelock.engine.decoder import ChordModel, decode_chords
from scorelock.engine.features import EMOTIONS
from scorelock.engine.key import notes_outside
from scorelock.engine.mood import PLACES, Mood
from scorelock.engine.prior import AffectScale, Lean
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, PAD, QUALITIES, SIZE, Chord, N
from scorelock.training.songs import Example

JUDGE: Final = "vgmidi"
MINOR_QUALITIES: Final = ("min", "min7", "min6")
MOODS_OF: Final = 25
"""Films that are also scored with each emotion alone, sure of it throughout."""

Rows = NDArray[np.float32]
Chords = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Composer:
    """Composes for the films of songs, under a seed and a strength of affect."""

    model: ChordModel
    settings: ComposeSettings

    def chords(self, features: Rows, minor: bool, affect: float, index: int) -> Chords:
        """Tokens (T,) for raw features (T, F); `index` gives each film a seed of its own."""
        settings = replace(self.settings, seed=self.settings.seed + index, affect=affect)
        mood = Mood.of(features[:, -len(EMOTIONS) :])
        sampler = Sampler.of(
            [settings],
            [minor],
            recall_of(self.model.manifest, [settings.recall]),
            Lean(AffectScale.of(LEADS), mood, affect),
        )
        tonic = Chord(9, "min") if minor else Chord(0, "maj")
        return np.fromiter(
            decode_chords(self.model, features, minor, [tonic.token], sampler), np.int64
        )


def generated_scores(
    composer: Composer,
    songs: Sequence[Example],
    corpus_pairs: NDArray[np.int64],
    done: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """All measures, at the composer's strength of affect and beside it at strength 0.

    Args:
        composer: the model and the settings.
        songs: whose films are scored.
        corpus_pairs: (159, 159) how often one chord follows another in the training songs.
        done: called after each piece.
    """
    strength = composer.settings.affect

    def piece(features: Rows, affect: float, index: int, minor: bool) -> Chords:
        chords = composer.chords(features, minor, affect, index)
        done()
        return chords

    numbered = list(enumerate(songs))
    others = [_fitted(songs[(i + 1) % len(songs)].features, len(s.features)) for i, s in numbered]
    plain = [piece(s.features, 0.0, i, s.minor) for i, s in numbered]
    own = [piece(s.features, strength, i, s.minor) for i, s in numbered]
    swapped = [piece(others[i], strength, i, s.minor) for i, s in numbered]
    alone = {
        name: [piece(_only(s.features, e), strength, i, False) for i, s in numbered[:MOODS_OF]]
        for e, name in enumerate(EMOTIONS)
    }
    return {
        "affect": strength,
        "films": len(songs),
        **_swap(songs, others, own, swapped),
        **_moods(alone),
        **_music(own, corpus_pairs),
        **{f"{name}_at_0": value for name, value in _music(plain, corpus_pairs).items()},
        **{
            f"{name}_of_songs": value
            for name, value in _music([s.chords for s in songs], corpus_pairs).items()
        },
    }


def _swap(
    songs: Sequence[Example],
    others: Sequence[Rows],
    own: Sequence[Chords],
    swapped: Sequence[Chords],
) -> dict[str, float]:
    """Another film's features, all else equal: how many chords change, and to which side.

    The shift is in standard deviations of the songs' own valence, positive towards the new film.
    """
    judge = AffectScale.of(JUDGE)
    shifts = [
        (judge.heard(b) - judge.heard(a))
        * np.sign(_pleasantness(other) - _pleasantness(song.features))
        for song, other, a, b in zip(songs, others, own, swapped, strict=True)
    ]
    spread = np.std([judge.heard(song.chords) for song in songs])
    return {
        "swap_chords_changed": float(
            np.mean([(a != b).mean() for a, b in zip(own, swapped, strict=True)])
        ),
        "swap_valence_shift": float(np.mean(shifts) / spread) if spread else 0.0,
    }


def _moods(alone: dict[str, list[Chords]]) -> dict[str, Any]:
    """One emotion throughout: does the valence follow, and which qualities does each get?"""
    judge = AffectScale.of(JUDGE)
    heard = [[judge.heard(chords) for chords in alone[name]] for name in EMOTIONS]
    wanted = np.repeat(PLACES[:, 0], len(heard[0]))
    shares = {name: _qualities(np.concatenate(pieces)) for name, pieces in alone.items()}
    minor = {name: sum(found[q] for q in MINOR_QUALITIES) for name, found in shares.items()}
    return {
        "valence_spearman": spearman(wanted, np.concatenate(heard)),
        # A share of nothing is taken for one chord, so that the ratio stays finite.
        "minor_ratio_sad_exciting": minor["sad"]
        / max(minor["exciting"], 1 / sum(map(len, alone["exciting"]))),
        "qualities": shares,
    }


def _music(pieces: Sequence[Chords], corpus_pairs: NDArray[np.int64]) -> dict[str, float]:
    """Plain measures of some pieces of music."""
    pairs = np.zeros((SIZE, SIZE))
    for chords in pieces:
        np.add.at(pairs, (chords[:-1], chords[1:]), 1)
    tokens = np.concatenate(pieces)
    return {
        "diatonic_share": float(diatonic()[tokens].mean()),
        "bigram_divergence": divergence(pairs, corpus_pairs),
        "longest_repeat_s": float(
            max(sum(1 for _ in run) for chords in pieces for _, run in groupby(chords.tolist()))
        ),
        "distinct_chords_a_minute": float(
            np.mean([len(set(c[i : i + 60])) for c in pieces for i in range(0, len(c) - 59, 60)])
        )
        if any(len(c) >= 60 for c in pieces)
        else 0.0,
    }


def divergence(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Jensen-Shannon divergence in bits, 0..1, of two tables of counts (Lin 1991)."""
    p, q = first / first.sum(), second / second.sum()
    middle = (p + q) / 2
    return float(sum((a[a > 0] * np.log2(a[a > 0] / middle[a > 0])).sum() for a in (p, q)) / 2)


def spearman(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Rank correlation, equals sharing the mean of their ranks; 0 where either never changes."""
    a, b = (_mean_ranks(np.asarray(values)) for values in (x, y))
    return float(np.corrcoef(a, b)[0, 1]) if a.std() and b.std() else 0.0


def diatonic() -> NDArray[np.bool_]:
    """(159,): chords whose notes all lie in C major, which is A natural minor."""
    table: NDArray[np.bool_] = notes_outside(False) == 0
    table[[N, END, PAD]] = False
    return table


def _mean_ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, kind, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[kind]


def _qualities(tokens: Chords) -> dict[str, float]:
    chords = tokens[(tokens > N) & (tokens < END)]
    counts = np.bincount((chords - 1) % len(QUALITIES), minlength=len(QUALITIES))
    return dict(zip(QUALITIES, (counts / max(1, counts.sum())).round(4).tolist(), strict=True))


def _pleasantness(features: Rows) -> float:
    return float(Mood.of(features[:, -len(EMOTIONS) :]).valence.mean())


def _fitted(features: Rows, seconds: int) -> Rows:
    """Another film's rows, from its start again where it ends too soon."""
    return np.resize(features, (seconds, features.shape[1]))


def _only(features: Rows, emotion: int) -> Rows:
    """The same film, sure of one emotion throughout."""
    changed = features.copy()
    changed[:, -len(EMOTIONS) :] = np.eye(len(EMOTIONS), dtype=np.float32)[emotion]
    return changed
