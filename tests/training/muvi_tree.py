"""Writes songs in the layouts of MuVi-Sync: the published tree, and one packed file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.vocabulary import QUALITIES, ROOTS
from scorelock.training.songs import Example

EMOTION_HEADER = "time exciting_prob fearful_prob tense_prob sad_prob relaxing_prob neutral_prob"


def write_tree(tree: Path, splits: Mapping[str, Sequence[Example]]) -> None:
    """Write every file of songs whose features are (T, 8) or (T, 776); ids count through them."""
    lists = tree / "vevo_meta/split/v1"
    lists.mkdir(parents=True, exist_ok=True)
    number = 0
    for split, songs in splits.items():
        ids = [f"{number + i:03}" for i in range(len(songs))]
        (lists / f"{split}.txt").write_text("".join(f"{song}\n" for song in ids))
        for song, example in zip(ids, songs, strict=True):
            write_song(tree, song, example)
        number += len(songs)


def write_song(tree: Path, song: str, example: Example, key: str = "") -> None:
    """Write a song's seven files, or six without semantic features."""
    *semantic, offset, motion, _, _, _, _, _, _ = example.features.T
    key = key or ("A minor" if example.minor else "C major")
    names = [published_name(int(token)) for token in example.chords]
    write_lines(tree / f"vevo_chord/lab_v2_norm/all/{song}.lab", names, f"key {key}")
    emotion = [" ".join(map(repr, row)) for row in example.features[:, -6:].tolist()]
    write_lines(tree / f"vevo_emotion/6c_l14p/all/{song}.lab", emotion, EMOTION_HEADER)
    for folder, values in {
        "vevo_scene_offset": (offset - 1).astype(int),
        "vevo_motion": motion,
        "vevo_note_density": example.density,
        "vevo_loudness": example.loudness,
    }.items():
        write_lines(tree / folder / "all" / f"{song}.lab", [repr(x) for x in values.tolist()])
    if semantic:
        path = tree / f"vevo_semantic/all/2d/clip_l14p/{song}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, example.features[:, :768])


def published_name(token: int) -> str:
    """A chord as the published files spell it: N, C, C:min7."""
    if token == 0:
        return "N"
    root, quality = divmod(token - 1, len(QUALITIES))
    return ROOTS[root] + (f":{QUALITIES[quality]}" if quality else "")


def write_lines(path: Path, values: Sequence[str], header: str = "") -> None:
    """Write a .lab file: the header if any, then each second and its value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [header] * bool(header) + [f"{i} {value}" for i, value in enumerate(values)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_pack(path: Path, splits: Mapping[str, Sequence[Example]]) -> None:
    """Write songs whose features are (T, 8) as one packed file, in double precision."""
    songs = [song for part in splits.values() for song in part]
    features = np.concatenate([song.features for song in songs])

    def joined(name: str) -> NDArray[np.generic]:
        return np.concatenate([getattr(song, name) for song in songs])

    np.savez(
        path,
        ids=np.array([f"{i:03}" for i in range(len(songs))]),
        split=np.array([split for split, part in splits.items() for _ in part]),
        minor=np.array([song.minor for song in songs]),
        offsets=np.cumsum([0, *(len(song.chords) for song in songs)]),
        chord=joined("chords").astype(np.uint8),
        density=joined("density").astype(np.float64),
        loudness=joined("loudness").astype(np.float64),
        scene_offset=(features[:, 0] - 1).astype(np.uint16),
        motion=features[:, 1].astype(np.float64),
        emotion=features[:, 2:].astype(np.float64),
    )
