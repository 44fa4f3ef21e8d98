"""A chord a second from the notes: what a musician would write over them."""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from training.heard_music import Struck, transcription

from scorelock.engine.vocabulary import Chord
from scorelock.training.listening.chords import (
    CHANGE,
    STEP_S,
    around,
    best_path,
    chords,
    evidence_of,
)
from scorelock.training.listening.heard import PITCHES, Transcription


def names(music: list[Struck], seconds: int, faint: float = 0.0) -> list[str]:
    tokens, _ = chords(evidence_of(transcription(music, seconds, faint)), seconds)
    return [Chord.from_token(token).symbol() if token else "N" for token in tokens.tolist()]


@pytest.mark.parametrize(
    ("pitches", "symbol"),
    [
        ((48, 60, 64, 67), "C"),
        ((45, 60, 64, 69), "Am"),
        ((43, 59, 62, 65), "G7"),
        ((41, 60, 64, 69), "Fmaj7"),
        ((50, 60, 65, 69), "Dm7"),
        ((48, 60, 63, 66, 69), "Cdim7"),
        ((48, 60, 65, 67), "Csus4"),
        ((52, 60, 64, 67), "C"),  # first inversion: the third in the bass
    ],
)
def test_block_chords_are_named_as_they_are_written(pitches: tuple[int, ...], symbol: str) -> None:
    assert names([(0, 4, pitches)], 4) == [symbol] * 4


def test_the_bass_tells_which_of_two_chords_the_same_notes_are() -> None:
    same_notes = (60, 64, 67, 69)  # C E G A
    assert names([(0, 3, (36, *same_notes))], 3) == ["C6"] * 3
    assert names([(0, 3, (33, *same_notes))], 3) == ["Am7"] * 3


def test_an_arpeggio_is_one_chord() -> None:
    music: list[Struck] = [
        (bar * 2 + beat * 0.25, bar * 2 + (beat + 1) * 0.25, (pitch,))
        for bar, tones in enumerate([(45, 60, 64, 69), (41, 60, 65, 69), (43, 59, 62, 67)])
        for beat, pitch in enumerate(tones * 2)
    ]
    assert names(music, 6) == ["Am", "Am", "F", "F", "G", "G"]


def test_a_second_has_the_chord_that_covers_most_of_it() -> None:
    c, f = (48, 60, 64, 67), (41, 60, 65, 69)
    assert names([(0, 1.7, c), (1.7, 4, f)], 4) == ["C", "C", "F", "F"]
    assert names([(0, 1.3, c), (1.3, 4, f)], 4) == ["C", "F", "F", "F"]


def test_silence_has_no_chord_and_neither_has_noise() -> None:
    assert names([(1, 3, (48, 60, 64, 67))], 5) == ["N", "C", "C", "N", "N"]
    assert names([], 4, faint=0.3) == ["N"] * 4
    assert names([], 0) == []
    nothing = np.zeros((0, PITCHES), np.float32)
    tokens, beliefs = chords(evidence_of(Transcription((), nothing, nothing, 0.01)), 2)
    assert tokens.tolist() == [0, 0]
    assert beliefs.tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(shift=st.integers(-5, 6), seed=st.integers(0, 1000))
def test_music_in_another_key_has_its_chords_there(shift: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    # Within four octaves from C to C, so that every pitch has its neighbours in the range.
    music = [
        (at, at + 1, tuple(int(p) for p in draw.choice(np.arange(40, 80), 4, replace=False)))
        for at in range(5)
    ]
    moved = [(start, end, tuple(p + shift for p in pitches)) for start, end, pitches in music]
    as_written, _ = chords(evidence_of(transcription(music, 5)), 5)
    transposed, _ = chords(evidence_of(transcription(moved, 5)), 5)
    expected = [
        Chord.from_token(token).transposed(shift).token if token else 0
        for token in as_written.tolist()
    ]
    assert transposed.tolist() == expected


def test_every_chord_of_two_seconds_is_heard_however_often_it_comes() -> None:
    """A short chord between long ones is not swallowed by them."""
    turn = [(50, 62, 66, 69), (43, 62, 67, 71), (45, 61, 64, 69), (50, 62, 66, 69)]
    music: list[Struck] = [(at * 2, at * 2 + 2, pitches) for at, pitches in enumerate(turn * 3)]
    assert names(music, 24) == ["D", "D", "G", "G", "A", "A", "D", "D"] * 3


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.just(3)),
        elements=st.floats(-20, 0, width=32),
    )
)
def test_the_best_path_is_the_best_of_all_paths(nats: NDArray[np.float32]) -> None:
    """Against every path, tried one by one."""

    def worth(path: Sequence[int]) -> float:
        changes = sum(a != b for a, b in pairwise(path))
        return float(STEP_S * nats[np.arange(len(path)), path].sum() - CHANGE * changes)

    found = best_path(nats)
    assert found.shape == (len(nats),)
    best = max(worth(path) for path in product(range(3), repeat=len(nats)))
    assert worth(found.tolist()) == pytest.approx(best, abs=1e-4)


def test_a_step_is_judged_by_as_much_before_it_as_after_it() -> None:
    evidence = np.zeros((20, 3, 12), np.float32)
    evidence[10] = 1
    near = np.flatnonzero(around(evidence)[:, 0, 0])
    assert near.tolist() == list(range(7, 14))
    assert around(evidence)[7:14] == pytest.approx(np.float32(1 / 7))
    assert around(np.ones((2, 3, 12), np.float32)) == pytest.approx(1)  # fewer at both ends
