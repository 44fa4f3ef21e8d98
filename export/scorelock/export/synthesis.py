"""A small synthesiser: hear a score on a machine that has no instruments.

Additive: each part has its harmonics, its envelope and its place between the speakers; a short
reverberation holds them together, and a soft limiter keeps the peak below -1 dBFS. It works in
blocks, so that a film of any length needs little memory, and draws nothing at random: the same
notes give the same samples.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from math import ceil, cos, pi, sin
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.score import Note, Performance

Samples = NDArray[np.float32]

RATE: Final = 44_100
"""Samples a second."""
FULL_SCALE: Final = 32_767
"""Of samples of 16 bits."""
CEILING: Final = int(FULL_SCALE * 10 ** (-1 / 20)) / FULL_SCALE
"""The highest sample of 16 bits that is no less than 1 dB below full scale."""
KNEE: Final = 0.5
"""What is louder is bent towards the ceiling."""
BLOCK: Final = 1 << 18
FADE_S: Final = 0.03
"""At the film's end, where what still rings is faded out."""
HALL_S: Final = 1.2
WET: Final = 0.12
BLUR: Final = 6
"""Samples over which the room blurs an echo, which takes its top off."""


@dataclass(frozen=True, slots=True)
class Timbre:
    """How a part sounds.

    Attributes:
        harmonics: amplitudes of the fundamental and its multiples.
        attack_s: until the full level; half the note at most.
        decay: nepers a second that the level falls while the note holds.
        release_s: until silence after the note.
        pan: 0 is left, 1 is right.
        gain: of the whole part.
    """

    harmonics: tuple[float, ...]
    attack_s: float
    decay: float
    release_s: float
    pan: float
    gain: float


STRINGS: Final = Timbre((1.0, 0.45, 0.3, 0.14, 0.08, 0.04), 0.08, 0.1, 0.35, 0.42, 0.11)
TIMBRES: Final = {
    "chords": STRINGS,
    "bass": Timbre((1.0, 0.6, 0.35, 0.15, 0.06), 0.015, 0.7, 0.15, 0.5, 0.24),
    "pattern": Timbre((1.0, 0.5, 0.22, 0.12, 0.05), 0.004, 4.0, 0.25, 0.6, 0.16),
    "drone": Timbre((1.0, 0.5, 0.4, 0.2, 0.12, 0.06, 0.03), 0.4, 0.0, 0.6, 0.5, 0.1),
}
"""By the part's name; any other part sounds as `STRINGS`."""


def blocks(performance: Performance) -> Iterator[Samples]:
    """Stereo samples (n, 2), -1..1, block after block, from the film's start to its end."""
    total = round(performance.duration_s * RATE)
    notes = sorted(
        (note, TIMBRES.get(part.name, STRINGS)) for part in performance.parts for note in part.notes
    )
    onsets = [round(note.onset_s * RATE) for note, _ in notes]
    dry = wet = np.zeros((0, 2), np.float32)
    for first in range(0, total, BLOCK):
        ours = slice(bisect_left(onsets, first), bisect_left(onsets, first + BLOCK))
        for (note, timbre), onset in zip(notes[ours], onsets[ours], strict=True):
            dry = _add(dry, _sound(note, timbre), onset - first)
        block, dry = np.split(_add(dry, np.zeros((BLOCK, 2), np.float32), 0), [BLOCK])
        wet = _add(_in_the_hall(block), wet, 0)
        mixed, wet = block + WET * wet[:BLOCK], wet[BLOCK:]
        left = total - first - np.arange(BLOCK)
        fade = np.clip(left / (FADE_S * RATE), 0, 1).astype(np.float32)
        yield limited(mixed * fade[:, None])[: total - first]


def _sound(note: Note, timbre: Timbre) -> Samples:
    """The samples (n, 2) of a note until it has died away."""
    held, release = note.duration_s, timbre.release_s
    at_s = np.arange(ceil((held + release) * RATE)) / RATE
    hertz = 440 * 2 ** ((note.pitch - 69) / 12)
    cycles = at_s * hertz % 1.0  # kept small, for single precision is enough from here on
    turn = (2 * pi * cycles).astype(np.float32)
    wave = np.zeros(len(turn), np.float32)
    for number, amplitude in enumerate(timbre.harmonics, 1):
        if number * hertz < 0.45 * RATE:  # what is above would fold back
            wave += np.float32(amplitude) * np.sin(number * turn)
    rise = _ramp(at_s / min(timbre.attack_s, held / 2))
    fall = _ramp((held + release - at_s) / release)
    level = timbre.gain * (note.velocity / 127) ** 1.5
    wave *= (level * rise * fall * np.exp(-timbre.decay * at_s)).astype(np.float32)
    sides = (cos(timbre.pan * pi / 2), sin(timbre.pan * pi / 2))  # equal power at every place
    return wave[:, None] * np.array(sides, np.float32)


def _ramp(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """From 0 to 1 without a corner at either end."""
    smooth: NDArray[np.float64] = np.sin(np.clip(share, 0, 1) * (pi / 2)) ** 2
    return smooth


def _add(under: Samples, over: Samples, at: int) -> Samples:
    """Lay samples over others from a place on, past their end if need be."""
    missing = at + len(over) - len(under)
    if missing > 0:
        under = np.concatenate([under, np.zeros((missing, 2), np.float32)])
    under[at : at + len(over)] += over
    return under


@cache
def _hall() -> NDArray[np.complex64]:
    """The spectrum (n, 2) of a room: noise that dies away, softer at the top; always the same."""
    length = round(HALL_S * RATE)
    at_s = np.arange(length) / RATE
    draws = np.random.default_rng(1).standard_normal((length + BLUR - 1, 2))
    echoes = np.lib.stride_tricks.sliding_window_view(draws, BLUR, 0).mean(-1)
    echoes *= (np.exp(-6.9 * at_s / HALL_S) * _ramp(at_s / 0.02))[:, None]
    echoes /= np.sqrt((echoes**2).sum(0))
    spectrum: NDArray[np.complex64] = np.fft.rfft(echoes, 2 * BLOCK, axis=0).astype(np.complex64)
    return spectrum


def _in_the_hall(block: Samples) -> Samples:
    """A block (BLOCK, 2) as the room gives it back, with what rings on after it."""
    heard = np.fft.irfft(np.fft.rfft(block, 2 * BLOCK, axis=0) * _hall(), axis=0)
    return heard[: BLOCK + round(HALL_S * RATE)].astype(np.float32)


def limited(samples: Samples) -> Samples:
    """Bent smoothly above `KNEE`, so that no sample passes `CEILING`."""
    over = np.maximum(np.abs(samples) - KNEE, 0)
    room = CEILING - KNEE
    bent = np.sign(samples) * (KNEE + room * np.tanh(over / room))
    return np.where(over > 0, bent, samples).astype(np.float32)
