"""What is written in MuVi-Sync's layout is what the reader of the published tree reads."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scores import features
from training.muvi_tree import write_song

from scorelock.engine import muvisync
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import Layout, VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.vocabulary import END, Chord
from scorelock.training.corpora import read_place

TONICS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
FLOAT32 = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def videos(draw: st.DrawFn) -> VideoFeatures:
    """Any features at all."""
    rows = draw(st.integers(2, 6))

    def column(*width: int) -> NDArray[np.float32]:
        return draw(hnp.arrays(np.float32, (rows, *width), elements=FLOAT32))

    seen = replace(
        features(rows),
        scene_offset=draw(hnp.arrays(np.int64, rows, elements=st.integers(0, 9999))).astype("f4"),
        motion=column(),
        emotion=column(6),
    )
    paper = draw(st.booleans())
    return replace(seen, semantic=np.outer(column(), np.ones(768, "f4"))) if paper else seen


@settings(max_examples=40, deadline=None)
@given(data=st.data(), seen=videos(), tonic=st.sampled_from(TONICS), minor=st.booleans())
def test_it_reads_back_the_same(
    data: st.DataObject, seen: VideoFeatures, tonic: str, minor: bool
) -> None:
    """To the last bit, and the chords in C major or A minor."""
    rows = len(seen)
    key = Key.parse(f"{tonic} {'minor' if minor else 'major'}")
    chords = data.draw(hnp.arrays(np.int64, rows, elements=st.integers(0, END - 1)))
    density, loudness = (data.draw(hnp.arrays(np.float32, rows, elements=FLOAT32)) for _ in "dl")
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        muvisync.write_seen(tree, "one", seen)
        muvisync.write_heard(tree, "one", key, chords, density, loudness)
        muvisync.write_split(tree, "test", ["one"])
        layout: Layout = "picture" if seen.semantic is None else "published"
        corpus = read_place(tree, "test", layout)
    (song,) = corpus.songs
    np.testing.assert_array_equal(song.features, seen.matrix(layout))
    np.testing.assert_array_equal(song.density, density)
    np.testing.assert_array_equal(song.loudness, loudness)
    assert song.minor == minor
    for token, sounds in zip(song.chords.tolist(), chords.tolist(), strict=True):
        if not sounds:
            assert token == 0
            continue
        home = 9 if minor else 0  # every chord moves as the tonic does
        moved, was = Chord.from_token(token), Chord.from_token(sounds)
        assert moved.quality == was.quality
        assert (moved.root - home - was.root + key.pitch_class) % 12 == 0


def test_the_files_are_those_that_another_writer_makes(tmp_path: Path) -> None:
    """Names, header lines and spelling, of numbers that have one spelling."""
    seen = replace(
        features(3),
        motion=np.array([0, 1.5, 2.25], np.float32),
        emotion=np.full((3, 6), 0.125, np.float32),
        semantic=np.ones((3, 768), np.float32),
    )
    chords = np.array([0, 1, Chord.parse("A:min7").token])
    density, loudness = np.array([[1, 2, 3], [0.5, 0.25, 0]], np.float32)
    muvisync.write_seen(tmp_path / "ours", "a", seen)
    muvisync.write_heard(tmp_path / "ours", "a", Key("A", True), chords, density, loudness)
    muvisync.write_split(tmp_path / "ours", "test", ["a"])
    (song,) = read_place(tmp_path / "ours", "test", "published").songs
    write_song(tmp_path / "theirs", "a", song)
    for theirs in sorted((tmp_path / "theirs").rglob("*.*")):
        ours = tmp_path / "ours" / theirs.relative_to(tmp_path / "theirs")
        assert ours.read_bytes() == theirs.read_bytes()


def test_embeddings_of_another_width_lie_beside_the_published_ones(tmp_path: Path) -> None:
    """Where the published layout, which could not take them, does not look."""
    seen = replace(features(3), semantic=np.ones((3, 512), np.float32))
    muvisync.write_seen(tmp_path, "a", seen)
    (file,) = tmp_path.rglob("*.npy")
    assert file.relative_to(tmp_path) == Path("vevo_semantic/all/2d/clip_512/a.npy")
    np.testing.assert_array_equal(np.load(file), seen.semantic)


def test_where_nothing_can_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "vevo_emotion").write_text("a file")
    with pytest.raises(BadSetting, match=r"expected to make the folder .*vevo_emotion"):
        muvisync.write_seen(tmp_path, "a", features(3))
