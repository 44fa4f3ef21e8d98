"""What is fitted in one go rather than trained: recall, and the scales of affect."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from scorelock.engine.bundle import RECALL
from scorelock.engine.files import writing
from scorelock.training.affect_scale import measure
from scorelock.training.amt import Amt
from scorelock.training.checkpoint import amt_from_state, load_state
from scorelock.training.config import AffectConfig, RecallConfig
from scorelock.training.corpora import read_corpora
from scorelock.training.evaluation.given import chord_loss, hits
from scorelock.training.evaluation.models import RunningAmt, song_logits
from scorelock.training.recall import Remembered, cross_fitted, fit
from scorelock.training.songs import Example

AFFECT: Final = "affect_scales.json"


def fit_recall(config: RecallConfig, data: Path, folder: Path) -> dict[str, Any]:
    """Write recall.json; scores are cross-fitted, those of the chord model alone beside them.

    Raises:
        BadBundle: the run to start from has no chord model.
        BadSetting: the data does not fit.
    """
    amt: Amt = amt_from_state(load_state(Path(config.start) / "best.pt"))
    corpus = read_corpora(data, config.corpora, config.split, amt.sizes.layout)
    songs: list[Example] = [song.crop(0, amt.sizes.window) for song in corpus.songs]
    model = RunningAmt(amt)
    logits = [song_logits(model, song) for song in songs]
    heard = [Remembered.of(row, song.chords) for row, song in zip(logits, songs, strict=True)]
    weights = fit(heard, config.fit).weights()
    _write(folder / RECALL, weights.plain())
    fair = cross_fitted(heard, config.fit)
    return {
        "config": asdict(config),
        "skipped": dict(corpus.skipped),
        "scores": {
            "cross_fitted": hits(fair, songs) | {"chord_loss": chord_loss(fair, songs)},
            "without_recall": hits(logits, songs) | {"chord_loss": chord_loss(logits, songs)},
        },
    }


def fit_affect(config: AffectConfig, data: Path, folder: Path) -> dict[str, Any]:
    """Write affect_scales.json, as `scorelock.engine.prior` reads it.

    Raises:
        BadSetting: a corpus is missing, damaged or without labels.
    """
    scales = {name: measure(data, name) for name in config.corpora}
    _write(folder / AFFECT, scales)
    plain = {
        name: {key: value for key, value in scale.items() if key != "valence"}
        for name, scale in scales.items()
    }
    return {"config": asdict(config), "skipped": {}, "scores": plain}


def _write(path: Path, content: Any) -> None:  # noqa: ANN401
    with writing(path) as beside:
        beside.write_text(json.dumps(content) + "\n", encoding="utf-8")
