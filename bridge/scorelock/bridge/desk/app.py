"""What there is to ask for over HTTP: the desk's application, and the one for players.

desk, on loopback              room, on the network
/                              /r/TOKEN/             the page
/player/                                             the players' page, to try it
/socket                        /r/TOKEN/socket       messages (`messages`)
/player/socket
/score.json                    /r/TOKEN/score.json   the score
/player/score.json
/pages/...                     /pages/...            what pages are made of
/film  /thumbs/SECOND.jpg                            the film, whole or in ranges
/formats.json  /export/NAME                          the score as files
/qr.svg                                              the players' link
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from scorelock.bridge.desk import access
from scorelock.bridge.desk.access import Guesses, Listener, Seats
from scorelock.bridge.desk.audience import Role
from scorelock.bridge.desk.contract import Desk
from scorelock.bridge.desk.files import (
    JSON,
    Content,
    Packing,
    Parcel,
    film_answer,
    picture_answer,
    read_pages,
)
from scorelock.bridge.desk.sockets import attend
from scorelock.engine.errors import ScorelockError

Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]

_SECOND: Final = re.compile(r"([0-9]{1,6})\.jpg", re.ASCII)
_EXPORT: Final = re.compile(r"[^./\\\x00-\x1f\x7f][^/\\\x00-\x1f\x7f]{0,119}")
"""A name for a file: it does not lead anywhere."""


def desk_app(desk: Desk) -> ASGIApp:
    """Everything, for who sits at this machine."""
    views = _Views(desk)
    routes = [
        *views.common("desk", "desk.html", Seats(access.MOST_DESKS)),
        Route("/film", views.film),
        Route("/thumbs/{name}", views.thumb),
        Route("/formats.json", views.formats),
        Route("/export/{name}", views.export),
        Route("/qr.svg", views.qr),
        Mount(
            "/player",
            routes=views.common("player", "player.html", Seats(access.MOST_PLAYERS)),
        ),
        Route("/pages/{path:path}", views.page),
    ]
    return Guard(Starlette(routes=routes), "desk", frozenset({"localhost"}))


def players_app(desk: Desk, names: frozenset[str] = frozenset()) -> ASGIApp:
    """What players see; nothing else.

    Args:
        desk: the desk.
        names: what this machine is called in the network, in lower case.
    """
    views = _Views(desk)
    room = Router(views.common("player", "player.html", Seats(access.MOST_PLAYERS)))
    routes = [
        Mount("/r/{token}", app=Admission(room, desk)),
        Route("/pages/{path:path}", views.page),
    ]
    return Guard(Starlette(routes=routes), "room", names | {"localhost"})


class Guard:
    """Lets through what may be asked for here (`access`), and tells browsers what pages may do.

    Args:
        app: what is behind it.
        listener: whose rules.
        names: what this machine is called there.
    """

    def __init__(self, app: ASGIApp, listener: Listener, names: frozenset[str]) -> None:
        self._app, self._listener, self._names = app, listener, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope)
        host = None if refusal is not None else Headers(scope=scope)["host"]
        headers = access.security_headers(self._listener, host)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                for name, value in headers.items():
                    MutableHeaders(scope=message).setdefault(name, value)
            await send(message)

        await (refusal or self._app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, socket = Headers(scope=scope), scope["type"] == "websocket"
        host = headers.get("host")
        if not access.host_allowed(host, scope["server"], self._names):
            return PlainTextResponse("the desk is not called that", 421)
        if not access.origin_allowed(headers.get("origin"), host or "", socket=socket):
            return PlainTextResponse("pages from elsewhere may not use the desk", 403)
        if not access.fetch_allowed(headers):
            return PlainTextResponse("pages from elsewhere may not use the desk", 403)
        if not socket and scope["method"] not in access.METHODS:
            allow = {"allow": ", ".join(access.METHODS)}
            return PlainTextResponse("the desk is asked over its socket", 405, allow)
        return None


class Admission:
    """Lets those in who have the players' token.

    Args:
        app: what is behind it, mounted below the token.
        desk: knows the token.
    """

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app, self._desk, self._guesses = app, desk, Guesses()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address, now_s = scope["client"][0], self._desk.clock.now()
        app: ASGIApp
        if self._guesses.too_many(address, now_s):
            app = PlainTextResponse("wait before you try again", 429, {"retry-after": "2"})
        elif self._desk.admits(scope["path_params"]["token"]):
            app = self._app
        else:
            self._guesses.wrong(address, now_s)
            app = PlainTextResponse("there is no rehearsal here; scan the code anew", 404)
        await app(scope, receive, send)


class _Views:
    """The answers of one application."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._pages = read_pages()
        self._packing = Packing()

    def common(self, role: Role, page: str, seats: Seats) -> list[BaseRoute]:
        """A page, its socket and its score."""

        async def socket(socket: WebSocket) -> None:
            await attend(socket, self._desk, role, seats)

        async def score(request: Request) -> Response:
            return await self._packing.answer(request, role, *self._desk.score_json(role))

        async def html(request: Request) -> Response:
            return self._page(page).answer(request)

        return [
            Route("/", html),
            Route("/score.json", score),
            WebSocketRoute("/socket", socket),
        ]

    def _page(self, path: str) -> Content:
        if (content := self._pages.get(path)) is None:
            raise HTTPException(404)
        return content

    async def page(self, request: Request) -> Response:
        return self._page(request.path_params["path"]).answer(request)

    async def film(self, request: Request) -> Response:
        return film_answer(self._desk.film)

    async def thumb(self, request: Request) -> Response:
        second = _SECOND.fullmatch(request.path_params["name"])
        if second is None:
            raise HTTPException(404)
        return picture_answer(await _unless_gone(request, self._desk.thumb(int(second[1]))))

    async def formats(self, request: Request) -> Response:
        content = Content.of(msgspec.json.encode(self._desk.formats()), JSON)
        return content.answer(request)

    async def export(self, request: Request) -> Response:
        name = request.path_params["name"]
        endings = tuple(ending for ending, _ in self._desk.formats())
        if not _EXPORT.fullmatch(name) or not name.endswith(endings):
            raise HTTPException(404)
        try:
            return Parcel(await self._desk.export(name), name)
        except ScorelockError as err:
            raise HTTPException(422, str(err)) from err

    async def qr(self, request: Request) -> Response:
        if (svg := self._desk.qr_svg()) is None:
            raise HTTPException(404)
        return Response(svg, media_type="image/svg+xml", headers={"cache-control": "no-store"})


async def _unless_gone(request: Request, work: Awaitable[Path]) -> Path:
    """What is worked for, unless the page does not want it any more.

    Raises:
        HTTPException: 404, there is none.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, going = asyncio.ensure_future(work), asyncio.ensure_future(gone())
    try:
        await asyncio.wait((working, going), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise HTTPException(404)
        return working.result()
    except ScorelockError as err:
        raise HTTPException(404, str(err)) from err
    finally:
        working.cancel()
        going.cancel()
