"""Frame rates and timecode: exact, counted from frame 0 (SMPTE ST 12-1)."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from scorelock.engine.errors import BadSetting

_NOMINAL = (24, 25, 30, 48, 50, 60, 120)


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames a second as an exact fraction, and whether timecode drops numbers."""

    fps: Fraction
    drop: bool = False

    def __post_init__(self) -> None:
        if self.fps <= 0 or (
            self.drop and self.fps not in (Fraction(30000, 1001), Fraction(60000, 1001))
        ):
            raise ValueError(f"no such frame rate: {self}")

    @classmethod
    def nearest(cls, fps: float) -> Self:
        """The broadcast rate within 0.01 % of a measured one, else the measured one itself."""
        for base in _NOMINAL:
            for exact in (Fraction(base), Fraction(base * 1000, 1001)):
                if abs(fps / float(exact) - 1) < 1e-4:
                    return cls(exact)
        return cls(Fraction(fps).limit_denominator(1001))

    @property
    def nominal(self) -> int:
        """Frame numbers in one second of timecode: 30 at 29.97."""
        return max(1, round(self.fps))

    def __str__(self) -> str:
        return f"{float(self.fps):.6g}{' drop' if self.drop else ''}"


@dataclass(frozen=True, slots=True, order=True)
class Timecode:
    """A frame, counted from 0, at a rate."""

    frame: int
    rate: FrameRate

    def __post_init__(self) -> None:
        if self.frame < 0:
            raise ValueError(f"timecode starts at frame 0, got {self.frame}")

    @classmethod
    def parse(cls, text: str, rate: FrameRate) -> Self:
        """Read "HH:MM:SS:FF"; ";" or "." before the frames marks drop-frame numbering.

        Raises:
            BadSetting: not a timecode, or a number that the rate does not have.
        """
        match = re.fullmatch(r"\s*(\d{1,2}):(\d{1,2}):(\d{1,2})([:;.,])(\d{1,3})\s*", text)
        if match is None:
            raise BadSetting(f"expected a timecode such as 01:00:00:00, got {text!r}")
        hours, minutes, seconds, frames = (int(match[i]) for i in (1, 2, 3, 5))
        drops = rate.drop or (
            match[4] in ";." and rate.fps.denominator == 1001 and rate.nominal in (30, 60)
        )
        if minutes > 59 or seconds > 59 or frames >= rate.nominal:
            raise BadSetting(f"timecode {text!r} is not possible at {rate} frames a second")
        total_minutes = 60 * hours + minutes
        frame = (total_minutes * 60 + seconds) * rate.nominal + frames
        if drops:
            skipped = rate.nominal // 15
            if frames < skipped and seconds == 0 and minutes % 10:
                raise BadSetting(f"timecode {text!r} does not exist in drop-frame numbering")
            frame -= skipped * (total_minutes - total_minutes // 10)
        return cls(frame, FrameRate(rate.fps, drops))

    @classmethod
    def from_seconds(cls, seconds: float, rate: FrameRate) -> Self:
        """The frame that is on screen at a time from 0 s."""
        # A time that was computed as frame / fps must give that frame back.
        return cls(
            int(Fraction(seconds).limit_denominator(10**6) * rate.fps + Fraction(1, 1000)), rate
        )

    @property
    def seconds(self) -> float:
        """Real time of the frame's start."""
        return float(self.frame / self.rate.fps)

    def __str__(self) -> str:
        nominal, frame = self.rate.nominal, self.frame
        if self.rate.drop:
            skipped = nominal // 15
            per_ten = nominal * 600 - 9 * skipped
            tens, rest = divmod(frame, per_ten)
            frame += 9 * skipped * tens
            if rest > skipped:
                frame += skipped * ((rest - skipped) // (nominal * 60 - skipped))
        seconds, frames = divmod(frame, nominal)
        mark = ";" if self.rate.drop else ":"
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frames:02}"
