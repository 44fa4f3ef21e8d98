"""What both transformer stacks are made of, as ONNX nodes: products, norms, heads."""

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.export.onnx_graph import MICROSOFT, GraphWriter, WeightFile
from scorelock.training.amt import Amt, AmtSizes

Precision = Literal["fp32", "fp16", "int8"]
Weights = Mapping[str, NDArray[np.float32]]

BLOCKS: Final = (64, 32, 16)
"""Weights that share a scale in int8; the largest that divides a product's inputs is taken."""
_ZERO: Final = 128
"""What stands for 0 among unsigned 8-bit weights."""


def quantised(
    weight: NDArray[np.float32], block: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Weights (N, K) as MatMulNBits takes them: (N, K / block, block) and scales (N * K / block).

    Symmetric about 128, each block with its largest weight at 127 steps.
    """
    outputs, inputs = weight.shape
    blocks = weight.reshape(outputs, inputs // block, block)
    scales = np.abs(blocks).max(-1, keepdims=True) / 127
    steps = np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales > 0)
    return (np.rint(steps) + _ZERO).astype(np.uint8), scales.reshape(-1)


class LayerWriter:
    """Writes layers into a graph, with the weights of an AMT.

    Shapes: B takes or films, S rows, E = H * D.
    """

    def __init__(
        self, amt: Amt, precision: Precision, opset: int, weights: WeightFile | None = None
    ) -> None:
        self.sizes: AmtSizes = amt.sizes
        self.head = amt.sizes.d_model // amt.sizes.heads
        self.precision = precision
        self.real: Any = np.float16 if precision == "fp16" else np.float32
        self.state: Weights = {name: value.numpy() for name, value in amt.state_dict().items()}
        self.graph = GraphWriter(opset, weights)

    def table(self, name: str, array: NDArray[np.float32]) -> str:
        """A weight in the graph's precision."""
        return self.graph.weight(name, array.astype(self.real))

    def heads_of(self, x: str, *order: int) -> str:
        """(B, S, E) split into (B, S, H, D), then transposed; (B, H, S, D) by default."""
        split = self.graph.op("Reshape", x, self.graph.ints(0, 0, self.sizes.heads, self.head))
        return self.graph.op("Transpose", split, perm=list(order or (0, 2, 1, 3)))

    def attended(self, scores: str, value: str) -> str:
        """The mean (B, S, E) of values (B, H, n, D), weighted by scores (B, H, S, n)."""
        graph = self.graph
        mixed = graph.op("MatMul", graph.op("Softmax", scores, axis=-1), value)
        rows = graph.op("Transpose", mixed, perm=[0, 2, 1, 3])
        return graph.op("Reshape", rows, graph.ints(0, 0, self.sizes.d_model))

    def summed(self, name: str, x: str, y: str) -> str:
        """The norm of a sum."""
        return self.norm(name, self.graph.op("Add", x, y))

    def norm(self, name: str, x: str) -> str:
        """Layer normalisation."""
        parts = (f"{name}.weight", f"{name}.bias")
        scale, bias = (self.table(part, self.state[part]) for part in parts)
        return self.graph.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-5)

    def fed(self, name: str, x: str) -> str:
        """Two linear maps with a ReLU between them."""
        return self.linear(
            f"{name}.linear2", self.graph.op("Relu", self.linear(f"{name}.linear1", x))
        )

    def projected(self, name: str, x: str, first: int, last: int) -> str:
        """Of query 0, key 1 and value 2 those from first to last; the query is scaled already."""
        width = self.sizes.d_model
        weight = self.state[f"{name}.in_proj_weight"].copy()
        bias = self.state[f"{name}.in_proj_bias"].copy()
        weight[:width] *= self.head**-0.5
        bias[:width] *= self.head**-0.5
        rows = slice(first * width, last * width)
        return self.product(f"{name}.in_proj", x, weight[rows], bias[rows])

    def linear(self, name: str, x: str) -> str:
        """The linear map of that name."""
        return self.product(name, x, self.state[f"{name}.weight"], self.state[f"{name}.bias"])

    def product(
        self, name: str, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> str:
        """x (.., K) times weights (N, K), plus a bias (N,).

        The last product stays exact: it tells near-equal chords apart, and it is small.
        """
        graph = self.graph
        outputs, inputs = weight.shape
        offset = self.table(f"{name}.bias", bias)
        block = next((b for b in BLOCKS if inputs % b == 0), None)
        if self.precision == "int8" and block is not None and name != "Wout":
            steps, scales = quantised(weight, block)
            return graph.op(
                "MatMulNBits",
                *(x, graph.weight(f"{name}.steps", steps), graph.weight(f"{name}.scales", scales)),
                *("", "", offset),
                domain=MICROSOFT,
                K=inputs,
                N=outputs,
                bits=8,
                block_size=block,
                accuracy_level=4,  # inputs in int8 as well, block by block
            )
        return graph.op(
            "Add", graph.op("MatMul", x, self.table(f"{name}.weight", weight.T)), offset
        )
