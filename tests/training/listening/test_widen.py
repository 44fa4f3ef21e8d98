"""A widened graph gives the numbers of the narrow one."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from scorelock.engine import runtime
from scorelock.training.listening.widen import widen


def graph(kernel: tuple[int, ...], strides: list[int], pads: list[int] | None, width: int) -> bytes:
    """A convolution with a bias, and a rectifier after it, of (batch, channels, 9, width)."""
    rng = np.random.default_rng(0)
    weights = {"kernel": rng.normal(size=kernel), "bias": rng.normal(size=kernel[:1])}
    told: dict[str, Any] = {"strides": strides} | ({"pads": pads} if pads else {})
    nodes = [
        helper.make_node("Conv", ["in", "kernel", "bias"], ["sum"], "conv", **told),
        helper.make_node("Relu", ["sum"], ["out"], "relu"),
    ]
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "narrow",
        [value("in", TensorProto.FLOAT, ["batch", kernel[1], 9, width])],
        [value("out", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    opset = [helper.make_opsetid("", 15)]
    return bytes(helper.make_model(made, opset_imports=opset, ir_version=8).SerializeToString())


def run(
    model: bytes, folder: Path, inputs: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    path = folder / "graph.onnx"
    path.write_bytes(model)
    (out,) = runtime.open_graph(path, "cpu").run(None, {"in": inputs})
    return np.asarray(out, np.float32)


@settings(max_examples=30, deadline=None)
@given(
    outputs=st.sampled_from([1, 3, 8]),
    inputs=st.integers(1, 3),
    rows=st.integers(1, 3),
    taps=st.sampled_from([1, 2, 5, 33, 39]),
    strides=st.tuples(st.integers(1, 2), st.integers(1, 3)).map(list),
    pads=st.one_of(st.none(), st.lists(st.integers(0, 4), min_size=4, max_size=4)),
    width=st.integers(39, 120),
)
def test_a_widened_convolution_gives_the_same_numbers(
    tmp_path_factory: pytest.TempPathFactory,
    outputs: int,
    inputs: int,
    rows: int,
    taps: int,
    strides: list[int],
    pads: list[int] | None,
    width: int,
) -> None:
    folder = tmp_path_factory.mktemp("graphs")
    narrow = graph((outputs, inputs, rows, taps), strides, pads, width)
    given = np.random.default_rng(1).normal(size=(1, inputs, 9, width)).astype(np.float32)

    wide = widen(narrow)

    assert wide.count(b"Reshape") > narrow.count(b"Reshape")
    expected = run(narrow, folder, given)
    np.testing.assert_allclose(run(wide, folder, given), expected, atol=2e-5)


def test_a_wide_convolution_stays() -> None:
    model = graph((32, 2, 3, 5), [1, 1], None, 40)

    kinds = [node.op_type for node in onnx.load_model_from_string(widen(model)).graph.node]

    assert kinds == ["Conv", "Relu"]
