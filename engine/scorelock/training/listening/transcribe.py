"""Notes of a sound, by the model of basic-pitch (Spotify, Apache 2.0) in ONNX Runtime.

Refuses to know where the sound comes from, and what the notes mean.
"""

import hashlib
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from scorelock.engine import runtime
from scorelock.training.listening.fetch import kept, require_model
from scorelock.training.listening.heard import PITCHES, RATE, Sound, Transcription
from scorelock.training.listening.notes import find_notes
from scorelock.training.listening.widen import widen

MODEL_RATE: Final = RATE // 2
"""Samples a second that the model hears."""
HOP: Final = 256
FRAME_S: Final = HOP / MODEL_RATE
WINDOW: Final = 2 * MODEL_RATE - HOP
"""Samples that the model hears at once."""
WINDOW_FRAMES: Final = 172
EDGE: Final = 15
"""Frames at either end of a window that are left to the windows beside it."""
STEP_FRAMES: Final = WINDOW_FRAMES - 2 * EDGE
"""Frames from one window to the next. basic-pitch steps 188 samples less than these frames last,
so its frames slip by 8.5 ms a window and are put right later; ours keep to one grid.
"""
SILENT: Final = 10 ** (-60 / 20)
"""A window whose samples all are below is not heard: the model hears any noise as loud as music."""

_SOUND, _ACTIVITY, _ONSETS = (
    "serving_default_input_2:0",
    "StatefulPartitionedCall:1",
    "StatefulPartitionedCall:2",
)


class Transcriber:
    """The model, ready to hear.

    Attributes:
        digest: sha256 of the model's file.
    """

    def __init__(self, model: bytes, threads: int = 1) -> None:
        """Open the model of these bytes, as it was sent to another machine.

        Raises:
            BadBundle: it is not the model.
            MissingPart: onnx or onnxruntime is not installed.
        """
        require_model(model, "the bytes that were sent")
        self.digest = hashlib.sha256(model).hexdigest()
        self._session: Any = runtime.open_graph(widen(model), "cpu", threads)

    @classmethod
    def open(cls, path: Path | None = None, threads: int = 1) -> Self:
        """Open the model of a file; the one that `scorelock models add basic-pitch` keeps for None.

        Raises:
            BadBundle: the file is not the model.
            MissingPart: there is none, or onnx or onnxruntime is not installed.
        """
        return cls((path or kept()).read_bytes(), threads)

    def hear(self, sound: Sound) -> Transcription:
        """The notes of a sound; of silence none."""
        activity, onsets = self._posteriors(resample_poly(sound.samples, 1, 2))
        notes = find_notes(activity, onsets, FRAME_S)
        return Transcription(notes, activity, onsets, FRAME_S)

    def _posteriors(
        self, samples: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(F, 88) activity and onsets of samples at `MODEL_RATE`."""
        frames = len(samples) // HOP
        step = STEP_FRAMES * HOP
        windows = -(-frames // STEP_FRAMES)
        padded = np.zeros((windows - 1) * step + WINDOW if windows else 0, np.float32)
        heard = samples[: len(padded) - EDGE * HOP]
        padded[EDGE * HOP : EDGE * HOP + len(heard)] = heard
        both = np.zeros((2, windows, STEP_FRAMES, PITCHES), np.float32)
        for index in range(windows):
            window = padded[index * step : index * step + WINDOW]
            if np.abs(window).max() >= SILENT:
                inputs = {_SOUND: window[None, :, None]}
                activity, onsets = self._session.run([_ACTIVITY, _ONSETS], inputs)
                both[0, index] = activity[0, EDGE:-EDGE]
                both[1, index] = onsets[0, EDGE:-EDGE]
        activity, onsets = both.reshape(2, -1, PITCHES)[:, :frames]
        return activity, onsets
