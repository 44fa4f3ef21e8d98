"""Scores on held-out songs, each beside the trivial predictor on the same seconds.

Hits are means over songs, negative log-likelihoods (nats) means over seconds; a song is its first
`window` seconds and the first of them is given.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scorelock.engine.vocabulary import SIZE
from scorelock.training.amt import Amt
from scorelock.training.batches import Batch, split_tokens
from scorelock.training.bigru import BiGru
from scorelock.training.songs import Example

RANKS = (1, 3, 5)


def song_logits(model: Amt, songs: Sequence[Example], batch: int = 16) -> list[Tensor]:
    """Logits (T - 1, 159) of every song's chords after the first."""
    model.eval()
    results: list[Tensor] = []
    with torch.inference_mode():
        for start in range(0, len(songs), batch):
            part = songs[start : start + batch]
            data = Batch.of(part)
            chords = split_tokens(data.chords[:, :-1])
            logits = model(data.features, data.hidden, chords, data.minor)
            results += [row[: len(song.chords) - 1] for row, song in zip(logits, part, strict=True)]
    return results


def nll(logits: Sequence[Tensor], songs: Sequence[Example]) -> float:
    """Mean negative log-likelihood a second."""
    truth = torch.cat([torch.from_numpy(song.chords[1:]) for song in songs])
    return float(torch.nn.functional.cross_entropy(torch.cat(list(logits)), truth))


def _hits(scores: Sequence[Tensor], songs: Sequence[Example]) -> dict[str, float]:
    """Hits@1/3/5, and Hits@1 where the chord changes, of scores (T - 1, 159) a song."""
    table: dict[str, list[float]] = {f"hits{k}": [] for k in RANKS}
    changes: list[float] = []
    for score, song in zip(scores, songs, strict=True):
        chords = torch.from_numpy(song.chords)
        top = score.topk(max(RANKS), dim=-1).indices == chords[1:, None]
        for k in RANKS:
            table[f"hits{k}"].append(float(top[:, :k].any(-1).float().mean()))
        changed = chords[1:] != chords[:-1]
        if changed.any():
            changes.append(float(top[changed, 0].float().mean()))
    result = {name: float(np.mean(values)) for name, values in table.items()}
    return result | {"hits1_at_changes": float(np.mean(changes)) if changes else 0.0}


def evaluate_amt(
    model: Amt, songs: Sequence[Example], counts: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """Scores of the model, of repeating the last chord, and of the most frequent chords.

    `counts` (159,) are how often each chord stands in the training songs. `other_film` scores the
    model when each song is given the next song's film, `no_film` when it is given none.
    """
    songs = [song.crop(0, model.sizes.window) for song in songs]
    logits = song_logits(model, songs)
    frequent = torch.from_numpy(counts).float()
    order = [frequent.expand(len(song.chords) - 1, SIZE) for song in songs]
    last = [
        base
        + 2 * frequent.sum() * torch.nn.functional.one_hot(torch.from_numpy(song.chords[:-1]), SIZE)
        for base, song in zip(order, songs, strict=True)
    ]
    swapped = [
        replace(song, features=np.resize(other.features, song.features.shape))
        for song, other in zip(songs, [*songs[1:], songs[0]], strict=True)
    ]
    blind = [replace(song, features=np.zeros_like(song.features)) for song in songs]
    return {
        "model": _hits(logits, songs) | {"nll": nll(logits, songs)},
        "repeat_last": _hits(last, songs),
        "most_frequent": _hits(order, songs),
        "other_film": {"nll": nll(song_logits(model, swapped), songs)},
        "no_film": {"nll": nll(song_logits(model, blind), songs)},
        "size": {"songs": len(songs), "seconds": sum(len(song.chords) - 1 for song in songs)},
    }


def chord_counts(songs: Sequence[Example]) -> NDArray[np.int64]:
    """How often each token stands in the songs, (159,)."""
    return np.bincount(np.concatenate([song.chords for song in songs]), minlength=SIZE)


def evaluate_dynamics(
    model: BiGru, songs: Sequence[Example], mean: tuple[float, float], window: int = 300
) -> dict[str, dict[str, float]]:
    """RMSE of density and loudness, of the model and of always predicting the training mean.

    `rmse` is over all real seconds; `rmse_padded` is what the public code reports: each song padded
    with zeros to `window` rows, predicted as zero there, mean over songs.
    """
    songs = [song.crop(0, window) for song in songs]
    model.eval()
    predicted = []
    with torch.inference_mode():
        for song in songs:
            # The published kind was trained on films padded with zeros.
            missing = 0 if model.sizes.standardised else window - len(song.features)
            rows = np.pad(song.features, ((0, missing), (0, 0)))
            predicted.append(model(torch.from_numpy(rows)[None])[0, : len(song.features)].numpy())
    flat = [np.broadcast_to(np.array(mean, np.float32), p.shape) for p in predicted]
    truth = [np.stack([song.density, song.loudness], axis=1) for song in songs]
    return {
        name: {
            f"{column}_{measure}": value
            for i, column in enumerate(("density", "loudness"))
            for measure, value in _rmse(
                [(p - t)[:, i] for p, t in zip(guesses, truth, strict=True)], window
            ).items()
        }
        for name, guesses in {"model": predicted, "mean": flat}.items()
    }


def _rmse(errors: Sequence[NDArray[np.float32]], window: int) -> dict[str, float]:
    padded = [float(np.sqrt(np.square(e).sum() / window)) for e in errors]
    rmse = float(np.sqrt(np.square(np.concatenate(errors)).mean()))
    return {"rmse": rmse, "rmse_padded": float(np.mean(padded))}
