"""The options that say which files are written of a score, for every command that writes some."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scorelock.bridge.console import say
from scorelock.bridge.live_options import controllers, film_start_s
from scorelock.bridge.timecode_rate import remembered_rate
from scorelock.engine.errors import BadSetting
from scorelock.engine.score import Cue, Performance
from scorelock.engine.timebase import Timecode

if TYPE_CHECKING:
    from scorelock.export.score import Score

Writers = list[tuple[Path, Callable[[Path, "Score"], None]]]
"""Files, and what writes each."""


def add_file_arguments(parser: argparse.ArgumentParser) -> None:
    """Add -o and what goes into files."""
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        action="append",
        metavar="FILE",
        help="by its ending .mid .musicxml .lab .csv .cues.csv .spotting.csv .reaper.csv .json "
        ".edl .wav .mp4; may be given for each (default: the film's name with .mid, here)",
    )
    parser.add_argument(
        "--film-start",
        default="0",
        metavar="TC|SECONDS",
        help="the film's first frame in files (default: %(default)s)",
    )
    parser.add_argument(
        "--expression", metavar="1,11", help="controllers in the MIDI file that follow the loudness"
    )


def checked(args: argparse.Namespace, stem: str) -> Writers:
    """Every file and what writes it: a slip in a name should show before the long work.

    Raises:
        BadSetting: there is no such format, or no such folder.
    """
    from scorelock.export.formats import writer

    controllers(args.expression)
    paths = args.output or [Path(f"{stem}.mid")]
    for path in paths:
        if not path.parent.is_dir():
            raise BadSetting(f"expected a folder to write to, got {path.parent}; make it first")
    return [(path, writer(path)) for path in paths]


def score_of(args: argparse.Namespace, cue: Cue, performance: Performance) -> "Score":
    """A cue and its notes, with what was asked for, ready to be written."""
    from scorelock.export.score import Score

    rate = remembered_rate(Path(cue.features.film.path)) or cue.features.film.rate
    start = Timecode.from_seconds(film_start_s(args.film_start, rate), rate)
    return Score(
        cue,
        performance,
        cue.tempo_map,
        cue.hits,
        start if args.film_start != "0" else None,
        controllers(args.expression),
    )


def write_all(writers: Writers, score: "Score") -> None:
    """Write the files, say what is in them, and name them on stdout."""
    for path, write in writers:
        write(path, score)
    cue, film = score.cue, score.cue.features.film
    say(
        f"{film.duration_s:.2f} s of film at {film.rate} frames a second, cuts: "
        f"{len(cue.features.cuts)}; in {cue.key}, chords: {len(cue.chords)}, "
        f"notes: {len(score.performance.notes)}"
    )
    print("\n".join(str(path) for path, _ in writers))
