"""What CLIP sees in a film: one frame a second, a few at a time, beside the decoding.

Knows nothing of CLIP itself (`scorelock.engine.clip`), and holds few frames however long the film.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS, paper_extractor
from scorelock.engine.video import Image, seconds_begun

Rows = NDArray[np.float32]


class PictureModel(Protocol):
    """What `scorelock.engine.clip.Clip` is to those who show it pictures."""

    @property
    def name(self) -> str:
        """Such as "clip-vit-l-14-336"."""

    @property
    def width(self) -> int:
        """Numbers of an embedding."""

    @property
    def digest(self) -> str:
        """SHA-256 of its files, in hexadecimal."""

    @property
    def at_once(self) -> int:
        """Frames that it sees best together."""

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        """Embeddings (N, width), not normalised, and emotions (N, 6) of frames of any size."""


class SemanticMeter:
    """Shows CLIP the first frame at or past each whole second, as the paper does.

    Which frames CLIP is shown together depends on the film alone, for what it says of one may
    differ in the last bits by the others. A second in which no frame begins is seen in the frame
    that comes after it, as its motion is.
    """

    def __init__(self, model: PictureModel) -> None:
        self._model = model
        self._pool = ThreadPoolExecutor(1, "clip")
        self._waiting: list[Image] = []
        self._going: Future[tuple[Rows, Rows]] | None = None
        self._seen = [
            (np.zeros((0, model.width), np.float32), np.zeros((0, len(EMOTIONS)), np.float32))
        ]
        self._frame_of: list[int] = []  # each row's, counted through those that CLIP is shown
        self._frames = 0

    @property
    def extractor(self) -> str:
        """Of the features that these rows are part of."""
        return paper_extractor(self._model.name, self._model.digest)

    def see(self, at_s: float, frame: Image) -> None:
        """Take the next frame at full size, shown at a time in seconds."""
        begun = seconds_begun(at_s)
        if begun <= len(self._frame_of):
            return
        self._frame_of += [self._frames] * (begun - len(self._frame_of))
        self._frames += 1
        self._waiting.append(frame)
        if len(self._waiting) == self._model.at_once:
            self._collect()
            self._going = self._pool.submit(self._model.see, self._waiting)
            self._waiting = []

    def rows(self, rows: int) -> tuple[Rows, Rows]:
        """Embeddings (rows, width) and emotions (rows, 6) of the first seconds."""
        self._collect()
        frames = np.array(self._frame_of[:rows])
        done = self._frames - len(self._waiting)
        early = self._waiting[: int(frames[-1]) + 1 - done] if frames[-1] >= done else []
        seen = [*self._seen, self._model.see(early)] if early else self._seen
        semantic, emotion = (np.concatenate(part) for part in zip(*seen, strict=True))
        return semantic[frames], emotion[frames]

    def close(self) -> None:
        """Wait for what CLIP is seeing, and show it nothing more."""
        self._pool.shutdown(cancel_futures=True)

    def _collect(self) -> None:
        if self._going is not None:
            self._seen.append(self._going.result())
            self._going = None
