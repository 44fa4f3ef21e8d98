"""The film file: opens it, times its frames, and yields them once, in order.

Knows nothing of what is in the picture. Time is that of the presentation time stamps, rebased so
that the first frame is at 0 s: a film of variable frame rate is timed as a player shows it.
"""

import mimetypes
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from typing import Final, TypeAlias, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import UnreadableFilm
from scorelock.engine.features import Film
from scorelock.engine.files import digest, require_film
from scorelock.engine.timebase import FrameRate

Image: TypeAlias = NDArray[np.uint8]
"""One frame, (height, width, 3), blue, green, red, 0..255."""
T = TypeVar("T")

SHORTEST_S: Final = 1.0
"""A chord lasts a second, so a film does too."""
STAMP_TOLERANCE_S: Final = 1e-4
"""A frame so little before a moment is at it: floating point, and MPEG's clock of 90 kHz."""

_LIKELY_FPS: Final = (1.0, 480.0)  # outside, the header guesses: MediaRecorder writes 1000
_FALLBACK_FPS: Final = 25.0
_STEADY_SHARE: Final = 0.98  # of the frame intervals; a few dropped frames are no variable rate
_FRAMES_AHEAD: Final = 4


def seconds_begun(at_s: float) -> int:
    """How many whole seconds of film have begun when a frame is shown, its own included."""
    return int(at_s + STAMP_TOLERANCE_S) + 1


def hush() -> None:
    """Keep OpenCV's and FFmpeg's own messages from burying the one line the user is to read.

    FFmpeg's level is read once, when the first film is opened; a level set outside stays.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)


class Timeline:
    """Places frames in time from their stamps, and tells what the stamps say of the frame rate.

    A stamp that is missing or does not rise past the last one is replaced by one frame later than
    the last one, so a film without stamps counts frame / fps.
    """

    def __init__(self, declared_fps: float) -> None:
        self._declared_fps = declared_fps
        self._origin_s = 0.0
        self._last_s = 0.0
        self._intervals_ms: Counter[int] = Counter()
        self.frames = 0

    def place(self, stamp_s: float) -> float:
        """Seconds from the first frame to the next one, whose stamp is given in seconds."""
        if self.frames == 0:
            self._origin_s = stamp_s if np.isfinite(stamp_s) else 0.0
        else:
            at_s = stamp_s - self._origin_s
            if not at_s > self._last_s:
                at_s = self._last_s + 1 / self._declared_fps
            self._intervals_ms[round((at_s - self._last_s) * 1000)] += 1
            self._last_s = at_s
        self.frames += 1
        return self._last_s

    @property
    def fps(self) -> float:
        """Frames a second: what the header says where the stamps agree within 1 %."""
        if self.frames < 2:
            return self._declared_fps
        measured = (self.frames - 1) / self._last_s
        return self._declared_fps if abs(measured / self._declared_fps - 1) < 0.01 else measured

    @property
    def variable(self) -> bool:
        """Whether frames last differently long, by more than the stamps' rounding to 1 ms."""
        if not self._intervals_ms:
            return False
        usual = self._intervals_ms.most_common(1)[0][0]
        steady = sum(self._intervals_ms[usual + slip] for slip in (-1, 0, 1))
        return steady < _STEADY_SHARE * self._intervals_ms.total()

    @property
    def duration_s(self) -> float:
        """The last frame's time plus one frame."""
        return self._last_s + 1 / self.fps if self.frames else 0.0


class FilmReader:
    """One pass through a film, decoded in threads of its own.

    Attributes:
        declared_fps: frames a second by the header, 25 where it says nothing likely.
        declared_s: the length by the header in seconds, 0 where it is unknown.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        """Open the film.

        Args:
            path: of the film.
            threads: that decode; None for what the machine has. With 1 the caller's does it all.

        Raises:
            UnreadableFilm: there is no film at the path, or no picture in it.
        """
        self._path = path
        self._sha256 = digest(path)
        self._capture = _open(path, threads)
        self._ahead = 0 if threads == 1 else _FRAMES_AHEAD
        self._declared_frames, self.declared_s, self.declared_fps = _declared(self._capture)
        self._timeline = Timeline(self.declared_fps)
        self._shape: tuple[int, ...] = (0, 0)
        self._lead_s = 0.0

    def __iter__(self) -> Iterator[tuple[float, Image]]:
        """Yield each frame with its time in seconds from 0, rising; all have the first one's size.

        Raises:
            UnreadableFilm: after the last frame, when the film is too short or cut off.
        """
        if self._ahead:
            yield from _read_ahead(self._decode, self._ahead)
        else:
            while (shown := self._decode()) is not None:
                yield shown
        self._capture.release()
        self._check_length()

    def film(self) -> Film:
        """What is known of the file once every frame was read."""
        height, width, *_ = self._shape
        return Film(
            path=str(self._path),
            sha256=self._sha256,
            duration_s=self._timeline.duration_s,
            rate=FrameRate.nearest(self._timeline.fps),
            width=width,
            height=height,
            variable_rate=self._timeline.variable,
        )

    def beginning(self, end_s: float) -> Film:
        """The film's first seconds as a film, while it is read: its rate is that of the header."""
        height, width, *_ = self._shape
        rate = FrameRate.nearest(self.declared_fps)
        return Film(str(self._path), self._sha256, end_s, rate, width, height, False)

    def _decode(self) -> tuple[float, Image] | None:
        while self._capture.grab():
            at_s = self._timeline.place(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
            decoded, frame = self._capture.retrieve()
            if not decoded:
                continue
            if not any(self._shape):
                self._shape = frame.shape
                self._lead_s = self._capture.get(cv2.CAP_PROP_PTS) / self.declared_fps
            elif frame.shape != self._shape:
                frame = cv2.resize(frame, self._shape[1::-1])
            return at_s, np.asarray(frame, np.uint8)
        return None

    def _check_length(self) -> None:
        path, found_s = self._path, self._timeline.duration_s
        rest = path.with_stem(f"{path.stem}-rest")
        if not self._timeline.frames:
            raise UnreadableFilm(
                f"expected a film, but not one frame of {path} can be decoded; export it again"
            )
        # Both are asked, for a header may count frames that last unlike the others. Matroska counts
        # the length from before the first frame, too.
        missing_s = self.declared_s - self._lead_s - found_s
        if (
            missing_s > max(1.0, 0.05 * self.declared_s)
            and self._timeline.frames < 0.95 * self._declared_frames
        ):
            raise UnreadableFilm(
                f"expected {self.declared_s:.1f} s of film in {path} by its header, but its "
                f"picture ends after {found_s:.1f} s; copy the file again, or keep the rest: "
                f"ffmpeg -i {quote(str(path))} -map 0:v -c copy {quote(str(rest))}"
            )
        if found_s < SHORTEST_S - 1e-3:  # Matroska rounds stamps to the millisecond
            raise UnreadableFilm(
                f"expected a film of {SHORTEST_S:.0f} s or more, got {found_s:.2f} s in {path}; "
                "choose a longer one"
            )


def declared(path: Path) -> tuple[float, FrameRate]:
    """The length in seconds (0 where it is unknown) and the rate that a film's header declares.

    Raises:
        UnreadableFilm: there is no film at the path, or no picture in it.
    """
    require_film(path)
    capture = _open(path)
    _, seconds, fps = _declared(capture)
    capture.release()
    return seconds, FrameRate.nearest(fps)


def _declared(capture: cv2.VideoCapture) -> tuple[float, float, float]:
    """Frames and seconds, 0 where they are unknown, and likely frames a second."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    frames = max(0.0, capture.get(cv2.CAP_PROP_FRAME_COUNT))
    likely = fps if _LIKELY_FPS[0] <= fps <= _LIKELY_FPS[1] else _FALLBACK_FPS
    return frames, frames / fps if fps > 0 else 0.0, likely


def _open(path: Path, threads: int | None = None) -> cv2.VideoCapture:
    hush()
    options = [] if threads is None else [cv2.CAP_PROP_N_THREADS, threads]
    # An absolute path cannot be taken for a protocol ("a:b.mp4").
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_FFMPEG, options)
    if capture.isOpened():
        return capture
    kind = (mimetypes.guess_type(path.name)[0] or "").partition("/")[0]
    if kind == "audio":
        raise UnreadableFilm(
            f"expected a film, got sound without a picture: {path}; choose the film it belongs to"
        )
    raise UnreadableFilm(
        f"expected a film, but no picture can be found in {path}: it is sound alone, cut off "
        "before its index was written, or no film; export it again as .mp4, .mov, .webm or .mkv"
    )


def _read_ahead(read: Callable[[], T | None], depth: int) -> Iterator[T]:
    """Yield what `read` returns until None, calling it `depth` times ahead in another thread."""
    with ThreadPoolExecutor(1) as pool:
        ahead = deque(pool.submit(read) for _ in range(depth))
        while (item := ahead.popleft().result()) is not None:
            ahead.append(pool.submit(read))
            yield item
