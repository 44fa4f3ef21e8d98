"""Work for a cluster's workers that costs nothing; what it does is said by the order's name."""

import os
import signal
import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from training.dataset.made_songs import made_song

from scorelock.training.dataset.order import SONG, Done, Order
from scorelock.training.dataset.shelf import Shelf
from scorelock.training.dataset.store import fetch, open_store

KILLS = "kills"
"""The worker dies of it, every time."""
KILLS_ONCE = "kills once"
"""The worker dies of the first try."""
WAITS = "waits"
"""Until there is the file "go" on the shelf."""
RAISES = "raises"
"""What no video should be able to do."""


def orders(shelf: Path, *names: str) -> list[Order]:
    """Orders 0, 1, ... with these names, whose songs go to a folder."""
    return [
        Order(str(index), f"/films/{index}.mp4", name, str(shelf), "picture", "model", "stamp")
        for index, name in enumerate(names)
    ]


def work(order: Order) -> Done:
    """Note the process, do what the order's name says, put a song on the shelf."""
    shelf = Path(order.shelf)
    tries = shelf / f"{order.id}.tries"
    with tries.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if order.name == KILLS or (order.name == KILLS_ONCE and len(tries.read_text().split()) == 1):
        os.kill(os.getpid(), signal.SIGKILL)
    if order.name == RAISES:
        raise ZeroDivisionError(order.id)
    while order.name == WAITS and not (shelf / "go").exists():
        threading.Event().wait(0.01)
    (shelf / f"{order.id}.song").write_text(order.id)
    return Done(order.id, SONG, "", 1.0)


def song(order: Order) -> Done:
    """A song of a video whose content is its name; source and shelf may be anywhere."""
    with fetch(order.source) as path:
        made = made_song(order.id, sha256=path.read_text())
    Shelf(open_store(order.shelf)).put(order, replace(made, source=order.name))
    return Done(order.id, SONG, "", 12.0)


def tries(shelf: Path, order_id: str) -> list[int]:
    """The processes that began an order, in turn."""
    path = shelf / f"{order_id}.tries"
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def alive(pids: Iterable[int]) -> list[int]:
    """Those of the processes that are there."""
    found = []
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        found.append(pid)
    return found
