"""The swell within a note: controller values that follow the loudness.

Velocity is chosen once a note; what happens while it sounds is the controllers' (modulation and
expression in orchestral sample libraries).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arrange import loudness_share

STEPS_HZ: Final = 20
"""Values a second of each controller at most: DIN MIDI carries 1,000 messages."""
SOFTEST: Final = 24
"""Where libraries are still heard."""


def values(loudness: tuple[float, ...]) -> tuple[list[float], list[int]]:
    """When the controllers change, in film seconds, and to what, 0..127.

    The curve goes straight from the middle of a second to the next; loudness has one row a second.
    """
    seconds = np.arange(len(loudness)) + 0.5
    at_s = np.arange(len(loudness) * STEPS_HZ) / STEPS_HZ
    return _changes(at_s, np.interp(at_s, seconds, loudness) if len(loudness) else at_s)


def ramp(
    start_s: float, end_s: float, before: float, after: float
) -> tuple[list[float], list[int]]:
    """When the controllers change between two moments, and to what, 0..127: straight from one
    loudness to the other.
    """
    at_s = start_s + np.arange(int((end_s - start_s) * STEPS_HZ)) / STEPS_HZ
    return _changes(at_s, np.interp(at_s, (start_s, end_s), (before, after)))


def _changes(
    at_s: NDArray[np.float64], loudness: NDArray[np.float64]
) -> tuple[list[float], list[int]]:
    steps = np.rint(SOFTEST + (127 - SOFTEST) * loudness_share(loudness)).astype(int)
    changes = np.flatnonzero(np.diff(steps, prepend=-1))
    return at_s[changes].tolist(), steps[changes].tolist()
