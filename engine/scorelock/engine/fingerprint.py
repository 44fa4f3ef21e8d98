"""What each frame of a film looks like, in few numbers: the same after re-encoding, at another
size, and under a light grade, so that a shot is known again in another cut.

The low frequencies of the picture's brightness, as perceptual hashes keep them (Zauner 2010,
Implementation and Benchmarking of Perceptual Image Hash Functions), but as numbers and not as
bits: frames of one shot must differ by what moves in it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import Film
from scorelock.engine.files import replacing
from scorelock.engine.timebase import FrameRate
from scorelock.engine.video import STAMP_TOLERANCE_S, FilmReader, Image

NAME: Final = "shots.npz"
FORMAT: Final = 1
WIDTH: Final = 66
"""Numbers a frame: 63 frequencies, brightness, two of colour."""

Rows = NDArray[np.float32]
"""(frames, WIDTH); the Euclidean distance of two rows is 0 for one picture, about 1.4 for two that
have nothing in common."""

_SIDE: Final = 32  # the picture is this many pixels square before the transform
_BAND: Final = 8  # frequencies each way
_STEP: Final = 127  # a number of a row is -1..1, and kept as one byte
_FLAT: Final = 16.0 * _SIDE  # darker than some levels of contrast is near to nothing: it is noise
_COLOUR: Final = 1 / 256  # what a level of mean brightness or colour counts

_WEIGHTS: Final = np.hypot(*np.indices((_BAND, _BAND))).ravel()[1:]  # pictures fall off as 1 / f


def fingerprint(frame: Image) -> NDArray[np.float32]:
    """One row (WIDTH,) of a frame of any size."""
    small = cv2.resize(frame, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    luma, red, blue = cv2.split(cv2.cvtColor(small, cv2.COLOR_BGR2YCrCb).astype(np.float32))
    waves = cv2.dct(luma)[:_BAND, :_BAND].ravel()[1:] * _WEIGHTS
    waves /= max(float(np.linalg.norm(waves)), _FLAT)
    means = (float(luma.mean()) - 128, float(red.mean()) - 128, float(blue.mean()) - 128)
    return np.concatenate([waves, np.array(means, np.float32) * _COLOUR]).astype(np.float32)


def contrast(rows: Rows) -> NDArray[np.float32]:
    """How much there is to see in each frame (N,), 0 for one flat colour, 1 for most pictures."""
    return np.asarray(np.linalg.norm(rows[:, :-3], axis=1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprints:
    """A film's frames.

    Attributes:
        times_s: (N,) when each is shown, in seconds from the first.
        rows: (N, WIDTH).
    """

    times_s: NDArray[np.float64]
    rows: Rows

    def at_rate(self, film: Film, rate: FrameRate) -> Rows:
        """The rows of the frames that are on screen at frame 0, 1, 2 ... of a steady rate."""
        if not film.variable_rate and film.rate.fps == rate.fps:
            return self.rows
        count = max(1, round(film.duration_s * rate.fps))
        wanted_s = np.arange(count) / float(rate.fps) + STAMP_TOLERANCE_S
        return self.rows[np.searchsorted(self.times_s, wanted_s, side="right") - 1]


def see(path: Path, progress: Callable[[float], None] | None = None) -> Fingerprints:
    """Go through a film once.

    `progress` is told, about once a second of film, which share of it was seen, 0..1.

    Raises:
        UnreadableFilm: there is no film, or none that can be watched.
    """
    reader = FilmReader(path)
    times_s: list[float] = []
    rows: list[NDArray[np.int8]] = []
    told_s = 0.0
    for at_s, frame in reader:
        times_s.append(at_s)
        rows.append(_packed(fingerprint(frame)))
        if progress and at_s >= told_s + 1 and reader.declared_s:
            told_s = at_s
            progress(min(1.0, at_s / reader.declared_s))
    return Fingerprints(np.array(times_s), _unpacked(np.array(rows)))


def kept(folder: Path, film: Film) -> Fingerprints | None:
    """What `keep` kept of a film as it is; None where it has to be seen."""
    with suppress(Exception), np.load(folder / NAME, allow_pickle=False) as file:
        known = file["format"].item(), file["sha256"].item()
        if known == (FORMAT, film.sha256) and file.zip.testzip() is None:
            return Fingerprints(file["times_s"], _unpacked(file["rows"]))
    return None


def keep(folder: Path, film: Film, seen: Fingerprints) -> None:
    """Keep what was seen in the film's folder; where nothing can be written, only time is lost."""
    content = BytesIO()
    np.savez_compressed(
        content,
        format=np.array(FORMAT),
        sha256=np.array(film.sha256),
        times_s=seen.times_s,
        rows=_packed(seen.rows),
    )
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        with replacing(folder / NAME) as beside:
            beside.write_bytes(content.getvalue())


def _packed(rows: NDArray[np.float32]) -> NDArray[np.int8]:
    return np.clip(np.round(rows * _STEP), -127, 127).astype(np.int8)


def _unpacked(rows: NDArray[np.int8]) -> Rows:
    return rows.astype(np.float32) / np.float32(_STEP)
