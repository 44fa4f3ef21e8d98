"""Reads packed corpora: one `NAME.npz` with all songs, with films or without."""

import json
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS, SEMANTIC_WIDTH, WIDTH, Layout
from scorelock.training.songs import BadSong, Corpus, Example, Rows, Split, film_rows

Pack = dict[str, NDArray[Any]]

_MUSIC: Final = ("offsets", "chord", "density", "loudness")
_FILM: Final = ("scene_offset", "motion", "emotion")
_SEMANTIC: Final = ("semantic", "semantic_scale", "semantic_basis", "semantic_mean")
# A corpus without films names its music otherwise and keeps the rest in NAME.meta.jsonl.
_PLAIN_MUSIC: Final = ("off_sec", "chord_sec", "density_sec", "loud_sec")


def read_packed(path: Path, split: Split, layout: Layout) -> Corpus:
    """A corpus's split. The layout "picture" does not ask for semantic arrays.

    Raises:
        BadSetting: the file is missing, damaged, no packed corpus, or has no such split.
    """
    try:
        pack = _load(path, layout)
    except FileNotFoundError as err:
        raise BadSetting(
            f"expected the corpus {path.stem} in {path.parent}, found no {Path(err.filename).name}"
        ) from err
    # Archives, compression, array headers and JSON each have errors of their own.
    except Exception as err:
        reason = " ".join(str(err).split()) or type(err).__name__
        raise BadSetting(
            f"expected a packed corpus in {path}, got a damaged one: {reason}"
        ) from err
    splits = pack["split"].tolist()
    if split not in splits:
        known = ", ".join(sorted(map(str, set(splits)))) or "none"
        raise BadSetting(f"expected songs of split {split} in {path}, it has: {known}")
    names = [f"{path.stem} {song}" for song in pack["ids"]]
    return Corpus.of(
        (name, partial(_song, pack, index, name, layout))
        for index, (name, where) in enumerate(zip(names, splits, strict=True))
        if where == split
    )


def _load(path: Path, layout: Layout) -> Pack:
    """The arrays that a layout needs, under the film corpus's names, their shapes checked."""
    with path.open("rb") as file, np.load(file) as archive:
        film = "emotion" in archive.files
        semantic = _SEMANTIC if film and layout == "published" else ()
        names = ("ids", "split", "minor", *_MUSIC, *_FILM) if film else ("ids", *_PLAIN_MUSIC)
        pack = {name: archive[name] for name in (*names, *semantic)}
    if not film:
        lines = path.with_name(f"{path.stem}.meta.jsonl").read_text(encoding="utf-8").splitlines()
        about = {entry["id"]: entry for entry in map(json.loads, lines)}
        songs = [about[song] for song in pack["ids"].tolist()]
        pack = {new: pack[old] for old, new in zip(_PLAIN_MUSIC, _MUSIC, strict=True)} | {
            "ids": pack["ids"],
            "split": np.array([song["split"] for song in songs], str),
            "minor": np.array([song["key_mode"] == "minor" for song in songs], bool),
        }
    for name in ("split", "minor"):
        if pack[name].shape != (len(pack["ids"]),):
            raise ValueError(f"{len(pack['ids'])} ids but {name} is {pack[name].shape}")
    _check_numbers(pack)
    return pack


def _check_numbers(pack: Pack) -> None:
    codes = pack["semantic_scale"].size if "semantic" in pack else 0
    wanted: dict[str, tuple[str, tuple[int, ...]]] = {
        **dict.fromkeys(("offsets", "chord", "scene_offset"), ("iu", ())),
        **dict.fromkeys(("density", "loudness", "motion"), ("iuf", ())),
        "emotion": ("iuf", (len(EMOTIONS),)),
        "semantic": ("iuf", (codes,)),
        "semantic_basis": ("iuf", (codes,)),
        "semantic_scale": ("iuf", ()),
        "semantic_mean": ("iuf", ()),
    }
    for name, (kinds, width) in wanted.items():
        if name not in pack:
            continue
        rows = pack[name]
        if rows.dtype.kind not in kinds or rows.ndim == 0 or rows.shape[1:] != width:
            raise ValueError(f"{name} is {rows.dtype} {rows.shape}")
    if "semantic" in pack:
        size = (len(pack["semantic_basis"]), len(pack["semantic_mean"]))
        if size != (SEMANTIC_WIDTH, SEMANTIC_WIDTH):
            raise ValueError(f"semantic_basis and semantic_mean give {size} values")


def _song(pack: Pack, index: int, name: str, layout: Layout) -> Example:
    bounds = pack["offsets"][index : index + 2].tolist()
    rows = len(pack["chord"])
    if len(bounds) < 2 or not 0 <= bounds[0] <= bounds[1] <= rows:
        raise BadSong(f"offsets {bounds} are no part of {rows} rows")
    span = slice(*bounds)
    # A number that float32 cannot hold becomes infinite, which the check of the song refuses.
    with np.errstate(over="ignore", invalid="ignore"):
        return Example(
            name=name,
            features=_features(pack, span, layout),
            film="emotion" in pack,
            minor=bool(pack["minor"][index]),
            chords=pack["chord"][span].astype(np.int64),
            density=pack["density"][span].astype(np.float32),
            loudness=pack["loudness"][span].astype(np.float32),
        )


def _features(pack: Pack, span: slice, layout: Layout) -> Rows:
    if "emotion" not in pack:
        return np.zeros((span.stop - span.start, WIDTH[layout]), np.float32)
    offset, motion, emotion = (pack[part][span] for part in _FILM)
    if layout == "picture":
        return film_rows(offset, motion, emotion)
    codes, scale, basis, mean = (pack[part] for part in _SEMANTIC)
    return film_rows(offset, motion, emotion, (codes[span] * scale) @ basis.T + mean)
