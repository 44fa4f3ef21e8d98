"""A chord a second from the notes: what a musician would write over them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from training.heard_music import Struck, transcription

from scorelock.engine.vocabulary import Chord
from scorelock.training.listening.chords import Evidence, Judge, chords, evidence_of, stretches
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
    assert names([(0, 3, (36, *same_notes))], 3) == ["C"] * 3
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


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 90))
def test_stretches_fill_the_whole_and_none_is_better_left_out(seed: int, steps: int) -> None:
    evidence = np.random.default_rng(seed).random((steps, 3, 12)).astype(np.float32)
    found = stretches(evidence, Judge.fitted())
    assert [s.begin for s in found[1:]] == [s.end for s in found[:-1]]
    if steps >= 5 and found:
        assert (found[0].begin, found[-1].end) == (0, steps)
    assert all(0 < s.belief <= 1 for s in found)


def test_the_best_path_is_the_best_of_all_paths() -> None:
    """Against every way to cut a short sound, tried one by one."""
    judge = Judge.fitted()
    sizes = (5, 6, 7, 8, 9, 10, 12, 14)  # the stretches that fit
    for seed in range(3):
        evidence = np.random.default_rng(seed).random((14, 3, 12)).astype(np.float32)

        def worth(begin: int, end: int, sound: Evidence = evidence) -> NDArray[np.float32]:
            believed = judge.believe(sound[begin:end].mean(axis=0)[None])[0]
            worths: NDArray[np.float32] = believed * np.float32((end - begin) * 0.1)
            return worths

        def every(begin: int) -> list[list[tuple[int, int]]]:
            if begin == 14:
                return [[]]
            return [
                [(begin, begin + size), *rest]
                for size in sizes
                if begin + size <= 14
                for rest in every(begin + size)
            ]

        best = -np.inf
        for cut in every(0):
            totals = worth(*cut[0])
            for begin, end in cut[1:]:
                totals = np.maximum(totals, totals.max() - 0.06) + worth(begin, end)
            best = max(best, float(totals.max()))
        found = stretches(evidence, judge)
        mine = sum(np.log(s.belief) * (s.end - s.begin) * 0.1 for s in found)
        mine -= 0.06 * sum(a.token != b.token for a, b in pairwise(found))
        assert mine == pytest.approx(best, abs=1e-4)
