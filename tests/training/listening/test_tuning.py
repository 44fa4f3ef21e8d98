"""The tuning that is found is the one that tones were made in."""

import numpy as np
import pytest
from training.listening.tones import sound, tone

from scorelock.training.listening.heard import RATE, HeardNote, Sound
from scorelock.training.listening.tuning import tuning

CHORD = (57, 61, 64, 69)


@pytest.mark.parametrize("cents", [-48, -32, 0, 5, 20, 47])
def test_a_detuned_chord_tells_its_tuning(cents: float) -> None:
    played = sound(
        sum(tone(pitch + cents / 100, 0, 1.5, 2) for pitch in CHORD) + np.zeros(2 * RATE)
    )
    notes = [HeardNote(0, 1.5, pitch, 0.5) for pitch in CHORD]

    assert tuning(played, notes) == pytest.approx(cents, abs=1.5)


def test_half_a_semitone_off_is_told_whichever_keys_were_heard() -> None:
    played = sound(sum(tone(pitch + 0.5, 0, 1.5, 2) for pitch in CHORD) + np.zeros(2 * RATE))
    notes = [HeardNote(0, 1.5, pitch + up, 0.5) for up, pitch in enumerate(CHORD[:2])]

    assert abs(tuning(played, notes)) == pytest.approx(50, abs=1.5)


def test_without_a_note_that_tells_it_is_zero() -> None:
    silence = Sound(np.zeros(2 * RATE, np.float32))

    assert tuning(silence, []) == 0
    assert tuning(silence, [HeardNote(0, 1, 60, 0.5)]) == 0
    assert tuning(silence, [HeardNote(0, 0.1, 60, 0.5), HeardNote(0, 1, 22, 0.5)]) == 0
