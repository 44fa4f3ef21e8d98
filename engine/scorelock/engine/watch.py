"""From a film to its features in one pass: motion, scenes, light and colour, and how it feels; with
CLIP what it shows, too.

Only a few numbers of each second are kept, so memory does not grow with the film's pixels.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.affect import LookMeter, valence_and_arousal
from scorelock.engine.features import EXTRACTOR, Film, VideoFeatures
from scorelock.engine.mood import emotions
from scorelock.engine.semantics import PictureModel, SemanticMeter
from scorelock.engine.shots import ShotWatcher, scene_offsets, shrink
from scorelock.engine.video import FilmReader, Image, seconds_begun


class MotionMeter:
    """Video2Music's motion: how much the picture changes in the frame that begins each second."""

    def __init__(self) -> None:
        self._before: Image | None = None
        self._rows: list[float] = []

    def see(self, at_s: float, frame: Image) -> None:
        """Take the next frame at full size, shown at a time in seconds."""
        begun = seconds_begun(at_s)
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


def watch(
    path: Path,
    progress: Callable[[float], None] | None = None,
    *,
    clip: PictureModel | None = None,
    threads: int | None = None,
) -> VideoFeatures:
    """See a film once.

    `progress` is told, about once a second of film, which share of it was seen, 0..1; 0
    where its header tells no length. With `clip` the features are the paper's, else the picture's.
    `threads` decode it, None for what the machine has; the features are the same.

    Raises:
        UnreadableFilm: there is no film, it has no picture, is under 1 s, or is cut off.
    """
    (seen,) = watch_in_parts(path, (), progress, clip=clip, threads=threads)
    return seen


def watch_in_parts(
    path: Path,
    ends_s: Iterable[int],
    progress: Callable[[float], None] | None = None,
    *,
    clip: PictureModel | None = None,
    threads: int | None = None,
) -> Iterator[VideoFeatures]:
    """See a film once; what was seen of its first seconds is given on the way, and last the whole.

    Args:
        path: of the film.
        ends_s: rising whole seconds of the film, 1 or more: the features up to each are given as
            soon as the film goes on past it. They depend on the film alone. A cut that takes some
            frames to be found is in the next ones.
        progress: as `watch` has it. What it raises ends the watching.
        clip: as `watch` has it.
        threads: as `watch` has it.

    Raises:
        UnreadableFilm: as `watch`.
    """
    reader = FilmReader(path, threads=threads)
    ends = iter(ends_s)
    end_s, told_s = next(ends, None), 0.0
    with closing(_Seer(reader.declared_fps, clip)) as seer:
        for at_s, frame in reader:
            seer.see(at_s, frame)
            while end_s is not None and at_s >= end_s:
                yield seer.features(end_s, reader.beginning(end_s))
                end_s = next(ends, None)
            if progress and at_s >= told_s + 1:
                told_s = at_s
                progress(min(1.0, at_s / reader.declared_s) if reader.declared_s else 0.0)
        seen = seer.features(seer.rows, reader.film())
    if progress:
        progress(1.0)
    yield seen


class _Seer:
    """All that looks at the frames."""

    def __init__(self, declared_fps: float, clip: PictureModel | None) -> None:
        self._semantics = None if clip is None else SemanticMeter(clip)
        self._motion = MotionMeter()
        self._shots = ShotWatcher(declared_fps)
        self._looks = LookMeter()

    def see(self, at_s: float, frame: Image) -> None:
        """Take the next frame."""
        small = shrink(frame)
        self._motion.see(at_s, frame)
        self._shots.see(at_s, small)
        self._looks.see(at_s, small)
        if self._semantics is not None:
            self._semantics.see(at_s, frame)

    @property
    def rows(self) -> int:
        """Seconds begun."""
        return len(self._motion.rows)

    def features(self, rows: int, film: Film) -> VideoFeatures:
        """What was seen in the first seconds of a film."""
        cuts = tuple(cut for cut in self._shots.cuts if cut.at_s < film.duration_s)
        valence, arousal = valence_and_arousal(self._looks.looks(rows), cuts)
        extractor, emotion, semantic = EXTRACTOR, emotions(valence, arousal), None
        if self._semantics is not None:
            extractor = self._semantics.extractor
            semantic, emotion = self._semantics.rows(rows)
        return VideoFeatures(
            film=film,
            extractor=extractor,
            scene_offset=scene_offsets(cuts, rows),
            motion=self._motion.rows[:rows],
            emotion=emotion,
            valence=valence,
            arousal=arousal,
            cuts=cuts,
            semantic=semantic,
        )

    def close(self) -> None:
        """End what goes on beside."""
        if self._semantics is not None:
            self._semantics.close()
