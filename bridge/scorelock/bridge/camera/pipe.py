"""Frames from a pipe: raw blue, green, red of a size that is told, or yuv4mpeg, which tells it.

    ffmpeg -i ... -f rawvideo -pix_fmt bgr24 - | scorelock live --camera - --camera-size 640x360
    ffmpeg -i ... -f yuv4mpegpipe -pix_fmt yuv420p - | scorelock live --camera -

yuv4mpeg as mjpegtools' yuv4mpeg(5) has it: a line "YUV4MPEG2 W640 H360 F25:1 C420jpeg", then for
each frame a line that begins with FRAME, and the planes.
"""

import os
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.bridge.camera.source import NoCamera
from scorelock.engine.video import Image

STDIN: Final = "-"
_LOOK_UP_S: Final = 0.2
_LONGEST_LINE: Final = 1024
_LARGEST: Final = 16384  # pixels a side
_PIPE_BYTES: Final = 1 << 20
_MAGIC: Final = b"YUV4MPEG2"
_COLOURS: Final = {
    "420": 1.5,
    "420jpeg": 1.5,
    "420mpeg2": 1.5,
    "420paldv": 1.5,
    "444": 3,
    "mono": 1,
}
"""Bytes a pixel."""

Size = tuple[int, int]
"""Width and height in pixels."""


class PipeCamera:
    """A named pipe, whose writer may go and another come, or the standard input, which ends.

    Args:
        name: the pipe's path, or "-".
        size: of raw frames; None for yuv4mpeg.
        fps: frames a second where the pipe tells none.
    """

    def __init__(self, name: str, size: Size | None, fps: float) -> None:
        self.name = "the standard input" if name == STDIN else name
        self.ends = name == STDIN
        self._path = None if name == STDIN else Path(name)
        self._told = size
        self._told_fps = fps
        self._file: int | None = None
        self._size = (0, 0)
        self._colour = ""  # of yuv4mpeg
        self._full = False  # its range
        self._began = False
        self._over: Callable[[], bool] = lambda: False

    def open(self) -> float:
        """See `Source`."""
        try:
            if self._path is None:
                self._file = sys.stdin.fileno()
            else:
                self._file = os.open(self._path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        except (OSError, ValueError) as err:
            raise NoCamera(f"expected a pipe at {self.name}, it cannot be read: {err}") from err
        self._widen()
        self._began = False
        return self._told_fps

    def read(self, over: Callable[[], bool]) -> tuple[float | None, Image] | None:
        """See `Source`."""
        self._over = over
        if not self._began and not self._begin():
            return None
        if not self._colour:
            data = self._bytes(3 * self._size[0] * self._size[1])
            return None if data is None else (None, data.reshape(*self._size[::-1], 3))
        line = self._line()
        if line is None:
            return None
        if not line.startswith(b"FRAME"):
            raise NoCamera(
                f"expected yuv4mpeg from {self.name}, it goes on with something else; start what "
                "writes there again"
            )
        width, height = self._size
        data = self._bytes(int(width * height * _COLOURS[self._colour]))
        return None if data is None else (None, _bgr(data, self._size, self._colour, self._full))

    def close(self) -> None:
        """See `Source`."""
        if self._file is not None and self._path is not None:
            os.close(self._file)
        self._file = None

    def _begin(self) -> bool:
        """Wait for the writer and read the header, if there is one."""
        if self._told is not None:
            self._size, self._colour = self._told, ""
            self._began = self._wait()
            return self._began
        if not self._wait():
            return False
        line = self._line()
        if line is None:
            return False
        self._size, self._colour = self._header(line)
        self._began = True
        return True

    def _header(self, line: bytes) -> tuple[Size, str]:
        words = line.decode("ascii", "replace").split()
        told = {word[0]: word[1:] for word in words[1:]}
        colour = told.get("C", "420jpeg")
        self._full = "XCOLORRANGE=FULL" in words
        try:
            size = int(told.get("W", "0")), int(told.get("H", "0"))
            fps = Fraction(told.get("F", "25:1").replace(":", "/"))
        except (ValueError, ZeroDivisionError):
            size, fps = (0, 0), Fraction(0)
        even = colour in ("444", "mono") or not (size[0] % 2 or size[1] % 2)
        if words[:1] != [_MAGIC.decode()] or not all(0 < side <= _LARGEST for side in size):
            raise NoCamera(
                f"expected raw frames with --camera-size WxH, or yuv4mpeg (ffmpeg ... -f "
                f"yuv4mpegpipe -pix_fmt yuv420p -) from {self.name}, got something else"
            )
        if colour not in _COLOURS or not even or fps <= 0:
            raise NoCamera(
                f"expected yuv4mpeg of 4:2:0, 4:4:4 or grey in 8 bit, of even size, from "
                f"{self.name}, got C{colour} {size[0]}x{size[1]}; add -pix_fmt yuv420p"
            )
        return size, colour

    def _wait(self) -> bool:
        """Wait until there is something to read; False where it is all over before."""
        while self._file is not None and not self._over():
            if sys.platform == "win32":  # whose pipes cannot be waited for
                return True
            if select.select([self._file], [], [], _LOOK_UP_S)[0]:
                return True
        return False

    def _line(self) -> bytes | None:
        line = bytearray()
        while not line.endswith(b"\n"):
            piece = self._bytes(1)
            if piece is None:
                return None
            line += piece.tobytes()
            if len(line) > _LONGEST_LINE:
                return bytes(line)
        return bytes(line[:-1])

    def _bytes(self, count: int) -> NDArray[np.uint8] | None:
        """So many bytes; None where the writer goes before."""
        data = np.empty(count, np.uint8)
        have = 0
        while have < count:
            if not self._wait() or self._file is None:
                return None
            try:
                piece = os.read(self._file, min(count - have, _PIPE_BYTES))
            except BlockingIOError:
                continue
            if not piece:
                return None
            data[have : have + len(piece)] = np.frombuffer(piece, np.uint8)
            have += len(piece)
        return data

    def _widen(self) -> None:
        """Let the pipe hold more, so that its writer seldom waits, where the system lets it."""
        with suppress(ImportError, OSError, AttributeError):
            import fcntl

            assert self._file is not None
            fcntl.fcntl(self._file, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _bgr(data: NDArray[np.uint8], size: Size, colour: str, full: bool) -> Image:
    """OpenCV reads 4:2:0 as of the limited range (ITU-R BT.601), all else as of the full one."""
    width, height = size
    pixels, halved = width * height, colour.startswith("420")
    if full == halved:
        luma, chroma = _TO_LIMITED if halved else _TO_FULL
        data[:pixels], data[pixels:] = luma[data[:pixels]], chroma[data[pixels:]]
    if colour == "mono":
        return np.asarray(cv2.cvtColor(data.reshape(height, width), cv2.COLOR_GRAY2BGR), np.uint8)
    if colour == "444":
        planes = data.reshape(3, height, width)
        whole = np.ascontiguousarray(planes[[0, 2, 1]].transpose(1, 2, 0))
        return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YCrCb2BGR), np.uint8)
    stacked = data.reshape(height * 3 // 2, width)
    return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420), np.uint8)


def _levels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(values).clip(0, 255).astype(np.uint8)


_ALL: Final = np.arange(256.0)
_TO_FULL: Final = _levels((_ALL - 16) * 255 / 219), _levels((_ALL - 128) * 255 / 224 + 128)
"""Luma and colour of the full range, by those of the limited one."""
_TO_LIMITED: Final = _levels(_ALL * 219 / 255 + 16), _levels((_ALL - 128) * 224 / 255 + 128)
"""And back."""
