"""Chords that stand condition what is composed around them, on both sides."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.bundle import Bundle
from scorelock.engine.decoder import ChordModel, Rows, decode_chords
from scorelock.engine.infill import AFTER_S, FREE, TAKES, gaps, infill
from scorelock.engine.sampling import Chords, Sampler
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, SIZE, N

BUNDLE = Bundle.open()


def film(seconds: int, seed: int = 0) -> Rows:
    """Feature rows as the picture layout has them."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(1, 30, seconds), rng.uniform(0, 60, seconds)]
    emotion = rng.dirichlet(np.ones(6), seconds)
    return np.column_stack([*rows, emotion]).astype(np.float32)


def sampler(seed: int = 0) -> Sampler:
    takes = [ComposeSettings(seed=seed + take) for take in range(TAKES)]
    return Sampler.of(takes, [False] * TAKES)


def given_chords(seconds: int, free: Sequence[tuple[int, int]], seed: int = 0) -> Chords:
    chords = np.random.default_rng(seed).integers(N + 1, END, seconds)
    for start, end in free:
        chords[start:end] = FREE
    return chords


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 39), max_size=8), st.integers(0, 9))
def test_what_stands_stays_and_the_rest_is_filled(edges: list[int], seed: int) -> None:
    pairs = list(zip(*[iter(sorted(set(edges)))] * 2, strict=False))
    chords = given_chords(40, cast("list[tuple[int, int]]", pairs), seed)
    filled = infill(BUNDLE, film(40), False, chords, sampler(seed))
    stands = chords != FREE
    np.testing.assert_array_equal(filled[stands], chords[stands])
    assert ((filled > N) & (filled < END)).all()
    again = infill(BUNDLE, film(40), False, chords, sampler(seed))
    np.testing.assert_array_equal(filled, again)


def test_an_open_end_is_composed_as_ever() -> None:
    """Nothing stands after it, so it is the first take's: what decoding alone would give."""
    chords = given_chords(30, [(10, 30)])
    alone = Sampler.of([ComposeSettings()], [False])
    wanted = list(decode_chords(BUNDLE, film(30), False, chords[:10].tolist(), alone))
    assert infill(BUNDLE, film(30), False, chords, sampler()).tolist() == wanted


def test_gaps_in_a_film_longer_than_the_window() -> None:
    window = BUNDLE.manifest.window
    seconds = 2 * window + 50
    free = [
        (5, 9),
        (window - 2, window + 3),
        (window + 20, 2 * window + 30),
        (seconds - 3, seconds),
    ]
    chords = given_chords(seconds, free)
    assert gaps(chords) == free
    filled = infill(BUNDLE, film(seconds), False, chords, sampler())
    assert ((filled > N) & (filled < END)).all()
    stands = chords != FREE
    np.testing.assert_array_equal(filled[stands], chords[stands])


class Follows:
    """A model that believes that each chord is followed by the next one by number, whatever the
    film; while it knows no better, all are as likely.
    """

    manifest = SimpleNamespace(window=60)

    def __init__(self) -> None:
        self.position = 0

    def begin(self, features: Rows, minor: Sequence[bool]) -> "Follows":
        return Follows()

    def rewind(self, position: int) -> None:
        assert position <= self.position
        self.position = position

    def advance(self, tokens: Chords) -> Rows:
        self.position += tokens.shape[1]
        logits = np.zeros((*tokens.shape, SIZE), np.float32)
        np.put_along_axis(logits, (tokens[..., None] + 1) % SIZE, 2.0, axis=2)
        return logits


def test_what_follows_decides_between_takes() -> None:
    """After the gap stands 31: of the takes one that ends in 30 is taken, where there is one."""
    model = cast("ChordModel", Follows())
    led = 0
    for seed in range(40):
        chords = given_chords(12, [])
        chords[5:8] = FREE
        chords[4], chords[8:] = 27, (31, 32, 33, 34)
        takes = sampler(100 * seed)
        ends = infill(model, film(12), False, chords, takes)[7]
        alone = Sampler.of([ComposeSettings(seed=100 * seed)], [False])
        led += int(ends == 30) - int(alone_ends(chords, alone) == 30)
    assert led > 5


def alone_ends(chords: Chords, alone: Sampler) -> int:
    """What the first take alone would end the gap with."""
    known = chords[None].copy()
    steps = Follows()
    for second in (5, 6, 7):
        logits = steps.advance(known[:, second - 1 : second])[:, -1]
        known[:, second] = alone.draw(logits, known[:, :second])
    return int(known[0, 7])


def test_a_piece_begins_with_a_chord() -> None:
    with pytest.raises(ValueError, match="begin with"):
        infill(BUNDLE, film(8), False, np.full(8, FREE), sampler())
    assert AFTER_S > 0
