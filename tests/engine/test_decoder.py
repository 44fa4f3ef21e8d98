"""Decoding chord by chord on a cache, in windows, with the starter bundle."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.decoder import CONTEXT_S, OVER, Steps, decode_chords, decode_takes
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
    sampler = Sampler.of([ComposeSettings(**options)], [False])  # type: ignore[arg-type]
    return list(decode_chords(BUNDLE, rows, False, primer, sampler))


def row(tokens: Sequence[int]) -> NDArray[np.int64]:
    """A single take's tokens."""
    return np.array([tokens], np.int64)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(N + 1, END - 1), min_size=2, max_size=24), st.data(), st.booleans())
def test_prefill_and_steps_agree(tokens: list[int], data: st.DataObject, minor: bool) -> None:
    """However the chords are split between prefill and steps, the next one is as likely."""
    cut = data.draw(st.integers(1, len(tokens) - 1))
    whole = BUNDLE.begin(film(30), [minor]).advance(row(tokens))
    steps = BUNDLE.begin(film(30), [minor])
    parts = [steps.advance(row(tokens[:cut]))]
    parts += [steps.advance(row([token])) for token in tokens[cut:]]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-4)
    assert steps.position == len(tokens)


def test_what_was_said_stays_said() -> None:
    """Logits are a value: later steps do not change them."""
    steps = BUNDLE.begin(film(30), [False])
    first = steps.advance(row([1]))
    before = first.copy()
    steps.advance(row([66]))
    np.testing.assert_array_equal(first, before)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 5), st.lists(st.integers(N + 1, END - 1), min_size=1, max_size=8))
def test_going_back_forgets_what_came_after(kept: int, instead: list[int]) -> None:
    begun = [1, 66, 92, 5, 118, 1]
    steps = BUNDLE.begin(film(30), [False])
    steps.advance(row(begun))
    steps.rewind(kept)
    straight = BUNDLE.begin(film(30), [False])
    wanted = straight.advance(row([*begun[:kept], *instead]))[:, kept:]
    np.testing.assert_allclose(steps.advance(row(instead)), wanted, atol=1e-4)


def test_refuses_to_go_where_it_has_not_been() -> None:
    steps = BUNDLE.begin(film(5), [False])
    steps.advance(row([1, 2]))
    for position in (-1, 3):
        with pytest.raises(ValueError, match=r"0\.\.2"):
            steps.rewind(position)
    with pytest.raises(ValueError, match="takes"):
        steps.advance(np.ones((2, 1), np.int64))
    with pytest.raises(ValueError, match="chords"):
        steps.advance(np.ones((1, 299), np.int64))


TAKES = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.integers(N + 1, END - 1), min_size=1, max_size=9),
        st.builds(
            ComposeSettings,
            seed=st.integers(0, 99),
            temperature=st.sampled_from([0.0, 1.0]),
            top_k=st.integers(1, 12),
            affect=st.sampled_from([0.0, 0.7]),
        ),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=10, deadline=None)
@given(TAKES)
def test_takes_side_by_side_are_those_alone(
    takes: list[tuple[bool, list[int], ComposeSettings]],
) -> None:
    """Each with its own mode, primer, settings and seed, beyond one window's end."""
    rows = film(310)
    modes, primers, settings = zip(*takes, strict=True)
    sampler = Sampler.of(settings, modes)
    together = np.stack([*decode_takes(BUNDLE, rows, modes, primers, sampler)], axis=1)
    for take, (minor, primer, one) in enumerate(takes):
        alone = decode_chords(BUNDLE, rows, minor, primer, Sampler.of([one], [minor]))
        assert together[take].tolist() == list(alone)


def test_takes_may_end_at_their_own_time() -> None:
    rows, ends = film(40), (25, 1, 30)
    primers = [[1], [1, 66], [1]]
    sampler = Sampler.of([ComposeSettings(seed=i) for i in range(3)], [False] * 3)
    decoding = decode_takes(BUNDLE, rows, [False] * 3, primers, sampler, ends)
    tokens = np.stack([*decoding], axis=1)
    assert tokens.shape == (3, 30)
    assert [(take >= 0).sum() for take in tokens] == list(ends)
    assert [(take == OVER).sum() for take in tokens] == [5, 29, 0]
    for i in (0, 2):
        alone = Sampler.of([ComposeSettings(seed=i)], [False])
        kept = list(decode_chords(BUNDLE, rows[: max(ends)], False, primers[i], alone))
        assert tokens[i, : ends[i]].tolist() == kept[: ends[i]]


def test_chords_come_one_by_one() -> None:
    """The first is there before the rest of a long film was seen."""
    begun: list[int] = []

    class Counting:
        manifest = BUNDLE.manifest

        def begin(self, features: NDArray[np.float32], minor: Sequence[bool]) -> Steps:
            begun.append(len(features))
            return BUNDLE.begin(features, minor)

    sampler = Sampler.of([ComposeSettings()], [False])
    decoding = decode_chords(Counting(), film(900), False, [1], sampler)
    assert [next(decoding) for _ in range(250)]
    assert begun == [300]


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
    steps = BUNDLE.begin(rows[300 - CONTEXT_S : 600 - CONTEXT_S], [False])
    logits = steps.advance(row(tokens[300 - CONTEXT_S : 300]))[:, -1]
    sampler = Sampler.of([ComposeSettings(temperature=0)], [False])
    assert sampler.draw(logits, row(tokens[:300]))[0] == tokens[300]


def test_the_film_is_heard() -> None:
    """Another picture gives other odds for the next chord."""
    calm, wild = np.zeros((60, 8), np.float32), np.zeros((60, 8), np.float32)
    calm[:, [0, 6]] = np.arange(1, 61)[:, None] * [1, 0] + [0, 0.9]
    wild[:, [0, 1, 2]] = [1, 60, 0.9]
    said = [BUNDLE.begin(rows, [False]).advance(row([1, 1])) for rows in (calm, wild)]
    assert np.abs(said[0] - said[1]).max() > 0.01


def test_refuses_to_begin_without_a_chord() -> None:
    with pytest.raises(ValueError, match="at least one chord"):
        chords(film(5), ())


def test_refuses_more_than_a_window() -> None:
    with pytest.raises(ValueError, match="at most 300"):
        BUNDLE.begin(film(301), [False])
