"""A picture that goes on and on, seen second by second: what `watch` keeps of a film, of now alone.

A row is what its own second and those before it show, so that it is there as soon as the second is
over, and stays as it is. Nothing grows with time.
"""

from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.affect import LookMeter, valence_and_arousal
from scorelock.engine.features import Layout
from scorelock.engine.mood import Seen, emotions
from scorelock.engine.shots import ShotWatcher, shrink
from scorelock.engine.video import STAMP_TOLERANCE_S, Image
from scorelock.engine.watch import difference

RECENT_S: Final = 9
"""Seconds that a row's mood may reach back to."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What CLIP saw in a frame.

    Attributes:
        at_s: when the frame was there, on whichever clock its seconds have.
        semantic: (W,) embedding, not normalised.
        emotion: (6,) probabilities in the order of `EMOTIONS`.
    """

    at_s: float
    semantic: NDArray[np.float32]
    emotion: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One second of a picture.

    Attributes:
        scene_offset: whole seconds since the scene began.
        motion: 0..255, as `VideoFeatures` has it.
        emotion: (6,) probabilities in the order of `EMOTIONS`.
        valence: -1..1.
        frames: how many there were; of none the row is what was before it, at rest.
        semantic: (W,) of CLIP, or None.
        seen_by: who named the emotions.
    """

    scene_offset: int
    motion: float
    emotion: NDArray[np.float32]
    valence: float
    frames: int
    semantic: NDArray[np.float32] | None = None
    seen_by: Seen = "picture"

    def columns(self, layout: Layout) -> NDArray[np.float32]:
        """A row of a layout (`features.WIDTH`); of the published one where CLIP has seen it."""
        seen = np.array([self.scene_offset + 1, self.motion, *self.emotion], np.float32)
        if layout == "picture":
            return seen
        assert self.semantic is not None
        return np.concatenate([self.semantic, seen])

    def glanced(self, glance: Glance) -> Self:
        """The same with what CLIP saw."""
        return replace(self, semantic=glance.semantic, emotion=glance.emotion, seen_by="clip")


class Onlooker:
    """Sees frames one by one and sums up each second when it is over.

    Args:
        fps: frames a second, about.
        begins_s: the whole second in which the first frame comes.
    """

    def __init__(self, fps: float, begins_s: int = 0) -> None:
        self._shots = ShotWatcher(fps)
        self._looks = LookMeter()
        self._begins_s = begins_s
        self._second = 0
        self._scene = (0.0, 0)  # the cut that began it, and its first row
        self._motion = 0.0
        self._frames = 0
        self._before: Image | None = None

    def see(self, at_s: float, frame: Image) -> None:
        """Take the next frame of this second, shown at a time in seconds; all are seen at the
        first one's size.
        """
        at_s -= self._begins_s
        before = self._before
        if before is not None and frame.shape != before.shape:
            size = before.shape[1], before.shape[0]
            frame = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA), np.uint8)
        if not self._frames and before is not None:
            self._motion = difference(before, frame)
        small = shrink(frame)
        self._shots.see(at_s, small)
        self._looks.see(at_s, small)
        self._before, self._frames = frame, self._frames + 1

    def close(self) -> Row:
        """The second is over; after it the next one is seen."""
        second = self._second
        self._second += 1
        look = self._looks.recent(self._second, RECENT_S)
        first = self._second - len(look.brightness)
        cuts = self._shots.cuts
        passed_s = max((c.at_s for c in cuts if c.at_s <= second + STAMP_TOLERANCE_S), default=0.0)
        if passed_s > self._scene[0]:
            self._scene = passed_s, second
        cuts[:] = [cut for cut in cuts if cut.at_s >= first]
        inside = [replace(cut, at_s=cut.at_s - first) for cut in cuts]
        valence, arousal = valence_and_arousal(look, inside)
        row = Row(
            scene_offset=second - self._scene[1],
            motion=self._motion,
            emotion=emotions(valence, arousal)[-1],
            valence=float(valence[-1]),
            frames=self._frames,
        )
        self._motion, self._frames = 0.0, 0
        return row
