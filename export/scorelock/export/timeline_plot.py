"""A cue's timeline as a picture: what was seen above, what was made of it below."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from scorelock.engine.arrange import arrange, loudness_share
from scorelock.engine.errors import MissingPart
from scorelock.engine.features import EMOTIONS
from scorelock.engine.files import writing
from scorelock.engine.score import Cue
from scorelock.engine.timebase import Timecode

COLOURS: Final = ("#d9822b", "#5c255c", "#8f398f", "#2965cc", "#29a634", "#8a9ba8")
"""Of the six emotions."""
PARTS: Final = {
    "chords": "#2965cc",
    "bass": "#1f4b99",
    "pattern": "#43bf4d",
    "drone": "#8f398f",
}
_INCHES_A_MINUTE: Final = 14
_SIZE: Final = (9, 60, 9)  # inches: least and most width, height


def draw(path: Path, cue: Cue) -> None:
    """Draw emotions, motion and cuts, chords, density and loudness, notes, tempo and hits.

    Raises:
        MissingPart: matplotlib is not installed.
        BadSetting: nothing can be written there.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as err:
        raise MissingPart(
            "expected matplotlib to draw, it is not installed; pip install 'scorelock[plot]'"
        ) from err
    film = cue.features.film
    width = min(_SIZE[1], max(_SIZE[0], _INCHES_A_MINUTE * film.duration_s / 60))
    figure = Figure(figsize=(width, _SIZE[2]), layout="constrained")
    axes = figure.subplots(5, 1, sharex=True, height_ratios=(3, 2, 1.2, 2, 4))
    for draw_one, axis in zip((_emotions, _picture, _chords, _dynamics, _notes), axes, strict=True):
        draw_one(axis, cue)
        for cut in cue.features.cuts:
            axis.axvline(cut.at_s, color="#202b33", linewidth=0.6, alpha=0.5)
        for hit in cue.hits:
            axis.axvline(hit.at_s, color="#c23030", linewidth=1.2)
    axes[0].set_title(f"{Path(film.path).name} in {cue.key}", loc="left")
    axes[-1].set_xlim(0, film.duration_s)
    step = next(s for s in (1, 2, 5, 10, 30, 60, 300, 600) if film.duration_s / s <= 1.5 * width)
    ticks = np.arange(0, film.duration_s, step)
    names = [str(Timecode.from_seconds(float(tick), film.rate)) for tick in ticks]
    axes[-1].set_xticks(ticks, names, fontsize=7)
    with writing(path) as beside:
        figure.savefig(beside, dpi=110)


def _emotions(axis: Any, cue: Cue) -> None:  # noqa: ANN401 - matplotlib's axes
    emotion = cue.seen.emotion
    seconds = np.arange(len(emotion)) + 0.5
    axis.stackplot(seconds, emotion.T, labels=EMOTIONS, colors=COLOURS, alpha=0.85)
    axis.set_ylim(0, 1)
    axis.set_ylabel("emotion")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7, frameon=False)


def _picture(axis: Any, cue: Cue) -> None:  # noqa: ANN401
    seconds = np.arange(len(cue.features)) + 0.5
    axis.fill_between(seconds, cue.features.motion, color="#8a9ba8", alpha=0.7, step="mid")
    axis.set_ylabel("motion, cuts")


def _chords(axis: Any, cue: Cue) -> None:  # noqa: ANN401
    for span in cue.chords:
        shade = "#ffe39f" if span.locked else "#e1e8ed"
        length = span.end_s - span.start_s
        axis.barh(0, length, left=span.start_s, color=shade, edgecolor="#394b59", linewidth=0.5)
        name = cue.key.symbol(span.chord)
        axis.text(
            *(span.start_s + length / 2, 0, name),
            ha="center",
            va="center",
            fontsize=7,
            rotation=90 if length < 0.09 * len(name) else 0,
            clip_on=True,
        )
    tempo = cue.tempo_map
    first = tempo.place(tempo.quarter(0.0)).bar
    last = tempo.place(tempo.quarter(cue.features.film.duration_s)).bar
    for bar in range(first, last + 1):
        axis.axvline(float(tempo.seconds(tempo.bar_quarter(bar))), color="#137cbd", linewidth=0.5)
    axis.set_yticks([])
    axis.set_ylabel("chords, bars")


def _dynamics(axis: Any, cue: Cue) -> None:  # noqa: ANN401
    seconds = np.arange(len(cue.dynamics.density)) + 0.5
    axis.step(seconds, cue.dynamics.density, where="mid", color="#137cbd", linewidth=1.2)
    axis.set_ylabel("density", color="#137cbd")
    loud = axis.twinx()
    share = loudness_share(cue.dynamics.loudness.astype(np.float64))
    loud.plot(seconds, share, color="#d9822b", linewidth=1.2)
    loud.set_ylim(0, 1)
    loud.set_ylabel("loudness", color="#d9822b")


def _notes(axis: Any, cue: Cue) -> None:  # noqa: ANN401
    for part in arrange(cue).parts:
        lines = [((note.onset_s, note.end_s), (note.pitch, note.pitch)) for note in part.notes]
        for times, pitches in lines:
            axis.plot(times, pitches, color=PARTS[part.name], linewidth=1.6, solid_capstyle="butt")
        axis.plot([], [], color=PARTS[part.name], label=part.name)
    axis.set_ylabel("pitch")
    axis.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=7, frameon=False)
