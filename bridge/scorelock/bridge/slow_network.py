"""A network that is slow by another time for each message, and can be cut: for benches and tests.

It stands between a page and the desk on this machine, as a relay of TCP.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from typing import Final

_MOST: Final = 1 << 16
_HOST: Final = "127.0.0.1"


class SlowNetwork:
    """Passes on what comes, each way, after a delay from 0 to jitter_s; what came first is first.

    Attributes:
        port: where pages connect.
        jitter_s: seconds; may be set at any time.
    """

    def __init__(self, to_port: int, jitter_s: float, seed: int) -> None:
        self.jitter_s = jitter_s
        self.port = 0
        self._to_port = to_port
        self._random = Random(seed)
        self._whole, self._over = asyncio.Event(), asyncio.Event()
        self._whole.set()
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._listens = threading.Event()

    def start(self) -> None:
        """Take connections from now on."""
        self._thread.start()
        self._listens.wait()

    def cut(self) -> None:
        """Nothing passes any more, and nobody is told; who connects waits."""
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        """What waited passes, and the rest as before."""
        self._loop.call_soon_threadsafe(self._whole.set)

    def close(self) -> None:
        """End all connections."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, _HOST, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._listens.set()
        await self._over.wait()
        server.close()

    async def _connected(self, page: asyncio.StreamReader, to_page: asyncio.StreamWriter) -> None:
        to_desk = None
        with suppress(OSError, asyncio.CancelledError):
            desk, to_desk = await asyncio.open_connection(_HOST, self._to_port)
            await asyncio.gather(self._pass(page, to_desk), self._pass(desk, to_page))
        for writer in filter(None, (to_desk, to_page)):
            writer.close()

    async def _pass(self, come: asyncio.StreamReader, go: asyncio.StreamWriter) -> None:
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sender = asyncio.create_task(self._send(waiting, go))
        with suppress(ConnectionError):
            while data := await come.read(_MOST):
                due_s = self._loop.time() + self.jitter_s * self._random.random()
                waiting.put_nowait((due_s, self._readdressed(data)))
        waiting.put_nowait((self._loop.time(), b""))
        await sender

    async def _send(
        self, waiting: asyncio.Queue[tuple[float, bytes]], to: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while True:
                due_s, data = await waiting.get()
                await asyncio.sleep(max(0.0, due_s - self._loop.time()))
                await self._whole.wait()
                if not data:
                    break
                to.write(data)
                await to.drain()
        to.close()

    def _readdressed(self, data: bytes) -> bytes:
        """A request with the desk's own address in it: the desk heeds no other."""
        if not data.startswith((b"GET ", b"HEAD ")):
            return data
        return data.replace(f"{_HOST}:{self.port}".encode(), f"{_HOST}:{self._to_port}".encode())


@contextmanager
def slow_network(to_port: int, *, jitter_s: float = 0.0, seed: int = 0) -> Iterator[SlowNetwork]:
    """A relay to a port of this machine, until the end of the context."""
    network = SlowNetwork(to_port, jitter_s, seed)
    network.start()
    try:
        yield network
    finally:
        network.close()
