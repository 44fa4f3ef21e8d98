"""Scores against a slow reading of their definitions."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch

from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.evaluate import (
    chord_counts,
    evaluate_amt,
    evaluate_dynamics,
    nll,
    song_logits,
)
from scorelock.training.songs import Example

Make = Callable[..., Example]


@pytest.fixture(scope="module")
def songs(song: Make) -> list[Example]:
    return [song(seconds, seed) for seed, seconds in enumerate((23, 40, 9, 70))]


@pytest.fixture(scope="module")
def scores(songs: list[Example]) -> dict[str, dict[str, float]]:
    torch.manual_seed(0)
    model = Amt(AmtSizes("picture", 16, 2, 1, 1, 16, window=50))
    return evaluate_amt(model, songs, chord_counts(songs))


def test_repeating_the_last_chord(
    scores: dict[str, dict[str, float]], songs: list[Example]
) -> None:
    shares = []
    for each in songs:
        chords = each.chords[:50].tolist()
        shares.append(np.mean([a == b for a, b in pairwise(chords)]))
    assert scores["repeat_last"]["hits1"] == pytest.approx(np.mean(shares))
    assert scores["repeat_last"]["hits1_at_changes"] == 0
    assert scores["size"] == {"songs": 4, "seconds": 22 + 39 + 8 + 49}


def test_the_most_frequent_chord(scores: dict[str, dict[str, float]], songs: list[Example]) -> None:
    common = Counter(int(c) for each in songs for c in each.chords).most_common()
    for k in (1, 3):
        top = {chord for chord, _ in common[:k]}
        share = np.mean([np.mean([int(c) in top for c in each.chords[1:50]]) for each in songs])
        assert scores["most_frequent"][f"hits{k}"] == pytest.approx(share)


def test_hits_grow_with_their_rank(scores: dict[str, dict[str, float]]) -> None:
    model = scores["model"]
    assert 0 <= model["hits1"] <= model["hits3"] <= model["hits5"] <= 1


def test_likelihood_is_that_of_the_true_chords(songs: list[Example]) -> None:
    torch.manual_seed(0)
    model = Amt(AmtSizes("picture", 16, 2, 1, 1, 16, window=80))
    logits = song_logits(model, songs, batch=3)
    total = [
        -float(row.log_softmax(-1)[int(chord)])
        for each, rows in zip(songs, logits, strict=True)
        for row, chord in zip(rows, each.chords[1:], strict=True)
    ]
    assert nll(logits, songs) == pytest.approx(np.mean(total), rel=1e-5)


def test_batches_do_not_change_what_a_song_gets(songs: list[Example]) -> None:
    torch.manual_seed(0)
    model = Amt(AmtSizes("picture", 16, 2, 1, 1, 16, window=80))
    together, alone = song_logits(model, songs, batch=4), song_logits(model, songs, batch=1)
    for one, other in zip(together, alone, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_errors_of_dynamics_as_both_are_counted(songs: list[Example]) -> None:
    """A mean that is off by exactly 2 notes everywhere, on songs of 9..70 of 300 rows."""
    flat = [
        Example(
            s.name,
            s.features,
            True,
            s.minor,
            s.chords,
            np.full(len(s.chords), 8, np.float32),
            s.loudness,
        )
        for s in songs
    ]
    scores = evaluate_dynamics(BiGru(GruSizes("picture", hidden=2)), flat, (10.0, 0.0))
    assert scores["mean"]["density_rmse"] == pytest.approx(2)
    padded = np.mean([(4 * len(s.chords) / 300) ** 0.5 for s in songs])
    assert scores["mean"]["density_rmse_padded"] == pytest.approx(padded)


def test_the_mean_predictor_of_the_real_songs(packed: object) -> None:
    """The values that were measured on MuVi-Sync's val split: 4.895 and 0.0785."""
    from pathlib import Path

    from scorelock.training.corpora import read_corpora

    assert isinstance(packed, Path)
    songs = {s: read_corpora(packed, ("muvisync",), s, "picture").songs for s in ("train", "val")}
    model = BiGru(GruSizes("picture", hidden=2))
    mean = tuple(
        float(np.concatenate([getattr(s.crop(0, 300), name) for s in songs["train"]]).mean())
        for name in ("density", "loudness")
    )
    scores = evaluate_dynamics(model, songs["val"], (mean[0], mean[1]))["mean"]
    assert scores["density_rmse_padded"] == pytest.approx(4.895, abs=5e-4)
    assert scores["loudness_rmse_padded"] == pytest.approx(0.0785, abs=5e-5)
