"""How soon an edit is heard: eight bars of a five-minute cue varied, beside composing it anew."""

from collections.abc import Callable
from fractions import Fraction
from statistics import median
from typing import Any, Final

import numpy as np

from scorelock.engine.arrange import Arranger, arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.edits import Vary
from scorelock.engine.features import Film, VideoFeatures
from scorelock.engine.history import History
from scorelock.engine.score import ComposeSettings
from scorelock.engine.timebase import FrameRate

SECONDS: Final = 300
BARS: Final = 8
_BAR_S: Final = 2  # at 120
_TIMES: Final = 9


def measure(now: Callable[[], float]) -> dict[str, Any]:
    """Time edits from the command to the changed notes.

    Returns:
        "ours": seconds, the median of nine spans; "worst": the slowest; "other": composing and
        arranging the whole cue; "ratio"; "what".
    """
    bundle, features = Bundle.open(), _seen()
    begins = now()
    cue = compose(features, bundle, ComposeSettings(seed=1))
    arrange(cue)
    other = now() - begins
    arranger, history = Arranger(), History.begin(cue)
    arranger.arranged(cue)
    times = []
    for number in range(_TIMES):
        start_s = 10.0 + 30 * number
        begins = now()
        edit = Vary(start_s, start_s + BARS * _BAR_S, seed=number)
        arranger.arranged(history.edit(edit, lambda: bundle).cue)
        times.append(now() - begins)
    return {
        "ours": median(times),
        "worst": max(times),
        "other": other,
        "ratio": other / median(times),
        "what": f"{BARS} bars of {SECONDS} s varied, until their notes are there (slowest "
        f"{max(times):.3f} s); other: the whole cue composed and arranged anew",
    }


def _seen() -> VideoFeatures:
    """A film whose mood and cuts change."""
    draw = np.random.default_rng(0)
    rate = FrameRate(Fraction(24))
    return VideoFeatures(
        film=Film("film.mp4", "0" * 64, float(SECONDS), rate, 1920, 1080, False),
        extractor="picture/bench",
        scene_offset=(np.arange(SECONDS) % 7).astype(np.float32),
        motion=draw.uniform(0, 40, SECONDS).astype(np.float32),
        emotion=draw.dirichlet(np.ones(6), SECONDS).astype(np.float32),
        valence=np.zeros(SECONDS, np.float32),
        arousal=np.zeros(SECONDS, np.float32),
        cuts=(),
    )
