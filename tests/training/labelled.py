"""A corpus with labels of valence and arousal whose statistics are known."""

import json
from pathlib import Path

import numpy as np

PLEASANT, SAD, COMMON = 1, 122, 66


def labelled(folder: Path, pieces: int = 60) -> Path:
    """Pieces that play PLEASANT or SAD half of the time, denser, louder and livelier if aroused."""
    seconds = 40
    rows: dict[str, list[np.ndarray]] = {n: [] for n in ("chord", "density", "loud", "v", "a")}
    for piece in range(pieces):
        pleasant, aroused = piece % 2, piece // 2 % 2
        other = PLEASANT if pleasant else SAD
        hold = 2 if aroused else 5
        rows["chord"].append(np.where(np.arange(seconds) // hold % 2, other, COMMON))
        rows["density"].append(np.full(seconds, 20.0 if aroused else 10.0))
        rows["loud"].append(np.full(seconds, 0.6 if aroused else 0.3))
        rows["v"].append(np.full(seconds, 1.0 if pleasant else -1.0))
        rows["a"].append(np.full(seconds, 1.0 if aroused else -1.0))
    flat = {name: np.concatenate(values) for name, values in rows.items()}
    np.savez(
        folder / "made.npz",
        chord_sec=flat["chord"].astype(np.uint8),
        density_sec=flat["density"].astype(np.float16),
        loud_sec=flat["loud"].astype(np.float16),
        valence_sec=flat["v"].astype(np.float16),
        arousal_sec=flat["a"].astype(np.float16),
        off_sec=np.arange(pieces + 1) * seconds,
    )
    (folder / "made.meta.jsonl").write_text(json.dumps({"id": "0", "licence": "none"}) + "\n")
    return folder
