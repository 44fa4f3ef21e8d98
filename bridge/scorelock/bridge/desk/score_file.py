"""`score.json`: a cue and its notes as pages draw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

import msgspec

from scorelock.bridge.desk.messages import Score, ScoreChord, ScoreHit, ScoreNote
from scorelock.bridge.desk.parts import NAMES
from scorelock.engine.features import EMOTIONS
from scorelock.engine.score import ChordSpan, Cue, Note
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import INTERVALS

MIDDLE_C: Final = 60


@dataclass(frozen=True, slots=True)
class Film:
    """What pages are told of the film.

    Attributes:
        name: of the file.
        duration_s: of the whole of it, though it may not have been seen yet.
        fps: frames a second.
        start: its first frame in the host's time, and start_s in seconds.
    """

    name: str
    duration_s: float
    fps: float
    start: str
    start_s: float


def score_of(
    film: Film, cue: Cue, notes: Mapping[str, Sequence[Note]], version: int, draft: bool
) -> Score:
    """A cue with the notes of its parts as they are played."""
    bars, beats_s = grid(cue.tempo_map, film.duration_s)
    seen, features = cue.seen, cue.features
    return Score(
        version=version,
        draft=draft,
        film=film.name,
        duration_s=film.duration_s,
        fps=film.fps,
        start=film.start,
        start_s=film.start_s,
        key=str(cue.key),
        flats=cue.key.fifths < 0,
        bars=bars,
        beats_s=beats_s,
        tempos=[
            (_s(cue.tempo_map.seconds(each.quarter)), each.bpm) for each in cue.tempo_map.tempos
        ],
        chords=[_chord(cue, span) for span in cue.chords],
        hits=[ScoreHit(_s(hit.at_s), hit.kind, round(hit.weight, 3)) for hit in cue.hits],
        cuts=[(_s(cut.at_s), round(cut.strength, 2)) for cut in features.cuts],
        emotions=list(EMOTIONS),
        emotion=_rows(seen.emotion.T),
        seen=None if cue.emotion is None else _rows(features.emotion.T),
        motion=_rows(features.motion),
        density=_rows(cue.dynamics.density),
        loudness=_rows(cue.dynamics.loudness),
        parts=list(NAMES),
        notes=_notes(notes),
    )


@lru_cache(maxsize=1)
def empty(film: Film) -> bytes:
    """As JSON, before the first draft."""
    score = Score(
        version=0,
        draft=True,
        film=film.name,
        duration_s=film.duration_s,
        fps=film.fps,
        start=film.start,
        start_s=film.start_s,
        key="",
        flats=False,
        bars=[],
        beats_s=[],
        tempos=[],
        chords=[],
        hits=[],
        cuts=[],
        emotions=list(EMOTIONS),
        emotion=[[] for _ in EMOTIONS],
        seen=None,
        motion=[],
        density=[],
        loudness=[],
        parts=list(NAMES),
        notes=[],
    )
    return encoded(score)


def for_players(score: Score) -> Score:
    """The score without what players do not see: notes and curves."""
    return msgspec.structs.replace(
        score, emotions=[], emotion=[], seen=None, motion=[], density=[], loudness=[], notes=[]
    )


def encoded(score: Score) -> bytes:
    """As JSON."""
    return msgspec.json.encode(score)


@lru_cache(maxsize=4)
def grid(
    tempo_map: TempoMap, duration_s: float
) -> tuple[list[tuple[float, int, int, int]], list[float]]:
    """Bar lines (seconds, number, beats, unit) from the one at or before 0 until the film's end,
    and every beat of these bars within the film.
    """
    bars: list[tuple[float, int, int, int]] = []
    beats_s: list[float] = []
    bar = tempo_map.place(tempo_map.quarter(0.0)).bar
    while (at_s := tempo_map.seconds(tempo_map.bar_quarter(bar))) < duration_s:
        meter = tempo_map.meter_at(bar)
        bars.append((_s(at_s), bar, meter.beats, meter.unit))
        first, beat = tempo_map.bar_quarter(bar), Fraction(4, meter.unit)
        times_s = (tempo_map.seconds(first + beat * index) for index in range(meter.beats))
        beats_s += [_s(time_s) for time_s in times_s if time_s < duration_s]
        bar += 1
    return bars, beats_s


def _chord(cue: Cue, span: ChordSpan) -> ScoreChord:
    chord = span.chord
    return ScoreChord(
        _s(span.start_s),
        _s(span.end_s),
        cue.key.symbol(chord),
        chord.root,
        chord.quality,
        span.why,
        span.locked,
        [MIDDLE_C + chord.root + step for step in INTERVALS[chord.quality]],
    )


def _notes(notes: Mapping[str, Sequence[Note]]) -> list[ScoreNote]:
    numbered = sorted(
        (note.onset_s, note.duration_s, note.pitch, note.velocity, index)
        for index, name in enumerate(NAMES)
        for note in notes.get(name, ())
    )
    return [
        ScoreNote(round(onset_s, 5), round(duration_s, 5), *rest)
        for onset_s, duration_s, *rest in numbered
    ]


def _s(seconds: float | Fraction) -> float:
    """To the microsecond."""
    return round(float(seconds), 6)


def _rows(values: Any) -> list[Any]:  # noqa: ANN401 - an array of one row or more
    """To four places, which is more than a curve shows."""
    rows: list[Any] = values.astype(float).round(4).tolist()
    return rows
