"""`scorelock export FROM... -o BUNDLE`: trained or published weights to a model bundle."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from scorelock.engine.errors import BadBundle, BadSetting, MissingPart

PUBLISHED: Final = ("best_loss_weights.pickle", "best_rmse_weights.pickle")
"""The files of a published Video2Music checkpoint: AMT and biGRU."""

LICENCES: Final = {
    "muvisync": "MuVi-Sync (Kang, Poria, Herremans 2024; Zenodo 10057093): licence as published "
    "with the Zenodo record, not verified",
    "pop909": "POP909: MIT",
    "billboard": "McGill Billboard annotations: CC0-1.0",
    "openewld": "OpenEWLD: public domain scores, MIT repository",
    "chordmelody": "chord-melody data set: MIT as its repository declares, chord symbols only",
    "freedoom": "Freedoom game music: BSD-3-Clause",
}
"""What each training corpus allows, as the bundle's manifest states it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock export`."""
    parser.add_argument(
        "source",
        type=Path,
        nargs="+",
        metavar="FROM",
        help=f"a folder with {' and '.join(PUBLISHED)}, or the two folders that "
        "`scorelock train amt` and `scorelock train dynamics` wrote",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--name", help="what the bundle is called (default: its folder's name)")


def run(args: argparse.Namespace) -> int:
    """Write the bundle and say what it proved.

    Raises:
        BadBundle: weights that do not fit, or graphs that do not match them.
        BadSetting: more than two sources, or a run that is not finished.
        MissingPart: PyTorch or onnx is not installed.
    """
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} to export models; pip install 'scorelock[train]'"
        ) from err
    from scorelock.export.onnx_export import export_bundle
    from scorelock.training.checkpoint import amt_from_state, bigru_from_state, load_state

    weights, about = _sources(args.source)
    amt, dynamics = amt_from_state(load_state(weights[0])), bigru_from_state(load_state(weights[1]))
    manifest = export_bundle(
        amt, dynamics, args.output, name=args.name or args.output.resolve().name, about=about
    )
    proof, size = manifest["parity"], manifest["sizes"]["parameters"]
    print(
        f"{args.output}: {manifest['layout']} features, {size} parameters, "
        f"within {proof['max_abs_difference']:.1e} of PyTorch over {proof['steps']} chords"
    )
    return 0


def _sources(folders: list[Path]) -> tuple[list[Path], dict[str, Any]]:
    """The two weight files, and what the manifest says of licence, training and metrics."""
    if len(folders) == 1:
        source = "weights as published with Video2Music; their licence is not verified"
        about = {"licence": source, "training": {"data": [LICENCES["muvisync"]]}, "metrics": {}}
        return [folders[0] / name for name in PUBLISHED], about
    if len(folders) != 2:
        raise BadSetting(f"expected a checkpoint's folder or two runs, got {len(folders)} folders")
    runs = [_read_run(folder) for folder in folders]
    corpora = {
        name for run in runs for stage in run["config"]["stages"] for name in stage["corpora"]
    }
    return [folder / "best.pt" for folder in folders], {
        "licence": "that of Scorelock, as far as the training data allows",
        "training": {
            "data": [LICENCES.get(name, f"{name}: licence not known") for name in sorted(corpora)],
            "chords": {key: runs[0][key] for key in ("config", "songs", "epochs")},
            "dynamics": {key: runs[1][key] for key in ("config", "songs", "epochs")},
        },
        "metrics": {"chords": runs[0]["scores"], "dynamics": runs[1]["scores"]},
    }


def _read_run(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise BadSetting(
            f"expected a finished run in {folder}, found no run.json; let `scorelock train` end"
        ) from err
    except ValueError as err:
        raise BadBundle(
            f"expected a run's notes in {path}, got a damaged file; train again"
        ) from err
    return about
