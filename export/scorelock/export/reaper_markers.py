"""Chords as regions and hits as markers, for REAPER's Region/Marker Manager to import.

It is the form that the manager exports itself, `#,Name,Start,End,Length,Color`: R1 is a region, M1
a marker; times are h:mm:ss.mmm from the project's start, where the film's first frame has to lie;
colours are RRGGBB.
"""

import csv
from pathlib import Path
from typing import Final

from scorelock.engine.files import writing
from scorelock.export.score import Score

COLUMNS: Final = ("#", "Name", "Start", "End", "Length", "Color")
CHORD_COLOUR: Final = "4080C0"
HIT_COLOUR: Final = "E04040"


def write(path: Path, score: Score) -> None:
    """The regions, then the markers, both in time order."""
    with writing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for number, span in enumerate(score.cue.chords, 1):
            name = score.cue.key.symbol(span.chord)
            # The length is that of the written times, or a reader could doubt one of the three.
            start, end = (round(1000 * at_s) for at_s in (span.start_s, span.end_s))
            times = (_time(start), _time(end), _time(end - start))
            table.writerow((f"R{number}", name, *times, CHORD_COLOUR))
        for number, hit in enumerate(sorted(score.hits), 1):
            at = _time(round(1000 * hit.at_s))
            table.writerow((f"M{number}", hit.kind, at, "", "", HIT_COLOUR))


def _time(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"
