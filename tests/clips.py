"""A CLIP that tests keep: one product instead of a transformer, in the folder that users have."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelock.engine.features import EMOTIONS
from scorelock.engine.video import Image

Rows = NDArray[np.float32]

SIDE = 4


def keep_clip(models: Path, name: str = "clip", *, width: int = 768, seed: int = 0) -> Path:
    """Put one into a models folder; another seed sees otherwise."""
    pytest.importorskip("onnx", reason="needs onnx, of the train extra, to make a CLIP")
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    folder, draw = models / name, np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    weights = draw.normal(0, 0.002, (SIDE * SIDE * 3, width)).astype(np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("Reshape", ["numbers", "flat"], ["rows"]),
            helper.make_node("MatMul", ["rows", "weights"], ["semantic"]),
        ],
        "clip",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [helper.make_tensor_value_info("semantic", TensorProto.FLOAT, ["n", width])],
        [
            numpy_helper.from_array(np.array([-1, SIDE * SIDE * 3]), "flat"),
            numpy_helper.from_array(weights, "weights"),
        ],
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "image.onnx")
    folder.joinpath("image.bin").write_bytes(b"")
    words = draw.normal(size=(len(EMOTIONS), width)).astype(np.float32)
    np.save(folder / "prompts.npy", 20 * words / np.linalg.norm(words, axis=1, keepdims=True))
    files = {
        each: hashlib.sha256(folder.joinpath(each).read_bytes()).hexdigest()
        for each in ("image.onnx", "image.bin", "prompts.npy")
    }
    manifest = {
        "kind": "clip",
        "format": 1,
        "name": f"clip-of-{width}",
        "architecture": {"resolution": SIDE, "embedding": width},
        "precision": "fp32",
        "parity": {},
        "files": files,
    }
    folder.joinpath("manifest.json").write_text(json.dumps(manifest))
    return folder


class Witness:
    """A CLIP that knows each frame again: its embedding is the frame's own first pixel."""

    name, width, digest = "witness", 3, "ab" * 32

    def __init__(self, at_once: int = 1) -> None:
        self.at_once = at_once
        self.shown: list[int] = []

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        """Blue, green and red of the first pixel; the emotion is always the sad one."""
        self.shown.append(len(frames))
        semantic = np.array([frame[0, 0] for frame in frames], np.float32)
        return semantic, np.eye(len(EMOTIONS), dtype=np.float32)[[3] * len(frames)]
