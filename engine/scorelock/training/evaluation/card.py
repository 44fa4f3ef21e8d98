"""The model card of a bundle: what it is, what it learned from, its scores and its limits."""

from collections.abc import Mapping
from typing import Any, Final

from scorelock.engine.bundle import Manifest
from scorelock.engine.features import WIDTH
from scorelock.training.evaluation.report import COLUMNS

_LIMITS: Final = """\
- The chords know what pop songs, lead sheets and music videos do. Most come from recognised audio,
  a chord a second, in C major or A minor; they are moved to the key that is asked for.
- The picture hardly moves the network itself: in its data the film says next to nothing about the
  harmony. What follows the picture is the affect prior (`--affect`), the density and the loudness.
- The affect prior holds plain statistics (shares and means) of EMOPIA (CC BY-NC-SA 4.0) and VGMIDI
  (no licence stated), whose labels are of Western piano and game music. EMOPIA leads, VGMIDI
  judges; no weight was trained on either.
- Recall makes a score repeat itself as songs do. Its 17 weights were fitted on the val split, so
  that scores on val flatter it a little; the manifest has the cross-fitted ones.
- The best epochs were chosen on the val split too, and density and loudness widened by it.
- Films are not music videos. Where a film was seen by the picture alone, its six emotions are a
  plain reading of light, colour and motion, not CLIP's.
"""


def model_card(manifest: Manifest, report: Mapping[str, Mapping[str, Any]], split: str) -> str:
    """Markdown, from the bundle's manifest and a report of `scorelock evaluate`."""
    data = "\n".join(f"- {line}" for line in manifest.training.get("data", ()))
    sections = [
        f"# Model card: {manifest.name}",
        f"Chords, density and loudness from {WIDTH[manifest.layout]} features a second (the "
        f"{manifest.layout} layout), for Scorelock. Windows of {manifest.window} s.",
        f"## Data\n\n{data}",
        f"## Scores\n\nOn {report['data']['songs']} songs of MuVi-Sync's {split} split, "
        f"{report['data']['seconds']} seconds, as `scorelock evaluate {manifest.name} --data "
        f"DATA --split {split}` prints them.",
        *(_table(subject, columns, report) for subject, columns in COLUMNS.items()),
    ]
    if "generated" in report:
        sections.append(_composed(report["generated"]))
    return "\n\n".join([*sections, f"## Limits\n\n{_LIMITS}"])


def _table(
    subject: str, columns: Mapping[str, str], report: Mapping[str, Mapping[str, Any]]
) -> str:
    rows = {name: row for name, row in report.items() if columns.keys() & row.keys()}
    lines = [f"| {subject} | {' | '.join(columns.values())} |", "| --- " * (len(columns) + 1) + "|"]
    for name, row in rows.items():
        cells = [f"{row[key]:.4f}" if key in row else "" for key in columns]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _composed(row: Mapping[str, Any]) -> str:
    plain = {name: value for name, value in row.items() if isinstance(value, float | int)}
    lines = ["## What it composes", "", "| measure | value |", "| --- | --- |"]
    lines += [f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in plain.items()]
    qualities: Mapping[str, Mapping[str, float]] = row["qualities"]
    lines += ["", f"| share of each quality | {' | '.join(qualities)} |"]
    lines += ["| --- " * (len(qualities) + 1) + "|"]
    for quality in next(iter(qualities.values())):
        shares = " | ".join(f"{found[quality]:.3f}" for found in qualities.values())
        lines.append(f"| {quality} | {shares} |")
    return "\n".join(lines)
