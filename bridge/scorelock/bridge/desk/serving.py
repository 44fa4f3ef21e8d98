"""The listeners: one on loopback, one in the network while players are let in."""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any, Final

import uvicorn
from h11 import IDLE, SEND_BODY
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State

from scorelock.bridge.desk.access import MOST_DESKS, MOST_PLAYERS
from scorelock.bridge.desk.addresses import address
from scorelock.bridge.desk.app import desk_app, players_app
from scorelock.bridge.desk.contract import Desk
from scorelock.bridge.desk.messages import MOST_BYTES
from scorelock.bridge.desk.sockets import DIRECT
from scorelock.engine.errors import PortError

LOOPBACK: Final = "127.0.0.1"
PORT: Final = 8765
TRIES: Final = 20
"""Ports that are tried, one after the other, where the user has not chosen one."""
PATIENCE_S: Final = 10.0
"""With a connection whose request does not come to an end."""
MOST_FILES: Final = 8192
"""That may be open: each connection is one, and so is what is written beside."""
GRACE_S: Final = 2
"""For what is being sent when the desk ends."""


class Web:
    """A desk in reach of browsers.

    Args:
        port: the desk's; 0 for any that is free, None for the first free one from 8765 on.
        address: of this machine, where players find it; None for all it has.
        debug: let the server tell what it does.
    """

    def __init__(
        self, port: int | None = None, address: str | None = None, debug: bool = False
    ) -> None:
        self._port, self._address = port, address
        self._level = "info" if debug else "critical"
        if debug:
            logging.basicConfig(level=logging.INFO)
        self._desk: Desk | None = None
        self._own: _Listener | None = None
        self._room: _Listener | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()

    def start(self, desk: Desk) -> str:
        """Serve the desk from now on: its address, "http://127.0.0.1:8765/".

        Raises:
            PortError: there is no free port.
        """
        _have_files()
        taken = bound(LOOPBACK, *((PORT, TRIES) if self._port is None else (self._port, 1)))
        self._desk = desk
        self._own = _Listener(desk_app(desk), taken, MOST_DESKS + MOST_PLAYERS, self._level)
        return f"{self.url}/"

    @property
    def url(self) -> str:
        """Where the desk is, "http://127.0.0.1:8765"."""
        assert self._own is not None
        return f"http://{LOOPBACK}:{self._own.port}"

    def open_network(self, on: bool) -> str | None:
        """Let players in, or no more: where they find us, "http://192.168.1.5:8766".

        The port is the next free one after the desk's, so that it is the same the next day.

        Raises:
            PortError: there is no network, or no free port.
        """
        if self._room is not None:
            closing = asyncio.ensure_future(self._room.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
            self._room = None
        if not on:
            return None
        assert self._desk is not None
        assert self._own is not None
        found = self._address or address()
        taken = bound(self._address or "", self._own.port + 1, TRIES)
        name = socket.gethostname().lower()
        app = players_app(self._desk, frozenset({name, f"{name}.local"}))
        self._room = _Listener(app, taken, MOST_PLAYERS, self._level)
        return f"http://{f'[{found}]' if ':' in found else found}:{self._room.port}"

    async def until_ended(self) -> None:
        """Wait for Ctrl-C, the signal to end, or `end`."""
        with _signals(self.end):
            await self._ended.wait()

    def end(self) -> None:
        """Have `until_ended` return; on the loop's thread."""
        self._ended.set()

    async def close(self) -> None:
        """End in order: pages are told that the desk will be back (1012)."""
        listeners = [each for each in (self._room, self._own) if each is not None]
        self._room = self._own = None
        await asyncio.gather(*(each.close() for each in listeners), *self._closing)


def show(url: str) -> bool:
    """Open a browser at the page; whether there is a screen for one."""
    if sys.platform == "linux" and not {"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys():
        return False  # it would be a text browser, in the terminal that Scorelock speaks in
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
    return True


def bound(address: str, port: int, tries: int) -> socket.socket:
    """A socket that listens at the first of so many ports that is free.

    Raises:
        PortError: none is, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    last = min(port + tries - 1, 65535)
    for each in range(port, last + 1):
        try:
            return socket.create_server((address, each), family=family, backlog=2048)
        except OSError as err:
            if err.errno != errno.EADDRINUSE:
                raise PortError(
                    f"expected to listen at {address or 'all addresses'}, port {each}, got: "
                    f"{err.strerror}; choose others with --address and --port"
                ) from err
    ports = f"port {port}" if last == port else f"one of the ports {port} to {last}"
    raise PortError(
        f"expected {ports} to be free, another program listens there; end it, or choose another "
        "port with --port"
    )


def _have_files() -> None:
    """Let more files be open than the usual 1024, as far as the system has it."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
        if soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class _Listener:
    """A server that runs in the loop; its socket takes connections from the start."""

    def __init__(self, app: ASGIApp, taken: socket.socket, most: int, level: str) -> None:
        config = uvicorn.Config(
            app,
            loop="none",
            http=_Http,
            ws=_Protocol,
            ws_max_size=MOST_BYTES,
            ws_per_message_deflate=False,  # on one network; it would cost each page its own packing
            lifespan="off",
            log_config=None,
            log_level=level,
            access_log=False,
            proxy_headers=False,  # nobody may say that it is somebody else
            server_header=False,
            limit_concurrency=most + 256,  # those who load a page have no seat yet
            timeout_graceful_shutdown=GRACE_S,
        )
        self.port: int = taken.getsockname()[1]
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve(sockets=[taken]))

    async def close(self) -> None:
        """Take no more, close what is open, and wait for it."""
        self._server.should_exit = True
        await self._task


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Leave them alone: there are two servers in the loop, and one end."""
        return nullcontext()


class _Http(H11Protocol):
    """Uvicorn's, but who begins to ask has to come to an end: else the connection of one who says a
    letter now and then is kept for ever, and there are only so many.
    """

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._waited()
        super().connection_lost(exc)

    def _wait(self) -> None:
        is_socket = self.transport.get_protocol() is not self
        if is_socket or self.conn.their_state not in (IDLE, SEND_BODY):  # all of a request is there
            self._waited()
        elif self._patience is None:
            self._patience = self.loop.call_later(PATIENCE_S, self.transport.abort)

    def _waited(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class _Protocol(WebSocketsSansIOProtocol):
    """Uvicorn's, with a shorter way out: to five hundred players it is a tenth of the work. And it
    can be broken off, for its close waits for a page that does not read.
    """

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            direct: dict[object, object] = {"push": self._push, "abort": self.transport.abort}
            self.scope["extensions"][DIRECT] = direct

    def _push(self, text: bytes) -> bool:
        if self.conn.state is not State.OPEN or not self.writable.is_set():
            return False
        self.conn.send_text(text)
        self.transport.write(b"".join(self.conn.data_to_send()))
        return True


@contextmanager
def _signals(end: Callable[[], None]) -> Iterator[None]:
    """Have the first signal to end call `end`; the second does what it always did."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[int, Any] = {}

    def restore() -> None:
        while before:
            signal.signal(*before.popitem())

    def ended(number: int, frame: object) -> None:
        restore()
        loop.call_soon_threadsafe(end)

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, ended)
    try:
        yield
    finally:
        restore()
