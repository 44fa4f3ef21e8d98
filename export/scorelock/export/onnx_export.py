"""Checkpoints to a model bundle: three ONNX graphs, proven against PyTorch, and their manifest.

The graphs and their shapes (B songs, T seconds, S new chords after t cached, L layers, H heads):

    encoder.onnx   features (B, T, F) -> film_0 .. film_(2L-1), once for a film: each layer's keys
                   (B, H, D, T), then its values (B, H, T, D)
    decoder.onnx   root (B, S), attribute (B, S), minor (B,), cache_0 .. (t, B, H, D), film_0 ..
                   -> logits (B, S, 159), rows (2L, S, B, H, D), to be added to the cache
    dynamics.onnx  features (B, T, F) -> dynamics (B, T, 2): notes sounding, loudness
"""

import hashlib
import json
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from scorelock.engine.bundle import FORMAT, GRAPHS, Bundle
from scorelock.engine.decoder import Decoder, KVCache
from scorelock.engine.errors import BadBundle
from scorelock.engine.features import WIDTH
from scorelock.engine.vocabulary import END, SIZE
from scorelock.training.amt import Amt
from scorelock.training.batches import split_tokens
from scorelock.training.regressors import Regressor

OPSET: Final = 18
TOLERANCE: Final = 1e-4
"""Largest difference of a logit or an output that still counts as the same model."""

Axes = Mapping[int, str]


class _Graph(nn.Module):
    """A method of a model as a module, which is what the exporter takes."""

    def __init__(self, model: nn.Module, call: Callable[..., Any]) -> None:
        super().__init__()
        self.model = model
        self.call = call

    def forward(self, *inputs: Tensor) -> Any:  # noqa: ANN401
        return self.call(*inputs)


def export_bundle(
    amt: Amt, dynamics: Regressor, folder: Path, *, name: str, about: Mapping[str, Any]
) -> dict[str, Any]:
    """Write a bundle and return its manifest.

    Everything is made and proven in a folder beside, which then takes the place of an older bundle.
    `about` gives the manifest's "licence", "training" and "metrics", "recall" where there is one,
    and paths of other "files" that go with it.

    Raises:
        BadBundle: the two models read different features, what stands in the folder is not a
            bundle, or a graph does not do what its model does.
    """
    if amt.sizes.layout != dynamics.sizes.layout:
        raise BadBundle(
            f"expected two models of one feature layout, got {amt.sizes.layout} for chords and "
            f"{dynamics.sizes.layout} for dynamics"
        )
    if folder.exists() and not (folder / "manifest.json").is_file():
        raise BadBundle(f"expected {folder} to be new or a bundle, found something else there")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        beside.chmod(0o755)
        write_graphs(amt, dynamics, beside)
        for file in about.get("files", ()):
            shutil.copy(file, beside)
        manifest = _manifest(amt, name, about, beside)
        manifest["dynamics_pad_to"] = dynamics.sizes.pad_to
        _write_manifest(manifest, beside)
        manifest["parity"] = parity(amt, dynamics, Bundle.open(beside))
        _write_manifest(manifest, beside)
        _replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _replace(beside: Path, folder: Path) -> None:
    """Put a finished folder in place; an older one is removed only after that."""
    if not folder.exists():
        beside.replace(folder)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    folder.replace(old / "bundle")
    beside.replace(folder)
    shutil.rmtree(old)


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
        "opset": OPSET,
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


def write_graphs(amt: Amt, dynamics: Regressor, folder: Path) -> None:
    """Write encoder.onnx, decoder.onnx and dynamics.onnx into a folder."""
    amt.eval()
    dynamics.eval()
    # Sizes of 0 and 1 would be taken for constants, and one tensor given twice for one input.
    batch, seconds, steps, before = 2, 7, 4, 5
    features = torch.zeros(batch, seconds, WIDTH[amt.sizes.layout])
    ids = torch.ones(batch, steps, dtype=torch.int64)
    with torch.inference_mode():
        film = [part.contiguous() for part in amt.encode(features)]
    rows: Axes = {0: "B", 1: "S"}
    seen: Axes = {0: "B", 1: "T"}
    names = [f"film_{i}" for i in range(len(film))]
    heads: list[Axes] = [{0: "B", 3: "T"}, {0: "B", 2: "T"}] * (len(film) // 2)

    def step(root: Tensor, attribute: Tensor, minor: Tensor, *memory: Tensor) -> Any:  # noqa: ANN401
        return amt.decode((root, attribute), minor, memory[: len(film)], memory[len(film) :])

    _write(
        _Graph(amt, amt.encode),
        folder / GRAPHS[0],
        {"features": (features, seen)},
        dict(zip(names, heads, strict=True)),
    )
    cache = torch.zeros(before, batch, *film[1].shape[1::2])
    _write(
        _Graph(amt, step),
        folder / GRAPHS[1],
        {
            "root": (ids, rows),
            "attribute": (ids.clone(), rows),
            "minor": (torch.zeros(batch), {0: "B"}),
            **{f"cache_{i}": (cache.clone(), {0: "t", 1: "B"}) for i in range(len(film))},
            **dict(zip(names, zip(film, heads, strict=True), strict=True)),
        },
        {"logits": rows, "rows": {1: "S", 2: "B"}},
    )
    _write(
        _Graph(dynamics, dynamics.regress),
        folder / GRAPHS[2],
        {"features": (features, seen)},
        {"dynamics": seen},
    )


def _write(
    model: _Graph,
    path: Path,
    inputs: Mapping[str, tuple[Tensor, Axes]],
    outputs: Mapping[str, Axes],
) -> None:
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    with ExitStack() as stack:
        # The exporter warns of its own internals and of packages that are not needed here.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        stack.callback(logger.setLevel, level)
        logger.setLevel(logging.ERROR)
        program = torch.onnx.export(
            model,
            tuple(value for value, _ in inputs.values()),
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=(tuple(dict(axes) for _, axes in inputs.values()),),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    proto = program.model_proto  # type: ignore[union-attr]
    graph = proto.graph
    # The exporter writes the example's length on the GRU's output.
    for value in graph.output:
        for axis, letter in outputs[value.name].items():
            value.type.tensor_type.shape.dim[axis].dim_param = letter
    # It also notes the source file and line of every node, as they are on this machine.
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.value_info):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    onnx.save(proto, path)


def parity(amt: Amt, dynamics: Regressor, bundle: Bundle, steps: int = 64) -> dict[str, Any]:
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
    decoder = Decoder.encode(bundle, features, minor=True)
    cache = KVCache.empty(bundle)
    got = []
    for token in chords:
        logits, cache = decoder.step(int(token), cache)
        got.append(logits)
    found = bundle.raw_dynamics(features)
    result = {
        "steps": len(chords),
        "max_abs_difference": float(np.abs(np.stack(got) - wanted).max()),
        "argmax_agreement": float((np.stack(got).argmax(-1) == wanted.argmax(-1)).mean()),
        "dynamics_max_abs_difference": float(np.abs(found - loud).max()),
    }
    worst = max(result["max_abs_difference"], result["dynamics_max_abs_difference"])
    if not worst <= TOLERANCE:
        raise BadBundle(f"expected graphs within {TOLERANCE} of their models, got {worst:.2g}")
    return result
