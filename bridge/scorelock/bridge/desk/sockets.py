"""A page's socket: what it says is checked, what it is told waits in line until it reads."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypedDict

import msgspec
from starlette.responses import PlainTextResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from scorelock.bridge.desk.access import DESK_RATE, PLAYER_RATE, Bucket, Seats
from scorelock.bridge.desk.audience import Role, encode
from scorelock.bridge.desk.contract import Desk
from scorelock.bridge.desk.messages import Ask, Ping, PlayerAsk, Pong, Trouble, kind_of
from scorelock.engine.errors import ScorelockError

DIRECT: Final = "scorelock.direct"
"""Of the connection's extensions (`Direct`)."""
MOST_WAITING: Final = 256
MOST_BYTES_WAITING: Final = 8 << 20
STALLED_S: Final = 20.0
"""A page that takes nothing for so long is gone."""
MOST_MALFORMED: Final = 5
POLICY: Final = 1008  # RFC 6455, 7.4.1

_NOW: Final = b'{"kind":"now",'
_RATES: Final = {"desk": DESK_RATE, "player": PLAYER_RATE}
_DECODERS: Final = {
    "desk": msgspec.json.Decoder(Ask),
    "player": msgspec.json.Decoder(PlayerAsk),
}
_log = logging.getLogger(__name__)


class Direct(TypedDict):
    """What the connection can besides ASGI.

    push: send a text at once, without a task; whether it could: the page may be slow, or gone.
    abort: break off, without waiting for what is to be sent.
    """

    push: Callable[[bytes], bool]
    abort: Callable[[], None]


class SocketPage:
    """A page at the other end of a socket.

    Attributes:
        role: what it may see.
    """

    def __init__(self, socket: WebSocket, role: Role) -> None:
        self.role: Role = role
        self._socket = socket
        self._direct: Direct = socket.scope["extensions"][DIRECT]
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._now: bytes | None = None  # the newest place of the film replaces the one before
        self._some = asyncio.Event()
        self._pumping = False

    def send(self, data: bytes) -> None:
        """Send a message, or put it in line; a page that has too many waiting is parted with."""
        in_line = self._pumping or self._waiting or self._now is not None
        if not in_line and self._direct["push"](data):
            return
        if data.startswith(_NOW):
            self._now = data
        else:
            self._waiting.append(data)
            self._bytes += len(data)
            if len(self._waiting) > MOST_WAITING or self._bytes > MOST_BYTES_WAITING:
                self._waiting.clear()
                self.abort()
        self._some.set()

    async def pump(self) -> None:
        """Send what is in line, as fast as the page reads, until it is gone."""
        with suppress(WebSocketDisconnect):
            while True:
                await self._some.wait()
                self._some.clear()
                self._pumping = True
                while self._waiting:
                    data = self._waiting.popleft()
                    self._bytes -= len(data)
                    await self.say(data)
                if self._now is not None:
                    data, self._now = self._now, None
                    await self.say(data)
                self._pumping = False

    async def say(self, data: bytes) -> None:
        """Send a message now.

        Raises:
            WebSocketDisconnect: the page is gone, or has stopped to read.
        """
        if self._direct["push"](data):
            return
        try:
            async with asyncio.timeout(STALLED_S):
                await self._socket.send_text(data.decode())
        except TimeoutError as err:
            self.abort()
            raise WebSocketDisconnect from err
        except RuntimeError as err:  # the other task of this page has found that it is gone
            raise WebSocketDisconnect from err

    async def part(self, code: int, words: str) -> None:
        """Close the connection, saying why."""
        try:
            async with asyncio.timeout(1):
                await self._socket.close(code, words)
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            self.abort()

    def abort(self) -> None:
        """Break the connection off."""
        self._direct["abort"]()


async def attend(socket: WebSocket, desk: Desk, role: Role, seats: Seats) -> None:
    """Serve a page as long as it is open."""
    address = "" if socket.client is None else socket.client.host
    if not seats.take(address):
        await socket.send_denial_response(PlainTextResponse("too many pages are open", 503))
        return
    try:
        await socket.accept()
        page = SocketPage(socket, role)
        page.send(encode(desk.welcome(role)))
        desk.audience.join(page)
        pump = asyncio.create_task(page.pump())
        try:
            why = await _listen(socket, page, desk)
        finally:
            desk.audience.leave(page)
            pump.cancel()
        await page.part(POLICY, why)
    except WebSocketDisconnect:
        pass
    finally:
        seats.free(address)


async def _listen(socket: WebSocket, page: SocketPage, desk: Desk) -> str:
    """Do what a page says until it says too much; why it has to go.

    Raises:
        WebSocketDisconnect: it is gone.
    """
    bucket, decoder, malformed = Bucket(*_RATES[page.role]), _DECODERS[page.role], 0
    while malformed < MOST_MALFORMED:
        event = await socket.receive()
        at_s = desk.clock.now()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event["code"])
        if not bucket.take(at_s):
            return "too many messages at once"
        text = event.get("text")
        try:
            ask = decoder.decode(event["bytes"] if text is None else text)
        except (msgspec.DecodeError, RecursionError) as err:
            malformed += 1
            if malformed == 1:
                words = f"expected a message that this desk knows, got: {err}; load the page anew"
                page.send(encode(Trouble(words)))
            continue
        if isinstance(ask, Ping):
            await page.say(encode(Pong(ask.number, at_s)))
        else:
            _do(desk, ask, page)
    return "too many messages that cannot be understood"


def _do(desk: Desk, ask: Ask, page: SocketPage) -> None:
    """Have it done; a fault of ours costs neither the connection nor the desk."""
    kind = kind_of(ask)
    try:
        desk.heard(ask, page)
    except ScorelockError as err:
        page.send(encode(Trouble(str(err), kind)))
    except Exception:
        _log.exception("%s could not be done", kind)
        page.send(encode(Trouble(f"{kind} could not be done: the terminal says why", kind)))
