"""Songs, corpora and golden numbers for the tests of models and training."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from scorelock.training.songs import Example

SHARED = Path(__file__).parents[2] / ".." / "shared"


@pytest.fixture(scope="session")
def golden() -> Path:
    """Random weights in the published layout with the outputs that the public code gave."""
    folder = SHARED / "golden" / "reference_small"
    if not folder.is_dir():
        pytest.skip(f"no golden numbers of the public code at {folder}")
    return folder


@pytest.fixture(scope="session")
def packed() -> Path:
    """The real packed corpora."""
    folder = SHARED / "data"
    if not folder.is_dir():
        pytest.skip(f"no packed corpora at {folder}")
    return folder


@pytest.fixture(scope="session")
def song() -> Callable[..., Example]:
    """Makes a song whose chords hold four seconds and follow a cycle of four."""

    def make(seconds: int = 40, seed: int = 0, film: bool = True, name: str = "") -> Example:
        rng = np.random.default_rng(seed)
        cycle = rng.permutation([1, 66, 92, 122])
        chords = cycle[np.arange(seconds) // 4 % 4]
        motion = rng.uniform(0, 60, seconds)
        columns = [np.arange(seconds) % 9 + 1.0, motion, *rng.dirichlet(np.ones(6), seconds).T]
        features = np.column_stack(columns).astype(np.float32)
        return Example(
            name=name or f"test {seed}",
            features=features if film else np.zeros_like(features),
            film=film,
            minor=bool(seed % 2),
            chords=chords.astype(np.int64),
            density=(5 + motion / 10).astype(np.float32),
            loudness=(0.1 + motion / 300).astype(np.float32),
        )

    return make


@pytest.fixture
def corpora(tmp_path: Path, song: Callable[..., Example]) -> Path:
    """A folder with a tiny film corpus `muvisync` and a tiny plain one `plain`."""
    songs = [song(30 + seed, seed) for seed in range(8)]
    bounds = np.cumsum([0, *(len(s.chords) for s in songs)])
    features = np.concatenate([s.features for s in songs])
    chords = np.concatenate([s.chords for s in songs])
    density = np.concatenate([s.density for s in songs])
    loudness = np.concatenate([s.loudness for s in songs])
    splits = ["train"] * 6 + ["val"] * 2
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "muvisync.npz",
        ids=np.array([f"{i:03}" for i in range(8)]),
        split=np.array(splits),
        minor=np.array([s.minor for s in songs]),
        offsets=bounds,
        chord=chords.astype(np.uint8),
        emotion=features[:, 2:].astype(np.float16),
        motion=features[:, 1].astype(np.float16),
        scene_offset=(features[:, 0] - 1).astype(np.uint16),
        density=density.astype(np.float16),
        loudness=loudness.astype(np.float16),
        semantic=rng.integers(-127, 128, (len(chords), 3)).astype(np.int8),
        semantic_scale=np.array([0.1, 0.2, 0.3], np.float32),
        semantic_basis=rng.standard_normal((768, 3)).astype(np.float32),
        semantic_mean=rng.standard_normal(768).astype(np.float32),
    )
    np.savez(
        tmp_path / "plain.npz",
        ids=np.array([f"p{i}" for i in range(8)]),
        off_sec=bounds,
        chord_sec=chords.astype(np.uint8),
        density_sec=np.full(len(chords), np.nan, np.float16),
        loud_sec=(loudness * 2 + 0.3).astype(np.float16),
    )
    lines = [
        json.dumps({"id": f"p{i}", "split": splits[i], "key_mode": ["major", "minor"][i % 2]})
        for i in range(8)
    ]
    (tmp_path / "plain.meta.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path
