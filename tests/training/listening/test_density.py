"""How many notes sound in a second, told from what a transcriber hears."""

import json

import numpy as np
import pytest
from training.heard_music import Struck, transcription

from scorelock.training.listening.density import (
    MOST,
    WEIGHTS,
    Counter,
    density_of,
    in_context,
    told_of,
)

SCALE = np.arange(40, 90)
"""Pitches."""


def chords(most: int, seconds: int, length: int = 2) -> list[Struck]:
    """As many notes at once, other ones every so many seconds, over all the pitches."""
    draw = np.random.default_rng(most)
    return [
        (at, min(at + length, seconds), tuple(draw.choice(SCALE, most, replace=False).tolist()))
        for at in range(0, seconds, length)
    ]


@pytest.mark.parametrize("length", [2, 16])
@pytest.mark.parametrize("most", [2, 3, 4, 6, 8, 10, 12])
def test_notes_that_are_heard_plainly_are_counted(most: int, length: int) -> None:
    heard = transcription(chords(most, 16, length), 16)
    told = density_of(heard, 16)
    assert told == pytest.approx(most, rel=0.2)


@pytest.mark.parametrize("few", [2, 3, 4, 5, 6, 8])
def test_twice_as_many_notes_count_for_more(few: int) -> None:
    fewer, more = (density_of(transcription(chords(n, 16), 16), 16) for n in (few, 2 * few))
    assert (more > fewer).all()


@pytest.mark.parametrize("faint", [0.0, 0.2])
def test_where_no_note_is_heard_none_is_counted(faint: float) -> None:
    middle = [(start + 8.0, end + 8.0, notes) for start, end, notes in chords(4, 8)]
    told = density_of(transcription(middle, 24, faint), 30)
    assert told.dtype == np.float32
    assert (told[:8] == 0).all()
    assert (told[8:16] > 0).all()
    assert (told[16:] == 0).all()
    assert density_of(transcription([], 0), 0).shape == (0,)


def test_it_is_the_same_each_time_and_does_not_hang_on_what_comes_much_later() -> None:
    music = chords(5, 120)
    told = density_of(transcription(music, 120), 120)
    assert told.tobytes() == density_of(transcription(music, 120), 120).tobytes()
    assert told[:60].tolist() == density_of(transcription(music, 120), 90)[:60].tolist()


def test_silence_around_music_changes_nothing_in_its_midst() -> None:
    music = chords(7, 20)
    later = [(start + 20.0, end + 20.0, notes) for start, end, notes in music]
    alone = density_of(transcription(music, 20), 20)
    amid = density_of(transcription(later, 60), 60)
    assert amid[22:38].tolist() == alone[2:18].tolist()


def test_a_second_is_told_beside_its_neighbours_and_what_is_around() -> None:
    told = np.arange(100, dtype=np.float32)[:, None]
    context = in_context(told)
    assert context[50].tolist() == [50, 49, 51, 50]
    # The first second is silent, and is no part of what is around.
    assert context[0].tolist() == [0, 0, 1, 12.5]
    assert context[99].tolist() == [99, 98, 99, 87]


def test_the_weights_are_small_and_fit_what_is_told() -> None:
    assert WEIGHTS.stat().st_size < 200_000
    counter = Counter.fitted()
    assert Counter.of(counter.kept()).kept() == json.loads(WEIGHTS.read_text(encoding="utf-8"))
    chances = counter.believe(in_context(told_of(transcription(chords(3, 4), 4), 4)))
    assert chances.shape == (4, MOST + 1)
    assert chances.sum(axis=1) == pytest.approx(1)
