"""The `scorelock` command: finds the sub-command's module, runs it, and says errors in one line.

Only the module of the command that was asked for is imported, so that --help answers at once. The
table names modules as text because it is the one place that knows all packages.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from scorelock.engine.errors import ScorelockError

DESK: Final = "desk"
"""What a film alone asks for."""
COMMANDS: Final = {
    DESK: (
        "scorelock.bridge.commands.desk",
        "open the score of a film in the browser; scorelock FILM does the same",
    ),
    "rehearse": (
        "scorelock.bridge.commands.rehearse",
        "open the desk, and let players follow on their phones and tablets",
    ),
    "demo": (
        "scorelock.bridge.commands.demo",
        "draw a film, score it, and play it: the first minute",
    ),
    "compose": ("scorelock.bridge.commands.compose", "write the score of a film to a file"),
    "edit": (
        "scorelock.bridge.commands.edit",
        "change the score of a film: chords, curves, spans, tempo, hits, takes; undo and redo",
    ),
    "tempo": (
        "scorelock.bridge.commands.tempo",
        "find tempos at which cuts and hits fall on beats",
    ),
    "render": (
        "scorelock.bridge.commands.render",
        "write the edited score of a film to files",
    ),
    "plot": ("scorelock.bridge.commands.plot", "draw the timeline of an edited score"),
    "reconform": (
        "scorelock.bridge.commands.reconform",
        "bring an edited score over to a new cut of its film",
    ),
    "analyse": (
        "scorelock.bridge.commands.analyse",
        "watch a film and keep what was seen, so that all else starts at once",
    ),
    "live": (
        "scorelock.bridge.commands.live",
        "play the score of a film on a host's timecode, or of a camera as it comes",
    ),
    "replay": (
        "scorelock.bridge.commands.replay",
        "run a show again from its log and say whether it goes the same way",
    ),
    "setup": ("scorelock.bridge.commands.setup", "put what a host needs where it looks for it"),
    "simulate": (
        "scorelock.bridge.commands.simulate",
        "send what a host would send, to try all without one",
    ),
    "calibrate": (
        "scorelock.bridge.commands.calibrate",
        "measure the latency that live --latency takes",
    ),
    "learn": (
        "scorelock.bridge.commands.learn",
        "find out how a host speaks that Scorelock does not know",
    ),
    "mark": (
        "scorelock.bridge.commands.mark",
        "write cuts, chords and tempo into a host, and see that they are there",
    ),
    "ports": ("scorelock.bridge.commands.ports", "list MIDI ports and the APIs compiled in"),
    "doctor": ("scorelock.bridge.commands.doctor", "say what is missing here and how to get it"),
    "bench": ("scorelock.bridge.commands.bench", "measure decoding, live sending and watching"),
    "train": ("scorelock.training.command", "train the chord model or the dynamics model"),
    "evaluate": (
        "scorelock.training.evaluation.command",
        "score a model on held-out songs, beside trivial predictors",
    ),
    "export": ("scorelock.export.command", "make an ONNX bundle of trained models"),
    "models": (
        "scorelock.export.models_command",
        "add models that do not ship: CLIP, and a transcriber of notes",
    ),
    "dataset": (
        "scorelock.training.dataset.command",
        "make a data set of music videos: chords, density, loudness and picture by the second",
    ),
}
"""Name -> (module with add_arguments(parser) and run(args) -> exit code, one line of help)."""

USAGE_ERROR: Final = 2


class Parser(argparse.ArgumentParser):
    """Says a usage error in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit 2 with what is wrong and where the help is."""
        self.exit(USAGE_ERROR, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one sub-command; the exit code is 0, or 2 where the input or the machine is at fault."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = next((word for word in arguments if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS and is_film(name):
        arguments, name = [DESK, *arguments], DESK
    args = parser(name).parse_args(arguments)
    try:
        code: int = args.run(args)
    except ScorelockError as err:
        return _fail(str(err), args.debug)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone: nothing is left to say
        return 1
    except MemoryError:
        return _fail("expected more free memory; close other programs", args.debug)
    return code


def is_film(word: str) -> bool:
    """Whether a word that is no command means a film: it is there, or is written as a path is."""
    path = Path(word)
    return path.exists() or bool(path.suffix) or path.name != word


def parser(name: str | None) -> Parser:
    """The command line; only the sub-command `name` gets its arguments."""
    top = Parser(prog="scorelock", description="Locks a generated score to picture.")
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    choices = top.add_subparsers(metavar="COMMAND|FILM", required=True, parser_class=Parser)
    for command, (module_name, summary) in COMMANDS.items():
        sub = choices.add_parser(command, help=summary, description=summary)
        sub.add_argument("--debug", action="store_true", help="show the traceback of an error")
        if command == name:
            module = importlib.import_module(module_name)
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return top


def _fail(message: str, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    print(f"scorelock: {' '.join(message.split())}", file=sys.stderr)
    return USAGE_ERROR


class _Version(argparse.Action):
    """Reads the installed version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        parser.exit(message=f"scorelock {version('scorelock')}\n")


if __name__ == "__main__":
    sys.exit(main())
