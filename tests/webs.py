"""A desk with nothing behind it, served for real: its loop runs in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from scorelock.bridge.clock import Clock, ManualClock
from scorelock.bridge.desk.audience import Audience, Page, Role
from scorelock.bridge.desk.messages import Ask, Redo, Undo, Welcome
from scorelock.bridge.desk.serving import Web
from scorelock.engine.errors import BadSetting, UnreadableFilm

T = TypeVar("T")
TOKEN = "the-token"


@dataclass
class FakeDesk:
    """Remembers what it heard; `Undo` cannot be done, `Redo` is a fault of ours."""

    film: Path
    clock: Clock = field(default_factory=ManualClock)
    heard_all: list[Ask] = field(default_factory=list)
    score: bytes = b'{"version": 1}'
    etag: str = "1"
    open: bool = True
    thumbs_asked: list[int] = field(default_factory=list)
    thumb_gate: asyncio.Event = field(default_factory=asyncio.Event)
    thumbs_given_up: int = 0

    def __post_init__(self) -> None:
        self.audience = Audience(self.clock)

    def welcome(self, role: Role) -> Welcome:
        return Welcome("run", role, self.film.name, 10.0, 25.0, "/film")

    def heard(self, ask: Ask, page: Page) -> None:
        self.heard_all.append(ask)
        if isinstance(ask, Undo):
            raise BadSetting("expected a step to take back, there is none; make one")
        if isinstance(ask, Redo):
            raise KeyError("a fault of ours")

    def score_json(self, role: Role) -> tuple[str, bytes]:
        return f"{role}-{self.etag}", self.score + f" {role}".encode()

    def formats(self) -> list[tuple[str, str]]:
        return [(".mid", "MIDI"), (".cue.csv", "a table")]

    async def export(self, name: str) -> Path:
        if name.startswith("fails"):
            raise BadSetting("expected a score, there is none; wait")
        path = self.film.parent / "exports" / "1" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(b"notes")
        return path

    async def thumb(self, second: int) -> Path:
        self.thumbs_asked.append(second)
        if second == 404:
            raise UnreadableFilm("expected a picture, found none; ask for another")
        try:
            if second == 99:
                await self.thumb_gate.wait()
        except asyncio.CancelledError:
            self.thumbs_given_up += 1
            raise
        return self.film.parent / "thumb.jpg"

    def qr_svg(self) -> bytes | None:
        return b"<svg/>" if self.open else None

    def admits(self, token: str) -> bool:
        return self.open and token == TOKEN


class Served:
    """The desk while it is served.

    Attributes:
        desk: what is behind it.
        url: where it is, such as "http://127.0.0.1:40001"; room: where players find it.
    """

    def __init__(self, desk: FakeDesk, loop: asyncio.AbstractEventLoop, web: Web) -> None:
        self.desk, self.web, self._loop = desk, web, loop
        self.url = web.url
        self.room = self.call(lambda: web.open_network(True)) or ""

    def call(self, what: Callable[[], T]) -> T:
        """Have something done on the loop's thread."""

        async def done() -> T:
            return what()

        return asyncio.run_coroutine_threadsafe(done(), self._loop).result(10)


@contextmanager
def served(desk: FakeDesk) -> Iterator[Served]:
    """Serve it on ports that are free."""
    ready: list[tuple[asyncio.AbstractEventLoop, Web]] = []
    started = threading.Event()

    async def main() -> None:
        web = Web(port=0, address="127.0.0.1")
        try:
            web.start(desk)
            ready.append((asyncio.get_running_loop(), web))
            started.set()
            await web.until_ended()
        finally:
            started.set()
            await web.close()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    try:
        assert started.wait(10)
        ((loop, web),) = ready
        yield Served(desk, loop, web)
    finally:
        if ready:
            ready[0][0].call_soon_threadsafe(ready[0][1].end)
        thread.join(20)
    assert not thread.is_alive()
