"""MuVi-Sync's tree of small files, one a song and feature, a row a second: its names, its writer.

The folders are those of Zenodo record 10057093 (Kang, Poria and Herremans 2024), whoever saw and
heard what is in them. `scorelock.training.muvisync` reads them.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS, SEMANTIC_WIDTH, VideoFeatures
from scorelock.engine.files import make_folder, writing
from scorelock.engine.key import Key
from scorelock.engine.vocabulary import QUALITIES, ROOTS, Chord, N

CHORDS: Final = "vevo_chord/lab_v2_norm/all"
EMOTION: Final = "vevo_emotion/6c_l14p/all"
MOTION: Final = "vevo_motion/all"
SCENE_OFFSET: Final = "vevo_scene_offset/all"
LOUDNESS: Final = "vevo_loudness/all"
DENSITY: Final = "vevo_note_density/all"
SEMANTIC: Final = "vevo_semantic/all/2d/clip_l14p"
SPLITS: Final = "vevo_meta/split/v1"

Numbers = NDArray[np.integer | np.floating]

_EMOTION_HEADER: Final = " ".join(["time", *(f"{name}_prob" for name in EMOTIONS)])


def semantic_folder(width: int) -> str:
    """Where embeddings of so many numbers lie: 768 where the published ones do, others beside."""
    if width == SEMANTIC_WIDTH:
        return SEMANTIC
    return str(Path(SEMANTIC).with_name(f"clip_{width}").as_posix())


def write_seen(tree: Path, song: str, features: VideoFeatures) -> None:
    """Write what was seen in a song's video: emotion, motion, scene offset, and CLIP's embeddings
    if there are any.

    Every number reads back as the same float32. The scene offset is 0 at a cut, as published.

    Raises:
        BadSetting: nothing can be written there.
    """
    _write_lines(_lab(tree, EMOTION, song), _words(features.emotion), _EMOTION_HEADER)
    _write_lines(_lab(tree, MOTION, song), _words(features.motion))
    _write_lines(_lab(tree, SCENE_OFFSET, song), _words(features.scene_offset.astype(np.int64)))
    if features.semantic is not None:
        path = tree / semantic_folder(features.semantic.shape[1]) / f"{song}.npy"
        make_folder(path.parent)
        with writing(path) as beside:
            np.save(beside, features.semantic)


def write_heard(
    tree: Path, song: str, key: Key, chords: NDArray[np.int64], density: Numbers, loudness: Numbers
) -> None:
    """Write what was heard in a song: chords in C major or A minor, note density and loudness.

    Args:
        tree: the data set.
        song: its name there.
        key: that it sounds in.
        chords: (T,) tokens 0..156 as they sound.
        density: (T,) notes that sound in each second.
        loudness: (T,) 0..1.

    Raises:
        BadSetting: nothing can be written there.
    """
    down = -key.transposition
    names = [_name(int(token), down) for token in chords]
    _write_lines(_lab(tree, CHORDS, song), names, f"key {'A minor' if key.minor else 'C major'}")
    _write_lines(_lab(tree, DENSITY, song), _words(density))
    _write_lines(_lab(tree, LOUDNESS, song), _words(loudness))


def write_split(tree: Path, split: str, songs: Iterable[str]) -> None:
    """Write which songs a split has, one a line.

    Raises:
        BadSetting: nothing can be written there.
    """
    path = tree / SPLITS / f"{split}.txt"
    make_folder(path.parent)
    with writing(path) as beside:
        beside.write_text("".join(f"{song}\n" for song in songs), encoding="utf-8", newline="\n")


def _lab(tree: Path, folder: str, song: str) -> Path:
    return tree / folder / f"{song}.lab"


def _name(token: int, semitones: int) -> str:
    """A chord so many semitones higher as the published files spell it: N, C, C:min7."""
    if token == N:
        return "N"
    chord = Chord.from_token(token).transposed(semitones)
    return ROOTS[chord.root] + ("" if chord.quality == QUALITIES[0] else f":{chord.quality}")


def _words(rows: Numbers) -> list[str]:
    """Each row's numbers: the shortest decimals that read back as the same."""
    return [" ".join(row) for row in rows.reshape(len(rows), -1).astype(str)]


def _write_lines(path: Path, rows: Iterable[str], header: str = "") -> None:
    """Write the header if there is one, then each second and what is in it."""
    lines = [header] * bool(header) + [f"{second} {row}" for second, row in enumerate(rows)]
    make_folder(path.parent)
    with writing(path) as beside:
        beside.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
