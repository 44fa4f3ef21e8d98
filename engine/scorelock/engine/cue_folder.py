"""`FILM.cue/`, the folder beside a film that keeps what was seen in it, so that it is watched once.

What is kept only saves time: whatever is wrong with it is said in one line, and the film is watched
again. Nothing here loads what watching needs.
"""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Final, Self

import numpy as np

from scorelock.engine.features import EXTRACTOR, PAPER, Cut, Film, VideoFeatures
from scorelock.engine.files import digest, replacing
from scorelock.engine.timebase import FrameRate

FEATURES: Final = "features.npz"
CUE: Final = "cue.json"
"""What was made of it (`scorelock.engine.cue_file`)."""
FORMAT: Final = 1

_COLUMNS: Final = ("scene_offset", "motion", "emotion", "valence", "arousal", "semantic")
_Stamp = tuple[int, int]  # a file's size in bytes and its last change in nanoseconds


@dataclass(frozen=True, slots=True)
class CueFolder:
    """The folder of one film, whether it is there yet or not.

    Attributes:
        film: the film file.
        path: the folder.
    """

    film: Path
    path: Path
    _stamp: _Stamp | None
    _say: Callable[[str], None]

    @classmethod
    def of(cls, film: Path, say: Callable[[str], None]) -> Self:
        """The folder of a film as the film is now: ask before watching it, `keep` after.

        `say` takes one line for the user.
        """
        try:
            status = film.stat()
            stamp = status.st_size, status.st_mtime_ns
        except OSError:  # no film: who watches it says so
            stamp = None
        return cls(film, film.parent / f"{film.name}.cue", stamp, say)

    def features(self, extractor: str) -> VideoFeatures | None:
        """What this extractor saw in this film; None where it has to be watched.

        What CLIP saw holds what is seen without it, so it serves `EXTRACTOR`, too; for `PAPER`,
        whichever CLIP has seen it will do.

        A film of the same size and time of last change is taken for the same. Any other is read
        and compared by its SHA-256: one that was copied or touched keeps its analysis.

        Raises:
            UnreadableFilm: the film cannot be read.
        """
        name, file = self.film.name, self.path / FEATURES
        try:
            stamp, kept = _unpacked(file.read_bytes(), self.film)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except Exception:  # a damaged or foreign file makes its readers raise anything
            self._say(f"{file} is damaged, or of another scorelock; watching {name} again")
            return None
        features = _seen_by(extractor, kept)
        if features is None:
            self._say(f"{name} was analysed by {kept.extractor}; watching it by {extractor}")
            return None
        if stamp is None or stamp != self._stamp:
            if digest(self.film) != kept.film.sha256:
                self._say(f"{name} has changed since it was analysed; watching it again")
                return None
            with suppress(OSError):  # then it is compared the next time, too
                self._write(kept)
        return features

    def keep(self, features: VideoFeatures) -> None:
        """Keep what was seen, in the place of what was kept before; but what CLIP saw in the same
        film stays, for it holds what is seen without it.

        Where nothing can be written, that is said, and nothing is lost but time.
        """
        if features.extractor == EXTRACTOR and self._holds_paper(features.film.sha256):
            return
        try:
            self._write(features)
        except OSError as err:
            self._say(
                f"what was seen in {self.film.name} cannot be kept in {self.path} "
                f"({err.strerror or err}); it will be watched each time"
            )

    def _holds_paper(self, sha256: str) -> bool:
        try:
            _, kept = _unpacked((self.path / FEATURES).read_bytes(), self.film)
        except Exception:  # none, or as in `features`
            return False
        return _is_paper(kept.extractor) and kept.film.sha256 == sha256

    def _write(self, features: VideoFeatures) -> None:
        self.path.mkdir(exist_ok=True)
        with replacing(self.path / FEATURES) as beside:
            beside.write_bytes(_packed(features, self._stamp))


def _seen_by(extractor: str, kept: VideoFeatures) -> VideoFeatures | None:
    """What that extractor saw, where it is what is kept or a part of it."""
    if extractor == kept.extractor or (extractor == PAPER and _is_paper(kept.extractor)):
        return kept
    return kept.pictured() if extractor == EXTRACTOR and _is_paper(kept.extractor) else None


def _is_paper(extractor: str) -> bool:
    return extractor.startswith(f"{PAPER} ")


def _packed(features: VideoFeatures, stamp: _Stamp | None) -> bytes:
    """All of the features but the film's path, which is where the folder is."""
    film = features.film
    about = {
        "format": FORMAT,
        "stamp": stamp,
        "extractor": features.extractor,
        "sha256": film.sha256,
        "duration_s": film.duration_s,
        "fps": str(film.rate.fps),
        "drop": film.rate.drop,
        "width": film.width,
        "height": film.height,
        "variable_rate": film.variable_rate,
    }
    arrays = {name: getattr(features, name) for name in _COLUMNS}
    content = BytesIO()
    np.savez(
        content,
        about=np.array(json.dumps(about)),
        cuts=np.array([(cut.at_s, cut.strength) for cut in features.cuts]).reshape(-1, 2),
        **{name: array for name, array in arrays.items() if array is not None},
    )
    return content.getvalue()


def _unpacked(content: bytes, film: Path) -> tuple[_Stamp | None, VideoFeatures]:
    """The way back; raises whatever, where the content is anything else."""
    with np.load(BytesIO(content), allow_pickle=False) as kept:
        if kept.zip.testzip() is not None:  # an array that seems shorter is not checked to its end
            raise ValueError("a checksum differs")
        about = json.loads(kept["about"].item())
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}")
        columns = {
            name: np.asarray(kept[name], np.float32) for name in _COLUMNS if name in kept.files
        }
        cuts = tuple(Cut(at_s, strength) for at_s, strength in kept["cuts"].tolist())
    stamp = about["stamp"]
    features = VideoFeatures(
        film=Film(
            path=str(film),
            sha256=about["sha256"],
            duration_s=about["duration_s"],
            rate=FrameRate(Fraction(about["fps"]), about["drop"]),
            width=about["width"],
            height=about["height"],
            variable_rate=about["variable_rate"],
        ),
        extractor=about["extractor"],
        cuts=cuts,
        **columns,
    )
    return stamp and tuple(stamp), features
