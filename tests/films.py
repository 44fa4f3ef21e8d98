"""Films that tests draw, so that every pixel and every cut is known."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from scorelock.engine.video import Image

SHARED = Path(__file__).parents[2] / "shared" / "films"
needs_films = pytest.mark.skipif(
    not SHARED.is_dir(), reason="needs films: ../shared/films is not beside this checkout"
)
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="needs the program ffmpeg to make the film"
)


def noise(count: int, *, size: tuple[int, int] = (64, 48), seed: int = 0) -> list[Image]:
    """Frames of coloured noise, no two alike."""
    draw = np.random.default_rng(seed)
    return [draw.integers(0, 256, (*size[::-1], 3), dtype=np.uint8) for _ in range(count)]


def flat(count: int, colour: tuple[int, int, int], size: tuple[int, int] = (64, 48)) -> list[Image]:
    """Frames of one colour: blue, green, red."""
    return [np.full((*size[::-1], 3), colour, np.uint8)] * count


def write_film(path: Path, frames: Sequence[Image], fps: float = 24.0, codec: str = "FFV1") -> Path:
    """Write the frames; FFV1 keeps every pixel."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def ffmpeg(*arguments: str | Path) -> None:
    """Run ffmpeg and have it say nothing."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)
