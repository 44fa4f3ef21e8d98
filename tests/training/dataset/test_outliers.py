"""Songs that are far from the rest are named, and nothing else is."""

from dataclasses import replace

import numpy as np
from training.dataset.made_songs import made_song

from scorelock.training.dataset.gather import example
from scorelock.training.dataset.outliers import FEWEST, TRAITS, find_outliers, traits

USUAL = {
    "density": 10.0,
    "loudness": 0.2,
    "changes": 0.4,
    "silence": 0.1,
    "motion": 8.0,
    "scene": 3.0,
    "length": 240.0,
    "tuning": 0.0,
}


def test_every_trait_is_asked_of_a_song() -> None:
    song = made_song("a", 12)
    asked = traits(example(song), -3.25)
    assert asked.keys() == TRAITS.keys() == USUAL.keys()
    assert asked["length"] == 12
    assert asked["tuning"] == -3.25
    assert asked["silence"] == np.mean(song.heard.chords == 0)
    # Cuts at 3.5 s and 7 s: scenes of rows 0..3, 4..6, 7..11.
    assert asked["scene"] == 4


def test_one_that_differs_is_found_and_told_why() -> None:
    draw = np.random.default_rng(1)
    songs = [
        (f"{i}", {name: value * draw.normal(1, 0.05) for name, value in USUAL.items()})
        for i in range(40)
    ]
    assert find_outliers(songs) == []
    songs[7] = ("7", songs[7][1] | {"density": 35.0})
    (found,) = find_outliers(songs)
    assert (found.song, found.trait, found.value) == ("7", "density", 35.0)
    assert found.far > 0
    assert str(found).startswith("notes in a second: 35, usual is ")


def test_the_rest_may_be_exactly_alike() -> None:
    songs = [(f"{i}", dict(USUAL)) for i in range(10)]
    songs.append(("odd", USUAL | {"loudness": 0.6}))
    assert [one.song for one in find_outliers(songs)] == ["odd"]


def test_of_few_songs_nothing_is_said() -> None:
    songs = [(f"{i}", dict(USUAL)) for i in range(FEWEST - 2)]
    songs.append(("odd", USUAL | {"loudness": 0.6}))
    assert find_outliers(songs) == []


def test_silent_song_has_no_changes() -> None:
    song = made_song("a")
    silent = replace(song, heard=replace(song.heard, chords=np.zeros(12, np.int64)))
    assert traits(example(silent), 0.0)["changes"] == 0
