"""`scorelock dataset build FOLDER -o DATASET`: make a data set of music videos, or go on."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.training.dataset.order import SONG, Done

if TYPE_CHECKING:
    from rich.progress import Progress

    from scorelock.training.dataset.report import Report

_PARTS: Final = ("dask", "distributed", "fsspec", "scipy", "matplotlib")
_LINES: Final = 50
"""How many lines tell of progress where nobody watches a terminal."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock dataset`."""
    jobs = parser.add_subparsers(dest="job", metavar="build|report", required=True)
    build = jobs.add_parser("build", help="make a data set of the videos in a folder, or go on")
    _add_build_arguments(build)
    report = jobs.add_parser("report", help="write the report of a data set again")
    report.add_argument("dataset", metavar="DATASET", help="a data set that was built")
    for one in (build, report):
        one.add_argument("--json", action="store_true", help="the summary as JSON")
        # The parser above has it, too, and an absent one here must not take it back.
        one.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
        )


def _add_build_arguments(build: argparse.ArgumentParser) -> None:
    build.add_argument("folder", metavar="FOLDER", help="of music videos: a path, or s3://...")
    build.add_argument(
        *("-o", "--output"),
        metavar="DATASET",
        required=True,
        help="the data set's folder: a path, or s3://...; what is done there already is kept",
    )
    build.add_argument(
        "--features",
        choices=["picture", "paper"],
        help="what is seen: light, colour and cuts, or CLIP as in the paper (default: picture)",
    )
    build.add_argument(
        "--cluster",
        metavar="tcp://HOST:PORT",
        help="a Dask scheduler (default: this machine's cores)",
    )
    build.add_argument(
        "--workers", type=int, metavar="N", help="on this machine (default: one a core)"
    )
    build.add_argument(
        "--titles",
        type=Path,
        metavar="CSV",
        help="columns source and title: videos with one title stay in one split",
    )
    build.add_argument(
        "--split", metavar="TRAIN,VAL,TEST", help="shares of the songs (default: 80,10,10)"
    )
    build.add_argument("--again", action="store_true", help="make every song anew")
    build.add_argument(
        "--retry-failed", action="store_true", help="try again those that gave no song"
    )


def run(args: argparse.Namespace) -> int:
    """Build, or report; videos that cannot be used are counted, and end nothing.

    Raises:
        BadSetting: options do not fit, there is no video, or none can be used.
        MissingPart: a package, a program or a model is not installed.
        BadPlace, DiskFull, ClusterGone: what is done is kept; running it again goes on.
    """
    _require_parts()
    report = _build(args) if args.job == "build" else _report(args)
    place = args.output if args.job == "build" else args.dataset
    print(json.dumps(_summary(report)) if args.json else _told(report, place))
    return 0


def _require_parts() -> None:
    from importlib.util import find_spec

    missing = [name for name in _PARTS if find_spec(name) is None]
    if missing:
        raise MissingPart(
            f"expected {', '.join(missing)} to build data sets; pip install 'scorelock[dataset]'"
        )


def _build(args: argparse.Namespace) -> "Report":
    from scorelock.training.dataset.build import Job, build
    from scorelock.training.dataset.splits import parse_shares

    if args.workers is not None and args.workers < 1:
        raise BadSetting(f"expected --workers of 1 or more, got {args.workers}")
    job = Job(
        folder=args.folder,
        dataset=args.output,
        features=args.features,
        shares=parse_shares(args.split) if args.split else None,
        cluster=args.cluster,
        workers=args.workers,
        titles=args.titles,
        again=args.again,
        retry_failed=args.retry_failed,
    )
    shown = Console()
    try:
        return build(job, shown)
    except KeyboardInterrupt:
        shown.say(f"interrupted: what is done is kept in {args.output}; run it again to go on")
        raise


def _report(args: argparse.Namespace) -> "Report":
    from scorelock.training.dataset.build import BUILD, read_tables
    from scorelock.training.dataset.report import report_of, write_report
    from scorelock.training.dataset.store import open_store

    dataset = open_store(args.dataset)
    if dataset.read(BUILD) is None:
        raise BadSetting(
            f"expected a data set that scorelock dataset build made in {args.dataset}, found none"
        )
    with Console().step("counting") as progress:
        report = report_of(dataset, *read_tables(dataset), progress)
    write_report(dataset, report)
    return report


def _summary(report: "Report") -> dict[str, Any]:
    told = report.as_json()
    return {
        "songs": len(report.rows),
        "seconds": sum(row.seconds for row in report.rows),
        **{name: told[name] for name in ("splits", "left_out", "outliers", "same_music")},
    }


def _told(report: "Report", place: str) -> str:
    from scorelock.training.dataset.report import REPORT
    from scorelock.training.dataset.splits import SPLITS

    parts = [f"{sum(r.split == split for r in report.rows)} {split}" for split in SPLITS]
    hours = sum(row.seconds for row in report.rows) / 3600
    lines = [f"{len(report.rows)} songs, {hours:.2f} hours: {', '.join(parts)}"]
    if report.failed:
        kinds = _counted(report.kinds)
        lines.append(f"{len(report.failed)} left out: {kinds}; {place}/failed.csv says why of each")
    empty = [split for split in SPLITS if not report.seconds(split)]
    if empty:
        lines.append(f"no song for {' and '.join(empty)}: they come with more videos")
    lines.append(f"{place}/{REPORT}/report.md shows them beside MuVi-Sync")
    return "\n".join(lines)


def _counted(kinds: Any) -> str:  # noqa: ANN401 - a mapping or a Counter
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


class Console:
    """How it goes, on stderr: bars on a terminal, else a line every few percent."""

    def __init__(self) -> None:
        from rich.console import Console as Terminal

        self._terminal = Terminal(stderr=True)
        self._now = self._terminal.get_time
        self._failed: Counter[str] = Counter()
        self._bar: Progress | None = None
        self._todo = self._done = 0
        self._began = 0.0

    def say(self, line: str) -> None:
        """One line."""
        print(line, file=sys.stderr, flush=True)

    @contextmanager
    def begin(self, todo: int, kept: int) -> Iterator[None]:
        """Videos are worked on inside the block: so many, and so many need not be."""
        self._todo, self._began = todo, self._now()
        self.say(f"{todo} videos to watch and hear" + (f", {kept} are done already" * bool(kept)))
        with self._progress() as self._bar:
            self._bar.add_task("videos", total=todo)
            yield
        self._bar = None

    def done(self, done: Done) -> None:
        """One is."""
        self._done += 1
        if done.kind != SONG:
            self._failed[done.kind] += 1
        if self._bar is None:
            return
        left_out = f" (left out: {_counted(self._failed)})" if self._failed else ""
        told = f"{self._done} of {self._todo} videos{left_out}"
        self._bar.update(self._bar.task_ids[0], advance=1, description=told)
        steps = [_LINES * count // self._todo for count in (self._done - 1, self._done)]
        if not self._terminal.is_terminal and steps[0] != steps[1]:
            left_s = (self._now() - self._began) / self._done * (self._todo - self._done)
            self.say(f"{told}, {_span(left_s)} left")

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[float], None]]:
        """Something else goes on inside the block, which tells the share that is done, 0..1."""
        with self._progress() as bar:
            task = bar.add_task(what, total=1.0)
            yield lambda share: bar.update(task, completed=share)

    def _progress(self) -> "Progress":
        from rich.progress import Progress

        disable = not self._terminal.is_terminal
        return Progress(console=self._terminal, transient=True, disable=disable)


def _span(seconds: float) -> str:
    """A time that is left, in the two largest units."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
