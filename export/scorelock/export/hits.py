"""What an export costs in hits: a model in PyTorch and the bundle made of it, on the same songs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from scorelock.engine.bundle import Bundle
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import Layout
from scorelock.training.amt import Amt
from scorelock.training.corpora import read_place
from scorelock.training.evaluation.given import RANKS, hits
from scorelock.training.evaluation.models import RunningAmt, song_logits
from scorelock.training.songs import Corpus, Example, Rows, Split

HELD_OUT: Final[Split] = "val"


def held_out(place: Path, layout: Layout) -> Corpus:
    """The songs with films of the split `HELD_OUT`, or of all splits where it is not among them.

    Raises:
        BadSetting: there are none, or none with the features of this layout.
    """
    try:
        corpus = read_place(place, HELD_OUT, layout)
    except BadSetting as err:
        others = _readable(place, layout)
        if not others:
            if layout == "published" and _readable(place, "picture"):
                raise BadSetting(
                    f"expected songs with published features, CLIP's among them, in {place}, got "
                    "songs with picture features alone, which this model does not read"
                ) from err
            raise
        corpus = Corpus(
            tuple(song for part in others for song in part.songs),
            {name: why for part in others for name, why in part.skipped.items()},
        )
    films = tuple(song for song in corpus.songs if song.film)
    if not films:
        raise BadSetting(f"expected songs with films in {place}, got {len(corpus.songs)} without")
    return Corpus(films, corpus.skipped)


def _readable(place: Path, layout: Layout) -> list[Corpus]:
    found = []
    for split in get_args(Split):
        try:
            found.append(read_place(place, split, layout))
        except BadSetting:
            continue
    return found


def hits_proof(amt: Amt, songs: Sequence[Example], bundle: Bundle) -> dict[str, Any]:
    """Hits@1/3/5 of the networks alone on the songs' first windows, and what the bundle changes.

    Returns:
        "hits" with the number of "songs", the scores of "model" and "bundle" and their "change",
        and "argmax_agreement_on_data", the share of seconds whose likeliest chord is the same.
    """
    songs = [song.crop(0, amt.sizes.window) for song in songs]
    model = RunningAmt(amt)
    logits = {
        "model": [song_logits(model, song) for song in songs],
        "bundle": [_step_by_step(bundle, song) for song in songs],
    }
    names = [f"hits{k}" for k in RANKS]
    rows = {name: hits(found, songs) for name, found in logits.items()}
    scores = {name: {key: row[key] for key in names} for name, row in rows.items()}
    same = [
        ours.argmax(-1) == theirs.argmax(-1)
        for ours, theirs in zip(logits["bundle"], logits["model"], strict=True)
    ]
    change = {key: scores["bundle"][key] - scores["model"][key] for key in names}
    return {
        "hits": {"songs": len(songs), **scores, "change": change},
        "argmax_agreement_on_data": float(np.concatenate(same).mean()),
    }


def _step_by_step(bundle: Bundle, song: Example) -> Rows:
    """Logits (T - 1, 159) chord by chord, as it composes: in int8 a whole song at once differs."""
    steps = bundle.begin(song.features, [song.minor])
    return np.concatenate([steps.advance(token[None, None])[0] for token in song.chords[:-1]])
