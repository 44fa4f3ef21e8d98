"""Errors of density and loudness by hand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from scorelock.training.evaluation.dynamics import dynamics_scores
from scorelock.training.songs import Example

Make = Callable[..., Example]


def flat(song: Make, density: list[float]) -> Example:
    rows = np.array(density, np.float32)
    return replace(song(len(rows)), density=rows, loudness=rows / np.float32(100))


def test_errors_over_real_and_over_padded_rows(song: Make) -> None:
    songs = [flat(song, [1, 2, 3, 4]), flat(song, [5, 5])]
    guesses = [np.full((4, 2), 2.0), np.full((2, 2), 5.0)]
    found = dynamics_scores(guesses, songs)
    # Squared errors 1 0 1 4 and 0 0: over 6 seconds, and over 300 rows a song.
    assert found["density_rmse"] == pytest.approx((6 / 6) ** 0.5)
    assert found["density_rmse_padded"] == pytest.approx(((6 / 300) ** 0.5 + 0) / 2)
    truth = np.array([1, 2, 3, 4, 5, 5])
    assert found["density_r2"] == pytest.approx(1 - 1 / truth.var())
    guess = np.array([2, 2, 2, 2, 5, 5])
    assert found["density_spread"] == pytest.approx(guess.std() / truth.std())
    assert found["density_correlation"] == pytest.approx(np.corrcoef(guess, truth)[0, 1])


def test_seconds_without_truth_do_not_count(song: Make) -> None:
    whole = flat(song, [1, 2, 3])
    holed = replace(whole, density=np.array([1, np.nan, 3], np.float32))
    guess = [np.array([[1, 0], [99, 0], [3, 0]], float)]
    assert dynamics_scores(guess, [holed])["density_rmse"] == 0


def test_a_constant_guess_has_no_correlation(song: Make) -> None:
    found = dynamics_scores([np.ones((3, 2))], [flat(song, [1, 2, 3])])
    assert "density_correlation" not in found
    assert found["density_spread"] == 0
