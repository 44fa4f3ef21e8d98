"""Music as a transcriber that hears everything right would hear it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scorelock.training.listening.heard import (
    LOWEST,
    PITCHES,
    RATE,
    HeardNote,
    Sound,
    Transcription,
)

FRAME_S = 256 / 22_050
Struck = tuple[float, float, Sequence[int]]
"""From when to when in seconds which MIDI pitches sound."""


def transcription(music: Iterable[Struck], seconds: float, faint: float = 0.0) -> Transcription:
    """What is heard; `faint` is how surely every pitch sounds that does not."""
    frames = int(seconds / FRAME_S)
    activity = np.full((frames, PITCHES), faint, np.float32)
    onsets = np.full((frames, PITCHES), faint / 2, np.float32)
    notes = []
    for start_s, end_s, pitches in music:
        first, last = round(start_s / FRAME_S), round(end_s / FRAME_S)
        for pitch in pitches:
            activity[first:last, pitch - LOWEST] = 0.8
            onsets[first : first + 3, pitch - LOWEST] = 0.8
            notes.append(HeardNote(start_s, end_s, pitch, 0.8))
    return Transcription(tuple(sorted(notes)), activity, onsets, FRAME_S)


@dataclass(frozen=True)
class Knows:
    """A transcriber that was told what it will hear."""

    heard: Transcription

    def hear(self, sound: Sound) -> Transcription:
        """What it was told."""
        return self.heard


def silence(seconds: float) -> Sound:
    """A sound of nothing."""
    return Sound(np.zeros(round(seconds * RATE), np.float32))
