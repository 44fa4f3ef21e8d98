"""CLIP's weights to a folder that `scorelock.engine.clip` opens, proven against PyTorch."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from scorelock.engine.clip import (
    FILES,
    FORMAT,
    MANIFEST,
    MEAN,
    PROMPTS,
    STD,
    Clip,
    Precision,
    emotions_of,
    prepare,
)
from scorelock.engine.errors import BadBundle
from scorelock.engine.video import Image
from scorelock.export.clip.image_graph import OPSET, write_image_encoder
from scorelock.export.clip.prompts import prompts_of
from scorelock.export.clip.smoothing import observed
from scorelock.export.clip.sources import ClipSource

LEAST_COSINE: Final = {"fp32": 0.99999, "fp16": 0.999, "int8": 0.99}
"""Between PyTorch's embedding and the graph's, by precision; under it the graph is refused."""
PROVEN_ON: Final = 4
"""Pictures; int8 looks at as many others for the sizes of what it multiplies."""

_LETTERS: Final = {768: "b", 1024: "l", 1280: "h", 1408: "g", 1664: "bigg"}


def write_clip(source: ClipSource, folder: Path, precision: Precision) -> dict[str, Any]:
    """Fill an empty folder and return its manifest.

    Raises:
        BadBundle: the graph does not do what the weights do.
        OSError: it cannot be written.
    """
    model = source.model
    resolution = model.config.vision_config.image_size
    products = None
    if precision == "int8":
        products = observed(model, torch.stack([normalised(p, resolution) for p in pictures(1)]))
    write_image_encoder(model, folder, precision, products)
    np.save(folder / PROMPTS, prompts_of(model))
    manifest = {
        "format": FORMAT,
        "kind": "clip",
        "name": name_of(model),
        "architecture": _architecture(model),
        "source": source.name,
        "licence": source.licence,
        "precision": precision,
        "opset": OPSET,
        "parity": {},
        "files": {name: _sha256(folder / name) for name in FILES},
    }
    if products is not None:
        manifest["exact_products"] = sorted(n for n, p in products.items() if not p.holds)
    _write(manifest, folder)
    manifest["parity"] = parity(model, Clip.open(folder, device="cpu"), precision)
    _write(manifest, folder)
    return manifest


def parity(model: Any, clip: Clip, precision: Precision) -> dict[str, Any]:  # noqa: ANN401
    """PyTorch and ONNX Runtime on the same seeded pictures.

    Raises:
        BadBundle: their embeddings point elsewhere, by `LEAST_COSINE`, or are no numbers.
    """
    frames = pictures(2)
    resolution = model.config.vision_config.image_size
    with torch.inference_mode():
        wanted = np.concatenate(
            [
                model.visual_projection(
                    model.vision_model(pixel_values=normalised(f, resolution)[None]).pooler_output
                ).numpy()
                for f in frames
            ]
        )
    got, emotion = clip.see(frames)
    lengths = np.linalg.norm(wanted, axis=1) * np.linalg.norm(got, axis=1)
    cosine = float(((wanted * got).sum(1) / lengths).min())
    moved = float(np.abs(emotion - emotions_of(wanted, prompts_of(model))).max())
    if not np.isfinite(moved):
        raise BadBundle("expected weights of numbers, got some that are none; download them again")
    if not cosine >= LEAST_COSINE[precision]:
        raise BadBundle(
            f"expected a graph in {precision} that sees what the weights see (cosine "
            f"{LEAST_COSINE[precision]} or more), got {cosine:.5f}; are the weights sound? "
            "--precision fp32 keeps all of them"
        )
    return {
        "pictures": len(frames),
        "max_abs_difference": float(np.abs(got - wanted).max()),
        "cosine": cosine,
        "emotion_difference": moved,
    }


def normalised(frame: Image, resolution: int) -> torch.Tensor:
    """A frame as CLIP's weights were trained to see it, (3, R, R) float32."""
    pixels = prepare(frame, resolution).astype(np.float32) / 255
    shown = (pixels - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    return torch.from_numpy(shown.transpose(2, 0, 1).copy())


def pictures(seed: int, count: int = PROVEN_ON) -> Sequence[Image]:
    """Seeded frames (360, 640, 3) with what films have: light and dark, shapes, edges, grain."""
    draw = np.random.default_rng(seed)
    return [_picture(draw) for _ in range(count)]


def _picture(draw: np.random.Generator) -> NDArray[np.uint8]:
    corners = draw.uniform(0, 255, (2, 2, 3)).astype(np.float32)
    canvas: NDArray[Any] = cv2.resize(corners, (640, 360), interpolation=cv2.INTER_LINEAR)
    for _ in range(int(draw.integers(3, 12))):
        x, y, radius = (int(draw.integers(0, most)) for most in (640, 360, 120))
        colour = tuple(map(float, draw.uniform(0, 255, 3)))
        if draw.random() < 0.5:
            cv2.circle(canvas, (x, y), radius, colour, -1)
        else:
            cv2.rectangle(canvas, (x, y), (x + 2 * radius, y + radius), colour, -1)
    canvas += draw.normal(0, draw.uniform(0, 20), canvas.shape).astype(np.float32)
    return np.asarray(np.clip(canvas, 0, 255), np.uint8)


def name_of(model: Any) -> str:  # noqa: ANN401
    """Such as clip-vit-l-14-336; the usual 224 pixels a side are not said."""
    sizes = model.config.vision_config
    letter = _LETTERS.get(sizes.hidden_size, f"w{sizes.hidden_size}")
    side = "" if sizes.image_size == 224 else f"-{sizes.image_size}"
    return f"clip-vit-{letter}-{sizes.patch_size}{side}"


def _architecture(model: Any) -> dict[str, Any]:  # noqa: ANN401
    sizes = model.config.vision_config
    return {
        "resolution": sizes.image_size,
        "patch": sizes.patch_size,
        "width": sizes.hidden_size,
        "layers": sizes.num_hidden_layers,
        "heads": sizes.num_attention_heads,
        "embedding": model.config.projection_dim,
        "activation": sizes.hidden_act,
        "parameters": sum(p.numel() for p in model.vision_model.parameters()),
    }


def _write(manifest: dict[str, Any], folder: Path) -> None:
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
