"""Songs are counted right, and MuVi-Sync's numbers are what its songs give."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from training.dataset.made_songs import made_song

from scorelock.engine.vocabulary import QUALITIES, Chord
from scorelock.training.dataset.counts import EDGES, NAMES, Counts, muvisync, scene_lengths
from scorelock.training.dataset.gather import example
from scorelock.training.dataset.splits import SPLITS
from scorelock.training.packed import read_packed
from scorelock.training.songs import Example

MUVISYNC = Path(__file__).parents[4] / "shared/data/muvisync.npz"


def plain(song: Example) -> dict[str, Counter[object]]:
    """By hand, a second at a time."""
    chords: Counter[object] = Counter()
    roots: Counter[object] = Counter()
    emotions: Counter[object] = Counter()
    for token, row in zip(song.chords.tolist(), song.features.tolist(), strict=True):
        if token == 0:
            chords["N"] += 1
        else:
            chord = Chord.from_token(token)
            chords[chord.quality] += 1
            roots[NAMES["root"][chord.root]] += 1
        emotions[NAMES["emotion"][row[-6:].index(max(row[-6:]))]] += 1
    return {"quality": chords, "root": roots, "emotion": emotions}


def test_by_name() -> None:
    song = example(made_song("a", 200))
    counts = Counts.of(song)
    for name, expected in plain(song).items():
        found = dict(zip(NAMES[name], counts.bins[name].tolist(), strict=True))
        assert {word: n for word, n in found.items() if n} == expected
    assert counts.bins["mode"].tolist() == [0, 1]
    assert len(NAMES["quality"]) == 1 + len(QUALITIES)


def test_by_size() -> None:
    song = example(made_song("a", 200))
    counts = Counts.of(song)
    edges = EDGES["motion"]
    for index, (low, high) in enumerate(pairwise(edges)):
        assert counts.bins["motion"][index] == sum(low <= x < high for x in song.features[:, -7])
    assert counts.bins["density"].sum() == counts.seconds == 200


def test_the_last_bin_holds_all_above() -> None:
    song = example(made_song("a", 700))
    song.density[:] = 99
    counts = Counts.of(song)
    assert counts.bins["density"][-1] == 700
    assert counts.bins["length"][-1] == 1


def test_scenes() -> None:
    song = example(made_song("a", 12))
    song.features[:, -8] = [1, 2, 3, 1, 1, 2, 3, 4, 1, 2, 3, 4]
    assert scene_lengths(song).tolist() == [3, 1, 4, 4]


def test_together() -> None:
    songs = [example(made_song(name, 20)) for name in "abc"]
    together = Counts.together(Counts.of(song) for song in songs)
    assert (together.songs, together.seconds) == (3, 60)
    for name, bins in together.bins.items():
        of_each = [Counts.of(song).bins[name] for song in songs]
        assert bins.tolist() == np.sum(of_each, axis=0).tolist()
    assert Counts.from_json(together.as_json()).as_json() == together.as_json()


def test_nothing_has_no_shares() -> None:
    assert not np.any(Counts.together([]).share("root"))


@pytest.mark.skipif(
    not MUVISYNC.exists(), reason="needs ../shared/data/muvisync.npz beside this checkout"
)
def test_muvisync_is_as_counted() -> None:
    songs = [song for split in SPLITS[:2] for song in read_packed(MUVISYNC, split, "picture").songs]
    assert muvisync().as_json() == Counts.together(map(Counts.of, songs)).as_json()
