"""What a show for a camera was."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Ages:
    """Seconds from the picture that a chord goes by to its strike: the newest of its second, or the
    one that CLIP saw, if that is older.
    """

    p50: float
    p95: float
    max: float

    @classmethod
    def of(cls, ages_s: Iterable[float]) -> Self | None:
        """Of some; None of none."""
        found = np.array(list(ages_s))
        return cls(*np.percentile(found, (50, 95, 100)).tolist()) if found.size else None


@dataclass(frozen=True, slots=True)
class CameraReport:
    """Counts and times.

    Attributes:
        seconds: of picture that were scored, those that were held and dropped among them.
        chords: that were begun.
        dropped_seconds: whose own chord could not be had in time: the one before went on.
        held_seconds: without a picture: the chord went on.
        frames: that were seen.
        skipped_frames: for which there was no time.
        stalls: how often the picture stood for two seconds or more.
        reconnects: how often the camera came back.
        late_embeddings: chords for which CLIP had not seen their second in time: they go by what it
            saw before; None without CLIP.
        first_chord_s: from the first picture to the first chord.
        age_s: of the oldest picture that each chord goes by, or None.
    """

    seconds: int
    chords: int
    dropped_seconds: int
    held_seconds: int
    frames: int
    skipped_frames: int
    stalls: int
    reconnects: int
    late_embeddings: int | None
    first_chord_s: float | None
    age_s: Ages | None

    def __str__(self) -> str:
        age = ""
        if (ages := self.age_s) is not None:
            age = (
                f"; the picture behind a chord {ages.p50:.2f} s old at the median, "
                f"{ages.p95:.2f} s at p95, {ages.max:.2f} s at most"
            )
        clip = ""
        if self.late_embeddings is not None:
            clip = f", CLIP came late for {self.late_embeddings} chords"
        return (
            f"camera: {self.seconds} s, {self.chords} chords, {self.frames} pictures{age}\n"
            f"       {self.dropped_seconds} s dropped, {self.held_seconds} s held without a "
            f"picture, {self.stalls} stalls, {self.reconnects} reconnects{clip}"
        )
