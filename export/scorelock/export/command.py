"""`scorelock export FROM... -o FOLDER`: weights to a model bundle, or to the published files."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from scorelock.engine.bundle import BASELINES, RECALL
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
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--format",
        choices=["bundle", "published"],
        default="bundle",
        help="a bundle to compose with (default), or weight files for Video2Music's own code",
    )
    parser.add_argument("--name", help="what the bundle is called (default: its folder's name)")


def run(args: argparse.Namespace) -> int:
    """Write the bundle and say what it proved, or write the published files.

    Raises:
        BadBundle: weights that do not fit, or graphs that do not match them.
        BadSetting: more than two sources, a run that is not finished, or one that the public code
            could not run.
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
    from scorelock.export.published import save_published
    from scorelock.training.bigru import BiGru
    from scorelock.training.checkpoint import amt_from_state, load_state
    from scorelock.training.regressors import regressor_from_state

    weights, about = _sources(args.source)
    amt = amt_from_state(load_state(weights[0]))
    dynamics = regressor_from_state(load_state(weights[1]))
    if args.format == "published":
        if not isinstance(dynamics, BiGru):
            raise BadSetting(
                "expected a biGRU, which the public code has, got another model of density and "
                'loudness; train one with kind = "bigru"'
            )
        save_published(amt, dynamics, args.output)
        print(f"{args.output}: {' and '.join(PUBLISHED)}")
        return 0
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
        data = {"data": [LICENCES["muvisync"]]}
        return [folders[0] / name for name in PUBLISHED], {
            "licence": source,
            "training": data,
            "metrics": {},
        }
    found = [_read_run(folder) for folder in folders]
    runs = {run["what"]: (folder, run) for folder, run in zip(folders, found, strict=True)}
    if len(runs) != len(folders) or not {"amt", "dynamics"} <= runs.keys():
        raise BadSetting(
            "expected a checkpoint's folder, or a run of amt, one of dynamics and perhaps one of "
            f"recall, got runs of {', '.join(run['what'] for run in found)}"
        )
    (chords, amt), (regressor, dynamics) = runs["amt"], runs["dynamics"]
    about: dict[str, Any] = {
        "licence": "that of Scorelock, as far as the training data allows",
        "training": {
            "data": [
                LICENCES.get(name, f"{name}: licence not known")
                for name in sorted(_corpora(amt) | _corpora(dynamics))
            ],
            "chords": {key: amt[key] for key in ("config", "start", "songs", "epochs")},
            "dynamics": {key: dynamics[key] for key in ("config", "songs", "epochs")},
        },
        "metrics": {"chords": amt["scores"], "dynamics": dynamics["scores"]},
        "files": [path for path in [chords / BASELINES] if path.is_file()],
    }
    if "recall" in runs:
        folder, recall = runs["recall"]
        if Path(recall["config"]["start"]).resolve().name != chords.resolve().name:
            raise BadSetting(
                f"expected recall fitted to {chords}, got one fitted to {recall['config']['start']}"
            )
        about["recall"] = json.loads((folder / RECALL).read_text(encoding="utf-8"))
        about["training"]["recall"] = recall["config"]
        about["metrics"]["recall"] = recall["scores"]
    return [chords / "best.pt", regressor / "best.pt"], about


def _corpora(run: dict[str, Any]) -> set[str]:
    """All that a run's weights have learned from, those of the run that it started from too."""
    return {
        name
        for config in [run["config"], *(run.get("start") or {"configs": []})["configs"]]
        for stage in config["stages"]
        for name in stage["corpora"]
    }


def _read_run(folder: Path) -> dict[str, Any]:
    path = folder / "run.json"
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        _ = about["what"]
    except FileNotFoundError as err:
        raise BadSetting(
            f"expected a finished run in {folder}, found no run.json; let `scorelock train` end"
        ) from err
    except (ValueError, KeyError, TypeError) as err:
        raise BadBundle(
            f"expected a run's notes in {path}, got a damaged file; train again"
        ) from err
    return about
