"""All rows of `scorelock evaluate`, and the tables that show them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from scorelock.engine.compose import recall_of
from scorelock.engine.decoder import ChordModel
from scorelock.training.evaluation.baselines import Baselines
from scorelock.training.evaluation.dynamics import dynamics_scores
from scorelock.training.evaluation.given import affective_loss, chord_loss, correspondence, hits
from scorelock.training.evaluation.models import song_logits
from scorelock.training.songs import Example

Rows = NDArray[np.float32]
Report = dict[str, dict[str, Any]]

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "chords": {
        "hits1": "Hits@1",
        "hits3": "Hits@3",
        "hits5": "Hits@5",
        "hits1_change": "@1 at changes",
        "hits1_next": "@1 of the next",
        "chord_loss": "nats a second",
        "affective_loss": "affective loss",
        "correspondence": "correspondence",
    },
    "density": {
        "density_rmse_padded": "RMSE, 300 rows",
        "density_rmse": "RMSE",
        "density_r2": "R2",
        "density_correlation": "correlation",
        "density_spread": "spread",
    },
    "loudness": {
        "loudness_rmse_padded": "RMSE, 300 rows",
        "loudness_rmse": "RMSE",
        "loudness_r2": "R2",
        "loudness_correlation": "correlation",
        "loudness_spread": "spread",
    },
}
"""Keys of each subject's rows, and how tables head them."""


def chord_rows(model: ChordModel, songs: Sequence[Example], baselines: Baselines) -> Report:
    """The model as it composes, without its recall, and three trivial predictors.

    All on the same seconds. The affective loss is of the network's own logits, as it was trained.
    """
    logits = [song_logits(model, song) for song in songs]
    recall = recall_of(model.manifest)
    scores: dict[str, list[Any]] = {
        "model": logits
        if recall is None
        else [recall.over(own, song.chords) for own, song in zip(logits, songs, strict=True)],
        "repeat_last": [baselines.repeat_last(song) for song in songs],
        "most_frequent": [baselines.most_frequent(song) for song in songs],
        "trigram": [baselines.trigram(song) for song in songs],
    }
    if recall is not None:
        scores["without_recall"] = logits
    rows: Report = {
        name: hits(found, songs) | correspondence(found, songs) for name, found in scores.items()
    }
    scores["trigram"] = [np.log(found) for found in scores["trigram"]]
    for name in ("model", "without_recall", "trigram"):
        if name in scores:
            rows[name]["chord_loss"] = chord_loss(scores[name], songs)
    rows["model"]["affective_loss"] = affective_loss(logits, songs)
    return rows


def dynamics_rows(
    predicted: Sequence[Rows], songs: Sequence[Example], baselines: Baselines
) -> Report:
    """The model's (T, 2) of each song, and the mean of the training songs."""
    mean = baselines.mean.astype(np.float32)
    return {
        "model": dynamics_scores(predicted, songs),
        "mean_predictor": dynamics_scores(
            [np.broadcast_to(mean, (len(song.chords), 2)) for song in songs], songs
        ),
    }


def merged(*reports: Report) -> Report:
    """Rows of one name joined."""
    rows: Report = {}
    for report in reports:
        for name, row in report.items():
            rows[name] = rows.get(name, {}) | row
    return rows


def tables(report: Mapping[str, Mapping[str, Any]], title: str) -> list[Table]:
    """One table of chords, one of density, one of loudness, and one of what was composed."""
    found = []
    for subject, columns in COLUMNS.items():
        rows = {name: row for name, row in report.items() if columns.keys() & row.keys()}
        if not rows:
            continue
        table = Table("", *columns.values(), title=f"{title}: {subject}")
        for name, row in rows.items():
            cells = [f"{row[key]:.4f}" if key in row else "" for key in columns]
            table.add_row(name.replace("_", " "), *cells)
        found.append(table)
    if "generated" in report:
        found += _generated_tables(report["generated"], title)
    return found


def _generated_tables(row: Mapping[str, Any], title: str) -> list[Table]:
    plain = {name: value for name, value in row.items() if isinstance(value, float | int)}
    table = Table("measure", "value", title=f"{title}: composed")
    for name, value in plain.items():
        table.add_row(name.replace("_", " "), f"{value:.4g}")
    qualities: Mapping[str, Mapping[str, float]] = row["qualities"]
    shares = Table("quality", *qualities, title=f"{title}: share of each quality, by emotion")
    for quality in next(iter(qualities.values())):
        shares.add_row(quality, *(f"{found[quality]:.3f}" for found in qualities.values()))
    return [table, shares]
