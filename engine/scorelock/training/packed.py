"""Reads packed corpora: one `NAME.npz` with all songs, with films or without."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import WIDTH, Layout
from scorelock.training.songs import Example, Split


def read_packed(path: Path, split: Split, layout: Layout) -> list[Example]:
    """All songs of a corpus's split, faulty ones too.

    Raises:
        BadSetting: the file is missing, damaged, or no packed corpus.
    """
    try:
        with path.open("rb") as file, np.load(file) as pack:
            read = _film_songs if "emotion" in pack.files else _plain_songs
            return [song for where, song in read(pack, path, layout) if where == split]
    except FileNotFoundError as err:
        raise BadSetting(
            f"expected the corpus {path.stem} in {path.parent}, found no {Path(err.filename).name}"
        ) from err
    except (OSError, ValueError, KeyError, TypeError, BadZipFile) as err:
        reason = " ".join(str(err).split())
        raise BadSetting(
            f"expected a packed corpus in {path}, got a damaged one: {reason}"
        ) from err


def _film_songs(
    pack: Mapping[str, NDArray[Any]], path: Path, layout: Layout
) -> Iterator[tuple[str, Example]]:
    # Every access to an npz member reads it from disk again.
    rows = {each: pack[each] for each in ("chord", "density", "loudness", "emotion", "motion")}
    offset, bounds = pack["scene_offset"], pack["offsets"]
    ids, splits, minors = pack["ids"], pack["split"], pack["minor"]
    semantic = [pack[f"semantic{part}"] for part in ("", "_scale", "_basis", "_mean")]
    for index, song in enumerate(ids):
        span = slice(bounds[index], bounds[index + 1])
        columns = [
            offset[span, None].astype(np.float32) + 1,
            rows["motion"][span, None].astype(np.float32),
            rows["emotion"][span].astype(np.float32),
        ]
        if layout == "published":
            codes, scale, basis, mean = semantic
            columns.insert(0, (codes[span] * scale) @ basis.T + mean)
        yield (
            str(splits[index]),
            Example(
                name=f"{path.stem} {song}",
                features=np.concatenate(columns, axis=1, dtype=np.float32)
                if len({len(column) for column in columns}) == 1
                else np.zeros((0, WIDTH[layout]), np.float32),
                film=True,
                minor=bool(minors[index]),
                chords=rows["chord"][span].astype(np.int64),
                density=rows["density"][span].astype(np.float32),
                loudness=rows["loudness"][span].astype(np.float32),
            ),
        )


def _plain_songs(
    pack: Mapping[str, NDArray[Any]], path: Path, layout: Layout
) -> Iterator[tuple[str, Example]]:
    lines = path.with_name(f"{path.stem}.meta.jsonl").read_text(encoding="utf-8").splitlines()
    about = {entry["id"]: entry for entry in map(json.loads, lines)}
    chord, density, loudness = pack["chord_sec"], pack["density_sec"], pack["loud_sec"]
    bounds = pack["off_sec"]
    for index, song in enumerate(map(str, pack["ids"])):
        span = slice(bounds[index], bounds[index + 1])
        yield (
            about[song]["split"],
            Example(
                name=f"{path.stem} {song}",
                features=np.zeros((len(chord[span]), WIDTH[layout]), np.float32),
                film=False,
                minor=about[song]["key_mode"] == "minor",
                chords=chord[span].astype(np.int64),
                density=density[span].astype(np.float32),
                loudness=loudness[span].astype(np.float32),
            ),
        )
