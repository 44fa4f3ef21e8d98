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
from lightning_fabric import Fabric
from torch import Tensor, nn

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.training.amt import Amt, Standardise
from scorelock.training.batches import Batch, split_tokens, training_batches
from scorelock.training.bigru import BiGru
from scorelock.training.checkpoint import load, save
from scorelock.training.config import Optimise, Stage
from scorelock.training.losses import (
    LossWeights,
    chord_entries,
    chord_sums,
    dynamics_entries,
    dynamics_sums,
)
from scorelock.training.songs import Example
from scorelock.training.surround import Surround

Progress = Callable[[Sequence[Batch], str], Iterable[Batch]]


@dataclass(frozen=True, slots=True)
class Task:
    """What is trained, and on which songs it is judged.

    Attributes:
        model: its weights are changed in place.
        sums: losses (K,) added up over a batch; the first of them is the score, less is better. The
            module that it calls is the model or what stands for it on several devices.
        entries: how many terms each of these sums has, (K,).
        shares: of each loss's mean in what is minimised.
        held_out: songs to validate on.
    """

    model: nn.Module
    sums: Callable[[nn.Module, Batch], Tensor]
    entries: Callable[[Batch], Tensor]
    shares: tuple[float, ...]
    held_out: Sequence[Example]

    def minimised(self, module: nn.Module, batch: Batch, entries: Tensor) -> Tensor:
        """The batch's part of the loss of a greater one that has so many entries."""
        sums = self.sums(module, batch)
        return (sums / entries.clamp(min=1) * sums.new_tensor(self.shares)).sum()

    def validate(self, seconds: int, batch: int = 16) -> float:
        """The score's mean over so many seconds of each held-out song."""
        self.model.eval()
        device = next(self.model.parameters()).device
        songs = [song.crop(0, seconds) for song in self.held_out]
        total, terms = 0.0, 0
        for start in range(0, len(songs), batch):
            part = Batch.of(songs[start : start + batch]).to(device)
            with torch.inference_mode():
                total += float(self.sums(self.model, part)[0])
            terms += int(self.entries(part)[0])
        return total / terms


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around the loop: devices and precision, a clock in seconds, a progress bar."""

    fabric: Fabric
    now: Callable[[], float]
    progress: Progress = lambda batches, _: batches


def amt_task(model: Amt, weights: LossWeights, songs: Sequence[Example]) -> Task:
    """Chords: scored by negative log-likelihood a second."""

    def sums(module: nn.Module, batch: Batch) -> Tensor:
        chords = split_tokens(batch.chords[:, :-1])
        logits = module(batch.features, batch.hidden, chords, batch.minor)
        smoothing = weights.label_smoothing if model.training else 0.0
        return chord_sums(logits, batch.chords[:, 1:], batch.emotion[:, 1:], batch.film, smoothing)

    def entries(batch: Batch) -> Tensor:
        return chord_entries(batch.chords[:, 1:], batch.film)

    return Task(model, sums, entries, (weights.chord, weights.affect), songs)


def dynamics_task(model: BiGru | Surround, songs: Sequence[Example]) -> Task:
    """Density and loudness: scored by the squared error in deviations of the targets."""

    def sums(module: nn.Module, batch: Batch) -> Tensor:
        plain = isinstance(model, BiGru) and not model.sizes.standardised
        unit = batch.targets.new_ones(2) if plain else model.output_std
        return dynamics_sums(module(batch.features, batch.hidden), batch.targets, unit)

    return Task(model, sums, lambda batch: dynamics_entries(batch.targets), (1.0,), songs)


def fit_standardise(layer: Standardise, songs: Sequence[Example]) -> None:
    """Take mean and deviation from the films; where there are none, features will say nothing."""
    films = [song.features for song in songs if song.film]
    if not films:
        layer.std.fill_(math.inf)
        return
    rows = np.concatenate(films)
    layer.mean.copy_(torch.from_numpy(rows.mean(axis=0, dtype=np.float64)))
    std = torch.from_numpy(rows.std(axis=0, dtype=np.float64))
    layer.std.copy_(torch.where(std < 1e-6, 1.0, std))  # a column that never changes


def target_units(songs: Sequence[Example]) -> list[tuple[float, float]]:
    """Mean and deviation of density, and of loudness, over the seconds where they are known."""
    columns = ([song.density for song in songs], [song.loudness for song in songs])
    values = [np.concatenate(column).astype(np.float64) for column in columns]
    return [(float(np.nanmean(column)), float(np.nanstd(column))) for column in values]


def fit_targets(model: BiGru | Surround, songs: Sequence[Example]) -> None:
    """Take the mean and deviation of density and loudness from the songs."""
    mean, std = zip(*target_units(songs), strict=True)
    model.output_mean.copy_(torch.tensor(mean))
    model.output_std.copy_(torch.tensor(std))


def train(
    task: Task,
    stages: Sequence[tuple[Stage, Sequence[Example]]],
    settings: Optimise,
    run: Path,
    shell: Shell,
) -> list[dict[str, Any]]:
    """Train through all stages, from `last.pt` if the run has one; returns the log's rows.

    Each stage starts from the best weights of the one before; the model ends with the last one's.
    Every process makes the same batches and takes its share of each, so that a run comes out alike
    on any number of devices; the first process validates and writes.

    Raises:
        BadSetting: the loss is not finite.
    """
    fabric = shell.fabric
    last = _resume(task.model, run)
    module = fabric.setup_module(task.model)
    history: list[dict[str, Any]] = last["history"]
    position, best = last["position"], last["best"]
    for index, (stage, songs) in enumerate(stages):
        if index < position[0]:
            continue
        optimiser: Any = fabric.setup_optimizers(_optimiser(task.model, settings))
        first = 0
        if index == position[0] and position[1]:
            first = position[1]
            optimiser.load_state_dict(last["optimiser"])
            if last.get("precision"):
                fabric.strategy.precision.load_state_dict(last["precision"])
        for epoch in range(first, stage.epochs):
            if _stale(history, index) >= settings.patience:
                break
            row = _epoch(task, module, optimiser, (index, epoch), stage, songs, settings, shell)
            history.append(row)
            if not _stale(history, index):
                best = deepcopy(task.model.state_dict())
            if fabric.is_global_zero:
                # One file holds it all: no kill can leave two that do not belong together.
                last = {
                    "model": task.model.state_dict(),
                    "best": best,
                    "optimiser": optimiser.state_dict(),
                    "precision": fabric.strategy.precision.state_dict(),
                    "position": (index, epoch + 1),
                    "history": history,
                }
                save(run / "last.pt", last)
                save(run / "best.pt", {"model": best})
                _write_log(run / "log.csv", history)
        task.model.load_state_dict(best)
    if fabric.is_global_zero:
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
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    position: tuple[int, int],
    stage: Stage,
    songs: Sequence[Example],
    settings: Optimise,
    shell: Shell,
) -> dict[str, Any]:
    fabric, begun = shell.fabric, shell.now()
    seeds = np.random.SeedSequence((settings.seed, *position))
    # Of one seed for all, the processes would drop the same units of different songs.
    torch.manual_seed(int(seeds.generate_state(fabric.world_size)[fabric.global_rank]))
    rng = np.random.default_rng(seeds)
    batches = training_batches(songs, settings.batch, stage.seconds, stage.augment, rng)
    title = f"stage {position[0] + 1} epoch {position[1] + 1}"
    losses, rate = [], 0.0
    module.train()
    for step, batch in enumerate(shell.progress(batches, title), start=position[1] * len(batches)):
        rate = stage.learning_rate * _schedule(
            step, len(batches) * stage.epochs, settings.warmup_steps
        )
        for group in optimiser.param_groups:
            group["lr"] = rate
        losses.append(_step(task, module, optimiser, batch, settings.clip, fabric))
    trained = shell.now()
    score = task.validate(stage.seconds) if fabric.is_global_zero else 0.0
    score = fabric.broadcast(score)
    return {
        "stage": position[0],
        "epoch": position[1],
        "train": float(np.mean(losses)),
        "validation": score,
        "learning_rate": rate,
        "seconds": shell.now() - begun,
        "songs_per_second": len(songs) / max(trained - begun, 1e-9),
    }


def _step(
    task: Task,
    module: nn.Module,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    clip: float,
    fabric: Fabric,
) -> float:
    """One step on a whole batch, of which this process computes its share; returns the loss."""
    share = batch.share(fabric.global_rank, fabric.world_size).to(fabric.device)
    entries = task.entries(batch).to(fabric.device)
    part = task.minimised(module, share, entries)
    whole: Any = fabric.all_reduce(part.detach().clone(), reduce_op="sum")
    loss = float(whole)
    if not math.isfinite(loss):
        raise BadSetting(f"expected a finite loss, got {loss}; lower the learning rate")
    optimiser.zero_grad()
    # The processes' gradients are averaged, their parts of the loss add up.
    fabric.backward(part * fabric.world_size)
    fabric.clip_gradients(module, optimiser, max_norm=clip, error_if_nonfinite=False)
    optimiser.step()
    return loss


def _schedule(step: int, steps: int, warmup: int) -> float:
    """Linear warm-up, then half a cosine down to nothing."""
    return min(1.0, (step + 1) / warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _write_log(path: Path, history: Sequence[Mapping[str, Any]]) -> None:
    with writing(path) as beside, beside.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=list(history[-1]))
        writer.writeheader()
        writer.writerows(history)
