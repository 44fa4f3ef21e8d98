"""Songs of one or more corpora, checked, their loudness on one scale."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import Layout
from scorelock.training.packed import read_packed
from scorelock.training.songs import Corpus, Example, Rows, Split


def read_corpora(folder: Path, names: Sequence[str], split: Split, layout: Layout) -> Corpus:
    """Read packed corpora, `NAME.npz`, in the folder.

    Loudness is audio RMS in the film corpus and MIDI velocity in others: where both are read, each
    other corpus is scaled to the film corpus's mean and deviation.

    Raises:
        BadSetting: a corpus is missing or damaged, or no song is left.
    """
    corpora: dict[str, list[Example]] = {}
    skipped: dict[str, str] = {}
    for name in names:
        corpora[name] = []
        for song in read_packed(folder / f"{name}.npz", split, layout):
            fault = song.fault()
            if fault is None:
                corpora[name].append(song)
            else:
                skipped[song.name] = fault
    reference = _loudness([song for found in corpora.values() for song in found if song.film])
    songs = [song for found in corpora.values() for song in _match_loudness(found, reference)]
    if not songs:
        raise BadSetting(
            f"expected songs of split {split} in {folder}, found none; left out: {skipped}"
        )
    return Corpus(tuple(songs), skipped)


def _loudness(songs: Sequence[Example]) -> Rows:
    values: Rows = np.concatenate([np.zeros(0, np.float32), *(song.loudness for song in songs)])
    return values[np.isfinite(values)]


def _match_loudness(songs: list[Example], reference: Rows) -> list[Example]:
    own = _loudness(songs)
    if not own.size or not reference.size or songs[0].film or not own.std():
        return songs
    scale = reference.std() / own.std()
    shift = reference.mean() - scale * own.mean()
    return [replace(song, loudness=(song.loudness * scale + shift).clip(0, 1)) for song in songs]
