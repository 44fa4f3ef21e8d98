"""The training loop: stages, epochs, the best weights kept, and a run that survives being killed.

A run's folder holds `last.pt` (everything needed to go on), `best.pt` (the weights with the stage's
best validation) and `log.csv`. Every epoch draws from its own seed, so a run that was killed and
resumed ends as one that was not.
"""

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.training.amt import Amt, Standardise
from scorelock.training.batches import Batch, split_tokens, training_batches
from scorelock.training.bigru import BiGru
from scorelock.training.checkpoint import load, save
from scorelock.training.config import Optimise, Stage
from scorelock.training.evaluate import nll, song_logits
from scorelock.training.losses import LossWeights, chord_loss, dynamics_loss
from scorelock.training.songs import Example

Progress = Callable[[Sequence[Batch], str], Iterable[Batch]]


@dataclass(frozen=True, slots=True)
class Task:
    """What is trained: a batch's loss, and a score (less is better) on so many seconds a song."""

    model: nn.Module
    loss: Callable[[Batch], Tensor]
    validate: Callable[[int], float]


def amt_task(model: Amt, weights: LossWeights, songs: Sequence[Example]) -> Task:
    """Chords: validated by negative log-likelihood a second."""

    def loss(batch: Batch) -> Tensor:
        chords = split_tokens(batch.chords[:, :-1])
        logits = model(batch.features, batch.hidden, chords, batch.minor)
        return chord_loss(logits, batch.chords[:, 1:], batch.emotion[:, 1:], batch.film, weights)

    def validate(seconds: int) -> float:
        parts = [song.crop(0, min(seconds, model.sizes.window)) for song in songs]
        return nll(song_logits(model, parts), parts)

    return Task(model, loss, validate)


def dynamics_task(model: BiGru, songs: Sequence[Example]) -> Task:
    """Density and loudness: validated by the squared error in deviations of the targets."""

    def normalised(targets: Tensor) -> Tensor:
        if not model.sizes.standardised:
            return targets
        return (targets - model.output_mean) / model.output_std

    def loss(batch: Batch) -> Tensor:
        return dynamics_loss(model.raw(batch.features), normalised(batch.targets))

    def validate(seconds: int) -> float:
        model.eval()
        singles = [Batch.of([song.crop(0, seconds)]) for song in songs]
        with torch.inference_mode():
            guesses = torch.cat([model.raw(single.features)[0] for single in singles])
        truth = torch.cat([normalised(single.targets[0]) for single in singles])
        return float(dynamics_loss(guesses, truth))

    return Task(model, loss, validate)


def fit_standardise(layer: Standardise, songs: Sequence[Example]) -> None:
    """Take mean and deviation from the films; where there are none, features will say nothing."""
    films = [song.features for song in songs if song.film]
    if not films:
        layer.std.fill_(math.inf)
        return
    rows = np.concatenate(films)
    layer.mean.copy_(torch.from_numpy(rows.mean(axis=0, dtype=np.float64)))
    layer.std.copy_(torch.from_numpy(rows.std(axis=0, dtype=np.float64)).clamp(min=1e-6))


def fit_targets(model: BiGru, songs: Sequence[Example]) -> None:
    """Take the mean and deviation of density and loudness from the songs."""
    for column, name in enumerate(("density", "loudness")):
        values = np.concatenate([getattr(song, name) for song in songs])
        model.output_mean[column] = float(np.nanmean(values, dtype=np.float64))
        model.output_std[column] = float(np.nanstd(values, dtype=np.float64))


def train(
    task: Task,
    stages: Sequence[tuple[Stage, Sequence[Example]]],
    settings: Optimise,
    run: Path,
    progress: Progress = lambda batches, _: batches,
) -> list[dict[str, Any]]:
    """Train through all stages, from `last.pt` if the run has one; returns the log's rows.

    Each stage starts from the best weights of the one before; the model ends with the last one's.
    """
    last = _resume(task.model, run)
    history: list[dict[str, Any]] = last["history"]
    position, best = last["position"], last["best"]
    for index, (stage, songs) in enumerate(stages):
        if index < position[0]:
            continue
        optimiser = _optimiser(task.model, settings)
        first = 0
        if index == position[0] and position[1]:
            optimiser.load_state_dict(last["optimiser"])
            first = position[1]
        for epoch in range(first, stage.epochs):
            if _stale(history, index) >= settings.patience:
                break
            row = _epoch(task, optimiser, (index, epoch), stage, songs, settings, progress)
            history.append(row)
            if not _stale(history, index):
                best = deepcopy(task.model.state_dict())
            # One file holds it all, so that no kill can leave two that do not belong together.
            save(
                run / "last.pt",
                {
                    "model": task.model.state_dict(),
                    "best": best,
                    "optimiser": optimiser.state_dict(),
                    "position": (index, epoch + 1),
                    "history": history,
                },
            )
            save(run / "best.pt", {"model": best})
            _write_log(run / "log.csv", history)
        task.model.load_state_dict(best)
    save(run / "best.pt", {"model": best})
    return history


def _resume(model: nn.Module, run: Path) -> dict[str, Any]:
    """What `last.pt` holds, its weights put into the model; without one, a fresh start."""
    if not (run / "last.pt").is_file():
        return {"history": [], "position": (0, 0), "best": deepcopy(model.state_dict())}
    last: dict[str, Any] = load(run / "last.pt")
    model.load_state_dict(last["model"])
    return last


def _stale(history: Sequence[Mapping[str, Any]], stage: int) -> int:
    """Epochs of the stage since its best one."""
    scores = [row["validation"] for row in history if row["stage"] == stage]
    return len(scores) - 1 - scores.index(min(scores)) if scores else 0


def _optimiser(model: nn.Module, settings: Optimise) -> torch.optim.Optimizer:
    # Biases, norms and other vectors are not decayed.
    groups: list[dict[str, Any]] = [
        {
            "params": [p for p in model.parameters() if p.dim() > 1],
            "weight_decay": settings.weight_decay,
        },
        {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98))


def _epoch(
    task: Task,
    optimiser: torch.optim.Optimizer,
    position: tuple[int, int],
    stage: Stage,
    songs: Sequence[Example],
    settings: Optimise,
    progress: Progress,
) -> dict[str, Any]:
    seeds = np.random.SeedSequence((settings.seed, *position))
    torch.manual_seed(int(seeds.generate_state(1)[0]))
    rng = np.random.default_rng(seeds)
    batches = training_batches(songs, settings.batch, stage.seconds, stage.augment, rng)
    steps = len(batches) * stage.epochs
    losses = []
    task.model.train()
    for step, batch in enumerate(
        progress(batches, f"stage {position[0] + 1} epoch {position[1] + 1}"),
        start=position[1] * len(batches),
    ):
        for group in optimiser.param_groups:
            group["lr"] = stage.learning_rate * _schedule(step, steps, settings.warmup_steps)
        loss = task.loss(batch)
        if not torch.isfinite(loss):
            raise BadSetting(
                f"expected a finite loss, got {float(loss.detach())}; lower the learning rate"
            )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(task.model.parameters(), settings.clip)
        optimiser.step()
        losses.append(float(loss.detach()))
    return {
        "stage": position[0],
        "epoch": position[1],
        "train": float(np.mean(losses)),
        "validation": task.validate(stage.seconds),
    }


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _write_log(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    with writing(path) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=list(history[0]))
        writer.writeheader()
        writer.writerows(history)
