"""A graph's narrow convolutions made wide, so that they fill a processor's vector unit.

ONNX Runtime computes a convolution's output channels eight or more at once. One that has few
leaves most of the unit idle: basic-pitch's spend four fifths of its time that way. The same numbers
come as more channels of fewer columns when one position computes several columns that lie side by
side, each with the kernel moved on within a wider one of zeros. That halves the time, and differs
by a float's rounding.
"""

from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import MissingPart

Array: TypeAlias = NDArray[Any]

WIDE: Final = 32
"""Output channels of which no more are needed."""
_FEW: Final = 8
"""Columns at once of a small kernel, for which more would be mostly zeros."""


def widen(model: bytes) -> bytes:
    """The graph for a batch of one, its narrow convolutions wide.

    Args:
        model: an ONNX file whose first dimension of input is the batch.

    Raises:
        MissingPart: onnx is not installed.
    """
    try:
        import onnx
    except ImportError as err:
        raise MissingPart(
            "expected onnx to prepare the transcriber, found none; pip install 'scorelock[dataset]'"
        ) from err
    graph = onnx.load_model_from_string(model)
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    del graph.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(graph, data_prop=True)
    wide = _Widening(onnx, graph.graph)
    nodes = [made for node in graph.graph.node for made in wide.replace(node)]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)
    return bytes(graph.SerializeToString())


class _Widening:
    """Of one graph, whose initializers grow."""

    def __init__(self, onnx: Any, graph: Any) -> None:  # noqa: ANN401
        self._onnx = onnx
        self._initializers = graph.initializer
        self._weights = {i.name: i for i in graph.initializer}
        self._shapes = {
            value.name: [d.dim_value for d in value.type.tensor_type.shape.dim]
            for value in (*graph.input, *graph.value_info, *graph.output)
        }

    def replace(self, node: Any) -> list[Any]:  # noqa: ANN401
        """The node itself, or those that do its work."""
        if node.op_type != "Conv":
            return [node]
        kernel = self._onnx.numpy_helper.to_array(self._weights[node.input[1]])
        outputs, taps = kernel.shape[0], kernel.shape[-1]
        if outputs >= WIDE:
            return [node]
        columns = WIDE // outputs if taps > WIDE else _FEW
        _, _, height, width = self._shapes[node.output[0]]
        steps = -(-width // columns)
        apart = self._constant(node, "apart", np.array([1, outputs, columns, height, steps]))
        whole = self._constant(node, "whole", np.array([1, outputs, height, steps * columns]))
        ends = [
            self._constant(node, name, np.array([value]))
            for name, value in (("begin", 0), ("end", width), ("axis", 3))
        ]
        return [
            self._wide(node, kernel, columns, steps),
            self._node("Reshape", node, "2", _name(node, "1"), apart),
            self._node("Transpose", node, "3", _name(node, "2"), perm=[0, 1, 3, 4, 2]),
            self._node("Reshape", node, "4", _name(node, "3"), whole),
            self._node("Slice", node, "", _name(node, "4"), *ends),
        ]

    def _wide(self, node: Any, kernel: Array, columns: int, steps: int) -> Any:  # noqa: ANN401
        """The convolution with `columns` times the channels, in `steps` steps along a row."""
        told = {a.name: self._onnx.helper.get_attribute_value(a) for a in node.attribute}
        down, right = told["strides"]
        wide = _side_by_side(kernel, columns, right)
        pads = list(told.get("pads", (0, 0, 0, 0)))
        reach = (steps - 1) * columns * right + wide.shape[-1]
        pads[3] = max(pads[3], reach - pads[1] - self._shapes[node.input[0]][3])
        bias = self._onnx.numpy_helper.to_array(self._weights[node.input[2]])
        return self._node(
            *("Conv", node, "1", node.input[0]),
            self._constant(node, "kernel", wide),
            self._constant(node, "bias", np.repeat(bias, columns)),
            strides=[down, columns * right],
            pads=pads,
        )

    def _node(self, kind: str, node: Any, made: str, *inputs: str, **told: Any) -> Any:  # noqa: ANN401
        return self._onnx.helper.make_node(kind, list(inputs), [_name(node, made)], **told)

    def _constant(self, node: Any, name: str, value: Array) -> str:  # noqa: ANN401
        name = _name(node, name)
        self._initializers.append(self._onnx.numpy_helper.from_array(value, name))
        return name


def _name(node: Any, made: str) -> str:  # noqa: ANN401
    """Of a value that does a node's work; the node's own output for ""."""
    return f"{node.output[0]}/{made}" if made else str(node.output[0])


def _side_by_side(kernel: Array, columns: int, right: int) -> Array:
    """(outputs * columns, inputs, rows, taps): each column's kernel further right among zeros."""
    outputs, inputs, rows, taps = kernel.shape
    wide = np.zeros((outputs, columns, inputs, rows, (columns - 1) * right + taps), kernel.dtype)
    for column in range(columns):
        wide[:, column, :, :, column * right : column * right + taps] = kernel
    return wide.reshape(outputs * columns, *wide.shape[2:])
