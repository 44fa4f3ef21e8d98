"""Small pictures of a film, one a whole second, decoded when they are asked for and kept.

The newest wish comes first: it is what the user looks at now. What nobody waits for any more, for
the timeline was scrolled on, is not decoded at all.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.engine.errors import UnreadableFilm
from scorelock.engine.files import replacing

if TYPE_CHECKING:
    import cv2

FOLDER: Final = "thumbs"
WIDTH: Final = 160
QUALITY: Final = 70


class Thumbnails:
    """The small pictures of a film.

    Args:
        film: the film.
        folder: its FILM.cue; what is kept stands in `thumbs/` of it.
    """

    def __init__(self, film: Path, folder: Path) -> None:
        self._pictures = _Pictures(film)
        self._folder = folder
        self._waiting: dict[int, list[asyncio.Future[Path]]] = {}  # the newest wish is the last
        self._worker: asyncio.Task[None] | None = None

    async def of(self, second: int) -> Path:
        """The picture at a second, as a JPEG file; whoever stops waiting takes the wish back.

        Raises:
            UnreadableFilm: there is none, or it cannot be kept.
        """
        if (kept := self._kept(second)).is_file():
            return kept
        future: asyncio.Future[Path] = asyncio.get_running_loop().create_future()
        self._waiting[second] = [*self._waiting.pop(second, []), future]
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        return await future

    async def close(self) -> None:
        """Give up what is wished for."""
        for future in (future for futures in self._waiting.values() for future in futures):
            future.cancel()
        if self._worker is not None:
            await self._worker

    async def _work(self) -> None:
        """Make what is wished for, in a thread that ends when nothing is."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="thumbnails") as thread:
            while self._waiting:
                second, futures = self._waiting.popitem()
                if all(future.done() for future in futures):
                    continue
                made = await asyncio.wait([loop.run_in_executor(thread, self._make, second)])
                (result,) = made[0]
                for future in (future for future in futures if not future.done()):
                    if (err := result.exception()) is not None:
                        future.set_exception(err)
                    else:
                        future.set_result(result.result())
            await loop.run_in_executor(thread, self._pictures.close)
        self._worker = None
        if self._waiting:  # wished for while the film was closed
            self._worker = asyncio.create_task(self._work())

    def _kept(self, second: int) -> Path:
        """Where a picture is kept.

        Raises:
            UnreadableFilm: that is not within the folder: a cue from elsewhere may have links.
        """
        path = self._folder / FOLDER / f"{second:05d}.jpg"
        if path.resolve() != self._folder.resolve() / FOLDER / path.name:
            raise UnreadableFilm(
                f"expected pictures to be kept in {self._folder}, but {path} leads elsewhere; "
                f"remove {path.parent}"
            )
        return path

    def _make(self, second: int) -> Path:
        path = self._kept(second)
        picture = self._pictures.at(second)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as beside:
                beside.write_bytes(picture)
        except OSError as err:
            raise UnreadableFilm(
                f"expected to keep a picture at {path}, got: {err.strerror or err}; "
                "make room, or let it be written to"
            ) from err
        return path


class _Pictures:
    """The film as it is decoded; open from the first picture on. Belongs to one thread."""

    def __init__(self, film: Path) -> None:
        self._film = film
        self._capture: cv2.VideoCapture | None = None

    def at(self, second: int) -> bytes:
        """The picture at a second, as JPEG."""
        import cv2

        from scorelock.engine.video import hush

        if self._capture is None:
            hush()
            # An absolute path cannot be taken for a protocol ("a:b.mp4").
            self._capture = cv2.VideoCapture(str(self._film.resolve()), cv2.CAP_FFMPEG)
        self._capture.set(cv2.CAP_PROP_POS_MSEC, second * 1000)
        found, frame = self._capture.read()
        if not found:
            raise UnreadableFilm(
                f"expected a picture at {second} s of {self._film}, found none; it ends before, "
                "or cannot be decoded"
            )
        height = max(1, round(WIDTH * frame.shape[0] / frame.shape[1]))
        small = cv2.resize(frame, (WIDTH, height), interpolation=cv2.INTER_AREA)
        return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()

    def close(self) -> None:
        """Let go of the film."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
