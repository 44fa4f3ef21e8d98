"""scorelock compose FILM -o FILE: the score in the format that the file's name asks for."""

import argparse
from pathlib import Path

from scorelock.bridge.composing import add_compose_arguments, performance_of
from scorelock.bridge.console import say
from scorelock.bridge.rendering import add_file_arguments, checked, score_of
from scorelock.engine.score import Cue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, -o and the composing options."""
    parser.add_argument("film", type=Path, metavar="FILM")
    add_file_arguments(parser)
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, write, and name the files on stdout."""
    writers = checked(args, args.film.stem)
    cue, performance = performance_of(args)
    score = score_of(args, cue, performance)
    for path, write in writers:
        write(path, score)
    say(f"{about(cue)}, notes: {len(performance.notes)}")
    print("\n".join(str(path) for path, _ in writers))
    return 0


def about(cue: Cue) -> str:
    """A cue in a line."""
    film = cue.features.film
    return (
        f"{film.duration_s:.2f} s of film at {film.rate} frames a second, cuts: "
        f"{len(cue.features.cuts)}; in {cue.key}, chords: {len(cue.chords)}"
    )
