"""Songs as the models see them: one row a second, read from packed corpora, batched with lengths.

Every corpus gives the same `Example`. Corpora without film have features of zeros and say so.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.vocabulary import END, PAD, decomposed

Split = Literal["train", "val"]
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One song of T seconds.

    Attributes:
        name: corpus and the song's id in it.
        features: (T, WIDTH[layout]) float32, raw; zeros without film.
        film: whether there was one.
        minor: whether the song, in C major or A minor, is in A minor.
        chords: (T,) int64 tokens 0..156.
        density: (T,) float32 notes sounding, NaN where unknown.
        loudness: (T,) float32 on the film corpus's scale, 0..1, NaN where unknown.
    """

    name: str
    features: Rows
    film: bool
    minor: bool
    chords: NDArray[np.int64]
    density: Rows
    loudness: Rows

    def fault(self) -> str | None:
        """Why the song cannot be learned from, or None."""
        if len(self.chords) < 2:
            return "shorter than two seconds"
        if any(
            len(rows) != len(self.chords) for rows in (self.features, self.density, self.loudness)
        ):
            return "rows misaligned"
        if not np.isfinite(self.features).all():
            return "features not finite"
        if self.chords.min() < 0 or self.chords.max() >= END:
            return "chords outside the vocabulary"
        return None

    def crop(self, start: int, stop: int) -> "Example":
        """The seconds from start to stop."""
        rows = slice(start, stop)
        return replace(
            self,
            features=self.features[rows],
            chords=self.chords[rows],
            density=self.density[rows],
            loudness=self.loudness[rows],
        )


@dataclass(frozen=True, slots=True)
class Corpus:
    """The songs of one split, and by name why others were left out."""

    songs: tuple[Example, ...]
    skipped: Mapping[str, str]


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
        for song in _read(folder / f"{name}.npz", split, layout):
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


def _read(path: Path, split: Split, layout: Layout) -> list[Example]:
    """All songs of a corpus's split, faulty ones too."""
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


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """B songs padded to T seconds.

    `features` (B, T, F) with zeros, `chords` (B, T) with PAD, `targets` (B, T, 2) density and
    loudness with NaN; `hidden` (B, T) is True at padded rows; `film` and `minor` are (B,).
    """

    features: Tensor
    hidden: Tensor
    film: Tensor
    minor: Tensor
    chords: Tensor
    targets: Tensor

    @classmethod
    def of(cls, songs: Sequence[Example]) -> "Batch":
        """Pad songs to the longest."""
        longest = max(len(song.chords) for song in songs)
        shape = (len(songs), longest)
        features = torch.zeros(*shape, songs[0].features.shape[1])
        hidden = torch.ones(shape, dtype=torch.bool)
        chords = torch.full(shape, PAD)
        targets = torch.full((*shape, 2), float("nan"))
        for row, song in enumerate(songs):
            end = len(song.chords)
            features[row, :end] = torch.from_numpy(song.features)
            hidden[row, :end] = False
            chords[row, :end] = torch.from_numpy(song.chords)
            targets[row, :end, 0] = torch.from_numpy(song.density)
            targets[row, :end, 1] = torch.from_numpy(song.loudness)
        film = torch.tensor([song.film for song in songs])
        minor = torch.tensor([float(song.minor) for song in songs])
        return cls(features, hidden, film, minor, chords, targets)

    @property
    def emotion(self) -> Tensor:
        """The last six features of every row, (B, T, 6)."""
        return self.features[..., -6:]


_ROOTS, _ATTRIBUTES = (torch.from_numpy(ids) for ids in decomposed())


def split_tokens(chords: Tensor) -> tuple[Tensor, Tensor]:
    """Root ids and attribute ids of tokens, of the same shape."""
    return _ROOTS[chords], _ATTRIBUTES[chords]


def training_batches(
    songs: Sequence[Example], size: int, seconds: int, no_film: float, rng: np.random.Generator
) -> list[Batch]:
    """One epoch: every song once, cropped, of like lengths together, in random order.

    A song longer than `seconds` starts where chance says, half the time at its beginning, since
    films begin there. A share `no_film` of the films is hidden, so that the model also learns what
    it would do without, which guidance at composing time needs.
    """
    cropped = []
    for song in songs:
        spare = max(0, len(song.chords) - seconds)
        start = int(rng.integers(spare + 1)) if rng.random() < 0.5 else 0
        part = song.crop(start, start + seconds)
        if part.film and rng.random() < no_film:
            part = replace(part, features=np.zeros_like(part.features), film=False)
        cropped.append(part)
    # Sorting with some noise keeps lengths alike without the same neighbours every epoch.
    keys = [len(song.chords) * rng.uniform(0.9, 1.1) for song in cropped]
    order = np.argsort(keys)
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    rng.shuffle(groups)
    return [Batch.of([cropped[i] for i in group]) for group in groups]
