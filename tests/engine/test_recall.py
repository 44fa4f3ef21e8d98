"""What the piece remembers of itself: exact, depends on the chords alone, and finds a chorus."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.recall import (
    DECAYS,
    GATE_FEATURES,
    LAG_FEATURES,
    LONGEST_LAG,
    Memory,
    Recall,
    RecallWeights,
)
from scorelock.engine.vocabulary import SIZE

TRUSTING = RecallWeights(
    lag=(2.0, 3.0, 3.0, 3.0, 3.0, 0.5, 0.0), gate=(0.0,) * GATE_FEATURES, bias=2.0, sharpness=1.0
)
CHORDS = st.lists(st.integers(0, 5), min_size=1, max_size=40)


def say(recall: Recall, logits: NDArray[np.float64], chords: list[int]) -> NDArray[np.float64]:
    """What it makes of a single take's logits (159,)."""
    said: NDArray[np.float64] = recall(logits[None].copy(), np.array([chords]))[0]
    return said


def slow_lags(chords: list[int]) -> NDArray[np.float64]:
    """By the definition: for every lag, decayed mean of agreement, and the run of equals."""
    rows = []
    last = len(chords) - 1
    for lag in range(1, len(chords)):
        agree = [float(t - lag >= 0 and chords[t] == chords[t - lag]) for t in range(last, -1, -1)]
        means = [
            sum(d**k * a for k, a in enumerate(agree)) / sum(d**k for k in range(len(agree)))
            for d in DECAYS
        ]
        run = next((k for k, a in enumerate(agree) if not a), len(agree))
        rows.append([*means, np.log1p(run), np.log(lag) / 5])
    return np.array(rows).reshape(-1, LAG_FEATURES)


@given(CHORDS)
def test_lags_are_those_of_the_definition(chords: list[int]) -> None:
    memory = Memory()
    for chord in chords:
        memory.hear(np.array([chord]))
    features, proposed = memory.lags()
    np.testing.assert_allclose(features[:, 0].T, slow_lags(chords), atol=1e-12)
    # The chord that followed the second that lies so far back.
    assert proposed[0].tolist() == [chords[-lag] for lag in range(1, len(chords))]


@settings(max_examples=25)
@given(CHORDS, st.integers(0, 39), st.integers(0, 9))
def test_the_result_depends_on_the_chords_alone(chords: list[int], cut: int, seed: int) -> None:
    """However it was called before: in order, with another piece between, or all at once."""
    logits = np.random.default_rng(seed).normal(size=SIZE)
    wanted = say(Recall(TRUSTING), logits, chords)
    used = Recall(TRUSTING)
    for end in range(1, min(cut, len(chords)) + 1):
        say(used, logits, chords[:end])
    say(used, logits, [7, 7, 7])
    np.testing.assert_array_equal(say(used, logits, chords), wanted)


@settings(max_examples=25)
@given(CHORDS, st.integers(0, 9), st.integers(2, 4))
def test_takes_side_by_side_remember_each_its_own(chords: list[int], seed: int, takes: int) -> None:
    rng = np.random.default_rng(seed)
    logits, trust = rng.normal(size=(takes, SIZE)), rng.uniform(0, 1, takes)
    heard = np.stack([rng.permutation(chords) for _ in range(takes)])
    together = Recall(TRUSTING, trust)(logits.copy(), heard)
    for take in range(takes):
        alone = say(Recall(TRUSTING, trust[take]), logits[take], heard[take].tolist())
        np.testing.assert_allclose(together[take], alone, atol=1e-9)


@given(CHORDS)
def test_it_is_a_probability(chords: list[int]) -> None:
    logits = np.random.default_rng(0).normal(size=SIZE)
    assert np.exp(say(Recall(TRUSTING), logits, chords)).sum() == pytest.approx(1, abs=1e-5)


def test_a_progression_that_returns_is_known_again() -> None:
    """The model knows nothing; a verse of 16 s comes back with one chord played otherwise."""
    verse = [1, 1, 66, 66, 92, 92, 118, 5, 1, 1, 40, 40, 92, 92, 27, 27]
    altered = [*verse[:5], 33, *verse[6:]]
    recall = Recall(TRUSTING)
    for second in range(8, len(altered)):
        heard = [*verse, *altered[:second]]
        assert say(recall, np.zeros(SIZE), heard).argmax() == altered[second]


def test_a_whole_song_at_once_is_as_step_by_step() -> None:
    rng = np.random.default_rng(1)
    chords = rng.integers(1, 6, 50)
    logits = rng.normal(size=(49, SIZE))
    whole = Recall(TRUSTING).over(logits, chords)
    steps = Recall(TRUSTING)
    for second in range(49):
        row = say(steps, logits[second], chords[: second + 1].tolist())
        np.testing.assert_array_equal(row, whole[second])


def test_a_film_longer_than_the_longest_lag() -> None:
    memory = Memory()
    for second in range(LONGEST_LAG + 50):
        memory.hear(np.array([second % 7]))
    features, proposed = memory.lags()
    assert features.shape[-1] == proposed.shape[-1] == LONGEST_LAG
    assert (
        features[: len(DECAYS), 0, 6].min() > 0.99
    )  # of seven seconds, agreed with itself since 7 s


def test_the_first_chord_is_the_models_own() -> None:
    logits = np.random.default_rng(0).normal(size=SIZE)
    probabilities = np.exp(say(Recall(TRUSTING), logits, [1]))
    np.testing.assert_allclose(probabilities, np.exp(logits) / np.exp(logits).sum(), atol=1e-8)


def test_weights_come_back_from_json() -> None:
    assert RecallWeights.parse(json.loads(json.dumps(TRUSTING.plain()))) == TRUSTING
    for wrong in ({}, {**TRUSTING.plain(), "lag": [1.0]}, {**TRUSTING.plain(), "bias": "x"}):
        with pytest.raises((KeyError, ValueError)):
            RecallWeights.parse(wrong)
