"""What the picture alone feels like: light, colour, motion and cutting to valence and arousal.
A plain reading by published findings, not a model; nothing here is learned.

References:
    Block (2008), The Visual Story: contrast in the picture raises its intensity.
    Hanjalic and Xu (2005), IEEE Trans. Multimedia 7(1): arousal from motion activity and the
        density of cuts, each smoothed with a Kaiser window of shape 5.
    Ou, Luo, Woodcock and Wright (2004), Color Research and Application 29(3): warmth of a colour.
    Valdez and Mehrabian (1994), J. Experimental Psychology: General 123(4):
        pleasure = .69 brightness + .22 saturation, arousal = -.31 brightness + .60 saturation.
"Calibrated" below means: set by hand so that the films of the tests read as a person would say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import Cut
from scorelock.engine.video import STAMP_TOLERANCE_S, Image

Floats = NDArray[np.float32]

_SAMPLES_A_SECOND: Final = 8
_THUMBNAIL: Final = (64, 36)
_DARK: Final = 5.0  # added to lightness as a divisor, or the noise in black would count as colour

# Mean and spread of films on each scale, calibrated.
_BRIGHTNESS: Final = (37.0, 18.0)
_SATURATION: Final = (0.30, 0.20)
_CONTRAST: Final = (0.25, 0.12)
_WARMTH: Final = (-0.3, 1.0)
_USUAL_MOTION: Final = 0.8  # of lightness in 1/8 s, calibrated: as much as keeps arousal at 0
_USUAL_CUTS: Final = 1 / 4  # a second; shots of contemporary films last about 4 s
_TOWARDS_WARM: Final = np.cos(np.radians(50)), np.sin(np.radians(50))  # of a* and b*

_SMOOTHING: Final = np.kaiser(9, 5.0)  # seconds; Hanjalic and Xu take 60 s, music turns sooner

# Weights: of colour by Valdez and Mehrabian, of the rest and of the whole calibrated.
_VALENCE_GAIN: Final = 0.75
_VALENCE_OF_WARMTH: Final = 0.1
_AROUSAL_GAIN: Final = 0.75
_AROUSAL_OF_COLOUR: Final = 0.3
_AROUSAL_OF_CONTRAST: Final = 0.1
_AROUSAL_OF_MOTION: Final = 0.5
_AROUSAL_OF_CUTS: Final = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """How a film looks, one row a second, each (T,) float32.

    Attributes:
        brightness: mean CIE lightness, 0..100.
        saturation: mean colourfulness against lightness, 0 (grey) to 1.
        warmth: mean warmth by Ou et al., about -2 (cool) to 2.
        contrast: standard deviation of lightness against its mean, 0..2; high where light falls
            on darkness.
        motion: median change of lightness in 1/8 s, 0..100; the median leaves cuts out.
    """

    brightness: Floats
    saturation: Floats
    warmth: Floats
    contrast: Floats
    motion: Floats


class LookMeter:
    """Sees frames one by one and keeps five numbers of each second."""

    def __init__(self) -> None:
        self._slot = -1
        self._lightness: Floats | None = None
        self._samples: list[tuple[float, ...]] = []
        self._rows: list[tuple[float, ...]] = []
        self._forgotten = 0  # rows

    def see(self, at_s: float, small: Image) -> None:
        """Take the next frame, shown at a time in seconds; eight a second are looked at."""
        slot = int((at_s + STAMP_TOLERANCE_S) * _SAMPLES_A_SECOND)
        if slot == self._slot:
            return
        self._close_rows(slot // _SAMPLES_A_SECOND)
        lightness, a, b = _lab(small)
        chroma = np.hypot(a, b)
        # Ou et al.: -0.5 + 0.02 C^1.07 cos(h - 50 degrees), with C cos(h - 50) written out.
        warmth = 0.02 * chroma**0.07 * (a * _TOWARDS_WARM[0] + b * _TOWARDS_WARM[1]) - 0.5
        saturation = chroma / np.hypot(chroma, lightness + _DARK)
        contrast = lightness.std() / (lightness.mean() + _DARK)
        change = 0.0
        if self._lightness is not None:
            change = float(np.abs(lightness - self._lightness).mean()) / (slot - self._slot)
        self._samples.append((lightness.mean(), saturation.mean(), warmth.mean(), contrast, change))
        self._slot, self._lightness = slot, lightness

    def looks(self, rows: int) -> Look:
        """What was seen, as many seconds long as asked."""
        self._close_rows(rows)
        return Look(*np.array(self._rows[:rows], np.float32).T)

    def recent(self, second: int, rows: int) -> Look:
        """What was seen of late before this second, so many rows at most; the rest is forgotten."""
        self._close_rows(second)
        self._forgotten += len(self._rows[:-rows])
        del self._rows[:-rows]
        return Look(*np.array(self._rows, np.float32).T)

    def _close_rows(self, second: int) -> None:
        """Sum up the seconds before this one; without a frame a second looks like the last."""
        while self._forgotten + len(self._rows) < second:
            if self._samples:
                *picture, motion = np.transpose(self._samples)
                self._rows.append((*(float(p.mean()) for p in picture), float(np.median(motion))))
                self._samples = []
            else:
                self._rows.append((*self._rows[-1][:-1], 0.0))


def valence_and_arousal(look: Look, cuts: Sequence[Cut]) -> tuple[Floats, Floats]:
    """Pleasantness and excitement of each second, each (T,), -1..1.

    Light and colour act at once, so that a new mood begins at its cut; motion and cutting, which
    have no one moment, are smoothed.
    """
    brightness, saturation, warmth, contrast = (
        (values - middle) / spread
        for values, (middle, spread) in (
            (look.brightness, _BRIGHTNESS),
            (look.saturation, _SATURATION),
            (look.warmth, _WARMTH),
            (look.contrast, _CONTRAST),
        )
    )
    seconds = [int(cut.at_s + STAMP_TOLERANCE_S) for cut in cuts]
    cutting = np.bincount(seconds, minlength=len(brightness))[: len(brightness)]
    motion = look.motion / (look.motion + _USUAL_MOTION)
    pace = _smooth(cutting)
    valence = 0.69 * brightness + 0.22 * saturation + _VALENCE_OF_WARMTH * warmth
    arousal = (
        _AROUSAL_OF_COLOUR * (-0.31 * brightness + 0.60 * saturation)
        + _AROUSAL_OF_CONTRAST * contrast
        + _AROUSAL_OF_MOTION * (2 * _smooth(motion) - 1)
        + _AROUSAL_OF_CUTS * (2 * pace / (pace + _USUAL_CUTS) - 1)
    )
    return (
        np.tanh(_VALENCE_GAIN * valence).astype(np.float32),
        np.tanh(_AROUSAL_GAIN * arousal).astype(np.float32),
    )


def _lab(small: Image) -> tuple[Floats, Floats, Floats]:
    """CIE L*, a*, b* of the frame's thumbnail, each (36, 64)."""
    thumbnail = np.asarray(cv2.resize(small, _THUMBNAIL, interpolation=cv2.INTER_AREA), np.float32)
    lab = np.asarray(cv2.cvtColor(thumbnail / 255, cv2.COLOR_BGR2Lab), np.float32)
    return lab[..., 0], lab[..., 1], lab[..., 2]


def _smooth(values: NDArray[np.floating | np.integer]) -> NDArray[np.float64]:
    """Weighted mean of the seconds around each; at the ends, of those that there are."""
    reach = len(_SMOOTHING) // 2
    inside = slice(reach, reach + len(values))
    total = np.convolve(values, _SMOOTHING)[inside]
    return total / np.convolve(np.ones(len(values)), _SMOOTHING)[inside]
