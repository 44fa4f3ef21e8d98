"""Songs of one or more corpora, checked, their loudness on one scale."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import Layout
from scorelock.training.muvisync import is_tree, read_tree
from scorelock.training.packed import read_packed
from scorelock.training.songs import Corpus, Example, Rows, Split

_FILM_CORPUS = "muvisync"


def read_corpora(folder: Path, names: Sequence[str], split: Split, layout: Layout) -> Corpus:
    """Read corpora in the folder: each a packed `NAME.npz` or else a MuVi-Sync tree `NAME`.

    Loudness is audio RMS in the film corpus and MIDI velocity in others: where both are read, each
    other corpus is scaled to the film corpus's mean and deviation.

    Raises:
        BadSetting: a corpus is missing or damaged, has no such split, or no song is left.
    """
    corpora = [_read_named(folder, name, split, layout) for name in names]
    reference = _loudness([song for corpus in corpora for song in corpus.songs if song.film])
    songs = [song for corpus in corpora for song in _match_loudness(corpus.songs, reference)]
    skipped = {name: why for corpus in corpora for name, why in corpus.skipped.items()}
    return _not_empty(Corpus(tuple(songs), skipped), folder, split)


def read_place(place: Path, split: Split, layout: Layout) -> Corpus:
    """Read the corpus that a path means: a packed file, a MuVi-Sync tree, or a folder with either.

    Raises:
        BadSetting: there is none, it is damaged, has no such split, or no song is left.
    """
    if is_tree(place):
        corpus = read_tree(place, split, layout)
    elif place.is_dir():
        corpus = _read_named(place, _FILM_CORPUS, split, layout)
    else:
        corpus = read_packed(place, split, layout)
    return _not_empty(corpus, place, split)


def _read_named(folder: Path, name: str, split: Split, layout: Layout) -> Corpus:
    pack, tree = folder / f"{name}.npz", folder / name
    if pack.exists():
        return read_packed(pack, split, layout)
    if is_tree(tree):
        return read_tree(tree, split, layout)
    raise BadSetting(
        f"expected the corpus {name} in {folder}, found neither {pack.name} nor a MuVi-Sync tree "
        f"{name}/"
    )


def _not_empty(corpus: Corpus, place: Path, split: Split) -> Corpus:
    if not corpus.songs:
        first = "; ".join(f"{name}: {why}" for name, why in islice(corpus.skipped.items(), 3))
        raise BadSetting(
            f"expected songs of split {split} in {place}, found none that can be used; "
            f"{len(corpus.skipped)} left out{first and ', such as '}{first}"
        )
    return corpus


def _loudness(songs: Sequence[Example]) -> Rows:
    values: Rows = np.concatenate([np.zeros(0, np.float32), *(song.loudness for song in songs)])
    return values[np.isfinite(values)]


def _match_loudness(songs: Sequence[Example], reference: Rows) -> Sequence[Example]:
    own = _loudness(songs)
    if not own.size or not reference.size or songs[0].film or not own.std():
        return songs
    scale = reference.std() / own.std()
    shift = reference.mean() - scale * own.mean()
    return [replace(song, loudness=(song.loudness * scale + shift).clip(0, 1)) for song in songs]
