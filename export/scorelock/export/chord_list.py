"""Chords in time: as a .lab file for music research, and as a table.

A .lab line is start, end and a chord in Harte's syntax (Harte et al. 2005), as mir_eval and Sonic
Visualiser read it; the qualities of the vocabulary are Harte's shorthands.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scorelock.engine.files import writing
from scorelock.export.score import Score

NO_CHORD: Final = "N"
COLUMNS: Final = (
    *("start_s", "end_s", "start", "end", "bar", "beat"),
    *("symbol", "root", "quality", "why"),
)


def write_lab(path: Path, score: Score) -> None:
    """Start and end in seconds, "Bb:maj7"; N where no chord is, so that no time is left out."""
    with writing(path) as beside:
        beside.write_text("".join(f"{line}\n" for line in _lab(score)), encoding="utf-8")


def _lab(score: Score) -> Iterator[str]:
    now, key = 0.0, score.cue.key
    for span in score.cue.chords:
        if span.start_s > now:
            yield _line(now, span.start_s, NO_CHORD)
        yield _line(span.start_s, span.end_s, f"{key.spell(span.chord.root)}:{span.chord.quality}")
        now = span.end_s
    if now < score.performance.duration_s:
        yield _line(now, score.performance.duration_s, NO_CHORD)


def _line(start_s: float, end_s: float, label: str) -> str:
    return f"{start_s:.6f}\t{end_s:.6f}\t{label}"


def write_csv(path: Path, score: Score) -> None:
    """A row for each chord: seconds, timecode, bar and beat, symbol, root 0..11, quality, why."""
    with writing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for span in score.cue.chords:
            place = score.grid.place(score.grid.quarter(span.start_s))
            table.writerow(
                (
                    *(f"{span.start_s:.6f}", f"{span.end_s:.6f}"),
                    *(score.timecode(span.start_s), score.timecode(span.end_s)),
                    *(place.bar, f"{float(place.beat):.3f}", score.cue.key.symbol(span.chord)),
                    *(span.chord.root, span.chord.quality, span.why),
                )
            )
