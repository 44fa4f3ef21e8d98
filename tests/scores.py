"""Small cues made by hand, for tests of what comes after composing."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from scorelock.engine.compose import spans
from scorelock.engine.features import Cut, Film, VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.score import ComposeSettings, Cue, Dynamics
from scorelock.engine.timebase import FrameRate
from scorelock.engine.vocabulary import Chord


def features(duration_s: float, *, valence: float = 0.5) -> VideoFeatures:
    """A film of one scene whose picture never changes."""
    rows = max(1, int(np.ceil(duration_s - 1 / 24)))  # seconds in which a frame begins
    return VideoFeatures(
        film=Film("film.mp4", "0" * 64, duration_s, FrameRate(Fraction(24)), 640, 360, False),
        extractor="hand/1",
        scene_offset=np.arange(rows, dtype=np.float32),
        motion=np.zeros(rows, np.float32),
        emotion=np.full((rows, 6), 1 / 6, np.float32),
        valence=np.full(rows, valence, np.float32),
        arousal=np.zeros(rows, np.float32),
        cuts=(Cut(1.5, 30.0),),
    )


def cue(
    chords: str,
    *,
    duration_s: float | None = None,
    key: str = "C",
    density: float | Sequence[float] = 8.0,
    loudness: float | Sequence[float] = 0.2,
) -> Cue:
    """One chord a second, by name; the film lasts as long unless told."""
    names = [Chord.parse(name) for name in chords.split()]
    length = float(len(names)) if duration_s is None else duration_s
    seen = features(length)
    rows = len(seen)
    empty = Cue(
        features=seen,
        key=Key.parse(key),
        chords=(),
        dynamics=Dynamics(
            np.full(rows, density, np.float32),
            np.full(rows, loudness, np.float32),
        ),
        settings=ComposeSettings(),
        bundle="hand",
    )
    return replace(empty, chords=tuple(spans(empty, names)))
