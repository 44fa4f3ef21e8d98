"""Trivial predictors count what stands in the training songs, and survive their file."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from scorelock.engine.errors import BadBundle
from scorelock.training.corpora import read_corpora
from scorelock.training.evaluation.baselines import Baselines
from scorelock.training.evaluation.dynamics import dynamics_scores
from scorelock.training.evaluation.given import hits
from scorelock.training.songs import Example

Make = Callable[..., Example]


def spelled(song: Make, chords: list[int]) -> Example:
    return replace(song(len(chords)), chords=np.array(chords))


def test_the_trigram_follows_what_it_saw(song: Make) -> None:
    learnt = Baselines.of([spelled(song, [1, 2, 3, 1, 2, 3, 1, 2, 3, 9, 2, 5])])
    scores = learnt.trigram(spelled(song, [1, 2, 3, 1, 9, 2, 7]))
    assert scores[1].argmax() == 3  # 1 2 -> 3
    assert scores[5].argmax() == 5  # 9 2 -> 5, although 2 goes on to 3 oftener
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert (scores > 0).all()


def test_witten_and_bell_by_hand(song: Make) -> None:
    learnt = Baselines.of([spelled(song, [1, 2, 1, 2, 1, 3])])
    single = (np.array([3, 2, 1]) + 1) / (6 + 159)
    after_1 = (np.array([0, 2, 1]) + 2 * single) / (3 + 2)
    # After 2 1 came 2 once and 3 once: two kinds in two.
    wanted = (np.array([0, 1, 1]) + 2 * after_1) / (2 + 2)
    np.testing.assert_allclose(learnt.trigram(spelled(song, [2, 1, 2]))[1][[1, 2, 3]], wanted)


def test_repeat_last_then_the_most_frequent(song: Make) -> None:
    learnt = Baselines.of([spelled(song, [1, 1, 1, 2, 2, 3])])
    (row,) = learnt.repeat_last(spelled(song, [3, 1]))
    assert np.argsort(-row, kind="stable")[:3].tolist() == [3, 1, 2]


def test_counts_come_back_from_their_file(tmp_path: Path, song: Make) -> None:
    learnt = Baselines.of([song(40, 1), song(30, 2)])
    learnt.save(tmp_path / "counts.npz")
    again = Baselines.load(tmp_path / "counts.npz")
    for field in fields(Baselines):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(learnt, field.name))
    (tmp_path / "counts.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(BadBundle, match=r"counts\.npz"):
        Baselines.load(tmp_path / "counts.npz")


def test_the_known_numbers_of_the_real_songs(packed: Path) -> None:
    """Measured independently: repeat-last 0.527 on val, mean predictor 4.895 and 0.0785."""
    learnt = Baselines.of(read_corpora(packed, ("muvisync",), "train", "picture").songs)
    songs = [s.crop(0, 300) for s in read_corpora(packed, ("muvisync",), "val", "picture").songs]
    last = hits([learnt.repeat_last(s) for s in songs], songs)
    assert last["hits1"] == pytest.approx(0.527, abs=5e-4)
    means = [np.broadcast_to(learnt.mean, (len(s.chords), 2)) for s in songs]
    found = dynamics_scores(means, songs)
    assert found["density_rmse_padded"] == pytest.approx(4.895, abs=2e-3)
    assert found["loudness_rmse_padded"] == pytest.approx(0.0785, abs=3e-4)
