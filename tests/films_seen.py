"""What might have been seen in films, for tests of composing."""

from dataclasses import replace

import numpy as np
from scores import features

from scorelock.engine.features import VideoFeatures


def film(seconds: float, seed: int = 0) -> VideoFeatures:
    """One whose mood and cuts change."""
    plain, rng = features(seconds), np.random.default_rng(seed)
    rows = len(plain)
    return replace(
        plain,
        scene_offset=(np.arange(rows) % 7).astype(np.float32),
        motion=rng.uniform(0, 40, rows).astype(np.float32),
        emotion=rng.dirichlet(np.ones(6), rows).astype(np.float32),
    )
