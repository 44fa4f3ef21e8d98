"""From a folder of videos to a data set: found, worked on where that is still to be done, gathered.

What a build needs to go on is in the data set itself: the shelf, the two tables, and `build.json`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast, get_args

from filelock import FileLock, Timeout

from scorelock.engine import muvisync
from scorelock.engine.errors import BadSetting
from scorelock.training.dataset.gather import DUPLICATE, gather
from scorelock.training.dataset.make import DISK, UNREADABLE, Equipment, work
from scorelock.training.dataset.order import Done, FeatureKind, Order
from scorelock.training.dataset.report import Report, report_of, write_report
from scorelock.training.dataset.shelf import SHELF, Shelf
from scorelock.training.dataset.song import Failed
from scorelock.training.dataset.splits import SHARES, Shares
from scorelock.training.dataset.store import Store, local_path, open_store
from scorelock.training.dataset.tables import (
    FAILED,
    SONGS,
    Row,
    read_failed,
    read_songs,
    read_titles,
)
from scorelock.training.dataset.trouble import DiskFull
from scorelock.training.dataset.videos import Videos, find_videos
from scorelock.training.dataset.workers import LOST, Work, run_orders

BUILD: Final = "build.json"
"""Marks a data set of ours, and says how it was asked for."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the user asks for.

    Attributes:
        folder: path or URL of the videos.
        dataset: path or URL of the data set.
        features: what is to be seen; None for what the data set has, else the picture's.
        shares: of the splits; None for what the data set has, else `SHARES`.
        cluster: address of a Dask scheduler; None for processes on this machine.
        workers: how many of those; None for one a core.
        titles: a table of songs' titles.
        again: make every song anew.
        retry_failed: try those again that gave none.
    """

    folder: str
    dataset: str
    features: FeatureKind | None = None
    shares: Shares | None = None
    cluster: str | None = None
    workers: int | None = None
    titles: Path | None = None
    again: bool = False
    retry_failed: bool = False


class Shown(Protocol):
    """Where the user sees how it goes."""

    def say(self, line: str) -> None:
        """One line."""

    def begin(self, todo: int, kept: int) -> AbstractContextManager[None]:
        """Videos are worked on inside the block: so many, and so many need not be."""

    def done(self, done: Done) -> None:
        """One is."""

    def step(self, what: str) -> AbstractContextManager[Callable[[float], None]]:
        """Something else goes on inside the block, which tells the share that is done, 0..1."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `build.json` holds."""

    features: FeatureKind
    shares: Shares

    @classmethod
    def read(cls, dataset: Store) -> "_Asked | None":
        """None where nothing was built yet.

        Raises:
            BadSetting: it is damaged, or there is something else in the place.
        """
        content = dataset.read(BUILD)
        if content is None:
            if dataset.names() or dataset.names(muvisync.SPLITS) or dataset.names(muvisync.CHORDS):
                raise BadSetting(
                    f"expected an empty place or a data set that was built here, found other files "
                    f"in {dataset.url}; choose another place with -o"
                )
            return None
        try:
            told = json.loads(content)
            train, val, test = map(float, told["shares"])
            if told["features"] not in get_args(FeatureKind):
                raise ValueError(told["features"])
        except (ValueError, KeyError, TypeError) as err:
            raise BadSetting(
                f"expected {dataset.at(BUILD)} as scorelock wrote it, got a damaged one; delete it "
                "and give --features and --split again"
            ) from err
        return cls(cast(FeatureKind, told["features"]), (train, val, test))

    def write(self, dataset: Store) -> None:
        told = {"features": self.features, "shares": self.shares}
        dataset.write(BUILD, f"{json.dumps(told)}\n".encode())


def build(job: Job, shown: Shown, work: Work = work) -> Report:
    """Build or go on with a data set.

    Raises:
        BadSetting: there are no videos, none can be used, or the place holds something else.
        MissingPart: a model or a program is not there.
        BadPlace, DiskFull: a folder cannot be read or written; what is done is kept.
        ClusterGone: see `run_orders`.
    """
    folder, dataset = open_store(job.folder), open_store(job.dataset)
    earlier = _Asked.read(dataset)
    features = job.features or (earlier.features if earlier else "picture")
    shares = job.shares or (earlier.shares if earlier else SHARES)
    titles = _titles(job.titles)
    equipment = Equipment.of(features)
    with _alone(dataset):
        dataset.sweep()
        rows, failed = read_tables(dataset)
        known = {one.source: one.id for one in failed if one.id}
        known |= {row.source: row.id for row in rows}
        with shown.step(f"looking into {job.folder}"):
            videos = find_videos(folder, _inside(folder, dataset), known)
        _require_any(videos, job.folder)
        # Shares that are asked for anew count from the moment that songs are parted by them.
        _Asked(features, earlier.shares if earlier else shares).write(dataset)
        orders = _orders(videos, dataset, features, equipment)
        _make(job, orders, equipment, shown, work)
        _say_gone(rows, orders, shown)
        _say_titles(titles, orders, shown)
        same = earlier is None or earlier.shares == shares
        stay = {row.id: row.split for row in rows if same}
        with shown.step("gathering") as progress:
            rows, failed = gather(dataset, orders, _left(videos), titles, shares, stay, progress)
        _Asked(features, shares).write(dataset)
        with shown.step("counting") as progress:
            report = report_of(dataset, rows, failed, progress)
        write_report(dataset, report)
    if not rows:
        told = ", ".join(f"{count} {kind}" for kind, count in report.kinds.items())
        raise BadSetting(
            f"expected music videos in {job.folder}, none can be used: {told}; "
            f"{dataset.at(FAILED)} says why of each"
        )
    return report


def _orders(
    videos: Videos, dataset: Store, features: FeatureKind, equipment: Equipment
) -> list[Order]:
    return [
        Order(
            id=video.id,
            source=video.url,
            name=video.name,
            shelf=dataset.at(SHELF),
            features=features,
            model=equipment.model,
            stamp=video.stamp,
        )
        for video in videos.videos
    ]


def read_tables(dataset: Store) -> tuple[Sequence[Row], Sequence[Failed]]:
    """The rows of a data set's tables, none where there are none.

    Raises:
        BadSetting: they are damaged.
    """
    return (
        read_songs(dataset.read(SONGS), dataset.at(SONGS)),
        read_failed(dataset.read(FAILED), dataset.at(FAILED)),
    )


def _make(
    job: Job, orders: Sequence[Order], equipment: Equipment, shown: Shown, work: Work
) -> None:
    """See to it that the shelf has something of every order."""
    shelf = Shelf(open_store(orders[0].shelf))
    shelf.folder.sweep()
    with shown.step("looking at what is done") as progress:
        todo = list(_to_make(job, orders, shelf, progress))
    if not todo:
        return
    by_id = {order.id: order for order in todo}
    answers = run_orders(
        todo,
        work,
        cluster=job.cluster,
        workers=job.workers,
        files=equipment.files,
        models=equipment.models,
    )
    with shown.begin(len(todo), len(orders) - len(todo)), closing(answers):
        for done in answers:
            if done.kind == DISK:
                raise DiskFull(f"{done.reason}; what is done is kept")
            if done.kind == LOST:
                order = by_id[done.id]
                shelf.put(order, Failed(order.id, order.name, done.kind, done.reason))
            shown.done(done)


def _to_make(
    job: Job, orders: Sequence[Order], shelf: Shelf, progress: Callable[[float], None]
) -> Iterator[Order]:
    there = shelf.ids()
    for done, order in enumerate(orders):
        progress(done / len(orders))
        made = None if job.again or order.id not in there else shelf.find(order)
        if made is None or (job.retry_failed and isinstance(made, Failed)):
            yield order


def _left(videos: Videos) -> list[Failed]:
    """What was found and is no order."""
    links = [
        Failed("", name, DUPLICATE, f"a link to {first}") for name, first in videos.links.items()
    ]
    return links + [Failed("", name, UNREADABLE, why) for name, why in videos.unread.items()]


def _require_any(videos: Videos, folder: str) -> None:
    if not videos.videos:
        why = "".join(f"; {name}: {reason}" for name, reason in list(videos.unread.items())[:3])
        raise BadSetting(f"expected videos in {folder}, found none{why}; choose another folder")


def _inside(folder: Store, dataset: Store) -> tuple[str, ...]:
    """The data set's name in the folder, where it is in there."""
    inner, outer = local_path(dataset.url), local_path(folder.url)
    if inner is not None and outer is not None:
        inner, outer = inner.resolve(), outer.resolve()
        return (inner.relative_to(outer).as_posix(),) if inner.is_relative_to(outer) else ()
    prefix = f"{folder.url}/"
    return (dataset.url.removeprefix(prefix),) if dataset.url.startswith(prefix) else ()


def _titles(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    try:
        return read_titles(path.read_bytes(), str(path))
    except OSError as err:
        raise BadSetting(
            f"expected a table of titles at {path}, got: {err.strerror}; check --titles"
        ) from err


def _say_gone(rows: Sequence[Row], orders: Sequence[Order], shown: Shown) -> None:
    gone = {row.source for row in rows} - {order.name for order in orders}
    if gone:
        shown.say(
            f"{len(gone)} songs have no video any more ({sorted(gone)[0]} first): they leave the "
            f"data set, and stay in {SHELF}"
        )


def _say_titles(titles: Mapping[str, str], orders: Sequence[Order], shown: Shown) -> None:
    unknown = titles.keys() - {order.name for order in orders}
    if unknown:
        shown.say(f"{len(unknown)} titles are of no video here, such as {sorted(unknown)[0]}")


@contextmanager
def _alone(dataset: Store) -> Iterator[None]:
    """See that no other build of this machine writes to the data set."""
    path = local_path(dataset.url)
    if path is None:
        yield
        return
    with ExitStack() as stack:
        try:
            (path / SHELF).mkdir(parents=True, exist_ok=True)
            stack.enter_context(FileLock(path / SHELF / ".lock", timeout=0))
        except Timeout as err:
            raise BadSetting(
                f"expected to be alone in {path}, another build is at work there; wait for it"
            ) from err
        except OSError as err:
            raise BadSetting(
                f"expected a place to build in {path}, got: {err.strerror}; choose another with -o"
            ) from err
        yield
