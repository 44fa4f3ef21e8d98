"""The same recording is known again, and other songs are not taken for it."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.vocabulary import Chord
from scorelock.training.corpora import read_corpora
from scorelock.training.listening.prints import Print, find_same, harmony_of, is_same

DATA = Path(__file__).parents[4] / "shared" / "data"


def song(seed: int, seconds: int = 150) -> Print:
    """Chords that change every one to four seconds, with a melody note over each second."""
    draw = np.random.default_rng(seed)
    rows = np.zeros((seconds, 12))
    second = 0
    while second < seconds:
        length = int(draw.integers(1, 5))
        chord = Chord(int(draw.integers(12)), str(draw.choice(["maj", "min", "min7"])))
        rows[second : second + length, list(chord.pitch_classes)] = 0.7
        second += length
    rows[np.arange(seconds), draw.integers(0, 12, seconds)] += 0.3
    return _bytes(255 * rows)


def resampled(rows: Print, times: float) -> Print:
    """As it falls when played so many times faster: the mean of a hundred moments a second."""
    moments = np.arange(int(len(rows) / times) * 100) / 100 * times
    fine = rows[np.minimum(moments.astype(int), len(rows) - 1)]
    return _bytes(fine.reshape(-1, 100, 12).mean(axis=1))


def noisy(rows: Print, seed: int) -> Print:
    return _bytes(rows + np.random.default_rng(seed).normal(0, 20, rows.shape))


def _bytes(rows: NDArray[np.float64]) -> Print:
    rounded: Print = np.rint(rows.clip(0, 255)).astype(np.uint8)
    return rounded


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    cut=st.integers(0, 40),
    intro=st.integers(0, 25),
    shift=st.integers(-2, 2),
)
def test_a_trimmed_transposed_copy_with_another_intro_is_the_same(
    seed: int, cut: int, intro: int, shift: int
) -> None:
    original = song(seed)
    copy = np.roll(np.concatenate([song(seed + 1, intro), original[cut:]]), shift, axis=1)
    assert is_same(original, noisy(copy, seed))
    assert is_same(noisy(copy, seed), original)


@pytest.mark.parametrize("semitones", [-2, -1, 1, 2])
def test_a_copy_that_runs_faster_or_slower_is_the_same(semitones: int) -> None:
    for seed in range(5):
        copy = np.roll(resampled(song(seed), 2 ** (semitones / 12)), semitones, axis=1)
        assert is_same(song(seed), noisy(copy, seed))


def test_a_copy_that_begins_within_a_second_is_the_same() -> None:
    for seed in range(5):
        rows = song(seed).astype(float)
        halfway = np.rint((rows[:-1] + rows[1:]) / 2).astype(np.uint8)
        assert is_same(song(seed), halfway)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_other_songs_are_not_the_same(seed: int) -> None:
    assert not is_same(song(seed), song(seed + 1))


def test_the_same_four_chords_in_turn_are_not_the_same_song() -> None:
    def loop(melody: int) -> Print:
        rows = np.zeros((160, 12))
        for second in range(160):
            chord = Chord.parse(("C", "G", "Am", "F")[second // 2 % 4])
            rows[second, list(chord.pitch_classes)] = 180
        rows[np.arange(160), np.random.default_rng(melody).integers(0, 12, 160)] = 90
        return rows.astype(np.uint8)

    assert not is_same(loop(1), loop(2))
    assert is_same(loop(1)[:120], noisy(loop(1)[5:], 0))


def test_what_hardly_moves_or_is_short_is_like_nothing() -> None:
    still = np.tile(np.array([[200, 0, 0, 0, 200, 0, 0, 200, 0, 0, 0, 0]], np.uint8), (90, 1))
    one, other = still.copy(), still.copy()
    one[40], other[50] = 0, 0
    assert not is_same(one, other)
    assert not is_same(song(1)[:15], song(1)[:15])
    assert find_same({"a": song(1)[:15], "b": song(1)[:15], "c": np.zeros((0, 12), np.uint8)}) == []


def test_pairs_are_found_among_many_songs() -> None:
    prints = {f"song {at:02}": song(at) for at in range(40)}
    prints["again"] = noisy(song(7)[10:], 1)
    prints["lower"] = np.roll(resampled(song(8), 2 ** (-1 / 12)), -1, axis=1)
    assert find_same(prints) == [("again", "song 07"), ("lower", "song 08")]
    assert find_same({}) == []
    assert find_same({"alone": song(1)}) == []


def test_a_print_says_how_much_of_each_second_a_pitch_class_sounds() -> None:
    evidence = np.zeros((25, 3, 12), np.float32)
    evidence[:10, 0, 0] = 1
    evidence[10:15, 0, 7] = 1
    print_ = harmony_of(evidence, 4)
    assert print_.shape == (4, 12)
    assert print_[0, 0] == 255
    assert print_[1, 7] == 128
    assert print_.sum() == 255 + 128


@pytest.mark.skipif(not (DATA / "billboard.npz").exists(), reason="no ../shared/data/billboard.npz")
def test_songs_of_a_chart_that_people_wrote_down() -> None:
    """Their chords alone, without any melody: the hardest case. Known twins share a title."""
    tones = np.zeros((157, 12), np.uint8)
    for token in range(1, 157):
        tones[token, list(Chord.from_token(token).pitch_classes)] = 190
    songs = read_corpora(DATA, ["billboard"], "test", "picture").songs
    prints = {song.name: tones[song.chords] for song in songs if (song.chords > 0).mean() > 0.5}
    found = [pair for pair in find_same(prints) if not _twins(prints, *pair)]
    assert len(found) <= 0.001 * len(list(combinations(prints, 2)))


def _twins(prints: dict[str, Print], one: str, other: str) -> bool:
    """Whether two entries are one transcription that is listed twice."""
    return np.array_equal(prints[one], prints[other])
