"""Scores of given songs, each against another way to the same number."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.vocabulary import SIZE
from scorelock.training.affective import affect_table
from scorelock.training.evaluation.given import (
    affective_loss,
    chord_loss,
    correspondence,
    hits,
    ranks,
)
from scorelock.training.songs import Example

Make = Callable[..., Example]


def some_logits(song: Example, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(song.chords) - 1, SIZE)).astype(np.float32)


def test_hits_are_those_of_torch(song: Make) -> None:
    songs = [song(30, 1), song(50, 2)]
    logits = [some_logits(s) + 3 * np.eye(SIZE)[s.chords[:-1]] for s in songs]
    found = hits(logits, songs)
    for k in (1, 3, 5):
        wanted = [
            (torch.from_numpy(x).topk(k).indices == torch.from_numpy(s.chords[1:, None]))
            .any(-1)
            .float()
            .mean()
            for x, s in zip(logits, songs, strict=True)
        ]
        assert found[f"hits{k}"] == pytest.approx(float(np.mean(wanted)), abs=1e-6)


def test_a_predictor_that_repeats_has_nothing_at_changes_but_may_know_the_next(song: Make) -> None:
    songs = [song(40, 3)]
    chords = songs[0].chords
    scores = 2 * np.eye(SIZE)[chords[:-1]] + np.eye(SIZE)[chords[1:]]
    found = hits([scores], songs)
    assert found["hits1_change"] == 0
    assert found["hits1_next"] == 1
    assert found["hits1"] == pytest.approx((chords[1:] == chords[:-1]).mean())


@given(st.lists(st.integers(0, 3), min_size=2, max_size=8), st.data())
def test_equals_rank_by_token(values: list[int], data: st.DataObject) -> None:
    scores = np.array([values], float)
    order = sorted(range(len(values)), key=lambda token: (-values[token], token))
    truth = data.draw(st.integers(0, len(values) - 1))
    assert ranks(scores, np.array([truth]))[0] == order.index(truth)


def test_losses_are_those_of_torch(song: Make) -> None:
    songs = [song(30, 1), song(50, 2)]
    logits = [some_logits(s) for s in songs]
    rows = torch.from_numpy(np.concatenate(logits))
    truth = torch.from_numpy(np.concatenate([s.chords[1:] for s in songs]))
    wanted = torch.nn.functional.cross_entropy(rows, truth)
    assert chord_loss(logits, songs) == pytest.approx(float(wanted), abs=1e-5)
    emotion = np.concatenate([s.features[1:, -6:] for s in songs]).argmax(axis=1)
    sets = torch.from_numpy(affect_table()[emotion])
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(rows, sets)
    assert affective_loss(logits, songs) == pytest.approx(float(wanted), abs=1e-5)


def test_correspondence_counts_seconds_that_are_sure(song: Make) -> None:
    one = song(5)
    rows = one.features.copy()
    rows[:, 2:] = 0
    #                 given, fearful sure, fearful unsure, sad sure, neutral sure
    rows[:, 2:][range(5), [0, 1, 1, 3, 5]] = [1, 0.9, 0.7, 0.85, 1]
    film = Example(**{n: getattr(one, n) for n in one.__dataclass_fields__} | {"features": rows})
    major, minor7 = 1, 4
    scores = np.eye(SIZE)[[major, minor7, minor7, major]]
    # Fearful got a major chord, sad a minor seventh; the others do not count.
    assert correspondence([scores], [film]) == {"correspondence": 0.5}
    assert correspondence([scores[1:2]], [film.crop(1, 3)]) == {}
