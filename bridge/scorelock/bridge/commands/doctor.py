"""scorelock doctor: what is missing on this machine, and how to get it."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final, Literal

from scorelock.engine.errors import MissingPart, ScorelockError

RUNTIMES: Final = ("onnxruntime", "onnxruntime-gpu")
BASE: Final = (
    *("numpy", "opencv-python-headless", "scenedetect-headless"),
    *("python-osc", "mido", "python-rtmidi", "rich", "pillow", "platformdirs"),
)
TRAINING: Final = ("torch", "lightning-fabric", "onnx")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; "missing" stops the main job, "limited" only takes something away."""

    what: str
    state: Literal["ok", "limited", "missing"]
    found: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock doctor`."""
    parser.add_argument(
        "--bundle",
        type=Path,
        help="the model bundle to look at: its folder, or starter or clip (default: starter)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Print every finding; exit code 1 where the main job cannot run."""
    findings = list(findings_here(args.bundle))
    if args.json:
        print(json.dumps({"findings": [asdict(finding) for finding in findings]}))
    else:
        width = max(len(finding.what) for finding in findings)
        for finding in findings:
            print(f"{finding.state:8}{finding.what:{width + 2}}{finding.found}")
            if finding.remedy:
                print(f"{'':8}{'':{width + 2}}-> {finding.remedy}")
    return int(any(finding.state == "missing" for finding in findings))


def findings_here(bundle: Path | None = None) -> Iterator[Finding]:
    """Look at everything that a command needs, in the order of its importance."""
    yield _python()
    yield _packages("packages", BASE, "missing", "pip install scorelock")
    yield _runtime()
    yield from _bundle(bundle)
    yield from _models()
    yield from _midi()
    yield _osc()
    yield _packages(
        "training, export",
        TRAINING,
        "limited",
        "to train or export: pip install 'scorelock[train]'",
    )


def _python() -> Finding:
    here = sys.version_info
    found = f"Python {here.major}.{here.minor}.{here.micro} on {sys.platform}"
    if (3, 11) <= here < (3, 14):
        return Finding("python", "ok", found)
    return Finding("python", "limited", found, "tested with Python 3.11 to 3.13")


def _packages(
    what: str, names: tuple[str, ...], state: Literal["limited", "missing"], remedy: str
) -> Finding:
    installed = {name: _version(name) for name in names}
    found = ", ".join(f"{name} {number}" for name, number in installed.items() if number)
    if all(installed.values()):
        return Finding(what, "ok", found)
    absent = ", ".join(name for name, number in installed.items() if not number)
    return Finding(what, state, f"without {absent}", remedy)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _runtime() -> Finding:
    installed = [f"{name} {number}" for name in RUNTIMES if (number := _version(name))]
    found = " and ".join(installed)
    if len(installed) == 1:
        return Finding("ONNX Runtime", "ok", found)
    if not installed:
        return Finding("ONNX Runtime", "missing", "none", "pip install 'scorelock[cpu]'")
    remedy = f"they overwrite each other: pip uninstall {' '.join(RUNTIMES)}, then install one"
    return Finding("ONNX Runtime", "missing", found, remedy)


def _bundle(folder: Path | None) -> Iterator[Finding]:
    from scorelock.engine.bundle import Bundle
    from scorelock.export.proof import in_words

    what = "model bundle"
    try:
        manifest = Bundle.open(folder).manifest
    except (ScorelockError, ModuleNotFoundError) as err:
        remedy = "" if folder else "pip install --force-reinstall scorelock"
        yield Finding(what, "missing", str(err), remedy)
        return
    yield Finding(what, "ok", f"{manifest.name}: every file as it was made")
    words = in_words(manifest.parity)
    if words:
        yield Finding("its proof", "ok", words)
    else:
        yield Finding("its proof", "limited", "none", "make it again with scorelock export")


def _models() -> Iterator[Finding]:
    for name, use in (("clip", "the paper's features"), ("basic-pitch", "a data set")):
        try:
            yield Finding(name, "ok", _kept(name))
        except MissingPart:
            yield Finding(name, "limited", "none", f"for {use}: scorelock models add {name}")
        except (ScorelockError, ModuleNotFoundError) as err:
            yield Finding(name, "limited", str(err))


def _kept(name: str) -> str:
    from scorelock.engine.model_shelf import CLIP, kept_model

    folder = kept_model(name)
    if name != CLIP:
        return str(folder)
    from scorelock.engine.clip import ClipManifest

    manifest = ClipManifest.read(folder)
    manifest.check(folder)
    return f"{manifest.name}, {manifest.precision}: every file as it was made"


def _midi() -> Iterator[Finding]:
    from scorelock.bridge.ports import midi_status

    status = midi_status()
    for api in status.apis:
        if api.available:
            count = f"{len(api.ports)} output{'' if len(api.ports) == 1 else 's'}"
            yield Finding(f"MIDI, {api.name}", "ok", count)
        elif status.available is None:
            reason = api.reason.removeprefix(f"{api.name}: ")
            yield Finding(f"MIDI, {api.name}", "limited", reason)
    if status.available is None:
        remedy = "live MIDI wants ALSA's sequencer (modprobe snd-seq) or a JACK server (jackd2)"
        found = "none" if status.apis else status.reason
        yield Finding("live MIDI", "limited", found, remedy if status.apis else "")


def _osc() -> Finding:
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.osc_in import DEFAULT_LISTEN, OscIn

    try:
        OscIn(DEFAULT_LISTEN, MonotonicClock()).close()
    except ScorelockError as err:
        return Finding("OSC", "limited", str(err))
    return Finding("OSC", "ok", f"UDP {DEFAULT_LISTEN} is free")
