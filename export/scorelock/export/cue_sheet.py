"""The paperwork of a film score as tables: a cue sheet (a row a cue), and spotting notes (a row a
hit).
"""

import csv
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from scorelock.engine.features import EMOTIONS, VideoFeatures
from scorelock.engine.files import writing
from scorelock.engine.hits import Hit
from scorelock.engine.score import ChordSpan
from scorelock.export.score import Score

CUE_COLUMNS: Final = (
    *("cue", "film", "in", "out", "length_s"),
    *("key", "tempo", "meter", "chords", "hits"),
)
HIT_COLUMNS: Final = (
    *("hit", "timecode", "at_s", "bar", "beat", "kind", "weight"),
    *("off_beat_frames", "chord", "mood"),
)


def write_cue_sheet(path: Path, *scores: Score) -> None:
    """A row for each score: its cue number (1m1 is reel 1, music 1), timecodes, length, key, tempos
    in quarters a minute, meters, and how many chords and hits it has.
    """
    _write(path, CUE_COLUMNS, (_cue_row(number, score) for number, score in enumerate(scores, 1)))


def _cue_row(number: int, score: Score) -> Sequence[object]:
    grid, length_s = score.grid, score.performance.duration_s
    return (
        *(f"1m{number}", score.title),
        *(score.timecode(0), score.timecode(length_s), f"{length_s:.3f}", score.cue.key),
        " ".join(f"{change.bpm:.2f}" for change in grid.tempos),
        " ".join(f"{meter.beats}/{meter.unit}" for meter in grid.meters),
        *(len(score.cue.chords), len(score.hits)),
    )


def write_spotting(path: Path, score: Score) -> None:
    """A row for each hit in time order: where it is, what it is, how many frames it comes after the
    nearest beat (negative: before), what sounds there, and the picture's likeliest mood.
    """
    rows = (_hit_row(score, number, hit) for number, hit in enumerate(sorted(score.hits), 1))
    _write(path, HIT_COLUMNS, rows)


def _hit_row(score: Score, number: int, hit: Hit) -> Sequence[object]:
    grid, cue = score.grid, score.cue
    quarter = grid.quarter(hit.at_s)
    place = grid.place(quarter)
    beat = Fraction(4, grid.meter_at(place.bar).unit)
    nearest_s = grid.seconds(quarter + (round(place.beat) - place.beat) * beat)
    off_frames = float((Fraction(hit.at_s) - nearest_s) * cue.features.film.rate.fps)
    span = sounding(cue.chords, hit.at_s)
    return (
        *(number, score.timecode(hit.at_s), f"{hit.at_s:.6f}"),
        *(place.bar, f"{float(place.beat):.3f}", hit.kind, f"{hit.weight:g}"),
        f"{off_frames:+.2f}",
        "" if span is None else cue.key.symbol(span.chord),
        mood(cue.features, hit.at_s),
    )


def sounding(chords: Sequence[ChordSpan], at_s: float) -> ChordSpan | None:
    """The chord over film seconds, if there is one."""
    return next((span for span in chords if span.start_s <= at_s < span.end_s), None)


def mood(features: VideoFeatures, at_s: float) -> str:
    """The likeliest of the six moods in the second that holds film seconds."""
    row = min(int(at_s), len(features) - 1)
    return EMOTIONS[int(features.emotion[row].argmax())]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with writing(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(columns)
        table.writerows(rows)
