"""Loudness second by second, as Video2Music counts it."""

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.heard import RATE, Sound


def loudness(sound: Sound) -> NDArray[np.float32]:
    """(T,) float32, 0..1: the root mean square of each second that begins; the last may be short.

    The paper takes dBFS, 20 log10 of the root mean square against full scale, and maps it back by
    10^(dB/20): that is the root mean square, and 0 for digital silence.
    """
    starts = np.arange(0, len(sound.samples), RATE)
    return np.array([_rms(sound.samples[at : at + RATE]) for at in starts], np.float32)


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
