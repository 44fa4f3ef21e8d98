"""What an export is made of: published weight files or training runs, and what is said of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from torch import Tensor

from scorelock.engine.bundle import BASELINES, RECALL
from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.engine.recall import RecallWeights
from scorelock.export.command import PUBLISHED
from scorelock.training.amt import Amt
from scorelock.training.checkpoint import amt_from_state, left_out, load_state
from scorelock.training.regressors import Regressor, regressor_from_state

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

M = TypeVar("M", bound=Amt | Regressor)
State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """Two models in eval mode with what the manifest says of their licence, training and metrics.

    `unused` names the tensors in their files that no model reads.
    """

    amt: Amt
    dynamics: Regressor
    about: Mapping[str, Any]
    unused: Sequence[str]

    @classmethod
    def read(cls, places: Sequence[Path]) -> Self:
        """A folder with the published files, those two files, or the folders of runs.

        Raises:
            BadSetting: places that do not go together, or a run that is not finished.
            BadBundle: a file is missing, damaged, or not of such models.
        """
        if any(place.is_file() for place in places):
            files, about = _of_files(places), _published()
        elif len(places) == 1 and not (places[0] / "run.json").is_file():
            files, about = _of_folder(places[0]), _published()
        else:
            files, about = _of_runs(places)
        states = [load_state(path) for path in files]
        if "Linear_chord.weight" in states[1] and "Linear_chord.weight" not in states[0]:
            files, states = files[::-1], states[::-1]
        unused = [name for state in states for name in left_out(state)]
        if unused:
            about["training"]["left_out"] = unused
        return cls(
            _built(files[0], states[0], amt_from_state),
            _built(files[1], states[1], regressor_from_state),
            about,
            unused,
        )


def _built(path: Path, state: State, build: Callable[[State], M]) -> M:
    try:
        return build(state)
    except BadBundle as err:
        raise BadBundle(f"{path}: {err}") from err


def _published() -> dict[str, Any]:
    return {
        "licence": "weights as published with Video2Music; their licence is not verified",
        "training": {"data": [LICENCES["muvisync"]]},
        "metrics": {},
    }


def _of_files(places: Sequence[Path]) -> list[Path]:
    if len(places) != 2 or not all(place.is_file() for place in places):
        raise BadSetting(
            f"expected the two files {' and '.join(PUBLISHED)}, or folders alone, got "
            f"{', '.join(map(str, places))}"
        )
    return list(places)


def _of_folder(folder: Path) -> list[Path]:
    files = [folder / name for name in PUBLISHED]
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise BadBundle(
            f"expected {' and '.join(missing)} in {folder}, or a run's run.json, found "
            f"{_contents(folder)}; give a checkpoint's folder, or the two that `scorelock train` "
            "wrote"
        )
    return files


def _contents(folder: Path) -> str:
    if not folder.is_dir():
        return "no such folder"
    names = sorted(path.name for path in folder.iterdir())
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "it empty"


def _of_runs(folders: Sequence[Path]) -> tuple[list[Path], dict[str, Any]]:
    found = [_read_notes(folder / "run.json") for folder in folders]
    kinds = [str(run.get("what")) for run in found]
    pairs = zip(folders, found, strict=True)
    runs = dict(zip(kinds, pairs, strict=True))
    if len(runs) != len(folders) or not {"amt", "dynamics"} <= runs.keys():
        raise BadSetting(
            "expected a checkpoint's folder, or a run of amt, one of dynamics and perhaps one of "
            f"recall, got runs of {', '.join(kinds)}"
        )
    try:
        about = _about(runs)
    except (KeyError, TypeError, AttributeError, ValueError) as err:
        raise BadBundle(
            f"expected the notes of `scorelock train` in {' and '.join(map(str, folders))}, got "
            f"damaged ones ({type(err).__name__}: {err}); train again"
        ) from err
    return [runs[kind][0] / "best.pt" for kind in ("amt", "dynamics")], about


def _about(runs: Mapping[str, tuple[Path, dict[str, Any]]]) -> dict[str, Any]:
    (chords, amt), (_, dynamics) = runs["amt"], runs["dynamics"]
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
        start = recall["config"]["start"]
        if Path(start).resolve().name != chords.resolve().name:
            raise BadSetting(f"expected recall fitted to {chords}, got one fitted to {start}")
        about["recall"] = _read_notes(folder / RECALL)
        RecallWeights.parse(about["recall"])
        about["training"]["recall"] = recall["config"]
        about["metrics"]["recall"] = recall["scores"]
    return about


def _corpora(run: Mapping[str, Any]) -> set[str]:
    """All that a run's weights have learned from, those of the run that it started from too."""
    return {
        name
        for config in [run["config"], *(run.get("start") or {"configs": []})["configs"]]
        for stage in config["stages"]
        for name in stage["corpora"]
    }


def _read_notes(path: Path) -> dict[str, Any]:
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(notes, dict):
            raise ValueError(f"{type(notes).__name__} instead of an object")
    except OSError as err:
        raise BadSetting(
            f"expected a finished run in {path.parent}, found no {path.name} there "
            f"({err.strerror or err}); let `scorelock train` end"
        ) from err
    except ValueError as err:
        raise BadBundle(
            f"expected a run's notes in {path}, got a damaged file ({err}); train again"
        ) from err
    return notes
