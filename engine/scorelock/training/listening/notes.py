"""From how surely each pitch sounds and begins, frame by frame, to notes.

The rules and thresholds are those of basic-pitch (Bittner et al., "A Lightweight
Instrument-Agnostic Model for Polyphonic Note Transcription and Multipitch Estimation", ICASSP
2022): a note runs from an onset until its pitch was below the threshold for `TOLERANCE` frames
together; what sounds without an onset is then followed both ways from where it is surest.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.heard import LOWEST, PITCHES, HeardNote

Posteriors = NDArray[np.float32]
"""(F, 88), 0..1: frames by pitches from the piano's lowest."""

ONSET: Final = 0.5
"""How sure an onset must be."""
SOUNDING: Final = 0.3
"""How surely a pitch must sound."""
SHORTEST: Final = 11
"""Frames; a note lasts longer than these (127.7 ms)."""
TOLERANCE: Final = 11
"""Frames together below `SOUNDING` that end a note."""
_GAP: Final = bytes(TOLERANCE)


def find_notes(activity: Posteriors, onsets: Posteriors, frame_s: float) -> tuple[HeardNote, ...]:
    """The notes in time order."""
    found = (
        HeardNote(
            onset_s=begin * frame_s,
            end_s=end * frame_s,
            pitch=LOWEST + pitch,
            strength=float(activity[begin:end, pitch].mean()),
        )
        for begin, end, pitch in _spans(activity, onsets)
        if end - begin > SHORTEST
    )
    return tuple(sorted(found))


def _spans(activity: Posteriors, onsets: Posteriors) -> Iterator[tuple[int, int, int]]:
    """(first frame, frame after the last, pitch) of what may be notes."""
    last = len(activity) - 1
    left = _Left(activity)
    for frame, pitch in _peaks(_with_rises(onsets, activity))[::-1]:  # the latest first
        if frame < last:
            end = left.end(frame + 1, pitch)
            if end - frame > SHORTEST:
                left.take(frame, end, pitch)
            yield frame, end, pitch
    for frame, pitch in _surest_first(activity):
        if left.sounds(frame, pitch):
            left.take_one(frame, pitch)
            yield (*left.take_around(frame, pitch), pitch)


class _Left:
    """What sounds and belongs to no note yet: a row of bytes a pitch, for bytes are searched fast.

    The first and the last frame end no search, as basic-pitch has it.
    """

    def __init__(self, activity: Posteriors) -> None:
        rows = np.ascontiguousarray((activity >= SOUNDING).T)
        self._rows = [bytearray(row.tobytes()) for row in rows]
        self._last = len(activity) - 1

    def sounds(self, frame: int, pitch: int) -> bool:
        return bool(self._rows[pitch][frame])

    def end(self, begin: int, pitch: int) -> int:
        """The frame after the last that sounds before a gap, from `begin` on."""
        row = self._rows[pitch]
        gap = row.find(_GAP, begin, self._last)
        return begin + len(row[begin : self._last if gap < 0 else gap].rstrip(b"\0"))

    def take(self, begin: int, end: int, pitch: int) -> None:
        """Take frames of a pitch and of its neighbours, into which a sure pitch leaks."""
        for row in self._rows[max(0, pitch - 1) : pitch + 2]:
            row[begin:end] = bytes(max(0, end - begin))

    def take_one(self, frame: int, pitch: int) -> None:
        self._rows[pitch][frame] = 0

    def take_around(self, frame: int, pitch: int) -> tuple[int, int]:
        """Take what sounds on both sides of a frame with the gaps that end it; (first, last)."""
        row = self._rows[pitch]
        before = row.rfind(_GAP, 1, frame)
        begin = frame - len(row[max(1, before) : frame].lstrip(b"\0"))
        after = row.find(_GAP, frame + 1, self._last)
        end = self.end(frame + 1, pitch) - 1
        self.take(frame + 1, self._last if after < 0 else after + TOLERANCE, pitch)
        self.take(max(1, before), frame, pitch)
        return begin, end


def _with_rises(onsets: Posteriors, activity: Posteriors) -> Posteriors:
    """Onsets, and where activity rises over one frame and over two, scaled to the surest onset."""
    rises = np.zeros_like(activity)
    rises[2:] = np.minimum(activity[2:] - activity[1:-1], activity[2:] - activity[:-2])
    steepest = rises.max(initial=0)
    if steepest <= 0:
        return onsets
    rises *= onsets.max() / steepest
    return np.maximum(onsets, rises)


def _peaks(onsets: Posteriors) -> list[tuple[int, int]]:
    """(frame, pitch) of every sure onset that is above the frames beside it, in time order."""
    middle = onsets[1:-1]
    peaks = (middle > onsets[:-2]) & (middle > onsets[2:]) & (middle >= ONSET)
    frames, pitches = np.nonzero(peaks)
    return list(zip((frames + 1).tolist(), pitches.tolist(), strict=True))


def _surest_first(activity: Posteriors) -> Iterator[tuple[int, int]]:
    """(frame, pitch) of all that sounds."""
    places = np.flatnonzero(activity >= SOUNDING)
    surest = places[np.argsort(-activity.ravel()[places], kind="stable")]
    frames, pitches = np.divmod(surest, PITCHES)
    return zip(frames.tolist(), pitches.tolist(), strict=True)
