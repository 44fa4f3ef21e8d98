"""`songs.csv` and `failed.csv`: what a data set says of its songs and of what is not among them."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import Final

from scorelock.engine.errors import BadSetting
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.splits import SPLITS
from scorelock.training.songs import Split

SONGS: Final = "songs.csv"
FAILED: Final = "failed.csv"


@dataclass(frozen=True, slots=True)
class Row:
    """A song as `songs.csv` tells of it.

    Attributes:
        id: its name in the data set.
        source: the video, relative to the folder that was built from.
        title: by the user, else by the file's own tags.
        seconds: rows in the data set.
        key: as it sounds.
        transposition: semitones from C major or A minor up to the key, -6..5.
        tuning_cents: of the whole against A at 440 Hz.
        sure: 0..1, how far the key is ahead of the next.
        music: 0..1, the share of seconds that are music.
        split: where it is.
        group: the first id of those with the same music.
    """

    id: str
    source: str
    title: str
    seconds: int
    key: str
    transposition: int
    tuning_cents: float
    sure: float
    music: float
    split: Split
    group: str

    @classmethod
    def of(cls, song: Song, title: str, seconds: int, split: Split, group: str) -> "Row":
        """What there is to tell of a song."""
        heard = song.heard
        return cls(
            id=song.id,
            source=song.source,
            title=title,
            seconds=seconds,
            key=str(heard.key),
            transposition=heard.key.transposition,
            tuning_cents=round(float(heard.tuning_cents), 1),
            sure=round(float(heard.sure), 3),
            music=round(float(heard.music), 3),
            split=split,
            group=group,
        )


def songs_table(rows: Iterable[Row]) -> bytes:
    """`songs.csv`."""
    return _table([field.name for field in fields(Row)], (asdict(row).values() for row in rows))


def failed_table(failed: Iterable[Failed]) -> bytes:
    """`failed.csv`."""
    return _table(
        [field.name for field in fields(Failed)], (asdict(one).values() for one in failed)
    )


def _table(names: Iterable[str], rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue().encode()


def read_songs(content: bytes | None, place: str) -> tuple[Row, ...]:
    """The rows of `songs.csv`, none where there is none.

    Raises:
        BadSetting: it is not as `songs_table` writes it.
    """
    if content is None:
        return ()
    try:
        return tuple(_row(row) for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    except (KeyError, ValueError, TypeError, csv.Error) as err:
        raise BadSetting(
            f"expected {place} as scorelock wrote it, got a damaged one ({err!r}); put it back, or "
            "delete it, and every song may come into another split"
        ) from err


def _row(told: dict[str, str]) -> Row:
    split = next((split for split in SPLITS if split == told["split"]), None)
    if split is None:
        raise ValueError(told["split"])
    return Row(
        id=told["id"],
        source=told["source"],
        title=told["title"],
        seconds=int(told["seconds"]),
        key=told["key"],
        transposition=int(told["transposition"]),
        tuning_cents=float(told["tuning_cents"]),
        sure=float(told["sure"]),
        music=float(told["music"]),
        split=split,
        group=told["group"],
    )


def read_failed(content: bytes | None, place: str) -> tuple[Failed, ...]:
    """The rows of `failed.csv`, none where there is none.

    Raises:
        BadSetting: it is not as `failed_table` writes it.
    """
    if content is None:
        return ()
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        names = [field.name for field in fields(Failed)]
        return tuple(Failed(*(row[name] for name in names)) for row in rows)
    except (KeyError, ValueError, TypeError, csv.Error) as err:
        raise BadSetting(
            f"expected {place} as scorelock wrote it, got a damaged one ({err!r}); delete it"
        ) from err


def read_titles(content: bytes, place: str) -> dict[str, str]:
    """Titles by the video's name, from a table with the columns source (or file) and title.

    Raises:
        BadSetting: it has no such columns, or is no table.
    """
    try:
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
        names = rows.fieldnames or ()
        source = next((name for name in ("source", "file") if name in names), None)
        if source is None or "title" not in names:
            raise BadSetting(
                f"expected the columns source and title in {place}, got "
                f"{', '.join(names) or 'none'}"
            )
        return {
            PurePosixPath(row[source]).as_posix(): (row["title"] or "").strip()
            for row in rows
            if row[source]
        }
    except (UnicodeDecodeError, csv.Error) as err:
        raise BadSetting(
            f"expected a table in {place}, got: {err}; save it as CSV in UTF-8"
        ) from err
