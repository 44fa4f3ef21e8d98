"""From real files to what training reads, with the real model, by real worker processes."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from films import ffmpeg, needs_ffmpeg, noise, write_film
from numpy.typing import NDArray
from scipy.io import wavfile

from scorelock.engine.errors import MissingPart
from scorelock.engine.vocabulary import Chord
from scorelock.training.corpora import read_place
from scorelock.training.dataset.command import add_arguments, run
from scorelock.training.dataset.splits import SPLITS
from scorelock.training.listening.fetch import kept
from scorelock.training.listening.heard import RATE


def is_kept() -> bool:
    try:
        return kept().is_file()
    except MissingPart:
        return False


pytestmark = [
    needs_ffmpeg,
    pytest.mark.skipif(
        not is_kept(), reason="needs the model basic-pitch: scorelock models add basic-pitch"
    ),
]

SONGS = {"one": "C F G C", "two": "Am Dm E Am", "three": "G C D G"}
CHORD_S = 3


def played(chords: str) -> NDArray[np.int16]:
    """Each chord for `CHORD_S`: its notes from middle C up and its root two octaves below."""
    at_s = np.arange(CHORD_S * RATE) / RATE
    fade = np.minimum(1, at_s * 50) * np.exp(-at_s / 3)
    sound = []
    for name in chords.split():
        chord = Chord.parse(name)
        pitches = [36 + chord.root, *(60 + pitch for pitch in chord.pitch_classes)]
        tones = [
            np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * n * at_s) / n**1.5
            for pitch in pitches
            for n in range(1, 7)
        ]
        sound.append(fade * np.sum(tones, axis=0))
    whole = np.concatenate(sound)
    return np.asarray(whole / np.abs(whole).max() * 20_000, np.int16)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    work = tmp_path_factory.mktemp("work")
    for seed, (name, chords) in enumerate(SONGS.items()):
        wavfile.write(work / "sound.wav", RATE, played(chords))
        seconds = CHORD_S * len(chords.split())
        write_film(work / "picture.mkv", noise(8 * seconds, seed=seed), fps=8)
        ffmpeg(
            *("-i", work / "picture.mkv", "-i", work / "sound.wav"),
            *("-c:v", "mpeg4", "-c:a", "aac", "-b:a", "192k", folder / f"{name}.mp4"),
        )
    write_film(folder / "mute.avi", noise(24), fps=8)
    (folder / "broken.mp4").write_bytes((folder / "one.mp4").read_bytes()[:3000])
    return folder


def built(videos: Path, dataset: Path, *options: str) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["build", str(videos), "-o", str(dataset), *options])) == 0


def content(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def test_a_folder_of_videos_becomes_a_data_set(
    videos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built(videos, tmp_path / "set", "--workers", "2", "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["songs"] == 3
    assert told["left_out"] == {"no sound": 1, "unreadable": 1}
    assert [told["splits"][split]["songs"] for split in SPLITS] == [1, 1, 1]
    for split in SPLITS:
        (song,) = read_place(tmp_path / "set", split, "picture").songs
        truth = [Chord.parse(name) for name in SONGS[song.name.split()[-1]].split()]
        home = truth[0]
        assert song.minor == (home.quality == "min")
        up = home.root - (9 if song.minor else 0)
        expected = np.repeat([chord.transposed(-up).token for chord in truth], CHORD_S)
        assert len(song.chords) == len(expected)
        assert np.mean(song.chords == expected) > 0.8
        assert np.median(song.density) >= 3
        assert song.features.shape == (len(expected), 8)

    built(videos, tmp_path / "again", "--workers", "1")
    assert content(tmp_path / "again") == content(tmp_path / "set")
