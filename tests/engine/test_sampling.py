"""Filters and the draw."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from scorelock.engine.sampling import (
    Draws,
    Forbid,
    InKey,
    LimitRepeats,
    LogitFilter,
    Sampler,
    TopK,
)
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import END, PAD, SIZE, Chord, N

logits_159 = arrays(np.float32, SIZE, elements=st.floats(-20, 20, width=32))
tokens = st.integers(N + 1, END - 1)


def sampler(*filters: LogitFilter, seed: int = 0, temperature: float = 1.0) -> Callable[..., int]:
    """Draws of a single take, from logits (159,) and a list of chords."""
    one = Sampler(filters, [seed], temperature)
    return lambda logits, chords: int(one.draw(logits[None], np.array([chords], np.int64))[0])


def usual(settings: ComposeSettings, logits: np.ndarray, chords: list[int]) -> int:
    return int(Sampler.of([settings], [False]).draw(logits[None], np.array([chords]))[0])


@given(logits_159, st.integers(0, 2**32), st.floats(0, 5), st.integers(1, SIZE))
def test_never_draws_what_is_no_chord(
    logits: np.ndarray, seed: int, temperature: float, top_k: int
) -> None:
    settings = ComposeSettings(seed=seed, temperature=temperature, top_k=top_k)
    assert N < usual(settings, logits, [1]) < END


@given(logits_159, tokens, st.integers(1, 5))
def test_a_chord_ends_after_its_longest_hold(logits: np.ndarray, token: int, seconds: int) -> None:
    logits[token] = 100
    draw = sampler(Forbid(), LimitRepeats(seconds))
    assert draw(logits, [token] * seconds) != token
    assert draw(logits, [token] * (seconds - 1)) == token
    other = token % 156 + 1
    assert draw(logits, [token] * seconds + [other]) == (token if seconds > 0 else other)


@given(logits_159)
def test_temperature_zero_takes_the_likeliest(logits: np.ndarray) -> None:
    assert sampler(temperature=0)(logits, []) == logits.argmax()


@given(logits_159, st.integers(1, 10), st.integers(0, 2**32))
def test_top_k_draws_among_the_likeliest(logits: np.ndarray, k: int, seed: int) -> None:
    drawn = sampler(TopK(k), seed=seed)(logits, [])
    assert (logits > logits[drawn]).sum() < k


@given(logits_159)
def test_drawing_leaves_the_logits_as_they_were(logits: np.ndarray) -> None:
    before = logits.copy()
    sampler(Forbid(), LimitRepeats(1), TopK(3), temperature=2)(logits, [5])
    np.testing.assert_array_equal(logits, before)


def test_draws_follow_the_softmax() -> None:
    """Two chords at odds 3 : 1 come at 3 : 1, and at 9 : 1 at half the temperature."""
    logits = np.full(SIZE, -np.inf, np.float32)
    logits[[10, 20]] = np.log([3, 1])
    for temperature, share in ((1.0, 0.75), (0.5, 0.9)):
        each = sampler(temperature=temperature)
        drawn = [each(logits, [1] * second) for second in range(4000)]
        assert set(drawn) == {10, 20}
        # Five standard deviations of a binomial share.
        assert drawn.count(10) / 4000 == pytest.approx(
            share, abs=5 * (share * (1 - share) / 4000) ** 0.5
        )


def test_a_seed_is_a_song() -> None:
    logits = np.zeros(SIZE, np.float32)

    def song(seed: int) -> list[int]:
        return [usual(ComposeSettings(seed=seed), logits, [1] * n) for n in range(1, 20)]

    assert song(3) == song(3)
    assert song(3) != song(4)


@pytest.mark.parametrize(
    "make",
    [
        lambda: LimitRepeats(0),
        lambda: TopK(0),
        lambda: Sampler((), [0], -1),
        lambda: Sampler((), [0], float("nan")),
    ],
)
def test_refuses_numbers_that_leave_nothing(make: type) -> None:
    with pytest.raises(ValueError, match="got"):
        make()


def test_padding_is_among_the_forbidden() -> None:
    left = Forbid()(np.zeros((1, SIZE)), np.zeros((1, 0), np.int64))
    assert set(np.isinf(left[0]).nonzero()[0].tolist()) == {N, END, PAD}


SETTINGS = st.builds(
    ComposeSettings,
    seed=st.integers(0, 99),
    temperature=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    top_k=st.integers(1, 30),
    max_repeat=st.integers(1, 4),
    in_key=st.sampled_from([0.0, 0.4]),
)


@given(
    st.lists(st.tuples(SETTINGS, st.booleans()), min_size=1, max_size=5),
    st.integers(0, 2**32),
    st.integers(1, 6),
)
def test_takes_side_by_side_are_drawn_as_each_alone(
    takes: list[tuple[ComposeSettings, bool]], seed: int, heard: int
) -> None:
    """Every take under its own settings, mode and seed."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 4, (len(takes), SIZE)).astype(np.float32)
    chords = rng.integers(1, 3, (len(takes), heard))
    settings, minor = zip(*takes, strict=True)
    together = Sampler.of(settings, minor).draw(logits, chords)
    alone = [
        Sampler.of([one], [mode]).draw(logits[i : i + 1], chords[i : i + 1])[0]
        for i, (one, mode) in enumerate(takes)
    ]
    assert together.tolist() == alone


@given(st.integers(0, 2**32), st.integers(0, 400), st.integers(0, 400))
def test_a_seconds_number_does_not_depend_on_what_was_drawn_before(
    seed: int, first: int, second: int
) -> None:
    one, other = Draws(seed), Draws(seed)
    one.at(first)
    assert one.at(second) == other.at(second)
    assert 0 <= one.at(second) < 1


@pytest.mark.parametrize(
    ("minor", "free", "costly"),
    [(False, "C Am7 G7 Bdim Fmaj7", "E Cm Bb D7"), (True, "Am E E7 G#dim C Dm", "Cm Bb D A")],
)
def test_notes_outside_the_key_cost(minor: bool, free: str, costly: str) -> None:
    logits = InKey([minor], 0.5)(np.zeros((1, SIZE)), np.zeros((1, 0), np.int64))[0]
    assert {logits[Chord.parse(name).token] for name in free.split()} == {0.0}
    assert all(logits[Chord.parse(name).token] <= -0.5 for name in costly.split())
    assert logits[Chord.parse("B7").token] == -1.0  # D sharp and F sharp
    with pytest.raises(ValueError, match="costs 0 or more"):
        InKey([minor], -1.0)
