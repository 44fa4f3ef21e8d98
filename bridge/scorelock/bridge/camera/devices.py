"""Cameras that OpenCV reads: a device by its number, a stream by its address, a film file."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from scorelock.bridge.camera.source import NoCamera
from scorelock.engine.video import Image, Timeline, hush

_PATIENCE_MS: Final = 5000
_LIKELY_FPS: Final = (1.0, 480.0)


class CvCamera:
    """A device or a stream, which are live, or a recording, which is played at its own pace.

    Args:
        name: "0" or another device's number, an address such as rtsp://..., or a path.
        fps: frames a second where it tells none.
        recorded: whether it is a film file.
    """

    def __init__(self, name: str, fps: float, *, recorded: bool = False) -> None:
        self.name = name
        self.ends = recorded
        self._fps = fps
        self._timeline: Timeline | None = None
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> float:
        """See `Source`."""
        hush()
        capture = _capture(self.name)
        if not capture.isOpened():
            raise NoCamera(
                f"expected a camera at {self.name}, none can be opened there; see that it is "
                "plugged in, that no other program has it, and that its number or address is right"
            )
        told = capture.get(cv2.CAP_PROP_FPS)
        fps = told if _LIKELY_FPS[0] <= told <= _LIKELY_FPS[1] else self._fps
        self._timeline = Timeline(fps) if self.ends else None
        self._capture = capture
        return float(fps)

    def read(self, over: Callable[[], bool]) -> tuple[float | None, Image] | None:
        """See `Source`."""
        if self._capture is None:
            return None
        there, frame = self._capture.read()
        if not there:
            return None
        at_s = None
        if self._timeline is not None:
            at_s = self._timeline.place(self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        return at_s, np.asarray(frame, np.uint8)

    def close(self) -> None:
        """See `Source`."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def _capture(name: str) -> cv2.VideoCapture:
    if name.isdigit():
        return cv2.VideoCapture(int(name))
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _PATIENCE_MS]
    limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _PATIENCE_MS]
    return cv2.VideoCapture(name, cv2.CAP_FFMPEG, limits)
