"""`scorelock train amt|dynamics CONFIG.toml --data DIR -o RUN`: train, resume, score."""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.files import make_folder, writing

if TYPE_CHECKING:
    from scorelock.training.batches import Batch
    from scorelock.training.config import AmtConfig, DynamicsConfig


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock train`."""
    parser.add_argument("what", choices=["amt", "dynamics"], help="chords, or density and loudness")
    parser.add_argument("config", type=Path, help="settings, a TOML file")
    parser.add_argument("--data", type=Path, required=True, help="folder of packed corpora")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="the run's folder; an unfinished run goes on",
    )


def run(args: argparse.Namespace) -> int:
    """Train and write best.pt, last.pt, log.csv and run.json.

    Raises:
        BadSetting: the settings or the data do not fit, or the folder holds another run.
        MissingPart: PyTorch is not installed.
    """
    try:
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingPart("expected PyTorch for training; pip install 'scorelock[train]'") from err
    from scorelock.training.config import AmtConfig, DynamicsConfig, read_config

    kind: type[AmtConfig | DynamicsConfig] = AmtConfig if args.what == "amt" else DynamicsConfig
    config = read_config(args.config, kind)
    _claim(args.output, asdict(config))
    about = _train(config, args.data, args.output)
    path = args.output / "run.json"
    with writing(path) as beside:
        beside.write_text(json.dumps(about, indent=1), encoding="utf-8")
    print(json.dumps(about["scores"], indent=1))
    if about["skipped"]:
        print(f"{len(about['skipped'])} songs could not be used; {path} says why")
    return 0


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


def _train(config: "AmtConfig | DynamicsConfig", data: Path, folder: Path) -> dict[str, Any]:
    import torch

    from scorelock.training.amt import Amt
    from scorelock.training.bigru import BiGru
    from scorelock.training.checkpoint import load_state, take_matching
    from scorelock.training.config import AmtConfig
    from scorelock.training.corpora import read_corpora
    from scorelock.training.evaluate import chord_counts, evaluate_amt, evaluate_dynamics
    from scorelock.training.train import (
        amt_task,
        dynamics_task,
        fit_standardise,
        fit_targets,
        train,
    )

    layout = config.model.layout
    held_out = read_corpora(data, config.validate, "val", layout)
    stages = [
        (stage, read_corpora(data, stage.corpora, "train", layout)) for stage in config.stages
    ]
    songs = {song.name: song for _, corpus in stages for song in corpus.songs}.values()
    torch.manual_seed(config.optimise.seed)
    model: Amt | BiGru
    if isinstance(config, AmtConfig):
        model = Amt(config.model, config.optimise.dropout)
        if config.start:
            kept = take_matching(model, load_state(Path(config.start) / "best.pt"))
            print(f"took {kept} of {len(model.state_dict())} tensors from {config.start}")
        task = amt_task(model, config.loss, held_out.songs)
    else:
        model = BiGru(config.model, config.optimise.dropout)
        task = dynamics_task(model, held_out.songs)
        if config.model.standardised:
            fit_targets(model, list(songs))
    if config.model.standardised:
        fit_standardise(model.standardise, list(songs))
    history = train(
        task,
        [(stage, corpus.songs) for stage, corpus in stages],
        config.optimise,
        folder,
        _progress,
    )
    if isinstance(model, Amt):
        scores = evaluate_amt(model, held_out.songs, chord_counts(list(songs)))
    else:
        mean = (float(model.output_mean[0]), float(model.output_mean[1]))
        scores = evaluate_dynamics(model, held_out.songs, mean)
    return {
        "config": asdict(config),
        "songs": Counter(song.name.split()[0] for song in songs),
        "skipped": {name: why for _, corpus in stages for name, why in corpus.skipped.items()},
        "epochs": len(history),
        "scores": scores,
    }


def _progress(batches: "Sequence[Batch]", title: str) -> "Iterable[Batch]":
    from rich.progress import track

    return track(batches, title)
