"""The key of a song from its chords."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine.vocabulary import Chord
from scorelock.training.corpora import read_corpora
from scorelock.training.listening.keys import key_of
from scorelock.training.songs import transposition

DATA = Path(__file__).parents[4] / "shared" / "data"


def tokens(song: str) -> NDArray[np.int64]:
    return np.array([0 if word == "N" else Chord.parse(word).token for word in song.split()])


@pytest.mark.parametrize(
    ("song", "key"),
    [
        ("C C F F G G C C Am Am F F G G C C", "C major"),
        ("Am Am Dm Dm E7 E7 Am Am F F Dm Dm E7 E7 Am Am", "A minor"),
        ("N N Eb Eb Ab Ab Bb7 Bb7 Eb Eb Cm Cm Fm Fm Bb Bb Eb Eb N", "Eb major"),
        ("F#m F#m Bm Bm C#7 C#7 F#m F#m D D Bm Bm C#7 C#7 F#m F#m", "F# minor"),
        ("F# F# B B C#7 C#7 F# F# D#m D#m B B C#7 C#7 F# F#", "F# major"),
        ("Ebm Ebm Abm Abm Bb7 Bb7 Ebm Ebm B B Abm Abm Bb7 Bb7 Ebm Ebm", "Eb minor"),
        ("Bbm Bbm Ebm Ebm F7 F7 Bbm Bbm Gb Gb Ebm Ebm F7 F7 Bbm Bbm", "Bb minor"),
    ],
)
def test_a_cadence_tells_its_key(song: str, key: str) -> None:
    found, sure = key_of(tokens(song))
    assert str(found) == key
    assert 0 < sure <= 1


@given(st.lists(st.integers(0, 156), max_size=60), st.integers(0, 11))
def test_a_song_in_another_key_is_as_surely_in_it(song: list[int], shift: int) -> None:
    rows = np.array(song, np.int64)
    key, sure = key_of(rows)
    moved, as_sure = key_of(transposition(shift)[rows])
    assert as_sure == pytest.approx(sure, abs=1e-6)
    if sure > 1e-6:
        assert moved.pitch_class == (key.pitch_class + shift) % 12
        assert moved.minor == key.minor


def test_nothing_tells_no_key() -> None:
    for rows in (np.zeros(0, np.int64), np.zeros(9, np.int64)):
        key, sure = key_of(rows)
        assert (str(key), sure) == ("C major", 0)


@pytest.mark.skipif(not (DATA / "pop909.npz").exists(), reason="no ../shared/data/pop909.npz")
@pytest.mark.parametrize(("corpus", "share"), [("pop909", 0.8), ("billboard", 0.85)])
def test_songs_that_were_not_learned_from_are_in_their_keys(corpus: str, share: float) -> None:
    songs = read_corpora(DATA, [corpus], "test", "picture").songs
    keys = [str(key_of(song.chords)[0]) for song in songs]
    right = [
        key == ("A minor" if song.minor else "C major")
        for key, song in zip(keys, songs, strict=True)
    ]
    assert np.mean(right) >= share


def test_the_weights_are_all_there() -> None:
    place = Path(__file__).parents[3] / "engine/scorelock/training/listening/weights.json"
    kept = json.loads(place.read_text(encoding="utf-8"))
    assert np.array(kept["chords"]["weights"]).shape == (3, 12, 13)
    assert np.array(kept["keys"]["minor"]).shape == (3, 12, 5)
