"""What is served of files: the pages that are part of Scorelock, the score, the film.

No path of a request is ever looked up on the disk: pages are found by name among those that were
read at the start, and all else has a place of its own.
"""

import asyncio
import gzip
import hashlib
import mimetypes
import os
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

PAGES: Final = Path(__file__).parent / "pages"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""What pages are made of; nothing else is served."""
FILMS: Final = {
    ".mov": "video/mp4",  # the same boxes; Chromium refuses video/quicktime by its name
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
}
JSON: Final = TYPES[".json"]
GZIP_LEVEL: Final = 5


@dataclass(frozen=True)
class Content:
    """Something that is held in memory.

    Attributes:
        body: all of it.
        media_type: its MIME type.
        etag: what is between the quotes of its ETag.
    """

    body: bytes
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, media_type: str) -> "Content":
        """Known by its bytes."""
        return cls(body, media_type, hashlib.sha256(body).hexdigest()[:32])

    @cached_property
    def packed(self) -> bytes:
        """It in gzip; the same bytes give the same."""
        return gzip.compress(self.body, GZIP_LEVEL, mtime=0)

    def answer(self, request: Request) -> Response:
        """The whole, packed where the browser takes it, or that it is what the browser has."""
        headers = {"etag": f'"{self.etag}"', "vary": "accept-encoding"}
        if self.etag in _etags(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        body = self.body
        if _takes_gzip(request.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            headers["etag"] = f'W/"{self.etag}"'  # these bytes are others, what they say is not
            body = self.packed
        return Response(body, media_type=self.media_type, headers=headers)


def _etags(if_none_match: str) -> set[str]:
    return {tag.strip().removeprefix("W/").strip('"') for tag in if_none_match.split(",")}


def _takes_gzip(accept_encoding: str) -> bool:
    wanted = (each.replace(" ", "").lower() for each in accept_encoding.split(","))
    return any(each.partition(";")[0] in ("gzip", "*") and ";q=0" not in each for each in wanted)


def read_pages(folder: Path = PAGES) -> dict[str, Content]:
    """The pages, by their paths in the folder such as "common/wire.js"."""
    return {
        path.relative_to(folder).as_posix(): Content.of(path.read_bytes(), TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.suffix in TYPES and path.is_file()
    }


class Packing:
    """Contents that change, packed once for all who ask, in another thread: a long score takes a
    tenth of a second.
    """

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Content, asyncio.Future[bytes]]] = {}

    async def answer(self, request: Request, name: str, etag: str, body: bytes) -> Response:
        """What is called `name`, as it is now."""
        content, packing = self._newest.get(name, (None, None))
        if content is None or packing is None or content.etag != etag:
            content = Content(body, JSON, etag)
            packing = asyncio.ensure_future(asyncio.to_thread(getattr, content, "packed"))
            self._newest[name] = content, packing
        await asyncio.shield(packing)
        return content.answer(request)


def film_answer(film: Path) -> Response:
    """The film, or the ranges of it that were asked for (RFC 9110, 14).

    Raises:
        HTTPException: 404, it is not there.
    """
    media_type = FILMS.get(film.suffix.lower()) or mimetypes.guess_type(film.name)[0]
    return FileResponse(film, media_type=media_type or "video/mp4", stat_result=_status(film))


def picture_answer(path: Path) -> Response:
    """A picture that never changes while this film is at the desk.

    Raises:
        HTTPException: 404, it is not there.
    """
    headers = {"cache-control": "private, max-age=3600"}
    return FileResponse(path, media_type="image/jpeg", stat_result=_status(path), headers=headers)


class Parcel(FileResponse):
    """A file to keep that was made for this answer, in a folder of its own; both go with it."""

    def __init__(self, path: Path, name: str) -> None:
        super().__init__(path, filename=name, headers={"cache-control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            shutil.rmtree(Path(self.path).parent, ignore_errors=True)


def _status(path: Path) -> os.stat_result:
    try:
        status = path.stat()
    except OSError as err:
        raise HTTPException(404) from err
    if not path.is_file():
        raise HTTPException(404)
    return status
