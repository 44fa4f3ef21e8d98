"""Measures of what is composed: known music has known numbers, a blind model changes nothing."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.bundle import Manifest
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import SIZE, Chord
from scorelock.training.evaluation.generated import (
    Composer,
    diatonic,
    divergence,
    generated_scores,
    spearman,
)
from scorelock.training.songs import Example

Make = Callable[..., Example]
Rows = NDArray[np.float32]


class Blind:
    """Believes in five diatonic triads alike, whatever it sees and whatever came before."""

    manifest = Manifest("blind", "picture", 300, None, (1, 2, 1, 1), {}, {}, {}, {})

    position = 0

    def begin(self, features: Rows, minor: Sequence[bool]) -> "Blind":
        return self

    def rewind(self, position: int) -> None: ...

    def advance(self, tokens: NDArray[np.int64]) -> Rows:
        logits = np.full((*tokens.shape, SIZE), -20, np.float32)
        logits[..., [Chord.parse(name).token for name in ("C", "F", "G", "Am", "Dm")]] = 0
        return logits


def scores(song: Make, affect: float, seed: int = 0) -> dict[str, Any]:
    songs = [song(90, index) for index in range(6)]
    composer = Composer(Blind(), ComposeSettings(seed=seed, affect=affect))
    return generated_scores(composer, songs, np.eye(SIZE, dtype=np.int64))


def test_without_affect_a_blind_model_changes_nothing(song: Make) -> None:
    found = scores(song, 0.0)
    assert found["swap_chords_changed"] == 0
    assert found["swap_valence_shift"] == 0
    assert found["valence_spearman"] == 0
    assert found["minor_ratio_sad_exciting"] == 1
    assert found["diatonic_share"] == 1
    assert found["bigram_divergence"] == found["bigram_divergence_at_0"]


def test_with_affect_even_a_blind_model_follows_the_picture(song: Make) -> None:
    found = scores(song, 0.7)
    assert found["swap_chords_changed"] > 0.1
    assert found["valence_spearman"] > 0.8
    assert found["minor_ratio_sad_exciting"] > 1.5
    assert found["qualities"]["sad"]["min"] > found["qualities"]["exciting"]["min"]
    assert found["diatonic_share"] == 1


def test_a_seed_decides_every_number(song: Make) -> None:
    assert scores(song, 0.7, seed=3) == scores(song, 0.7, seed=3) != scores(song, 0.7, seed=4)


def test_what_is_diatonic() -> None:
    inside = [Chord.parse(name).token for name in ("C", "Em7", "Bdim", "G7", "Fmaj7", "Dsus4")]
    outside = [Chord.parse(name).token for name in ("E", "Cm", "D7", "Bb", "Caug", "F#dim")]
    assert diatonic()[inside].all()
    assert not diatonic()[outside].any()


def test_divergence_is_a_distance_of_shares() -> None:
    counts = np.array([[3, 1], [0, 4]])
    assert divergence(counts, 7 * counts) == pytest.approx(0)
    assert divergence(np.array([1, 0]), np.array([0, 5])) == pytest.approx(1)
    assert divergence(counts, counts.T) == pytest.approx(divergence(counts.T, counts))


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=12, unique=True))
def test_spearman_sees_order_alone(values: list[int]) -> None:
    x = np.array(values, float)
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert spearman(x, -x) == pytest.approx(-1)
    assert spearman(x, np.ones(len(x))) == 0


def test_spearman_shares_ranks_of_equals() -> None:
    """By hand: ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3."""
    wanted = np.corrcoef([0, 1.5, 1.5, 3], [0, 1, 2, 3])[0, 1]
    assert spearman(np.array([1, 2, 2, 9]), np.array([1, 2, 3, 4])) == pytest.approx(wanted)
