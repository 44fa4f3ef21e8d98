"""What was seen in a film, one row a second, and the matrix that a model reads it from."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle
from scorelock.engine.timebase import FrameRate

EMOTIONS: Final = ("exciting", "fearful", "tense", "sad", "relaxing", "neutral")
SEMANTIC_WIDTH: Final = 768

EXTRACTOR: Final = "picture/1"
"""Name and version of what `watch` computes; a new version makes kept features stale."""

Layout = Literal["published", "picture"]
WIDTH: Final[dict[Layout, int]] = {"published": SEMANTIC_WIDTH + 8, "picture": 8}
"""Columns a row: CLIP 768 (published only), scene offset + 1, motion, six emotions."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut between two shots: its time in seconds and how strongly the picture changed (> 0)."""

    at_s: float
    strength: float


@dataclass(frozen=True, slots=True)
class Film:
    """What is known of the film file itself."""

    path: str
    sha256: str
    duration_s: float
    rate: FrameRate
    width: int
    height: int
    variable_rate: bool


@dataclass(frozen=True, slots=True, eq=False)
class VideoFeatures:
    """One row a second; row t describes the picture from t to t + 1 s.

    Attributes:
        film: the file they were read from.
        extractor: name and version of what made them.
        scene_offset: (T,) float32, whole seconds since the scene began, 0 at its first row.
        motion: (T,) float32, 0..255, mean absolute RGB difference at the second (row 0 is 0).
        emotion: (T, 6) float32, probabilities in the order of `EMOTIONS`.
        valence: (T,) float32, -1..1, from the picture.
        arousal: (T,) float32, -1..1, from the picture.
        cuts: shot changes in time order.
        semantic: (T, 768) float32 CLIP image embedding, not normalised, or None.
    """

    film: Film
    extractor: str
    scene_offset: NDArray[np.float32]
    motion: NDArray[np.float32]
    emotion: NDArray[np.float32]
    valence: NDArray[np.float32]
    arousal: NDArray[np.float32]
    cuts: tuple[Cut, ...]
    semantic: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        rows = len(self.scene_offset)
        for name, columns in {
            "scene_offset": (),
            "motion": (),
            "emotion": (len(EMOTIONS),),
            "valence": (),
            "arousal": (),
            "semantic": (SEMANTIC_WIDTH,),
        }.items():
            array = getattr(self, name)
            if array is None:
                continue
            if array.shape != (rows, *columns) or not np.isfinite(array).all():
                raise ValueError(f"{name}: expected finite ({rows}, {columns}), got {array.shape}")
            array.flags.writeable = False

    def __len__(self) -> int:
        """Rows, that is seconds begun."""
        return len(self.scene_offset)

    def matrix(self, layout: Layout) -> NDArray[np.float32]:
        """The model's input (T, WIDTH[layout]): semantic, scene offset + 1, motion, emotion.

        Raises:
            BadBundle: the published layout is asked of features without CLIP embeddings.
        """
        columns = [self.scene_offset[:, None] + 1, self.motion[:, None], self.emotion]
        if layout == "published":
            if self.semantic is None:
                raise BadBundle(
                    "expected CLIP features for a bundle of the published layout, got features of "
                    f"the picture alone ({self.extractor}); use the starter bundle"
                )
            columns.insert(0, self.semantic)
        return np.concatenate(columns, axis=1, dtype=np.float32)
