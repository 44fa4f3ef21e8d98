"""Knowing the same recording again in another video, by how its harmony goes second by second.

Prints are compared at every offset: as they are, transposed, and played faster or slower, as videos
are that are not to be found. What many songs share, such as four chords in turn, does not make two
the same: they must agree nearly everywhere, and at one offset alone. So that ten thousand songs
need not each be compared with each, only those are whose patterns look alike: the magnitudes of
their two-dimensional Fourier transform, which neither an offset nor a transposition changes
(Bertin-Mahieux and Ellis, "Large-scale cover song recognition using the 2D Fourier transform
magnitude", ISMIR 2012).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.chords import CLASSES, STEPS_A_SECOND, Evidence

Print = NDArray[np.uint8]
"""(T, 12), 0..255: how much of each second each pitch class sounds."""
Rows = NDArray[np.float32]

SAME: Final = 0.7
"""Prints that agree so far, 1 for entirely, may be of one recording,"""
AHEAD: Final = 0.1
"""and are when they agree so much less at every other offset: chords that go round in a circle
agree with another such circle at each turn."""
COMMON_S: Final = 20
"""Seconds that two prints must have in common,"""
COMMON_SHARE: Final = 0.5
"""and the share of the shorter one."""
SEMITONE: Final = 2 ** (1 / 12)
VARIANTS: Final[Mapping[float, tuple[int, ...]]] = {
    1.0: (-2, -1, 0, 1, 2),
    **{SEMITONE**shift: (shift,) for shift in (-2, -1, 1, 2)},
    25 / 24: (0, 1),  # a film as television plays it
    24 / 25: (-1, 0),
}
"""Times faster, and with it so many semitones higher."""
PHASES_S: Final = (0.0, 0.5)
"""A video may begin anywhere in a second of another."""
FAINT: Final = 0.03
"""What is added to the power of every second: songs that hardly move agree by chance."""
NEAR_S: Final = 2
"""An offset so near to the best is the same."""
PATCH_S: Final = 64
HOP_S: Final = 16
LIKELY: Final = 8
"""How many songs each song is compared with: those whose patterns are most like its own."""


def harmony_of(evidence: Evidence, rows: int) -> Print:
    """The print (rows, 12) of what is heard."""
    sounding = np.zeros((rows * STEPS_A_SECOND, CLASSES))
    known = evidence[: len(sounding), 0]
    sounding[: len(known)] = known
    seconds = sounding.reshape(rows, STEPS_A_SECOND, CLASSES).mean(axis=1)
    scaled: Print = np.rint(255 * seconds.clip(0, 1)).astype(np.uint8)
    return scaled


def find_same(prints: Mapping[str, Print]) -> list[tuple[str, str]]:
    """Pairs of names, each in order, whose prints are of one recording."""
    names = sorted(name for name, each in prints.items() if len(each) >= COMMON_S)
    clear = [_clear(prints[name]) for name in names]
    return [
        (names[one], names[other])
        for one, other in _likely(clear)
        if _is_same(*_agreement(clear[one], clear[other]))
    ]


def is_same(one: Print, other: Print) -> bool:
    """Whether two prints are of one recording."""
    return _is_same(*_agreement(_clear(one), _clear(other)))


def _is_same(agreement: float, elsewhere: float) -> bool:
    return agreement >= SAME and agreement - elsewhere >= AHEAD


def _clear(seconds: Print) -> Rows:
    """What each second has above its own mean and the song's, (T, 12)."""
    rows = seconds.astype(np.float32) / 255
    rows -= rows.mean(axis=1, keepdims=True)
    clear: Rows = rows - rows.mean(axis=0)
    return clear


def _agreement(one: Rows, other: Rows) -> tuple[float, float]:
    """The correlation of two prints, -1..1, where they agree best, and the best elsewhere."""
    return max(
        _at_best_offset(_faster(one, speed, phase_s), other, shifts)
        for speed, shifts in VARIANTS.items()
        for phase_s in PHASES_S
    )


def _faster(rows: Rows, times: float, phase_s: float = 0.0) -> Rows:
    """The seconds as they fall when played so many times faster, from a phase on."""
    if times == 1 and not phase_s:
        return rows
    edges = phase_s + np.arange(int((len(rows) - phase_s) / times) + 1) * times
    whole = np.minimum(np.floor(edges).astype(np.int64), len(rows) - 1)
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0, dtype=np.float64)])
    at = sums[whole] + (edges - whole)[:, None] * rows[whole]
    faster: Rows = (np.diff(at, axis=0) / times).astype(np.float32)
    return faster


def _at_best_offset(one: Rows, other: Rows, shifts: Sequence[int]) -> tuple[float, float]:
    """The best correlation over a common part that is long enough, and the best elsewhere."""
    # At offset o, second s of the other falls on second s + o of the one.
    long = int(max(COMMON_S, COMMON_SHARE * min(len(one), len(other))))
    offsets = np.arange(long - len(other), len(one) - long + 1)
    if not len(offsets):
        return 0.0, 0.0
    begin, end = np.maximum(offsets, 0), np.minimum(offsets + len(other), len(one))
    powers = [
        np.concatenate([[0], np.cumsum((rows**2).sum(axis=1) + FAINT)]) for rows in (one, other)
    ]
    norms = (powers[0][end] - powers[0][begin]) * (
        powers[1][end - offsets] - powers[1][begin - offsets]
    )
    size = 1 << (len(one) + len(other) - 1).bit_length()
    mine, its = np.fft.rfft(one, size, axis=0), np.fft.rfft(other, size, axis=0).conj()
    turned = np.stack([(np.roll(mine, shift, axis=1) * its).sum(axis=1) for shift in shifts])
    products = np.fft.irfft(turned, size)[:, offsets] / np.sqrt(norms)
    shift, place = np.unravel_index(products.argmax(), products.shape)
    elsewhere = np.abs(offsets - offsets[place]) > NEAR_S
    return float(products[shift, place]), float(products[shift, elsewhere].max(initial=-1.0))


def _likely(prints: Sequence[Rows]) -> list[tuple[int, int]]:
    """Pairs of places, the lower first, that are worth comparing."""
    if len(prints) < 2:
        return []
    patterns = {
        speed: np.stack([_pattern(_faster(p, speed)) for p in prints]) for speed in VARIANTS
    }
    usual = patterns[1.0].mean(axis=0)
    for each in patterns.values():
        each -= usual
        each /= np.linalg.norm(each, axis=1, keepdims=True) + np.float32(1e-9)
    found: set[tuple[int, int]] = set()
    many = min(LIKELY, len(prints) - 1)
    for place in range(len(prints)):
        likeness = np.max([each @ patterns[1.0][place] for each in patterns.values()], axis=0)
        likeness[place] = -np.inf
        for other in np.argpartition(-likeness, many - 1)[:many].tolist():
            found.add((min(place, other), max(place, other)))
    return sorted(found)


def _pattern(rows: Rows) -> Rows:
    """(6 * 65,) magnitudes of the transform of a middling patch."""
    padded = np.zeros((max(len(rows), PATCH_S), CLASSES), np.float32)
    padded[: len(rows)] = rows
    patches = np.lib.stride_tricks.sliding_window_view(padded, PATCH_S, axis=0)[::HOP_S]
    magnitudes = np.sqrt(np.abs(np.fft.fft2(patches, axes=(1, 2))))
    return np.median(magnitudes, axis=0)[: CLASSES // 2 + 1].astype(np.float32).ravel()
