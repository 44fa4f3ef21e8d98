"""Measures what watching a film costs beside the least that it can, decoding every frame, and
beside the public way, which goes through the film once for every feature.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import cv2
from scenedetect import AdaptiveDetector, detect

from scorelock.bridge.demo_film import draw_demo_film
from scorelock.engine.watch import watch

ROUNDS: Final = 3
SECONDS: Final = 10
SIZE: Final = (1920, 1080)


def measure(now: Callable[[], float], film: Path | None = None) -> dict[str, float | str]:
    """Time `watch` against a plain `cv2.VideoCapture.read` loop on the same film, by turns.

    `now` reads a clock in seconds; without a film, ten seconds are drawn in 1920 x 1080.
    Returns the medians in seconds ("ours", "other"), their "ratio", "public_s" of the public passes
    (one round) and "public_ratio" = public / other, the "film", the "width" and "height", the
    film's "duration_s", "speed": seconds of film watched in one second, and "what" was measured.
    """
    with TemporaryDirectory() as folder:
        path = film or Path(folder) / "demo-1080p.mp4"
        if film is None:
            draw_demo_film(path, seconds=SECONDS, size=SIZE)
        seen = watch(path).film
        rounds = [(_took(now, watch, path), _took(now, _read, path)) for _ in range(ROUNDS)]
        public_s = _took(now, _public, path)
    ours_s, other_s = (median(times) for times in zip(*rounds, strict=True))
    return {
        "film": path.name,
        "width": seen.width,
        "height": seen.height,
        "duration_s": seen.duration_s,
        "ours": ours_s,
        "other": other_s,
        "ratio": ours_s / other_s,
        "public_s": public_s,
        "public_ratio": public_s / other_s,
        "speed": seen.duration_s / ours_s,
        "what": f"watching {path.name} ({seen.width}x{seen.height}, {seen.duration_s:.1f} s); "
        "other: decoding it with OpenCV and doing nothing; ratio: ours / other (a pass for each "
        f"feature, as the public code makes them, without CLIP: {public_s / other_s:.2f})",
    }


def _took(now: Callable[[], float], look: Callable[[Path], object], path: Path) -> float:
    start = now()
    look(path)
    return now() - start


def _read(path: Path) -> None:
    capture = cv2.VideoCapture(str(path))
    while capture.read()[0]:
        pass
    capture.release()


def _public(path: Path) -> None:
    """Scenes by PySceneDetect, motion from every frame, a picture a second for CLIP: three passes
    (Video2Music's preprocessing, without CLIP itself).
    """
    detect(str(path), AdaptiveDetector())
    capture = cv2.VideoCapture(str(path))
    read, before = capture.read()
    while read:
        read, frame = capture.read()
        if read:
            cv2.absdiff(frame, before).mean()
            before = frame
    capture.release()
    _read(path)
