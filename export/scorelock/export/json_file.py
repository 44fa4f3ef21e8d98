"""A cue and its notes as JSON, for scripts and other programs."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from scorelock.engine.features import EMOTIONS, VideoFeatures
from scorelock.engine.files import writing
from scorelock.export.score import Score

FORMAT: Final = 1


def write(path: Path, score: Score) -> None:
    """Write `document` beside its place, then rename."""
    with writing(path) as beside:
        text = json.dumps(document(score), indent=1, ensure_ascii=False)
        beside.write_text(text + "\n", encoding="utf-8")


def document(score: Score) -> dict[str, Any]:
    """What was `seen`, settings, musical time, hits, chords, density, loudness and notes.

    Times are in seconds from the film's first frame. Density and loudness have one row a second.
    """
    cue, grid = score.cue, score.grid
    settings = cue.settings
    return {
        "format": FORMAT,
        **seen(cue.features),
        "bundle": cue.bundle,
        "key": str(cue.key),
        "settings": {
            "seed": settings.seed,
            "primer": [cue.key.symbol(chord) for chord in settings.primer],
            "temperature": settings.temperature,
            "top_k": settings.top_k,
            "max_repeat": settings.max_repeat,
        },
        "start": str(score.timecode(0)),
        "grid": {
            "first_s": float(grid.first_s),
            "tempos": [
                {"quarter": float(change.quarter), "bpm": change.bpm} for change in grid.tempos
            ],
            "meters": [asdict(meter) for meter in grid.meters],
        },
        "hits": [asdict(hit) for hit in score.hits],
        "chords": [
            {
                "start_s": span.start_s,
                "end_s": span.end_s,
                "symbol": cue.key.symbol(span.chord),
                **asdict(span.chord),
                "why": span.why,
            }
            for span in cue.chords
        ],
        "density": _rounded(cue.dynamics.density),
        "loudness": _rounded(cue.dynamics.loudness),
        "notes": [
            {"part": part.name, **asdict(note)}
            for part in score.performance.parts
            for note in part.notes
        ],
    }


def seen(features: VideoFeatures) -> dict[str, Any]:
    """The film and its picture; the lists under "picture" have one row a second, from 0 s on."""
    film = features.film
    return {
        "film": {
            "name": Path(film.path).name,
            "sha256": film.sha256,
            "duration_s": film.duration_s,
            "frame_rate": str(film.rate),
        },
        "picture": {
            "extractor": features.extractor,
            "cuts_s": [round(cut.at_s, 6) for cut in features.cuts],
            "scene_offset": _rounded(features.scene_offset),
            "motion": _rounded(features.motion),
            "valence": _rounded(features.valence),
            "arousal": _rounded(features.arousal),
            **{name: _rounded(features.emotion[:, i]) for i, name in enumerate(EMOTIONS)},
        },
    }


def _rounded(row_values: Any) -> list[float]:  # noqa: ANN401 - any float array
    return [round(float(value), 5) for value in row_values]
