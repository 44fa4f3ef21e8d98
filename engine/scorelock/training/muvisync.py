"""Reads MuVi-Sync as published: a tree of small files, one a song and feature, a row a second.

The folders are those that `scorelock.engine.muvisync` names and writes. Whatever the files of a
song hold, nothing is raised: the song is left out, and the reason names the file.
"""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS, SEMANTIC_WIDTH, Layout
from scorelock.engine.key import Key
from scorelock.engine.muvisync import (
    CHORDS,
    DENSITY,
    EMOTION,
    LOUDNESS,
    MOTION,
    SCENE_OFFSET,
    SEMANTIC,
    SPLITS,
)
from scorelock.engine.vocabulary import Chord, N
from scorelock.training.songs import (
    BadSong,
    Corpus,
    Example,
    Rows,
    Split,
    film_rows,
    transposition,
)

T = TypeVar("T")
Line = tuple[int, str, str]
"""A line's number in its file, its first word, the rest."""

# The chords and the loudness count the sound's seconds, the rest the picture's frames: at the end
# of a video one stream may have begun a second that the other has not.
_SLACK_S: Final = 1


def is_tree(folder: Path) -> bool:
    """Whether a folder looks like the published tree."""
    return (folder / "vevo_meta").is_dir() or (folder / "vevo_chord").is_dir()


def read_tree(tree: Path, split: Split, layout: Layout) -> Corpus:
    """A split of the tree, in C major or A minor. The layout "picture" opens no semantic file.

    Raises:
        BadSetting: the split's list of songs cannot be read.
    """
    path = tree / SPLITS / f"{split}.txt"
    try:
        listed = path.read_text(encoding="utf-8-sig").split()
    except (OSError, UnicodeDecodeError) as err:
        known = ", ".join(sorted(p.stem for p in path.parent.glob("*.txt"))) or "none"
        raise BadSetting(
            f"expected a MuVi-Sync tree with {path}, one id a line; lists there: {known}"
        ) from err
    corpus = tree.resolve().name
    names = {song: f"{corpus} {song}" for song in listed}
    return Corpus.of(
        (name, partial(_song, tree, song, name, layout)) for song, name in names.items()
    )


def _song(tree: Path, song: str, name: str, layout: Layout) -> Example:
    chords, minor = _read_chords(tree, f"{CHORDS}/{song}.lab")
    columns: dict[str, Rows] = {
        path: _read_numbers(tree, path, width)
        for path, width in {
            f"{SCENE_OFFSET}/{song}.lab": 1,
            f"{MOTION}/{song}.lab": 1,
            f"{EMOTION}/{song}.lab": len(EMOTIONS),
            f"{DENSITY}/{song}.lab": 1,
            f"{LOUDNESS}/{song}.lab": 1,
        }.items()
    }
    if layout == "published":
        path = f"{SEMANTIC}/{song}.npy"
        columns[path] = _read_embeddings(tree, path)
    lengths = {f"{CHORDS}/{song}.lab": len(chords)} | {p: len(c) for p, c in columns.items()}
    short, long = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    end = lengths[short]
    if lengths[long] - end > _SLACK_S:
        raise BadSong(f"misaligned: {short} has {end} s, {long} has {lengths[long]} s")
    offset, motion, emotion, density, loudness, *semantic = (c[:end] for c in columns.values())
    return Example(
        name=name,
        features=film_rows(offset[:, 0], motion[:, 0], emotion, *semantic),
        film=True,
        minor=minor,
        chords=chords[:end],
        density=density[:, 0],
        loudness=loudness[:, 0],
    )


def _read_chords(tree: Path, path: str) -> tuple[NDArray[np.int64], bool]:
    """Tokens (T,) in C major or A minor, and whether it is minor."""
    first, *lines = _read_lines(tree, path)
    if first[1].rstrip(":").lower() != "key":
        raise BadSong(f"{path}: line {first[0]}: expected a key, such as 'key C major'")
    key = _parsed(Key.parse, path, first)
    tokens = np.array([_parsed(_token, path, line) for line in _seconds(path, lines)])
    return transposition(-key.transposition)[tokens], key.minor


def _parsed(parse: Callable[[str], T], path: str, line: Line) -> T:
    at, head, rest = line
    try:
        return parse(rest)
    except BadSetting as err:
        raise BadSong(f"{path}: line {at}: after {head!r} came unknown {rest[:40]!r}") from err


@cache
def _token(text: str) -> int:
    return N if text in ("N", "NC", "N.C.") else Chord.parse(text).token


def _read_numbers(tree: Path, path: str, width: int) -> Rows:
    """(T, width), finite."""
    lines = _read_lines(tree, path)
    if lines[0][1].lower() == "time":
        del lines[0]
    rows = []
    for at, _, rest in _seconds(path, lines):
        try:
            row = [float(word) for word in rest.split()]
        except ValueError:
            row = []
        if len(row) != width:
            raise BadSong(f"{path}: line {at}: expected {width} numbers, got {rest[:40]!r}")
        rows.append(row)
    return _finite(path, np.array(rows))


def _read_embeddings(tree: Path, path: str) -> Rows:
    """(T, 768), finite."""
    try:
        # Mapped, so that a damaged header that promises terabytes allocates nothing.
        rows = np.lib.format.open_memmap(tree / path, mode="r")
    except OSError as err:
        raise BadSong(f"{path}: {err.strerror or err}") from err
    # NumPy hands the header to Python's own tokenizer and parser, so their errors come through,
    # memory's and recursion's included.
    except Exception as err:
        raise BadSong(f"{path}: no array of numbers: {' '.join(str(err).split())[:80]}") from err
    if rows.dtype.kind not in "iuf" or rows.ndim != 2 or rows.shape[1] != SEMANTIC_WIDTH:
        raise BadSong(f"{path}: expected {SEMANTIC_WIDTH} numbers a row, got {rows.shape}")
    return _finite(path, rows)


def _finite(path: str, rows: NDArray[np.generic]) -> Rows:
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = rows.astype(np.float32)
    if not np.isfinite(narrow).all():
        raise BadSong(
            f"{path}: not finite at second {int(np.argwhere(~np.isfinite(narrow))[0, 0])}"
        )
    return narrow


def _read_lines(tree: Path, path: str) -> list[Line]:
    """The lines of a text file that hold anything, at least one."""
    try:
        text = (tree / path).read_text(encoding="utf-8-sig")
    except OSError as err:
        raise BadSong(f"{path}: {err.strerror or err}") from err
    except ValueError as err:
        raise BadSong(f"{path}: not a text file") from err
    parts = ((at, line.split(maxsplit=1)) for at, line in enumerate(text.splitlines(), start=1))
    lines = [
        (at, words[0], words[1].strip() if len(words) > 1 else "") for at, words in parts if words
    ]
    if not lines:
        raise BadSong(f"{path}: empty")
    return lines


def _seconds(path: str, lines: list[Line]) -> list[Line]:
    """The lines, which must count the seconds from 0."""
    if not lines:
        raise BadSong(f"{path}: empty after its first line")
    for second, (at, head, _) in enumerate(lines):
        if head != str(second):
            raise BadSong(f"{path}: line {at}: expected second {second}, got {head[:40]!r}")
    return lines
