"""The tree that training reads: right, whole, the same each time, and without leakage."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from training.dataset.made_songs import made_song, order_of

from scorelock.engine.vocabulary import Chord
from scorelock.training.corpora import read_place
from scorelock.training.dataset import gather as module
from scorelock.training.dataset.gather import DUPLICATE, gather
from scorelock.training.dataset.shelf import SHELF, Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.splits import SHARES, SPLITS
from scorelock.training.dataset.store import open_store
from scorelock.training.dataset.tables import Row, read_failed, read_songs
from scorelock.training.songs import Example, Split


@pytest.fixture(autouse=True)
def no_prints_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_same", lambda prints: [])


def gathered(
    place: Path,
    songs: Sequence[Song | Failed],
    *,
    left: Sequence[Failed] = (),
    titles: Mapping[str, str] | None = None,
    earlier: Mapping[str, Split] | None = None,
) -> tuple[list[Row], list[Failed]]:
    dataset = open_store(str(place))
    shelf = Shelf(open_store(dataset.at(SHELF)))
    orders = [order_of(song.id) for song in songs]
    for order, song in zip(orders, songs, strict=True):
        shelf.put(order, song)
    return gather(
        dataset, orders, left, titles or {}, SHARES, earlier or {}, progress=lambda share: None
    )


def content(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def learned_from(place: Path) -> dict[str, Example]:
    corpora = [read_place(place, split, "picture") for split in SPLITS]
    assert [corpus.skipped for corpus in corpora] == [{}, {}, {}]
    return {song.name.split()[-1]: song for corpus in corpora for song in corpus.songs}


def test_training_reads_what_was_seen_and_heard(tmp_path: Path) -> None:
    songs = [
        made_song(name, 20, key=key) for name, key in zip("abc", ("C", "Eb", "F#m"), strict=True)
    ]
    gathered(tmp_path, songs)
    found = learned_from(tmp_path)
    assert found.keys() == {"a", "b", "c"}
    for song, up in zip(songs, (0, 3, -3), strict=True):
        example = found[song.id]
        assert example.minor == song.heard.key.minor
        np.testing.assert_array_equal(example.features, song.seen.matrix("picture"))
        np.testing.assert_array_equal(example.density, song.heard.density)
        np.testing.assert_array_equal(example.loudness, song.heard.loudness)
        for sounding, normal in zip(
            song.heard.chords.tolist(), example.chords.tolist(), strict=True
        ):
            expected = Chord.from_token(sounding).transposed(-up).token if sounding else 0
            assert normal == expected


def test_papers_features_are_read_as_published(tmp_path: Path) -> None:
    songs = [made_song(name, 8, width=768) for name in "abc"]
    gathered(tmp_path, songs)
    for song in songs:
        where = next(s for s in SPLITS if f"{song.id}\n" in split_list(tmp_path, s))
        (example,) = read_place(tmp_path, where, "published").songs
        np.testing.assert_array_equal(example.features, song.seen.matrix("published"))


def split_list(place: Path, split: str) -> str:
    return (place / f"vevo_meta/split/v1/{split}.txt").read_text()


@pytest.mark.parametrize("rows", [(12, 13), (13, 12), (12, 30), (30, 12)])
def test_a_song_ends_where_its_picture_or_its_sound_ends(
    tmp_path: Path, rows: tuple[int, int]
) -> None:
    song = made_song("a", rows[0], heard_rows=rows[1])
    (row,), _ = gathered(tmp_path, [song])
    assert row.seconds == 12
    (example,) = read_place(tmp_path, "train", "picture").songs
    np.testing.assert_array_equal(example.density, song.heard.density[:12])
    np.testing.assert_array_equal(example.features, song.seen.matrix("picture")[:12])


def test_twice_the_same(tmp_path: Path) -> None:
    songs = [made_song(name) for name in "abcde"]
    gathered(tmp_path / "1", songs)
    gathered(tmp_path / "2", songs[::-1])
    first = content(tmp_path / "1")
    assert first == content(tmp_path / "2")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "1").rglob("*.lab")}
    gathered(tmp_path / "1", songs, earlier={})
    assert content(tmp_path / "1") == first
    assert {path: path.stat().st_mtime_ns for path in before} == before  # not even touched


def test_a_song_that_went_away_leaves_nothing_in_the_tree(tmp_path: Path) -> None:
    songs = [made_song(name, width=768) for name in "abcd"]
    gathered(tmp_path, songs)
    rows, _ = gathered(tmp_path, songs[:3])
    assert [row.id for row in rows] == ["a", "b", "c"]
    assert not [name for name in content(tmp_path) if name.endswith(("/d.lab", "/d.npy"))]
    assert all("d" not in split_list(tmp_path, split).split() for split in SPLITS)
    assert (tmp_path / SHELF / "d.song").exists()  # should it come back


def test_paper_features_that_are_no_longer_wanted_leave(tmp_path: Path) -> None:
    gathered(tmp_path, [made_song("a", width=768)])
    gathered(tmp_path, [made_song("a")])
    assert not [name for name in content(tmp_path) if name.startswith("vevo_semantic")]


def test_identical_bytes_count_once(tmp_path: Path) -> None:
    songs = [made_song("a", sha256="x"), made_song("b", sha256="x"), made_song("c")]
    rows, failed = gathered(tmp_path, songs)
    assert [row.id for row in rows] == ["a", "c"]
    assert failed == [Failed("b", "b.mp4", DUPLICATE, "byte for byte the same as a.mp4")]
    assert not [name for name in content(tmp_path) if name.endswith("/b.lab")]


def test_one_title_is_one_group(tmp_path: Path) -> None:
    songs = [made_song(f"{i}") for i in range(10)]
    songs[4] = replace(songs[4], title="Queen - One Vision")
    songs[8] = replace(songs[8], title="QUEEN: one  vision!")
    rows, _ = gathered(tmp_path, songs)
    by_id = {row.id: row for row in rows}
    assert by_id["4"].group == by_id["8"].group == "4"
    assert by_id["4"].split == by_id["8"].split
    assert len({row.group for row in rows}) == 9


def test_titles_by_the_user_count_before_the_tags(tmp_path: Path) -> None:
    songs = [made_song("a", title="Untitled"), made_song("b", title="Untitled")]
    rows, _ = gathered(tmp_path, songs, titles={"a.mp4": "One", "b.mp4": "Two"})
    assert [(row.title, row.group) for row in rows] == [("One", "a"), ("Two", "b")]


def test_what_sounds_the_same_is_one_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_same", lambda prints: [("2", "7")])
    rows, _ = gathered(tmp_path, [made_song(f"{i}") for i in range(10)])
    by_id = {row.id: row for row in rows}
    assert by_id["2"].split == by_id["7"].split
    assert by_id["7"].group == "2"


def test_tables_read_back(tmp_path: Path) -> None:
    left = [Failed("", 'odd "name", with\nlines.mp4', "duplicate", "a link to a.mp4")]
    songs: list[Song | Failed] = [
        made_song("a", title='A, "B"'),
        Failed("z", "z.mp4", "silent", "why"),
    ]
    rows, failed = gathered(tmp_path, songs, left=left)
    assert read_songs((tmp_path / "songs.csv").read_bytes(), "") == tuple(rows)
    assert read_failed((tmp_path / "failed.csv").read_bytes(), "") == tuple(failed)
    assert {one.kind for one in failed} == {"duplicate", "silent"}
    (row,) = rows
    assert (row.key, row.transposition, row.tuning_cents) == ("F# minor", -3, -3.2)


def test_earlier_splits_stay(tmp_path: Path) -> None:
    songs = [made_song(f"{i}") for i in range(5)]
    earlier: dict[str, Split] = {f"{i}": "test" for i in range(4)}
    rows, _ = gathered(tmp_path, songs, earlier=earlier)
    assert {row.id: row.split for row in rows} | earlier == {row.id: row.split for row in rows}
