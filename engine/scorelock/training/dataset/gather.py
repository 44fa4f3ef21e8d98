"""From the shelf to the data set: the tree in MuVi-Sync's layout, its splits and its two tables.

Everything is written whole, and only where it differs from what is there, so a build that finds
nothing new changes nothing. What belongs to songs that went away is taken away last.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine import muvisync
from scorelock.engine.features import VideoFeatures
from scorelock.training.dataset.order import Order
from scorelock.training.dataset.shelf import SHELF, Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.splits import SPLITS, Shares, assign, group
from scorelock.training.dataset.store import Store, open_store
from scorelock.training.dataset.tables import FAILED, SONGS, Row, failed_table, songs_table
from scorelock.training.dataset.trouble import saying
from scorelock.training.listening.heard import Heard
from scorelock.training.listening.listen import normalised
from scorelock.training.listening.prints import find_same
from scorelock.training.songs import Example, Split, film_rows

DUPLICATE: Final = "duplicate"
"""The kind of a video that is byte for byte another one."""
_OF_ROWS: Final = ("scene_offset", "motion", "emotion", "valence", "arousal", "semantic")


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What is remembered of a song while the others are read."""

    row: Row
    harmony: NDArray[np.uint8]


def trimmed(song: Song) -> Song:
    """The song without the seconds that only its picture or only its sound has."""
    seen, heard = song.seen, song.heard
    rows = min(len(seen), len(heard.chords))
    columns: dict[str, Any] = {
        name: column[:rows] for name in _OF_ROWS if (column := getattr(seen, name)) is not None
    }
    return replace(
        song,
        seen=replace(seen, **columns),
        heard=replace(
            heard,
            chords=heard.chords[:rows],
            density=heard.density[:rows],
            loudness=heard.loudness[:rows],
            harmony=heard.harmony[:rows],
        ),
    )


def example(song: Song) -> Example:
    """A trimmed song as the models' training sees it, in C major or A minor."""
    seen, heard = song.seen, song.heard
    chords, minor = normalised(heard)
    return Example(
        name=song.id,
        features=film_rows(seen.scene_offset, seen.motion, seen.emotion),
        film=True,
        minor=minor,
        chords=chords,
        density=heard.density,
        loudness=heard.loudness,
    )


def gather(
    dataset: Store,
    orders: Sequence[Order],
    left: Iterable[Failed],
    titles: Mapping[str, str],
    shares: Shares,
    earlier: Mapping[str, Split],
    progress: Callable[[float], None],
) -> tuple[list[Row], list[Failed]]:
    """Write the data set of what the shelf has of these orders.

    Args:
        dataset: where it is, and the shelf in it.
        orders: of the videos that there are.
        left: what else is not in the data set, for `failed.csv`.
        titles: by the video's name, in the place of those in the files.
        shares: of the splits.
        earlier: where songs were before, by id.
        progress: told which share is done, 0..1.

    Returns:
        The rows of `songs.csv` and of `failed.csv`.

    Raises:
        BadPlace, DiskFull: it cannot be read or written.
    """
    kept: list[_Kept] = []
    failed = list(left)
    first: dict[str, str] = {}  # the source of each content
    written: set[str] = set()
    for done, made in enumerate(_found(dataset, orders)):
        progress(done / len(orders))
        if isinstance(made, Failed):
            failed.append(made)
            continue
        twin = first.setdefault(made.seen.film.sha256, made.source)
        if twin != made.source:
            reason = f"byte for byte the same as {twin}"
            failed.append(Failed(made.id, made.source, DUPLICATE, reason))
            continue
        song = trimmed(made)
        written |= _update(dataset, _files(song))
        title = titles.get(song.source, song.title)
        row = Row.of(song, title, len(song.seen), split="train", group=song.id)
        kept.append(_Kept(row, song.heard.harmony))
    rows = _parted(kept, shares, earlier)
    failed.sort(key=lambda one: (one.source, one.kind))
    lists = {
        f"{muvisync.SPLITS}/{split}.txt": _lines(row.id for row in rows if row.split == split)
        for split in SPLITS
    }
    tables = {SONGS: songs_table(rows), FAILED: failed_table(failed)}
    _update(dataset, lists | tables)
    _clear(dataset, written)
    return rows, failed


def _found(dataset: Store, orders: Sequence[Order]) -> Iterator[Song | Failed]:
    shelf = Shelf(open_store(dataset.at(SHELF)))
    for order in sorted(orders, key=lambda order: order.id):
        made = shelf.find(order)
        if made is not None:
            yield made


def _parted(kept: Sequence[_Kept], shares: Shares, earlier: Mapping[str, Split]) -> list[Row]:
    rows = [one.row for one in kept]
    same = [*_same_titles(rows), *find_same({one.row.id: one.harmony for one in kept})]
    groups = group([row.id for row in rows], same)
    first = {song: members[0] for members in groups for song in members}
    splits = assign(groups, shares, earlier)
    return [replace(row, split=splits[row.id], group=first[row.id]) for row in rows]


def _same_titles(rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    first: dict[str, str] = {}
    for row in rows:
        title = "".join(filter(str.isalnum, row.title.casefold()))
        if title:
            yield first.setdefault(title, row.id), row.id


def _files(song: Song) -> dict[str, bytes]:
    """A song's files by their names in the tree."""
    seen, heard = song.seen, song.heard
    with (
        saying("write", tempfile.gettempdir()),
        tempfile.TemporaryDirectory(prefix="scorelock-") as folder,
    ):
        tree = Path(folder)
        _write(tree, song.id, seen, heard)
        return {
            path.relative_to(tree).as_posix(): path.read_bytes()
            for path in sorted(tree.rglob("*"))
            if path.is_file()
        }


def _write(tree: Path, song: str, seen: VideoFeatures, heard: Heard) -> None:
    muvisync.write_seen(tree, song, seen)
    muvisync.write_heard(tree, song, heard.key, heard.chords, heard.density, heard.loudness)


def _update(dataset: Store, files: Mapping[str, bytes]) -> set[str]:
    """Write the files that are not there as they are to be; the names of all."""
    dataset.write_all({n: data for n, data in files.items() if dataset.read(n) != data})
    return set(files)


def _clear(dataset: Store, written: set[str]) -> None:
    """Take away the files of songs that are no longer in the data set."""
    folders = {name.rpartition("/")[0] for name in written} | {
        *(muvisync.CHORDS, muvisync.EMOTION, muvisync.MOTION, muvisync.SCENE_OFFSET),
        *(muvisync.LOUDNESS, muvisync.DENSITY, muvisync.SEMANTIC),
    }
    for folder in sorted(folders):
        there = (f"{folder}/{name}" for name in dataset.names(folder))
        dataset.remove(name for name in there if name not in written)


def _lines(words: Iterable[str]) -> bytes:
    return "".join(f"{word}\n" for word in words).encode()
