"""From a film to its features in one pass: motion, scenes, light and colour, and how it feels.

Only a few numbers of each second are kept, so memory does not grow with the film's pixels.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.affect import LookMeter, valence_and_arousal
from scorelock.engine.features import EXTRACTOR, VideoFeatures
from scorelock.engine.mood import emotions
from scorelock.engine.shots import ShotWatcher, scene_offsets, shrink
from scorelock.engine.video import STAMP_TOLERANCE_S, FilmReader, Image


class MotionMeter:
    """Video2Music's motion: how much the picture changes in the frame that begins each second."""

    def __init__(self) -> None:
        self._before: Image | None = None
        self._rows: list[float] = []

    def see(self, at_s: float, frame: Image) -> None:
        """Take the next frame at full size, shown at a time in seconds."""
        begun = int(at_s + STAMP_TOLERANCE_S) + 1
        if begun > len(self._rows):
            motion = 0.0 if self._before is None else difference(self._before, frame)
            self._rows += [motion] * (begun - len(self._rows))
        self._before = frame

    @property
    def rows(self) -> NDArray[np.float32]:
        """(T,) 0..255, one row for each second in which a frame begins; row 0 is 0."""
        return np.array(self._rows, np.float32)


def difference(before: Image, after: Image) -> float:
    """Mean absolute difference of the pixels' red, green and blue, 0..255."""
    return float(cv2.norm(before, after, cv2.NORM_L1)) / after.size


def watch(path: Path, progress: Callable[[float], None] | None = None) -> VideoFeatures:
    """See a film once.

    `progress` is told, about once a second of film, which share of it was seen, 0..1.

    Raises:
        UnreadableFilm: there is no film, it has no picture, is under 1 s, or is cut off.
    """
    reader = FilmReader(path)
    motion, shots, meter = MotionMeter(), ShotWatcher(reader.declared_fps), LookMeter()
    seen_s = 0.0
    for at_s, frame in reader:
        small = shrink(frame)
        motion.see(at_s, frame)
        shots.see(at_s, small)
        meter.see(at_s, small)
        if progress and at_s >= seen_s + 1 and reader.declared_s:
            seen_s = at_s
            progress(min(1.0, at_s / reader.declared_s))
    if progress:
        progress(1.0)
    cuts, rows = tuple(shots.cuts), len(motion.rows)
    valence, arousal = valence_and_arousal(meter.looks(rows), cuts)
    return VideoFeatures(
        film=reader.film(),
        extractor=EXTRACTOR,
        scene_offset=scene_offsets(cuts, rows),
        motion=motion.rows,
        emotion=emotions(valence, arousal),
        valence=valence,
        arousal=arousal,
        cuts=cuts,
    )
