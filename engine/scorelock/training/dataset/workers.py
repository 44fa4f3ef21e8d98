"""Gives orders to workers, few at a time, and takes their answers, whatever becomes of a worker."""

import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from itertools import islice
from typing import Final

from distributed import Client, Future, KilledWorker, wait

from scorelock.engine.errors import ScorelockError
from scorelock.training.dataset.cluster import PLUGIN, Kit, reach, running
from scorelock.training.dataset.order import Done, Order

LOST: Final = "lost"
"""The kind of a `Done` whose worker died, and died again."""
_LOST_WHY: Final = (
    "its worker died each time, of a decoder that fails or for want of memory; convert the video "
    "with ffmpeg, or give more memory to each worker"
)
_LOOK_EVERY_S: Final = 60  # for workers, while no answer comes
Work = Callable[[Order], Done]


class ClusterGone(ScorelockError):
    """The cluster went away in the middle."""


def run_orders(
    orders: Sequence[Order],
    work: Work,
    *,
    cluster: str | None = None,
    workers: int | None = None,
    files: Mapping[str, bytes] | None = None,
    models: tuple[str, ...] = (),
) -> Generator[Done, None, None]:
    """Have every order worked on, one a process at a time, and give the answers as they come.

    An order whose worker dies is given out once more; if that one dies, too, it is "lost" and the
    rest goes on. What `work` raises ends all, and so does closing this iterator: close it, so that
    no process is left behind.

    Args:
        orders: as many as there are; only as many as there are workers are on their way.
        work: a function of a module, which every worker imports.
        cluster: the address of a Dask scheduler; None for workers on this machine.
        workers: how many on this machine; None for one a core.
        files: of models that are sent to workers that lack them, "MODEL/FILE" -> bytes.
        models: that every worker must have kept.

    Raises:
        BadSetting: there is no cluster, it has no worker, or it runs something else.
        MissingPart: workers lack Scorelock or a model.
        ClusterGone: it went away; what is done is kept.
    """
    if not orders:
        return
    kit = Kit(files or {}, models, running())
    with reach(cluster, workers, kit, work.__module__) as client:
        try:
            yield from Round(client, work).answers(orders)
        except (CancelledError, OSError) as err:
            raise ClusterGone(
                f"expected {cluster or 'the workers of this machine'} to stay, it went away; what "
                "is done is kept: run it again to go on"
            ) from err
        finally:
            with suppress(Exception):
                client.unregister_worker_plugin(PLUGIN)


class Round:
    """One run over orders; as many are on their way as the cluster has threads just then, or fewer.

    Raises as `run_orders` does once it runs.
    """

    def __init__(self, client: Client, work: Work, most: int = sys.maxsize) -> None:
        """See `run_orders`; `most` are on their way at a time."""
        self._client = client
        self._work = work
        self._most = most
        self._given: dict[Future[Done], Order] = {}
        self._again: set[str] = set()

    def answers(self, orders: Sequence[Order]) -> Iterator[Done]:
        """What became of each, as they come."""
        rest = iter(orders)
        self._give(rest)
        while self._given:
            for future in self._ready():
                done = self._answer(future)
                self._give(rest)
                if done is not None:
                    yield done

    def _give(self, rest: Iterator[Order]) -> None:
        free = min(self._most, sum(self._client.nthreads().values())) - len(self._given)
        for order in islice(rest, max(free, 0 if self._given else 1)):
            self._submit(order)

    def _submit(self, order: Order) -> None:
        self._given[self._client.submit(self._work, order, pure=False)] = order

    def _ready(self) -> "Iterable[Future[Done]]":
        while True:
            try:
                given = list(self._given)
                ready: set[Future[Done]] = wait(given, _LOOK_EVERY_S, "FIRST_COMPLETED").done
                return ready
            except TimeoutError:
                self._require_workers()

    def _require_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=_LOOK_EVERY_S)
        except TimeoutError as err:
            raise ClusterGone(
                f"expected workers in the cluster, none has been there for {_LOOK_EVERY_S} s; what "
                "is done is kept: start some and run it again to go on"
            ) from err

    def _answer(self, future: "Future[Done]") -> Done | None:
        """What became of an order; None where it was given out again."""
        order = self._given.pop(future)
        try:
            done: Done = future.result()
        except KilledWorker as err:
            if order.id not in self._again and not err.allowed_failures:
                self._again.add(order.id)
                self._submit(order)
                return None
            return Done(order.id, LOST, _LOST_WHY, 0.0)
        return done
