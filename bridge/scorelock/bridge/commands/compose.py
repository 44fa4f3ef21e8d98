"""scorelock compose FILM -o FILE: the score as a MIDI file or as JSON."""

import argparse
from pathlib import Path

from scorelock.bridge.composing import add_compose_arguments, performance_of
from scorelock.bridge.console import say
from scorelock.engine.errors import BadSetting

FORMATS = (".mid", ".midi", ".json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, -o and the composing options."""
    parser.add_argument("film", type=Path, metavar="FILM")
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        metavar="FILE",
        help="out.mid or out.json (default: the film's name with .mid, in this folder)",
    )
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, write, and name the file on stdout."""
    output: Path = args.output or Path(args.film.stem + ".mid")
    if output.suffix.lower() not in FORMATS:
        raise BadSetting(f"expected an output named *.mid or *.json, got {output}; choose with -o")
    if not output.parent.is_dir():
        raise BadSetting(f"expected a folder to write to, got {output.parent}; make it first")
    cue, performance = performance_of(args)
    if output.suffix.lower() == ".json":
        from scorelock.export.json_file import write_json

        write_json(output, cue, performance)
    else:
        from scorelock.export.midi_file import write_midi

        write_midi(output, cue, performance)
    film = cue.features.film
    say(
        f"{film.duration_s:.2f} s of film at {film.rate} frames a second, cuts: "
        f"{len(cue.features.cuts)}; in {cue.key}, chords: {len(cue.chords)}, "
        f"notes: {len(performance.notes)}"
    )
    print(output)
    return 0
