"""What the parts of listening hand to each other; pure values, no file and no model."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.key import Key

RATE: Final = 44_100
"""Samples a second of a `Sound`: MuVi-Sync's loudness is taken at this rate."""
LOWEST, HIGHEST = 21, 108
"""The piano's MIDI pitches, which the transcriber hears."""
PITCHES: Final = HIGHEST - LOWEST + 1


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A film's sound.

    Attributes:
        samples: (N,) float32, -1..1, mono (the mean of the channels), at `RATE`; the first sample
            is heard when the first frame of the picture is seen.
    """

    samples: NDArray[np.float32]

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE


@dataclass(frozen=True, slots=True, order=True)
class HeardNote:
    """A note that was transcribed: seconds, MIDI pitch 21..108, strength 0..1."""

    onset_s: float
    end_s: float
    pitch: int
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Transcription:
    """What the transcriber hears.

    Attributes:
        notes: in time order.
        activity: (F, 88) float32, 0..1, how surely each pitch sounds in each frame.
        onsets: (F, 88) float32, 0..1, how surely each pitch begins in each frame.
        frame_s: from one frame to the next; frame f begins at f * frame_s.
    """

    notes: tuple[HeardNote, ...]
    activity: NDArray[np.float32]
    onsets: NDArray[np.float32]
    frame_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """The music of a film, one row a second as Video2Music counts it.

    Attributes:
        key: as it sounds.
        sure: 0..1, how far the best key is ahead of the next.
        chords: (T,) int64 tokens 0..156 as they sound, 0 where there is no chord.
        density: (T,) float32, notes that sound in each second.
        loudness: (T,) float32, 0..1, root mean square of each second.
        tuning_cents: of the whole against A at 440 Hz, -50..50.
        music: 0..1, the share of seconds in which a chord is heard plainly: 0 for noise, little
            for speech.
        harmony: (T, 12) uint8, how much of each second each pitch class sounds, 255 for all of it.
    """

    key: Key
    sure: float
    chords: NDArray[np.int64]
    density: NDArray[np.float32]
    loudness: NDArray[np.float32]
    tuning_cents: float
    music: float
    harmony: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 12), np.uint8))
