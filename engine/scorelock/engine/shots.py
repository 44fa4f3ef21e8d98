"""Where one shot ends and the next begins, and what that makes of the seconds in between.

The rule is PySceneDetect's AdaptiveDetector at its defaults, as in Video2Music's data set.
"""

from collections import deque
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import AdaptiveDetector, FrameTimecode
from scenedetect.common import Timecode
from scenedetect.scene_manager import compute_downscale_factor

from scorelock.engine.features import Cut
from scorelock.engine.video import STAMP_TOLERANCE_S, Image

_MICROSECOND: Final = Fraction(1, 10**6)  # the unit in which PySceneDetect keeps OpenCV's times


def shrink(frame: Image) -> Image:
    """The frame at the size on which PySceneDetect compares shots: 256 pixels on its long side."""
    height, width = frame.shape[:2]
    factor = compute_downscale_factor(max(width, height))
    if factor <= 1:
        return frame
    size = max(1, round(width / factor)), max(1, round(height / factor))
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR), np.uint8)


class ShotWatcher:
    """Sees shrunk frames one by one and keeps the cuts.

    `fps` is the rate that the header declares: a shot has at least 15 frames of it.
    """

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self._detector = AdaptiveDetector()
        # A cut is found some frames late, and its strength needs the frame before it.
        self._recent: deque[tuple[FrameTimecode, Image]] = deque(
            maxlen=self._detector.event_buffer_length + 2
        )
        self.cuts: list[Cut] = []

    def see(self, at_s: float, small: Image) -> None:
        """Take the next frame, shown at a time in seconds from the film's start."""
        timecode = FrameTimecode(Timecode(round(at_s * 10**6), _MICROSECOND), self._fps)
        self._recent.append((timecode, small))
        for cut in self._detector.process_frame(timecode, small):
            at = [known for known, _ in self._recent].index(cut)
            strength = change(self._recent[at - 1][1], self._recent[at][1])
            self.cuts.append(Cut(cut.seconds, strength))


def change(before: Image, after: Image) -> float:
    """PySceneDetect's content score, 0..255: mean difference of hue, saturation and value."""
    first, second = (cv2.cvtColor(image, cv2.COLOR_BGR2HSV) for image in (before, after))
    return float(cv2.norm(first, second, cv2.NORM_L1)) / first.size


def scene_offsets(cuts: Sequence[Cut], rows: int) -> NDArray[np.float32]:
    """Seconds since the scene on screen at each whole second began, counted in rows: (rows,).

    A scene without a whole second of its own has no row; the published data set does the same by
    giving a scene the seconds up to the one in which it ends.
    """
    seconds = np.arange(rows)
    starts = np.array([cut.at_s for cut in cuts]) - STAMP_TOLERANCE_S
    scenes = np.searchsorted(starts, seconds, side="right")
    first_rows = np.searchsorted(scenes, scenes, side="left")
    return (seconds - first_rows).astype(np.float32)
