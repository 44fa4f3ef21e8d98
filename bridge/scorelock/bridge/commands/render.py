"""`scorelock render`: write the edited score of a film to files."""

import argparse
from pathlib import Path

from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.rendering import add_file_arguments, checked, score_of, write_all


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CUE, the take and the files."""
    parser.add_argument("film", type=Path, help="the film, or its folder FILM.cue")
    parser.add_argument("--take", metavar="NAME", help="(default: the one that is worked on)")
    add_file_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Arrange, write, and name the files on stdout."""
    from scorelock.engine.arrange import arrange

    store = CueStore.of(args.film)
    writers = checked(args, store.film.stem)
    history = store.read()
    cue = (history if args.take is None else history.choose(args.take)).cue
    write_all(writers, score_of(args, cue, arrange(cue)))
    return 0
