"""The models give the public code's numbers; the cache and the padding mask change nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.sampling import Forbid, LimitRepeats, Sampler
from scorelock.training.amt import Amt, AmtSizes, Standardise, skew
from scorelock.training.batches import split_tokens
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.checkpoint import amt_from_state, bigru_from_state, load_state


@pytest.fixture(scope="module")
def case(golden: Path) -> dict[str, torch.Tensor]:
    """What the public code was given and gave."""
    with np.load(golden / "case.npz") as pack:
        numbers = {name: torch.from_numpy(np.asarray(pack[name])) for name in pack.files}
    columns = [
        numbers["semantic"],
        numbers["scene_offset"][:, None],
        numbers["motion"][:, None],
        numbers["emotion"],
    ]
    return numbers | {"features": torch.cat(columns, dim=1)[None]}


@pytest.fixture(scope="module")
def published(golden: Path) -> Amt:
    return amt_from_state(load_state(golden / "best_loss_weights.pickle"))


def test_golden_logits(published: Amt, case: dict[str, torch.Tensor]) -> None:
    with torch.inference_mode():
        chords = split_tokens(case["chords"][None])
        logits = published(case["features"], None, chords, case["key"][None])[0]
    torch.testing.assert_close(logits, case["logits"], atol=1e-4, rtol=0)


def test_golden_greedy_continuation(published: Amt, case: dict[str, torch.Tensor]) -> None:
    sampler = Sampler((Forbid(), LimitRepeats(2)), [0], temperature=0)
    chords = case["primer"].tolist()
    with torch.inference_mode():
        film = published.encode(case["features"])
        cache, fed = published.empty_cache(1), 0
        while len(chords) < len(case["greedy"]):
            new = split_tokens(torch.tensor([chords[fed:]]))
            logits, rows = published.decode(new, case["key"][None], cache, film)
            cache, fed = torch.cat([cache, rows], dim=1), len(chords)
            chords.append(int(sampler.draw(logits[:, -1].numpy(), np.array([chords]))[0]))
    assert chords == case["greedy"].tolist()


def test_golden_dynamics(golden: Path, case: dict[str, torch.Tensor]) -> None:
    model = bigru_from_state(load_state(golden / "best_rmse_weights.pickle"))
    with torch.inference_mode():
        found = model(case["features"])[0]
    torch.testing.assert_close(found, case["density_loudness"], atol=1e-4, rtol=0)


SMALL = AmtSizes(
    "picture", d_model=16, heads=2, encoder_layers=1, decoder_layers=2, feed_forward=8, window=24
)


@pytest.fixture(scope="module")
def small() -> Amt:
    torch.manual_seed(0)
    model = Amt(SMALL).eval()
    for layer in model.transformer.decoder.layers:
        torch.nn.init.normal_(layer.self_attn.Er)  # type: ignore[union-attr, arg-type]
    return model


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_chords_in_any_pieces_give_the_same_logits(small: Amt, pieces: list[int]) -> None:
    """Training's whole songs and the cached steps of composing are one decoder."""
    total = min(sum(pieces), SMALL.window)
    generator = torch.Generator().manual_seed(total)
    chords = torch.randint(1, 157, (2, total), generator=generator)
    features = torch.rand(2, 9, 8, generator=generator)
    minor = torch.tensor([0.0, 1.0])
    with torch.inference_mode():
        whole = small(features, None, split_tokens(chords), minor)
        film, cache, done = small.encode(features), small.empty_cache(2), []
        for piece in pieces:
            part = chords[:, cache.shape[1] : cache.shape[1] + piece]
            if part.shape[1]:
                logits, rows = small.decode(split_tokens(part), minor, cache, film)
                cache = torch.cat([cache, rows], dim=1)
                done.append(logits)
    torch.testing.assert_close(torch.cat(done, dim=1), whole, atol=1e-5, rtol=0)


@given(st.integers(1, 6), st.integers(0, 6))
def test_skew_aligns_distances(rows: int, before: int) -> None:
    """Row s, column j holds the score of distance (t + s) - j, which stood at n - 1 - distance."""
    n = before + rows
    relative = torch.arange(rows * n, dtype=torch.float32).reshape(1, 1, rows, n)
    shifted = skew(relative)[0, 0]
    for s in range(rows):
        for j in range(before + s + 1):
            assert shifted[s, j] == relative[0, 0, s, n - 1 - (before + s - j)]


def test_a_chord_never_sees_the_next(small: Amt) -> None:
    features, chords = torch.rand(1, 9, 8), torch.randint(1, 157, (1, 12))
    other = chords.clone()
    other[:, 7:] = 5
    with torch.inference_mode():
        first, second = (
            small(features, None, split_tokens(c), torch.zeros(1))[:, :7] for c in (chords, other)
        )
    torch.testing.assert_close(first, second)


def test_hidden_rows_change_nothing(small: Amt) -> None:
    features, chords = torch.rand(1, 9, 8), split_tokens(torch.randint(1, 157, (1, 12)))
    padded = torch.cat([features, 99 * torch.ones(1, 5, 8)], dim=1)
    hidden = torch.arange(14)[None] >= 9
    with torch.inference_mode():
        exact = small(features, None, chords, torch.zeros(1))
        masked = small(padded, hidden, chords, torch.zeros(1))
    torch.testing.assert_close(masked, exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize("standardised", [True, False])
def test_the_published_layout_sees_padding_as_the_public_code_does(standardised: bool) -> None:
    """Zeros up to the window, and no mask: given or not, they count."""
    model = Amt(replace(SMALL, layout="published", standardised=standardised)).eval()
    if standardised:
        torch.nn.init.normal_(model.standardise.mean)
    chords, features = split_tokens(torch.randint(1, 157, (1, 12))), torch.rand(1, 9, 776)
    padded = torch.cat([features, torch.zeros(1, SMALL.window - 9, 776)], dim=1)
    hidden = torch.arange(9)[None] >= 9
    with torch.inference_mode():
        said = model(features, hidden, chords, torch.zeros(1))
        wanted = model.decode(chords, torch.zeros(1), model.empty_cache(1), model.encode(padded))[0]
    torch.testing.assert_close(said, wanted)


def test_the_mode_and_the_picture_are_heard(small: Amt) -> None:
    chords = split_tokens(torch.randint(1, 157, (1, 12)))
    with torch.inference_mode():
        film = torch.rand(1, 9, 8)
        major = small(film, None, chords, torch.zeros(1))
        assert not torch.allclose(major, small(film, None, chords, torch.ones(1)), atol=1e-3)
        assert not torch.allclose(major, small(film + 1, None, chords, torch.zeros(1)), atol=1e-3)


@pytest.mark.parametrize("standardised", [True, False])
def test_published_dynamics_see_a_film_padded_to_300_rows(standardised: bool) -> None:
    model = BiGru(GruSizes("published", 4, standardised=standardised)).eval()
    features, hidden = torch.rand(1, 9, 776), torch.arange(9)[None] >= 7
    with torch.inference_mode():
        wanted = model.regress(torch.cat([features, torch.zeros(1, 291, 776)], dim=1))[:, :9]
        assert not torch.allclose(model.regress(features), wanted, atol=1e-5)
        for mask in (None, hidden):
            torch.testing.assert_close(model(features, mask), wanted)


def test_dynamics_of_a_film_do_not_depend_on_its_batch() -> None:
    """From the film's last second back, rows of padding are not read."""
    model = BiGru(GruSizes("picture", 4)).eval()
    features = torch.rand(2, 9, 8)
    hidden = torch.arange(9)[None] >= torch.tensor([[5], [9]])
    with torch.inference_mode():
        together = model(features, hidden)
        torch.testing.assert_close(together[:1, :5], model(features[:1, :5]))
        torch.testing.assert_close(together[1:], model(features[1:]))


@pytest.mark.parametrize(("layout", "most"), [("picture", 5.0), ("published", 70.0)])
def test_only_the_picture_layout_is_clamped(layout: Layout, most: float) -> None:
    layer = Standardise(layout)
    layer.mean.fill_(30)
    assert float(layer(torch.full((1, WIDTH[layout]), 100.0)).max()) == most


def test_dynamics_come_out_in_their_own_units() -> None:
    """A network that says nothing (all weights zero) gives the mean of the targets."""
    model = BiGru(GruSizes("picture", hidden=4)).eval()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    model.output_mean.copy_(torch.tensor([10.0, 0.2]))
    model.output_std.copy_(torch.tensor([5.0, 0.1]))
    with torch.inference_mode():
        said = model(torch.rand(2, 7, 8))
    torch.testing.assert_close(said, torch.tensor([10.0, 0.2]).expand(2, 7, 2))
