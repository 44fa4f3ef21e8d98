"""Work that may hang for ever: a decoder without end, a disk or a store that answers no more."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread
from typing import Final, TypeVar

from scorelock.engine.errors import ScorelockError

T = TypeVar("T")

PATIENCE_S: Final = 60.0
"""Work that gives no sign of life for so long hangs. Disks that spin up, and machines with more to
do than they can, take less."""
SLOWEST: Final = 10e6
"""Bytes a second of a slow disk: a whole file may be read before there is anything to show."""


class Stalled(ScorelockError):
    """Something hangs."""


def patience_s(path: Path) -> float:
    """How long work on a file may give no sign of life, in seconds."""
    return PATIENCE_S + path.stat().st_size / SLOWEST


def unless_stalled(
    work: Callable[[], T],
    wanted: str,
    patience_s: float | None = None,
    sign: Callable[[], object] = lambda: None,
) -> T:
    """Do some work, for as long as it takes, unless it hangs.

    It is done in a thread of its own. One that hangs cannot be ended: it is left behind, and does
    not keep its process from ending.

    Args:
        work: to be done; what it raises is raised.
        wanted: what is expected, for the user.
        patience_s: seconds in which `sign` must change, None for `PATIENCE_S`. It is looked at as
            often, so that what hangs does so for up to twice as long.
        sign: of life.

    Raises:
        Stalled: it hangs.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as err:
            result.set_exception(err)

    patience_s = PATIENCE_S if patience_s is None else patience_s
    Thread(target=run, daemon=True).start()
    last = sign()
    while not wait([result], patience_s).done:
        before, last = last, sign()
        if last == before:
            raise stalled(wanted, patience_s)
    return result.result()


def stalled(wanted: str, patience_s: float) -> Stalled:
    """What to say of it."""
    return Stalled(
        f"expected {wanted}, nothing came for {patience_s:.0f} s; see whether it plays and its "
        "disk answers, then try it again"
    )
