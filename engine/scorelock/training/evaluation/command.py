"""`scorelock evaluate [BUNDLE|RUN...] --data FILE|DIR`: scores on held-out songs."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.engine.score import ComposeSettings
from scorelock.training.evaluation.dynamics import PADDED
from scorelock.training.songs import Corpus

if TYPE_CHECKING:
    from scorelock.training.evaluation.baselines import Baselines
    from scorelock.training.evaluation.models import Scored
    from scorelock.training.evaluation.report import Report


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock evaluate`."""
    default = ComposeSettings()
    parser.add_argument(
        "model",
        type=Path,
        nargs="*",
        metavar="BUNDLE|RUN",
        help="a bundle's folder, or the folders of one or two training runs "
        "(default: the bundle that ships)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="songs with films: a packed .npz, a MuVi-Sync tree, or a folder with either",
    )
    parser.add_argument(
        "--split", choices=["train", "val", "test"], default="val", help="(default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=default.seed, help="of what is composed")
    parser.add_argument(
        "--affect",
        type=float,
        default=default.affect,
        metavar="0..1",
        help="how far it leans to the mood of the picture (default: %(default)s)",
    )
    parser.add_argument(
        "--songs", type=int, help="score only so many of the split's first songs (default: all)"
    )
    parser.add_argument("--no-composing", action="store_true", help="leave out what is composed")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--card", type=Path, metavar="FILE", help="write the bundle's model card, too (Markdown)"
    )


def run(args: argparse.Namespace) -> int:
    """Score and print.

    Raises:
        BadSetting: an option, the data or the folders do not fit.
        BadBundle: a model is damaged.
    """
    if not 0 <= args.affect <= 1:
        raise BadSetting(f"expected an --affect from 0 to 1, got {args.affect}")
    if args.seed < 0:
        raise BadSetting(f"expected a --seed of 0 or more, got {args.seed}")
    if args.songs is not None and args.songs < 1:
        raise BadSetting(f"expected --songs of 1 or more, got {args.songs}")
    from scorelock.training.corpora import read_place
    from scorelock.training.evaluation.card import model_card
    from scorelock.training.evaluation.models import Scored

    scored = Scored.open(args.model)
    corpus = read_place(args.data, args.split, scored.layout)
    if args.card and scored.chords is None:
        raise BadSetting("expected a chord model for --card, got dynamics alone")
    report = _report(scored, corpus, args)
    if args.card and scored.chords:
        with writing(args.card) as beside:
            card = model_card(scored.chords.manifest, report, args.split)
            beside.write_text(card, encoding="utf-8")
    if args.json:
        print(json.dumps(report, indent=1))
    else:
        _show(report, f"{scored.name}, {args.split}")
    _say_skipped(corpus)
    return 0


def _report(scored: "Scored", corpus: Corpus, args: argparse.Namespace) -> "Report":
    from scorelock.training.evaluation.generated import MOODS_OF, Composer, generated_scores
    from scorelock.training.evaluation.report import chord_rows, dynamics_rows, merged

    window = scored.chords.manifest.window if scored.chords else PADDED
    songs = [song.crop(0, window) for song in corpus.songs[: args.songs]]
    baselines = _baselines(scored, args)
    report: Report = {
        "data": {"songs": len(songs), "seconds": sum(len(song.chords) - 1 for song in songs)}
    }
    if scored.chords:
        report = merged(report, chord_rows(scored.chords, songs, baselines))
    if scored.dynamics:
        predicted = [scored.dynamics(song.features) for song in songs]
        report = merged(report, dynamics_rows(predicted, songs, baselines))
    if scored.chords and not args.no_composing:
        settings = ComposeSettings(seed=args.seed, affect=args.affect)
        pieces = 3 * len(songs) + 6 * min(MOODS_OF, len(songs))
        with _progress(pieces) as done:
            report["generated"] = generated_scores(
                Composer(scored.chords, settings), songs, baselines.pairs, done
            )
    return report


def _baselines(scored: "Scored", args: argparse.Namespace) -> "Baselines":
    """Counts of the training songs: those of the data where it has them, else the model's own."""
    from scorelock.training.corpora import read_place
    from scorelock.training.evaluation.baselines import Baselines

    try:
        return Baselines.of(read_place(args.data, "train", "picture").songs)
    except BadSetting as err:
        if scored.counts.is_file():
            return Baselines.load(scored.counts)
        raise BadSetting(
            f"expected training songs in {args.data} or {scored.counts.name} beside the model, to "
            "compare with; found neither"
        ) from err


@contextmanager
def _progress(pieces: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr that moves on with each call."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("composing", total=pieces)
        yield lambda: progress.advance(task)


def _show(report: "Report", title: str) -> None:
    from rich.console import Console

    from scorelock.training.evaluation.report import tables

    # A table that a narrow terminal would break is printed whole all the same.
    console = Console(width=max(Console().width, 120))
    for table in tables(report, title):
        console.print(table)


def _say_skipped(corpus: Corpus) -> None:
    for name, why in corpus.skipped.items():
        print(f"left out {name}: {why}", file=sys.stderr)
    if corpus.skipped:
        print(f"{len(corpus.skipped)} songs could not be used", file=sys.stderr)
