"""Everything that is heard, one row a second, of notes that are known."""

import numpy as np
import pytest
from training.heard_music import Knows, Struck, silence, transcription

from scorelock.engine.vocabulary import Chord
from scorelock.training.listening.heard import RATE, Sound
from scorelock.training.listening.listen import listen, normalised

SONG: list[Struck] = [
    (at * 2, at * 2 + 2, pitches)
    for at, pitches in enumerate(
        [(50, 62, 66, 69), (43, 62, 67, 71), (45, 61, 64, 69), (50, 62, 66, 69)] * 2
    )
]
"""D G A D in D major, two seconds each."""


def test_a_song_has_its_chords_key_notes_and_loudness() -> None:
    loud = Sound(np.full(16 * RATE, 0.25, np.float32))
    heard = listen(loud, 16, Knows(transcription(SONG, 16)))
    symbols = [Chord.from_token(token).symbol() for token in heard.chords.tolist()]
    assert symbols == ["D", "D", "G", "G", "A", "A", "D", "D"] * 2
    assert str(heard.key) == "D major"
    assert heard.density.tolist() == [4] * 16
    assert heard.loudness == pytest.approx(np.full(16, 0.25))
    assert heard.music == 1
    assert heard.harmony.shape == (16, 12)


def test_in_the_models_key_it_is_in_c() -> None:
    heard = listen(silence(16), 16, Knows(transcription(SONG, 16)))
    tokens, minor = normalised(heard)
    symbols = [Chord.from_token(token).symbol() for token in tokens.tolist()]
    assert symbols == ["C", "C", "F", "F", "G", "G", "C", "C"] * 2
    assert not minor


def test_rows_past_the_sound_are_silent_and_rows_before_its_end_are_enough() -> None:
    for rows in (20, 9):
        heard = listen(silence(16), rows, Knows(transcription(SONG, 16)))
        assert {len(r) for r in (heard.chords, heard.density, heard.loudness, heard.harmony)} == {
            rows
        }
        assert (heard.chords[16:] == 0).all()
        assert (heard.density[16:] == 0).all()


@pytest.mark.parametrize("faint", [0.0, 0.3])
def test_silence_and_noise_are_no_music(faint: float) -> None:
    heard = listen(silence(8), 8, Knows(transcription([], 8, faint)))
    assert heard.chords.tolist() == [0] * 8
    assert (heard.music, heard.sure, str(heard.key)) == (0, 0, "C major")


def test_a_sound_of_no_length() -> None:
    heard = listen(silence(0), 0, Knows(transcription([], 0)))
    assert len(heard.chords) == len(heard.harmony) == 0
    assert heard.music == 0
