"""How far a music is tuned from A at 440 Hz."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.heard import RATE, HeardNote, Sound

_SAMPLES: Final = 1 << 14
"""0.37 s: a bin is 2.7 Hz."""
_LONGEST: Final = 200
"""So many of the longest notes tell enough."""
_PITCHES: Final = range(48, 96)
"""Below, a semitone is too few bins; above, overtones are no whole multiples."""
_REACH: Final = 2 ** (70 / 1200)
"""A note that is half a semitone off is heard as either of two."""


def tuning(sound: Sound, notes: Sequence[HeardNote]) -> float:
    """Cents of the whole against A at 440 Hz, -50..50; 0 where no note tells.

    Each long note's peak in the spectrum around its middle is compared with equal temperament, and
    the mean is taken on the circle, since 50 cents above one key are 50 below the next.
    """
    telling = [n for n in notes if n.pitch in _PITCHES and n.end_s - n.onset_s > 0.25]
    longest = sorted(telling, key=lambda n: n.onset_s - n.end_s)[:_LONGEST]
    angles = [2 * np.pi * cents / 100 for n in longest if (cents := _cents(sound, n)) is not None]
    if not angles:
        return 0.0
    return float(np.angle(np.exp(1j * np.array(angles)).mean()) * 100 / (2 * np.pi))


def _cents(sound: Sound, note: HeardNote) -> float | None:
    """A note's cents from its key, None where no peak is near."""
    begin = max(0, round((note.onset_s + note.end_s) / 2 * RATE) - _SAMPLES // 2)
    part = sound.samples[begin : begin + _SAMPLES]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), _SAMPLES))
    bin_of_key = 440 * 2 ** ((note.pitch - 69) / 12) * _SAMPLES / RATE
    low, high = int(bin_of_key / _REACH), int(np.ceil(bin_of_key * _REACH))
    peak = low + int(np.argmax(spectrum[low : high + 1]))
    if peak in (low, high):
        return None
    return float(1200 * np.log2(_between_bins(spectrum, peak) / bin_of_key))


def _between_bins(spectrum: NDArray[np.float64], peak: int) -> float:
    """Where the parabola through the logarithms of a peak and the bins beside it is highest."""
    before, top, after = np.log(spectrum[peak - 1 : peak + 2] + 1e-12)
    return peak + float(0.5 * (before - after) / (before - 2 * top + after))
