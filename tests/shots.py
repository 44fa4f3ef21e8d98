"""Moving shots that tests draw: no two frames are alike, as in a film that was shot."""

import cv2
import numpy as np

from scorelock.engine.video import Image


def pan(count: int, seed: int, size: tuple[int, int] = (160, 90)) -> list[Image]:
    """A camera that pans over a picture of soft colours, three pixels a frame."""
    width, height = size
    draw = np.random.default_rng(seed)
    wide = width + 3 * count
    blobs = draw.integers(0, 256, (5, max(2, wide // 24), 3), dtype=np.uint8)
    picture = cv2.resize(blobs, (wide, height), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(picture[:, 3 * i : 3 * i + width], np.uint8) for i in range(count)]
