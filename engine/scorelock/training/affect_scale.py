"""Plain statistics of human-labelled music: which chords, how many notes and how loud go with what
people felt. Shares and means only; no model is trained on these corpora.

References:
    Hung et al. (2021), EMOPIA: a quadrant of valence and arousal for each clip of piano music.
    Ferreira and Whitehead (2019), VGMIDI: valence and arousal a second, by 30 annotators a piece.
"""

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.vocabulary import END

SMOOTHING: Final = 20.0
"""Pieces that every chord is thought to have been seen in beforehand, equally in both halves, so
that a rare chord says little."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A labelled piece: its share of each chord (157,), and means over its seconds."""

    shares: Floats
    change: float
    density: float
    loudness: float
    valence: float
    arousal: float


def measure(folder: Path, corpus: str) -> dict[str, Any]:
    """The scale of one corpus, as `scorelock.engine.prior.AffectScale.parse` reads it.

    Raises:
        BadSetting: the corpus is missing, damaged or has no labels.
    """
    pieces, licence = _read(folder, corpus)
    valence, arousal, density, loudness = (
        _standardised([getattr(piece, name) for piece in pieces])
        for name in ("valence", "arousal", "density", "loudness")
    )
    change = np.array([piece.change for piece in pieces]).clip(0.01, 0.99)
    return {
        "source": corpus,
        "licence": licence,
        "pieces": len(pieces),
        "valence": _log_ratio(np.array([p.shares for p in pieces]), valence).round(4).tolist(),
        "change": _slope(arousal, np.log(change / (1 - change))),
        "density": _slope(arousal, density),
        "loudness": _slope(arousal, loudness),
    }


def _standardised(values: list[float]) -> Floats:
    array = np.array(values)
    return (array - array.mean()) / array.std()  # type: ignore[no-any-return]


def _log_ratio(shares: Floats, valence: Floats) -> Floats:
    """Log of each chord's share in the pleasant half against the other, per deviation between."""
    upper = valence > np.median(valence) if len(np.unique(valence)) > 2 else valence > 0
    high, low = shares[upper].sum(0), shares[~upper].sum(0)
    prior = SMOOTHING * (high / high.sum() + low / low.sum()) / 2
    with np.errstate(divide="ignore", invalid="ignore"):  # chords never seen: 0 / 0
        ratio = np.log((high + prior) / (high.sum() + SMOOTHING)) - np.log(
            (low + prior) / (low.sum() + SMOOTHING)
        )
    ratio = np.nan_to_num(ratio, nan=0.0)
    return ratio / (valence[upper].mean() - valence[~upper].mean())  # type: ignore[no-any-return]


def _slope(x: Floats, y: Floats) -> float:
    """Of y on standardised x."""
    return round(float((x * (y - y.mean())).mean()), 4)


def _read(folder: Path, corpus: str) -> tuple[list[Piece], str]:
    path = folder / f"{corpus}.npz"
    try:
        with np.load(path) as pack:
            rows = {
                name: pack[f"{name}_sec"].astype(np.float64)
                for name in ("density", "loud", "valence", "arousal")
            }
            chords, bounds = pack["chord_sec"], pack["off_sec"]
        first = path.with_name(f"{corpus}.meta.jsonl").read_text(encoding="utf-8").split("\n")[0]
        licence = str(json.loads(first)["licence"])
    except (OSError, ValueError, KeyError) as err:
        raise BadSetting(f"expected the labelled corpus {path}, got: {err}") from err
    spans = [slice(a, b) for a, b in pairwise(bounds)]
    labelled = [s for s in spans if np.isfinite(rows["valence"][s]).any()]
    if not labelled:
        raise BadSetting(f"expected labels of valence and arousal in {path}, found none")
    return [_piece(chords[s], {name: r[s] for name, r in rows.items()}) for s in labelled], licence


def _piece(chords: NDArray[np.uint8], rows: dict[str, Floats]) -> Piece:
    return Piece(
        shares=np.bincount(chords, minlength=END)[:END] / len(chords),
        change=float((chords[1:] != chords[:-1]).mean()),
        density=float(np.nanmean(rows["density"])),
        loudness=float(np.nanmean(rows["loud"])),
        valence=float(np.nanmean(rows["valence"])),
        arousal=float(np.nanmean(rows["arousal"])),
    )
