"""`scorelock train amt|dynamics CONFIG.toml --data DIR -o RUN`: train, resume, score."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scorelock.engine.bundle import BASELINES
from scorelock.engine.errors import BadSetting, MissingPart, ScorelockError
from scorelock.engine.files import make_folder, writing

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from scorelock.training.batches import Batch
    from scorelock.training.config import AmtConfig, DynamicsConfig
    from scorelock.training.songs import Example
    from scorelock.training.train import Task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock train`."""
    parser.add_argument(
        "what",
        choices=["amt", "dynamics", "recall", "affect"],
        help="chords; density and loudness; a chord model's memory of the piece; what people "
        "felt in labelled music",
    )
    parser.add_argument("config", type=Path, help="settings, a TOML file")
    parser.add_argument("--data", type=Path, required=True, help="folder of packed corpora")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="the run's folder; an unfinished run goes on",
    )
    parser.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="default: the best there is",
    )
    parser.add_argument(
        "--devices", type=int, default=1, metavar="N", help="how many, with a process for each"
    )
    parser.add_argument(
        "--precision",
        choices=["32", "bf16-mixed", "16-mixed"],
        default="32",
        help="of the arithmetic; weights are kept in 32 bits",
    )


def run(args: argparse.Namespace) -> int:
    """Train and write best.pt, last.pt, log.csv and run.json.

    Raises:
        BadSetting: settings, data or devices do not fit, or the folder holds another run.
        MissingPart: PyTorch or Lightning Fabric is not installed.
    """
    try:
        import lightning_fabric  # noqa: F401
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} for training; pip install 'scorelock[train]'"
        ) from err
    about = _about(args)
    if about is None:
        return 0
    path = args.output / "run.json"
    with writing(path) as beside:
        beside.write_text(json.dumps({"what": args.what} | about, indent=1), encoding="utf-8")
    print(json.dumps(about["scores"], indent=1))
    for name, why in about["skipped"].items():
        print(f"left out {name}: {why}")
    if about["skipped"]:
        print(f"{len(about['skipped'])} songs could not be used; {path} says why")
    return 0


def _about(args: argparse.Namespace) -> dict[str, Any] | None:
    """Train or fit; what run.json says of it, or None in all processes but the first."""
    from scorelock.training.config import (
        AffectConfig,
        AmtConfig,
        DynamicsConfig,
        RecallConfig,
        read_config,
    )
    from scorelock.training.fits import fit_affect, fit_recall

    kinds: dict[str, type] = {
        "amt": AmtConfig,
        "dynamics": DynamicsConfig,
        "recall": RecallConfig,
        "affect": AffectConfig,
    }
    config: Any = read_config(args.config, kinds[args.what])
    if args.what in ("recall", "affect"):
        _claim(args.output, asdict(config))
        fit = fit_recall if args.what == "recall" else fit_affect
        return fit(config, args.data, args.output)
    fabric = _fabric(args.device, args.devices, args.precision)
    _claim(args.output, asdict(config))
    try:
        return _train(config, args.data, args.output, fabric)
    except ScorelockError:
        if fabric.is_global_zero:
            raise
        return None  # all processes met the same, and the first one says it


def _claim(folder: Path, config: dict[str, Any]) -> None:
    """Note the settings in the run's folder, or check that it was begun with the same."""
    text = json.dumps(config, indent=1)
    path = folder / "config.json"
    if path.is_file():
        if path.read_text(encoding="utf-8") != text:
            raise BadSetting(f"{folder} holds a run with other settings; choose another folder")
        return
    make_folder(folder)
    with writing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _fabric(device: str, devices: int, precision: Any) -> "Fabric":  # noqa: ANN401
    import torch
    from lightning_fabric import Fabric
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    if devices < 1:
        raise BadSetting(f"expected --devices of 1 or more, got {devices}")
    if precision == "16-mixed" and (device == "cpu" or not torch.cuda.is_available()):
        raise BadSetting("expected a CUDA device for 16-mixed, found none; take bf16-mixed")
    try:
        return Fabric(accelerator=device, devices=devices, precision=precision)
    except (MisconfigurationException, RuntimeError, ValueError) as err:
        reason = " ".join(str(err).split())
        raise BadSetting(
            f"expected {devices} devices of kind {device}, got: {reason}; see --device, --devices"
        ) from err


def _task(
    config: "AmtConfig | DynamicsConfig", songs: "Sequence[Example]", held_out: "Sequence[Example]"
) -> "tuple[Task, dict[str, Any] | None]":
    """A new model and how it is trained; what it took from the run that it starts from."""
    from scorelock.training.amt import Amt
    from scorelock.training.checkpoint import load_state, take_matching
    from scorelock.training.config import AmtConfig
    from scorelock.training.regressors import new_regressor
    from scorelock.training.train import amt_task, dynamics_task, fit_standardise

    if not isinstance(config, AmtConfig):
        regressor = new_regressor(config.model, config.optimise.dropout, songs)
        return dynamics_task(regressor, held_out), None
    model = Amt(config.model, config.optimise.dropout)
    taken: list[str] = []
    lineage: list[dict[str, Any]] = []
    if config.start:
        lineage = _lineage(Path(config.start))
        taken = take_matching(model, load_state(Path(config.start) / "best.pt"))
    # Weights that have learned from films know them by the normalisation they learned with.
    learned = "standardise.std" in taken and bool(model.standardise.std.isfinite().all())
    if config.model.standardised and not learned:
        fit_standardise(model.standardise, songs)
    left = [name for name in model.state_dict() if name not in taken]
    start = {"taken": len(taken), "left": left, "configs": lineage}
    return amt_task(model, config.loss, held_out), start if config.start else None


def _lineage(run: Path) -> list[dict[str, Any]]:
    """The settings of a run and of those that it started from in its turn, the latest first."""
    path = run / "run.json"
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return [about["config"], *(about["start"] or {"configs": []})["configs"]]
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise BadSetting(f"expected a finished run to start from in {run}, got: {err}") from err


def _train(
    config: "AmtConfig | DynamicsConfig", data: Path, folder: Path, fabric: "Fabric"
) -> dict[str, Any] | None:
    """What run.json says of the run; None in all processes but the first."""
    import torch
    from rich import get_console

    from scorelock.training.corpora import read_corpora
    from scorelock.training.train import Shell, train

    layout = config.model.layout
    held_out = read_corpora(data, config.validate, "val", layout)
    stages = [
        (stage, read_corpora(data, stage.corpora, "train", layout)) for stage in config.stages
    ]
    songs = list({song.name: song for _, corpus in stages for song in corpus.songs}.values())
    torch.manual_seed(config.optimise.seed)
    task, start = _task(config, songs, held_out.songs)
    # All that can be found wrong has been: the other processes start here and come the same way.
    fabric.launch()
    shell = Shell(fabric, get_console().get_time, _progress if fabric.is_global_zero else _silent)
    history = train(
        task, [(stage, corpus.songs) for stage, corpus in stages], config.optimise, folder, shell
    )
    if not fabric.is_global_zero:
        return None
    skipped = [held_out, *(corpus for _, corpus in stages)]
    return {
        "config": asdict(config),
        "start": start,
        "songs": Counter(song.name.split()[0] for song in songs),
        "skipped": {name: why for corpus in skipped for name, why in corpus.skipped.items()},
        "epochs": len(history),
        **_finished(task, songs, folder),
    }


def _finished(task: "Task", songs: "Sequence[Example]", folder: Path) -> dict[str, Any]:
    """The model's scores, those of trivial predictors on the same seconds, and their counts."""
    from scorelock.training.amt import Amt
    from scorelock.training.checkpoint import save
    from scorelock.training.evaluation.baselines import Baselines
    from scorelock.training.evaluation.models import RunningAmt
    from scorelock.training.evaluation.report import chord_rows, dynamics_rows
    from scorelock.training.regressors import Regressor, predicted, widen

    films = [song for song in songs if song.film]
    baselines = Baselines.of(films or songs)
    baselines.save(folder / BASELINES)
    model = task.model.cpu().eval()
    held_out = [song.crop(0, 300) for song in task.held_out]
    if isinstance(model, Amt):
        held_out = [song.crop(0, model.sizes.window) for song in held_out]
        return {"scores": chord_rows(RunningAmt(model), held_out, baselines)}
    regressor = cast(Regressor, model)
    factors = widen(regressor, held_out)
    save(folder / "best.pt", {"model": regressor.state_dict()})
    return {
        "widened": factors,
        "scores": dynamics_rows(predicted(regressor, held_out), held_out, baselines),
    }


def _progress(batches: "Sequence[Batch]", title: str) -> "Iterable[Batch]":
    from rich.progress import track

    return track(batches, title)


def _silent(batches: "Sequence[Batch]", _: str) -> "Iterable[Batch]":
    return batches
