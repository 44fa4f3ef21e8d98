"""Fitting recall: the same formula as in composing, and it learns when to trust the past."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from scorelock.engine.recall import Recall
from scorelock.engine.vocabulary import SIZE
from scorelock.training.evaluation.given import chord_loss, hits
from scorelock.training.recall import FitSettings, Mixture, Remembered, cross_fitted, fit
from scorelock.training.songs import Example

Make = Callable[..., Example]
FEW = FitSettings(steps=25, songs=4)


def clueless(songs: list[Example], seed: int = 0) -> list[np.ndarray]:
    """Logits of a model that knows next to nothing."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(len(s.chords) - 1, SIZE)).astype(np.float32) for s in songs]


def test_the_fitted_formula_is_the_composing_one(song: Make) -> None:
    songs = [song(50, 1), song(2, 2)]
    torch.manual_seed(0)
    mixture = Mixture()
    for parameter in mixture.parameters():
        parameter.data += 0.3 * torch.randn_like(parameter)
    recall = Recall(mixture.weights())
    for each, logits in zip(songs, clueless(songs), strict=True):
        with torch.inference_mode():
            wanted = mixture(Remembered.of(logits, each.chords)).numpy()
        np.testing.assert_allclose(
            np.exp(recall.over(logits, each.chords)), np.exp(wanted), atol=1e-5
        )


def test_songs_that_repeat_teach_it_to_trust_the_past(song: Make) -> None:
    """Cycles of four chords: the past knows all, the model nothing."""
    songs = [song(60, seed) for seed in range(8)]
    logits = clueless(songs)
    heard = [Remembered.of(row, s.chords) for row, s in zip(logits, songs, strict=True)]
    fair = cross_fitted(heard, FEW)
    assert chord_loss(fair, songs) < chord_loss(logits, songs) / 2
    assert hits(fair, songs)["hits1"] > 0.7


def test_songs_that_do_not_repeat_teach_it_to_trust_the_model(song: Make) -> None:
    rng = np.random.default_rng(0)
    songs = []
    for seed in range(6):
        made = song(60, seed)
        songs.append(
            type(made)(
                **{n: getattr(made, n) for n in made.__dataclass_fields__}
                | {"chords": rng.integers(1, 157, 60)}
            )
        )
    knowing = [6 * np.eye(SIZE, dtype=np.float32)[s.chords[1:]] for s in songs]
    heard = [Remembered.of(row, s.chords) for row, s in zip(knowing, songs, strict=True)]
    weights = fit(heard, FEW).weights()
    after = [Recall(weights).over(row, s.chords) for row, s in zip(knowing, songs, strict=True)]
    assert hits(after, songs)["hits1"] > 0.95


def test_a_seed_decides_the_fit(song: Make) -> None:
    songs = [song(30, seed) for seed in range(5)]
    heard = [Remembered.of(r, s.chords) for r, s in zip(clueless(songs), songs, strict=True)]
    quick = FitSettings(steps=4, songs=2)
    assert fit(heard, quick).weights() == fit(heard, quick).weights()
    other = FitSettings(steps=4, songs=2, seed=1)
    assert fit(heard, quick).weights() != fit(heard, other).weights()


@pytest.mark.parametrize("songs", [2, 5])
def test_every_song_is_scored_by_weights_that_it_did_not_shape(song: Make, songs: int) -> None:
    made = [song(20, seed) for seed in range(songs)]
    heard = [Remembered.of(r, s.chords) for r, s in zip(clueless(made), made, strict=True)]
    fair = cross_fitted(heard, FitSettings(steps=2, songs=2))
    assert [row.shape for row in fair] == [(19, SIZE)] * songs
