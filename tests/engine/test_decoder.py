"""Decoding chord by chord on a cache, in windows, with the starter bundle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.decoder import CONTEXT_S, Decoder, KVCache, decode_chords
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, N

BUNDLE = Bundle.open()


def film(seconds: int, seed: int = 0) -> NDArray[np.float32]:
    """Feature rows as the picture layout has them."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(1, 30, seconds), rng.uniform(0, 60, seconds)]
    emotion = rng.dirichlet(np.ones(6), seconds)
    return np.column_stack([*rows, emotion]).astype(np.float32)


def chords(
    rows: NDArray[np.float32], primer: tuple[int, ...] = (1,), **options: float
) -> list[int]:
    sampler = Sampler.of(ComposeSettings(**options))  # type: ignore[arg-type]
    return list(decode_chords(BUNDLE, rows, False, primer, sampler))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(N + 1, END - 1), min_size=2, max_size=24), st.data(), st.booleans())
def test_prefill_and_steps_agree(tokens: list[int], data: st.DataObject, minor: bool) -> None:
    """However the chords are split between prefill and steps, the next one is as likely."""
    cut = data.draw(st.integers(1, len(tokens) - 1))
    decoder = Decoder.encode(BUNDLE, film(30), minor)
    whole, all_rows = decoder.prefill(tokens)
    logits, cache = decoder.prefill(tokens[:cut])
    for token in tokens[cut:]:
        logits, cache = decoder.step(token, cache)
    np.testing.assert_allclose(logits, whole, atol=1e-4)
    np.testing.assert_allclose(cache.rows, all_rows.rows, atol=1e-4)


def test_a_cache_is_a_value() -> None:
    """A step leaves the cache that it started from usable: the same step again says the same."""
    decoder = Decoder.encode(BUNDLE, film(30), minor=False)
    _, cache = decoder.prefill([1, 1, 66])
    first, longer = decoder.step(92, cache)
    again, _ = decoder.step(92, cache)
    np.testing.assert_array_equal(first, again)
    assert (cache.length, longer.length) == (3, 4)


def test_a_step_may_be_the_first() -> None:
    decoder = Decoder.encode(BUNDLE, film(10), minor=False)
    stepped, _ = decoder.step(1, KVCache.empty(BUNDLE))
    np.testing.assert_array_equal(stepped, decoder.prefill([1])[0])


@pytest.mark.parametrize("seconds", [1, 2, 59, 300, 301, 541])
def test_one_chord_a_second(seconds: int) -> None:
    tokens = chords(film(seconds), (1, 66))
    assert len(tokens) == seconds
    assert tokens[:2] == [1, 66][:seconds]
    assert all(N < token < END for token in tokens)


def test_no_film_no_chords() -> None:
    assert chords(film(0)) == []


def test_no_chord_holds_longer_than_allowed() -> None:
    tokens = chords(film(400), max_repeat=2)
    assert not any(a == b == c for a, b, c in zip(tokens, tokens[1:], tokens[2:], strict=False))


def test_same_film_and_seed_same_chords() -> None:
    assert chords(film(120), seed=5) == chords(film(120), seed=5)
    assert chords(film(120), seed=5) != chords(film(120), seed=6)


def test_a_longer_film_begins_like_its_first_window() -> None:
    """Up to the window's end the chords of a long film are those of its first 300 s alone."""
    rows = film(420)
    assert chords(rows)[:300] == chords(rows[:300])


def test_the_second_window_sees_its_own_film_and_the_chords_before() -> None:
    """After 300 s the next chord is what a decoder of rows 240.. and the last 60 chords says."""
    rows = film(420)
    tokens = chords(rows, temperature=0)
    decoder = Decoder.encode(BUNDLE, rows[300 - CONTEXT_S : 600 - CONTEXT_S], minor=False)
    logits, _ = decoder.prefill(tokens[300 - CONTEXT_S : 300])
    sampler = Sampler.of(ComposeSettings(temperature=0))
    assert sampler.draw(logits, tokens[:300]) == tokens[300]


def test_the_film_is_heard() -> None:
    """Another picture gives other odds for the next chord."""
    calm, wild = np.zeros((60, 8), np.float32), np.zeros((60, 8), np.float32)
    calm[:, [0, 6]] = np.arange(1, 61)[:, None] * [1, 0] + [0, 0.9]
    wild[:, [0, 1, 2]] = [1, 60, 0.9]
    said = [Decoder.encode(BUNDLE, rows, minor=False).prefill([1, 1])[0] for rows in (calm, wild)]
    assert np.abs(said[0] - said[1]).max() > 0.01


def test_refuses_to_begin_without_a_chord() -> None:
    with pytest.raises(ValueError, match="at least one chord"):
        chords(film(5), ())


def test_refuses_more_than_a_window() -> None:
    with pytest.raises(ValueError, match="at most 300"):
        Decoder.encode(BUNDLE, film(301), minor=False)
