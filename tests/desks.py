"""A desk without web and without a process that plays: what it is asked, orders, and tells."""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.commands.desk import add_desk_arguments, film_of
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk.audience import Role
from scorelock.bridge.desk.desk import Desk, Setup
from scorelock.bridge.desk.messages import Ask
from scorelock.bridge.desk.outs import Found
from scorelock.bridge.desk.parts import parts_of
from scorelock.bridge.desk.score_file import Film
from scorelock.bridge.routing import Routing
from scorelock.bridge.stage.orders import Load, Order, OutIs, Ready, TakeOut, Told
from scorelock.bridge.stage.stage import Stage

PATIENCE_S = 180.0  # of a machine that does much else
T = TypeVar("T")


class FakeStage:
    """Keeps what it is ordered, and takes every output that it is told to."""

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.closed = False
        self.tell: Callable[[Told], None] = lambda told: None

    def start(self, hearer: Callable[[Told], None]) -> None:
        self.tell = hearer
        hearer(Ready("127.0.0.1:9000", None))

    def order(self, order: Order) -> None:
        self.orders.append(order)
        if isinstance(order, TakeOut):
            self.tell(OutIs(order.out))

    def close(self) -> None:
        self.closed = True

    def of(self, kind: type[T]) -> list[T]:
        """The orders of a kind."""
        return [order for order in self.orders if isinstance(order, kind)]

    @property
    def load(self) -> Load:
        """What it plays now."""
        return self.of(Load)[-1]


class FakePage:
    """Keeps what it is told."""

    def __init__(self, desk: Desk, role: Role = "desk") -> None:
        self.role: Role = role
        self.told: list[dict[str, Any]] = []
        self._desk = desk
        desk.audience.join(self)

    def send(self, data: bytes) -> None:
        self.told.append(json.loads(data))

    def asks(self, *asks: Ask) -> None:
        """Say so much to the desk."""
        for ask in asks:
            self._desk.heard(ask, self)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What it was told of a kind."""
        return [message for message in self.told if message["kind"] == kind]

    def newest(self, kind: str) -> dict[str, Any]:
        """The last word of a kind."""
        return self.of(kind)[-1]

    async def until(self, told: Callable[[], bool]) -> None:
        """Wait until something holds."""
        async with asyncio.timeout(PATIENCE_S):
            while not told():
                await asyncio.sleep(0.005)

    async def hears(self, kind: str) -> dict[str, Any]:
        """Wait for the next message of a kind."""
        before, troubles = len(self.of(kind)), len(self.of("trouble"))
        await self.until(lambda: len(self.of(kind)) > before or len(self.of("trouble")) > troubles)
        assert len(self.of(kind)) > before, self.newest("trouble")["words"]
        return self.newest(kind)

    async def whole(self) -> dict[str, Any]:
        """Wait until there is a score, not a draft."""
        await self.until(lambda: bool(self.of("cue_is")) and not self.newest("cue_is")["draft"])
        return self.newest("cue_is")

    async def gets(self, ask: Ask, kind: str = "cue_is") -> dict[str, Any]:
        """Say it, and wait for what comes of it."""
        hearing = asyncio.ensure_future(self.hears(kind))
        await asyncio.sleep(0)
        self.asks(ask)
        return await hearing

    def score(self) -> dict[str, Any]:
        """As it is now."""
        score: dict[str, Any] = json.loads(self._desk.score_json(self.role)[1])
        return score


class Rig:
    """A desk, what plays, the time, and the first page."""

    def __init__(self, desk: Desk, stage: Stage, clock: ManualClock) -> None:
        self.desk, self.clock = desk, clock
        self._stage = stage
        self.page = FakePage(desk)

    @property
    def stage(self) -> FakeStage:
        assert isinstance(self._stage, FakeStage)
        return self._stage


def options(film: Path, *words: str) -> argparse.Namespace:
    """As `scorelock desk FILM WORDS` reads them."""
    parser = argparse.ArgumentParser()
    add_desk_arguments(parser)
    return parser.parse_args([str(film), "--device", "cpu", *words])


def setup_of(film: Path, *words: str) -> Setup:
    """What a desk of a film is opened with."""
    store = CueStore.of(film)
    history, duration_s, rate = film_of(store)
    about = Film(film.name, duration_s, float(rate.fps), "00:00:00:00", 0.0)
    parts = parts_of(Routing.parse([]))
    return Setup(store, options(film, *words), about, None, history, parts, None)


@asynccontextmanager
async def a_desk(film: Path, *words: str, stage: Stage | None = None) -> AsyncIterator[Rig]:
    """The desk of a film, open."""
    clock, plays = ManualClock(), stage or FakeStage()
    found = Found(("Synth", "Piano"), True)
    desk = Desk(setup_of(film, *words), plays, clock, lambda on: None, lambda: found)
    rig = Rig(desk, plays, clock)
    desk.start()
    try:
        yield rig
    finally:
        await desk.close()
