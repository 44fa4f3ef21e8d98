"""Checkpoints to a model bundle: ONNX graphs, proven against PyTorch, and their manifest.

The graphs are written node by node (`encoder_graph`, `decoder_graph`, `dynamics_graph`): a traced
graph would not share its cache, fuse its attention, or keep its shapes.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from scorelock.engine.bundle import FORMAT, Bundle
from scorelock.engine.errors import BadBundle
from scorelock.engine.features import WIDTH
from scorelock.engine.files import replacing_folder
from scorelock.engine.vocabulary import END, SIZE
from scorelock.export.decoder_graph import write_decoder
from scorelock.export.dynamics_graph import write_dynamics
from scorelock.export.encoder_graph import write_encoder
from scorelock.export.layers import Precision
from scorelock.training.amt import Amt
from scorelock.training.batches import split_tokens
from scorelock.training.regressors import Regressor

OPSET: Final = 18
LEAST_OPSET: Final = 18
"""The first that has the operators of these graphs."""
TOLERANCE: Final = {"fp32": 1e-4, "fp16": 0.5, "int8": 0.5}
"""Largest difference of a logit that still counts as the same model, by precision.

In fp32 it is what the order of sums may change. What fewer bits cost is told by the proof's
agreement and Hits; this bound only catches a graph that is wrong.
"""


def export_bundle(
    amt: Amt,
    dynamics: Regressor,
    folder: Path,
    *,
    name: str,
    about: Mapping[str, Any],
    precision: Precision = "fp32",
    opset: int = OPSET,
    proof: Callable[[Bundle], Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Write a bundle and return its manifest.

    Everything is made and proven in a folder beside, which then takes the place of an older bundle.

    Args:
        amt: the chord model.
        dynamics: the model of density and loudness.
        folder: new, or a bundle.
        name: for people.
        about: the manifest's "licence", "training" and "metrics", "recall" where there is one, and
            paths of other "files" that go with it.
        precision: of the decoder's weights, which are read once for every chord.
        opset: of ONNX's standard operators.
        proof: what else is measured on the bundle before it takes its place, for the manifest.

    Raises:
        BadBundle: the two models read different features, what stands in the folder is not a
            bundle, or a graph does not do what its model does.
        OSError: it cannot be written.
    """
    if amt.sizes.layout != dynamics.sizes.layout:
        raise BadBundle(
            f"expected two models of one feature layout, got {amt.sizes.layout} for chords and "
            f"{dynamics.sizes.layout} for dynamics"
        )
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise BadBundle(f"expected {folder} to be new or a bundle, found something else there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(folder) as new:
        amt.eval()
        dynamics.eval()
        write_encoder(amt, new, precision, opset)
        write_decoder(amt, new, precision, opset)
        write_dynamics(dynamics, new, opset)
        for file in about.get("files", ()):
            shutil.copy(file, new)
        manifest = _manifest(amt, name, about, new) | {
            "dynamics_pad_to": dynamics.sizes.pad_to,
            "precision": precision,
            "opset": opset,
        }
        _write_manifest(manifest, new)
        bundle = Bundle.open(new)
        measured = parity(amt, dynamics, bundle) | dict(proof(bundle) if proof else {})
        manifest["parity"] = measured | {"precision": precision, "opset": opset}
        _write_manifest(manifest, new)
    return manifest


def _write_manifest(manifest: Mapping[str, Any], folder: Path) -> None:
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def _manifest(amt: Amt, name: str, about: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    sizes = amt.sizes
    return {
        "format": FORMAT,
        "name": name,
        "vocabulary": SIZE,
        "layout": sizes.layout,
        "features": WIDTH[sizes.layout],
        "window": sizes.window,
        "pad_to": sizes.pad_to,
        "cache_row": [sizes.decoder_layers, 2, sizes.heads, sizes.d_model // sizes.heads],
        "sizes": {
            "d_model": sizes.d_model,
            "heads": sizes.heads,
            "encoder_layers": sizes.encoder_layers,
            "decoder_layers": sizes.decoder_layers,
            "feed_forward": sizes.feed_forward,
            "parameters": sum(p.numel() for p in amt.parameters()),
        },
        "licence": about["licence"],
        "training": about["training"],
        "metrics": about["metrics"],
        "recall": about.get("recall"),
        "parity": {},
        "files": {
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(folder.iterdir())
        },
    }


def parity(amt: Amt, dynamics: Regressor, bundle: Bundle, steps: int = 300) -> dict[str, Any]:
    """Run both on the same random film and chords; the bundle goes chord by chord on its cache.

    Raises:
        BadBundle: they differ by more than `TOLERANCE`.
    """
    rng = np.random.default_rng(0)
    layout, window = amt.sizes.layout, amt.sizes.window
    features = rng.uniform(0, 1, (window, WIDTH[layout])).astype(np.float32)
    features[:, -8] *= 30  # seconds since the last cut
    features[:, -7] *= 60  # motion
    chords = rng.integers(1, END, min(steps, window))
    given = torch.from_numpy(features)[None]
    with torch.inference_mode():
        tokens = split_tokens(torch.from_numpy(chords)[None])
        wanted = amt(given, None, tokens, torch.ones(1))[0].numpy()
        loud = dynamics(given)[0].numpy()
    decoding = bundle.begin(features, [True])
    got = np.concatenate([decoding.advance(token[None, None])[0] for token in chords])
    found = bundle.raw_dynamics(features)
    result = {
        "steps": len(chords),
        "max_abs_difference": float(np.abs(got - wanted).max()),
        "argmax_agreement": float((got.argmax(-1) == wanted.argmax(-1)).mean()),
        "dynamics_max_abs_difference": float(np.abs(found - loud).max()),
    }
    for name, most in (
        ("max_abs_difference", TOLERANCE[bundle.manifest.precision]),
        ("dynamics_max_abs_difference", TOLERANCE["fp32"]),
    ):
        if not result[name] <= most:
            raise BadBundle(
                f"expected graphs that do what their models do, got {name} {result[name]:.2g}, "
                f"over {most}; are the weights sound?"
            )
    return result
