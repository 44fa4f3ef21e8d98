"""Whether a desk that is left open fills the memory: hours of a rehearsal, on a manual clock.

The real desk, room, audience, follower and house transport, without threads that play, processes or
sockets, so that eight hours go by in minutes and what is counted is what Python holds.
"""

import argparse
import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.commands.desk import add_desk_arguments
from scorelock.bridge.console import say
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.desk.audience import Role
from scorelock.bridge.desk.desk import Desk, Setup
from scorelock.bridge.desk.messages import (
    Ask,
    Halt,
    Locate,
    Loop,
    MarkTake,
    OpenRoom,
    Play,
    RemoveTake,
    SetMarker,
    Speed,
)
from scorelock.bridge.desk.outs import Found
from scorelock.bridge.desk.parts import parts_of
from scorelock.bridge.desk.score_file import Film
from scorelock.bridge.outputs import SilentOut
from scorelock.bridge.routing import Routing
from scorelock.bridge.stage.manual import ManualStage
from scorelock.bridge.stage.orders import HOUSE, Setting

HOURS: Final = 8
PLAYERS: Final = 19
_FILM_S: Final = 12
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_MIB: Final = 1 << 20


def measure(hours: int = HOURS) -> dict[str, Any]:
    """Rehearse that long, with a conductor's page and players who come and go.

    Returns:
        "hours_mib": what Python held after each hour, in MiB; "grown_mib": after the last hour more
        than after the first; "messages" that pages were sent; "ours", "other" and "ratio": the
        last, the first, and their ratio; "what" that is in a line.
    """
    with TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        draw_demo_film(film, seconds=_FILM_S, size=(320, 180))
        hours_mib, messages = asyncio.run(_rehearsal(film, hours))
    first, last = hours_mib[0], hours_mib[-1]
    return {
        "hours_mib": hours_mib,
        "grown_mib": last - first,
        "messages": messages,
        "ours": last,
        "other": first,
        "ratio": first / last,
        "what": f"memory of the desk after {hours} hours of play; other: after the first",
    }


def rows(result: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The result as a row of bench, ours, other, ratio and what."""
    ours, other = (f"{result[way]:.2f} MiB" for way in ("ours", "other"))
    yield "memory", ours, other, f"{result['ratio']:.3f}", result["what"]


@dataclass(eq=False, slots=True)
class _Page:
    """A browser that reads all it is sent."""

    role: Role
    messages: int = 0

    def send(self, data: bytes) -> None:
        self.messages += 1


async def _rehearsal(film: Path, hours: int) -> tuple[list[float], int]:
    tracemalloc.start()
    desk, stage, clock = _opened(film)
    conductor = _Page("desk")
    players = [_Page("player") for _ in range(PLAYERS)]
    for page in (conductor, *players):
        desk.audience.join(page)
    desk.start()
    while desk.score_json("desk")[0].endswith("-0"):
        await asyncio.sleep(0.01)
    desk.heard(OpenRoom(True), conductor)
    hours_mib: list[float] = []
    for second in range(hours * _HOUR_S):
        for ask in _asks(second):
            desk.heard(ask, conductor)
        if second % _MINUTE_S == 0:
            desk.audience.leave(players.pop(0))
            players.append(_Page("player"))
            desk.audience.join(players[-1])
        await asyncio.sleep(0)
        stage.advance_to(clock.now() + 1)
        await asyncio.sleep(0)
        if (second + 1) % _HOUR_S == 0:
            gc.collect()
            hours_mib.append(tracemalloc.get_traced_memory()[0] / _MIB)
            say(f"hour {len(hours_mib)}: {hours_mib[-1]:.2f} MiB")
    tracemalloc.stop()
    await desk.close()
    return hours_mib, conductor.messages


def _opened(film: Path) -> tuple[Desk, ManualStage, ManualClock]:
    parser = argparse.ArgumentParser()
    add_desk_arguments(parser)
    args = parser.parse_args([str(film)])
    store = CueStore.of(film)
    history = store.compose(args)
    store.write(history)
    seen, clock = history.cue.features.film, ManualClock()
    told = Film(film.name, seen.duration_s, float(seen.rate.fps), "00:00:00:00", 0.0)
    setup = Setup(store, args, told, None, history, parts_of(Routing.parse([])), "none")
    setting = Setting(seen.rate, lead=HOUSE, out="none")
    stage = ManualStage(setting, clock, lambda name: SilentOut())
    return (
        Desk(setup, stage, clock, lambda on: "http://192.0.2.2" * on or None, Found),
        stage,
        clock,
    )


def _asks(second: int) -> Iterator[Ask]:
    """What a conductor does all day: every five minutes another passage, and a take of it."""
    minute, rest = divmod(second, _MINUTE_S)
    if rest == 0 and minute % 5 == 0:
        number = minute // 5
        start_s = float(number % 4)
        yield from (Halt(), Loop((start_s, _FILM_S - 1.0)), Speed((0.5, 1.0, 1.25)[number % 3]))
        yield from (SetMarker(start_s, f"take {number}"), Locate(start_s), Play(count_in_bars=1))
    elif rest == 30 and minute % 5 == 4:
        number = minute // 5
        yield from (MarkTake("once more"), RemoveTake(max(1, number - 2)))
        yield SetMarker(float(number % 4), "")
