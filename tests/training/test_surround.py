"""Density and loudness from a second's surroundings: right by hand, and blind to padding."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scorelock.engine.errors import BadBundle
from scorelock.engine.features import WIDTH, Layout
from scorelock.training.batches import Batch
from scorelock.training.bigru import GruSizes
from scorelock.training.checkpoint import load_state, save
from scorelock.training.regressors import (
    SPREAD,
    new_regressor,
    predicted,
    regressor_from_state,
    widen,
)
from scorelock.training.songs import Example
from scorelock.training.surround import Surround, SurroundSizes

Make = Callable[..., Example]


def film(seconds: int, layout: Layout = "picture", seed: int = 0) -> torch.Tensor:
    rows = np.random.default_rng(seed).uniform(0, 1, (seconds, WIDTH[layout]))
    rows[:, -8] = np.arange(seconds) % 5 + 1
    return torch.tensor(rows, dtype=torch.float32)


def test_surroundings_by_hand() -> None:
    rows = film(12)
    x = Surround(SurroundSizes("picture")).surroundings(rows[None])[0].numpy()
    raw = rows.numpy()
    cut = (raw[:, 0] < 1.5).astype(float)
    second = 3
    np.testing.assert_allclose(x[second, 0], 3 / 40, atol=1e-6)
    np.testing.assert_allclose(x[second, 3], np.exp(-(12 - 1 - 3) / 5), atol=1e-6)
    np.testing.assert_allclose(x[second, 5:8], [3 / 12, 9 / 144, 12 / 300], atol=1e-6)
    np.testing.assert_allclose(x[second, 8], raw[second, 0] / 10, atol=1e-6)
    np.testing.assert_allclose(x[second, 9], cut[0:8].mean(), atol=1e-6)  # 4 s to both sides
    np.testing.assert_allclose(x[second, 11], raw[2:5, 1].mean() / 20, atol=1e-6)
    np.testing.assert_allclose(x[second, 13:15], [raw[:, 1].mean() / 20, cut.mean()], atol=1e-6)
    np.testing.assert_allclose(x[second, 15:21], raw[second, 2:], atol=1e-6)
    np.testing.assert_allclose(x[second, 27:33], raw[:, 2:].mean(axis=0), atol=1e-6)
    assert x.shape == (12, 33)


@settings(deadline=None, max_examples=15)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=4), st.sampled_from(["picture", "published"])
)
def test_padding_is_not_seen(lengths: list[int], layout: Layout) -> None:
    model = Surround(SurroundSizes(layout, 8)).eval()
    films = [film(n, layout, seed) for seed, n in enumerate(lengths)]
    longest = max(lengths)
    batch = torch.full((len(films), longest, WIDTH[layout]), 7.0)
    hidden = torch.ones(len(films), longest, dtype=torch.bool)
    for row, one in enumerate(films):
        batch[row, : len(one)] = one
        hidden[row, : len(one)] = False
    with torch.inference_mode():
        together = model(batch, hidden)
        for row, one in enumerate(films):
            torch.testing.assert_close(
                together[row, : len(one)], model(one[None])[0], atol=1e-4, rtol=1e-4
            )


def test_weights_come_back_with_their_sizes(tmp_path: Path) -> None:
    for layout in WIDTH:
        model = Surround(SurroundSizes(layout, 12)).eval()
        save(tmp_path / "best.pt", {"model": model.state_dict()})
        again = regressor_from_state(load_state(tmp_path / "best.pt"))
        assert isinstance(again, Surround)
        rows = film(20, layout)[None]
        torch.testing.assert_close(again(rows), model(rows))
    state = Surround(SurroundSizes("picture", 12)).state_dict() | {
        "bent.weight": torch.zeros(12, 5)
    }
    with pytest.raises(BadBundle, match="surroundings"):
        regressor_from_state(state)


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.floats(0.01, 3))
def test_what_hardly_moves_is_widened_and_what_moves_is_left(song: Make, gain: float) -> None:
    songs = [song(60, seed) for seed in range(4)]
    model = new_regressor(SurroundSizes("picture", 8), 0.0, songs)
    for layer in model.readouts:
        layer.weight.data *= gain
        layer.bias.data *= 0
    before = np.concatenate(predicted(model, songs))
    factors = widen(model, songs)
    after = np.concatenate(predicted(model, songs))
    truth = np.array(
        [np.concatenate([getattr(s, n) for s in songs]).std() for n in ("density", "loudness")]
    )
    spread = before.std(axis=0) / truth
    np.testing.assert_allclose(after.std(axis=0) / truth, np.maximum(spread, SPREAD), rtol=1e-3)
    assert all(factor >= 1 for factor in factors)


def test_it_behaves_to_the_last_second(song: Make) -> None:
    """Neither end of a film, nor one of one second or of an hour, leaves the range of the rest."""
    songs = [song(80, seed) for seed in range(6)]
    model = new_regressor(SurroundSizes("picture", 16), 0.0, songs)
    for seconds in (1, 2, 80, 3600):
        rows = predicted(model, [replace(songs[0], features=film(seconds).numpy())])[0]
        assert rows.shape == (seconds, 2)
        assert np.isfinite(rows).all()
        middle = rows[len(rows) // 2]
        spread = np.abs(rows - middle).max(axis=0)
        assert (spread < 10 * np.array([5, 0.1])).all()


def test_films_that_are_hidden_do_not_teach_the_scale(song: Make) -> None:
    shown = [song(40, 1), song(40, 2)]
    mixed = [*shown, song(40, 3, film=False)]
    first = new_regressor(SurroundSizes("picture", 4), 0.0, shown)
    second = new_regressor(SurroundSizes("picture", 4), 0.0, mixed)
    torch.testing.assert_close(first.get_buffer("mean"), second.get_buffer("mean"))
    assert Batch.of(mixed).film.tolist() == [True, True, False]


def test_raw_published_weights_are_not_widened(song: Make) -> None:
    """Their last layer holds the targets' mean, which a factor would move."""
    songs = [song(40, seed) for seed in range(3)]
    model = new_regressor(GruSizes("picture", 4, 1, standardised=False), 0.0, songs)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert widen(model, songs) == [1.0, 1.0]
    for name, tensor in model.state_dict().items():
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)
