"""scorelock compose FILM -o FILE: the score in the format that the file's name asks for."""

import argparse
from pathlib import Path

from scorelock.bridge.composing import add_compose_arguments, performance_of
from scorelock.bridge.rendering import add_file_arguments, checked, score_of, write_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, -o and the composing options."""
    parser.add_argument("film", type=Path, metavar="FILM")
    add_file_arguments(parser)
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, write, and name the files on stdout."""
    writers = checked(args, args.film.stem)
    write_all(writers, score_of(args, *performance_of(args)))
    return 0
