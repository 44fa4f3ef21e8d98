"""MuVi-Sync is read as published, song by song, whatever state its files are in."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from training.muvi_tree import published_name, write_lines, write_pack, write_song, write_tree

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.vocabulary import END
from scorelock.training.corpora import read_corpora, read_place
from scorelock.training.songs import Example

Make = Callable[..., Example]

FILES = {
    "chord": "vevo_chord/lab_v2_norm/all/001.lab",
    "emotion": "vevo_emotion/6c_l14p/all/001.lab",
    "motion": "vevo_motion/all/001.lab",
    "scene": "vevo_scene_offset/all/001.lab",
    "loudness": "vevo_loudness/all/001.lab",
    "density": "vevo_note_density/all/001.lab",
    "semantic": "vevo_semantic/all/2d/clip_l14p/001.npy",
}
TEXTS = [name for name in FILES if name != "semantic"]


def random_song(seconds: int, seed: int, layout: Layout) -> Example:
    rng = np.random.default_rng(seed)
    features = rng.lognormal(0, 9, (seconds, WIDTH[layout])).astype(np.float32)
    features[:, -8] = rng.integers(1, 1000, seconds)
    return Example(
        name="",
        features=features,
        film=True,
        minor=bool(rng.integers(2)),
        chords=rng.integers(0, END, seconds),
        density=rng.lognormal(0, 3, seconds).astype(np.float32),
        loudness=rng.random(seconds, np.float32),
    )


def assert_same(found: Example, wanted: Example) -> None:
    assert (found.film, found.minor) == (wanted.film, wanted.minor)
    for rows in ("features", "chords", "density", "loudness"):
        np.testing.assert_array_equal(getattr(found, rows), getattr(wanted, rows))
        assert getattr(found, rows).dtype == getattr(wanted, rows).dtype


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Songs 000, 001 and 002 of 20 s in split test, published features."""
    songs = [random_song(20, seed, "published") for seed in range(3)]
    write_tree(tmp_path / "muvisync", {"test": songs})
    return tmp_path / "muvisync"


def left_out(tree: Path, layout: Layout = "published") -> dict[str, str]:
    corpus = read_place(tree, "test", layout)
    assert len(corpus.songs) + len(corpus.skipped) == 3
    return dict(corpus.skipped)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(2, 30), min_size=1, max_size=4),
    st.integers(0, 10**6),
    st.sampled_from(["published", "picture"]),
)
def test_a_tree_holds_the_songs_written_to_it(
    lengths: list[int], seed: int, layout: Layout
) -> None:
    songs = [random_song(n, seed + i, layout) for i, n in enumerate(lengths)]
    with TemporaryDirectory() as folder:
        tree = Path(folder) / "muvisync"
        write_tree(tree, {"train": songs[:1], "test": songs})
        corpus = read_place(tree, "test", layout)
    assert corpus.skipped == {}
    assert [song.name for song in corpus.songs] == [
        f"muvisync {i + 1:03}" for i in range(len(songs))
    ]
    for found, wanted in zip(corpus.songs, songs, strict=True):
        assert_same(found, wanted)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(2, 30), min_size=1, max_size=4), st.integers(0, 10**6))
def test_a_pack_holds_the_songs_written_to_it(lengths: list[int], seed: int) -> None:
    songs = [random_song(n, seed + i, "picture") for i, n in enumerate(lengths)]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "held out.npz"
        write_pack(path, {"train": songs[:1], "test": songs})
        corpus = read_place(path, "test", "picture")
    assert corpus.skipped == {}
    for found, wanted in zip(corpus.songs, songs, strict=True):
        assert_same(found, wanted)


@pytest.mark.parametrize(
    ("key", "chords", "wanted"),
    [
        ("C major", "C G:7 A:min N", "C G:7 A:min N"),
        ("Bb major", "Bb Eb:maj7 F:7 G:min", "C F:maj7 G:7 A:min"),
        ("E minor", "E:min B:7 F#:hdim7 C", "A:min E:7 B:hdim7 F"),
        ("G# major", "Ab:maj Bbm7 G:dim N.C.", "C D:min7 B:dim N"),
        ("f#m", "F#m Bm7 C#7 Dmaj7", "A:min D:min7 E:7 F:maj7"),
    ],
)
def test_any_key_and_spelling_is_understood(tree: Path, key: str, chords: str, wanted: str) -> None:
    write_song(tree, "001", random_song(4, 5, "published"))
    write_lines(tree / FILES["chord"], chords.split(), f"key {key}")
    song = read_place(tree, "test", "picture").songs[1]
    assert [published_name(int(token)) for token in song.chords] == wanted.split()
    assert song.minor == (wanted.split()[0] == "A:min")


@pytest.mark.parametrize("name", TEXTS)
def test_line_ends_blanks_and_marks_do_not_matter(tree: Path, name: str) -> None:
    before = read_place(tree, "test", "published").songs[1]
    path = tree / FILES[name]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b" \r\n\r\n") + b" \n\t\n")
    assert_same(read_place(tree, "test", "published").songs[1], before)


@pytest.mark.parametrize("name", FILES)
def test_files_may_end_a_second_apart(tree: Path, name: str) -> None:
    """A second more or less is cut, two are misaligned, and both files are named."""
    whole = random_song(20, 1, "published")
    for seconds in (18, 19, 21, 22):
        write_song(tree, "001", random_song(seconds, 1, "published"))
        odd = (tree / FILES[name]).read_bytes()
        write_song(tree, "001", whole)
        (tree / FILES[name]).write_bytes(odd)
        corpus = read_place(tree, "test", "published")
        if seconds in (19, 21):
            assert [len(song.chords) for song in corpus.songs] == [20, min(seconds, 20), 20]
        else:
            (why,) = corpus.skipped.values()
            assert f"{FILES[name]} has {seconds} s" in why
            assert why.startswith("misaligned: ")


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "blank": lambda _: b"\r\n \n",
    "first line only": lambda content: content.split(b"\n")[0],
    "zeroed": lambda content: bytes(len(content)),
    "cut": lambda content: content[: len(content) // 2],
    "no text": lambda content: b"\xff\xfe" + content,
    "a second lost": lambda content: content.replace(b"\n7 ", b"\n8 "),
    "no value": lambda content: content.split(b"\n7 ")[0] + b"\n7\n",
    "not a number": lambda content: content.replace(b"\n7 ", b"\n7 nan "),
    "word": lambda content: content.replace(b"\n7 ", b"\n7 H:maj13 "),
}


@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("name", TEXTS)
def test_a_damaged_text_leaves_out_its_song_by_name(tree: Path, name: str, damage: str) -> None:
    path = tree / FILES[name]
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    skipped = left_out(tree)
    assert list(skipped) == ["muvisync 001"]
    assert FILES[name] in skipped["muvisync 001"]
    assert skipped["muvisync 001"].isprintable()


@pytest.mark.parametrize("name", [n for n in TEXTS if n != "chord"])
@pytest.mark.parametrize("value", ["nan", "-inf", "1e300"])
def test_a_number_that_is_none_is_found(tree: Path, name: str, value: str) -> None:
    row = " ".join([value] * (6 if name == "emotion" else 1))
    write_lines(tree / FILES[name], [row] * 20)
    assert left_out(tree) == {"muvisync 001": f"{FILES[name]}: not finite at second 0"}


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(tree: Path, name: str) -> None:
    (tree / FILES[name]).unlink()
    assert left_out(tree) == {"muvisync 001": f"{FILES[name]}: No such file or directory"}
    (tree / FILES[name]).mkdir()
    assert left_out(tree)["muvisync 001"].startswith(f"{FILES[name]}: ")


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((20, 767)),
        np.zeros(20 * 768),
        np.zeros((0, 768)),
        np.full((20, 768), np.nan),
        np.full((20, 768), 1j),
        np.full((20, 768), "x"),
        np.full((20, 768), None),
        np.zeros((20, 768), [("a", float)]),
    ],
    ids=str,
)
def test_embeddings_of_another_kind_leave_out_their_song(tree: Path, rows: np.ndarray) -> None:
    np.save(tree / FILES["semantic"], rows)
    skipped = left_out(tree)
    assert list(skipped) == ["muvisync 001"]
    assert FILES["semantic"] in skipped["muvisync 001"]


def npy(header: bytes) -> bytes:
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(list(FILES)),
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(str.encode),
        st.binary(max_size=60).map(npy),
        st.sampled_from(
            [
                npy(b"(" * 9000),
                npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (10**12, 768)}"),
                npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 768)}"),
                npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 768)}"),
                npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s, 768)}" % (b"9" * 30)),
                npy(b"{'descr': 'O', 'fortran_order': False, 'shape': (20, 768)}"),
                b"key C major\n0 " + b"C" * 10**5,
            ]
        ),
        st.lists(
            st.sampled_from(["key", "C", "major", "0", "1", "time", "-1", "1e9", "\n", "\0"])
        ).map(lambda words: " ".join(words).encode()),
    ),
)
def test_no_bytes_bring_the_reader_down(tree: Path, name: str, content: bytes) -> None:
    """The neighbours of a song are read whatever its files hold, and the reason is one line."""
    before = (tree / FILES[name]).read_bytes()
    (tree / FILES[name]).write_bytes(content)
    skipped = left_out(tree)
    (tree / FILES[name]).write_bytes(before)
    assert list(skipped) == ["muvisync 001"]
    assert skipped["muvisync 001"].isprintable()
    assert len(skipped["muvisync 001"]) < 300


@pytest.mark.parametrize("song", ["no\0name", "n" * 5000, "not/there"])
def test_an_id_that_cannot_be_a_file_is_left_out(tree: Path, song: str) -> None:
    (tree / "vevo_meta/split/v1/test.txt").write_text(f"000\r\n{song}\n\n002\n002\n")
    corpus = read_place(tree, "test", "picture")
    assert [found.name for found in corpus.songs] == ["muvisync 000", "muvisync 002"]
    assert list(corpus.skipped) == [f"muvisync {song}"]


def test_features_of_the_picture_open_no_semantic_file(tree: Path) -> None:
    for path in (tree / "vevo_semantic/all/2d/clip_l14p").iterdir():
        path.unlink()
    songs = read_place(tree, "test", "picture").songs
    assert [song.features.shape for song in songs] == [(20, 8)] * 3
    with pytest.raises(BadSetting, match="none that can be used; 3 left out, such as muvisync 000"):
        read_place(tree, "test", "published")


def test_a_split_without_a_list_or_songs_is_an_error(tree: Path) -> None:
    with pytest.raises(BadSetting, match=r"v1/val\.txt.* lists there: test$"):
        read_place(tree, "val", "picture")
    path = tree / "vevo_meta/split/v1/val.txt"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadSetting, match=r"v1/val\.txt"):
        read_place(tree, "val", "picture")
    path.write_text("\n")
    with pytest.raises(BadSetting, match=r"found none that can be used; 0 left out$"):
        read_place(tree, "val", "picture")


def test_a_place_is_a_file_a_tree_or_the_folder_of_either(tmp_path: Path, song: Make) -> None:
    packed, tree = song(9, 1), song(7, 2)
    write_pack(tmp_path / "other.npz", {"test": [packed]})
    write_tree(tmp_path / "muvisync", {"test": [tree]})
    with pytest.raises(BadSetting, match=r"found no missing\.npz"):
        read_place(tmp_path / "missing.npz", "test", "picture")
    with pytest.raises(BadSetting, match=r"neither muvisync\.npz nor a MuVi-Sync tree muvisync/"):
        read_place(tmp_path / "muvisync/vevo_motion", "test", "picture")

    def seconds(place: Path) -> int:
        (found,) = read_place(place, "test", "picture").songs
        return len(found.chords)

    assert seconds(tmp_path / "other.npz") == 9
    assert seconds(tmp_path / "muvisync") == seconds(tmp_path) == 7
    assert len(read_corpora(tmp_path, ("muvisync",), "test", "picture").songs[0].chords) == 7
    # Of the two the packed file is taken: it is read much faster.
    (tmp_path / "other.npz").rename(tmp_path / "muvisync.npz")
    assert seconds(tmp_path) == 9


def test_a_tree_and_a_plain_corpus_go_together(tmp_path: Path, corpora: Path) -> None:
    """The plain corpus takes the loudness scale of the tree."""
    film = random_song(50, 0, "picture")
    quiet = replace(film, loudness=(film.loudness / 100).astype(np.float32))
    write_tree(tmp_path / "films", {"train": [quiet]})
    songs = read_corpora(corpora, ("films", "plain"), "train", "picture").songs
    assert [song.film for song in songs] == [True] + [False] * 6
    plain = np.concatenate([song.loudness for song in songs[1:]])
    assert plain.mean() == pytest.approx(songs[0].loudness.mean(), rel=1e-2)
