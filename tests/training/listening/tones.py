"""Tones of known pitch and time, and where the transcriber's model is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelock.engine.errors import MissingPart
from scorelock.training.listening.fetch import kept
from scorelock.training.listening.heard import RATE, Sound
from scorelock.training.listening.transcribe import Transcriber


def tone(pitch: float, at_s: float, lasts_s: float, total_s: float) -> NDArray[np.float64]:
    """A struck string: six harmonics that fade, at a MIDI pitch that need not be whole."""
    t = np.arange(round(lasts_s * RATE)) / RATE
    hz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * hz * n * t) / n**1.5 for n in range(1, 7))
    shape = np.minimum(1, t / 0.005) * np.minimum(1, (lasts_s - t) / 0.02) * np.exp(-t / 0.8)
    samples = np.zeros(round(total_s * RATE))
    begin = round(at_s * RATE)
    samples[begin : begin + len(t)] = 0.1 * wave * shape
    return samples


def sound(samples: NDArray[np.float64]) -> Sound:
    return Sound(samples.astype(np.float32))


def transcriber() -> Transcriber:
    """The kept model; skips without one."""
    try:
        return Transcriber.open(kept())
    except MissingPart as err:
        pytest.skip(f"no transcriber: {err}")
