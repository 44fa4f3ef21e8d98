"""What was seen in a film, one row a second, and the matrix that a model reads it from."""

from dataclasses import dataclass, replace
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle
from scorelock.engine.timebase import FrameRate

EMOTIONS: Final = ("exciting", "fearful", "tense", "sad", "relaxing", "neutral")
SEMANTIC_WIDTH: Final = 768

EXTRACTOR: Final = "picture/1"
"""Name and version of what `watch` computes without CLIP; a new version makes kept features stale.

Scene offset and motion are the paper's own definitions; valence and arousal, and the six emotions
made of them, are ours.
"""
PAPER: Final = "paper/1"
"""The same with CLIP: semantic and emotion, too, are the paper's, and only valence and arousal are
ours. It raises its version with the other one, for it holds all of it.
"""

FeatureKind = Literal["picture", "paper"]
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
        semantic: (T, W) float32 CLIP image embedding of the first frame at or past each second, not
            normalised, or None. W is 768 for the paper's CLIP, less for smaller ones.
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
            "semantic": (self.semantic_width,),
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

    @property
    def semantic_width(self) -> int:
        """Columns of `semantic`, 1 or more where there are any, else 0."""
        return 0 if self.semantic is None else max(1, self.semantic.shape[-1])

    def pictured(self) -> Self:
        """What is seen of the film without CLIP: the same as if it had been watched so."""
        from scorelock.engine.mood import emotions  # which has the names of the emotions from here

        emotion = emotions(self.valence, self.arousal)
        return replace(self, extractor=EXTRACTOR, emotion=emotion, semantic=None)

    def matrix(self, layout: Layout) -> NDArray[np.float32]:
        """The model's input (T, WIDTH[layout]): semantic, scene offset + 1, motion, emotion.

        Raises:
            BadBundle: the published layout is asked of features without the paper's CLIP.
        """
        columns = [self.scene_offset[:, None] + 1, self.motion[:, None], self.emotion]
        if layout == "published":
            if self.semantic is None or self.semantic_width != SEMANTIC_WIDTH:
                found = (
                    "of the picture alone"
                    if self.semantic is None
                    else f"with {self.semantic_width} numbers of CLIP"
                )
                raise BadBundle(
                    "expected features with the 768 numbers of CLIP ViT-L/14 for a bundle of the "
                    f"published layout, got features {found} ({self.extractor}); scorelock models "
                    "add clip and --features paper, or take the starter bundle"
                )
            columns.insert(0, self.semantic)
        return np.concatenate(columns, axis=1, dtype=np.float32)


def kind_of(extractor: str) -> FeatureKind:
    """What an extractor of any version computes."""
    return "paper" if extractor.startswith("paper/") else "picture"


def paper_extractor(clip: str, digest: str) -> str:
    """The extractor of features that CLIP of a name and a file's SHA-256 has seen."""
    return f"{PAPER} {clip} {digest[:12]}"
