"""Loudness and density of each second, as the paper counts them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.training.listening.density import as_played, density
from scorelock.training.listening.heard import RATE, HeardNote, Sound
from scorelock.training.listening.loudness import loudness


def test_loudness_is_the_root_mean_square_against_full_scale() -> None:
    at_s = np.arange(2 * RATE) / RATE
    sine = 0.5 * np.sin(2 * np.pi * 441 * at_s)
    square = np.sign(np.sin(2 * np.pi * 441 * at_s + 0.1))
    both = np.concatenate([sine[:RATE], square[:RATE]]).astype(np.float32)

    np.testing.assert_allclose(loudness(Sound(both)), [0.5 / math.sqrt(2), 1], atol=1e-6)


def test_loudness_of_decibels_and_of_silence() -> None:
    levels_db = [0.0, -6.0, -20.0, -96.0]
    steady = np.concatenate([np.full(RATE, 10 ** (db / 20)) for db in levels_db] + [np.zeros(RATE)])

    heard = loudness(Sound(steady.astype(np.float32)))

    np.testing.assert_allclose(20 * np.log10(heard[:4]), levels_db, atol=1e-4)
    assert heard[4] == 0


def test_the_last_second_is_as_loud_as_what_there_is_of_it() -> None:
    heard = loudness(Sound(np.full(RATE + 100, 0.25, np.float32)))

    np.testing.assert_allclose(heard, [0.25, 0.25])
    assert heard.dtype == np.float32
    assert loudness(Sound(np.zeros(0, np.float32))).shape == (0,)


times = st.integers(0, 500).map(lambda n: n / 50)


@given(
    spans=st.lists(st.tuples(times, times).filter(lambda span: span[0] < span[1]), max_size=30),
    seconds=st.integers(0, 12),
)
def test_density_counts_every_note_that_overlaps_a_second(
    spans: list[tuple[float, float]], seconds: int
) -> None:
    notes = [HeardNote(onset, end, 60, 1.0) for onset, end in spans]

    counted = density(notes, seconds)

    assert counted.tolist() == [
        sum(onset < second + 1 and end > second for onset, end in spans)
        for second in range(seconds)
    ]
    assert counted.dtype == np.float32


@pytest.mark.parametrize(
    ("onset_s", "end_s", "counted"),
    [(0.2, 1.0, [1, 0, 0]), (0.9, 2.01, [1, 1, 1]), (1.0, 1.5, [0, 1, 0]), (2.9, 9, [0, 0, 1])],
)
def test_density_of_one_note(onset_s: float, end_s: float, counted: list[int]) -> None:
    assert density([HeardNote(onset_s, end_s, 60, 1.0)], 3).tolist() == counted


@pytest.mark.parametrize(
    ("onset_s", "end_s", "counts"),
    [
        (0.0, 1.0, [1, 0, 0]),
        (0.99, 1.98, [0, 1, 0]),  # heard a frame early
        (1.0, 2.08, [0, 1, 0]),  # rings on
        (0.5, 1.5, [1, 1, 0]),
        (0.99, 1.05, [0, 1, 0]),  # short, and all the same a note
    ],
)
def test_a_note_counts_where_it_was_played_not_where_it_rings(
    onset_s: float, end_s: float, counts: list[int]
) -> None:
    heard = HeardNote(onset_s, end_s, 60, 0.8)
    assert density(as_played([heard]), 3).tolist() == counts


def test_an_echo_is_no_note() -> None:
    loud, faint = HeardNote(0.0, 1.0, 60, 0.6), HeardNote(0.0, 1.0, 72, 0.32)
    assert [note.pitch for note in as_played([loud, faint])] == [60]
