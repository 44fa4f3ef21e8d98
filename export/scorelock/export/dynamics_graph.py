"""The models of density and loudness as an ONNX graph.

dynamics.onnx  features (1, T, F) -> dynamics (1, T, 2): notes sounding, loudness
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import DYNAMICS
from scorelock.engine.features import SEMANTIC_WIDTH, WIDTH
from scorelock.export.onnx_graph import GraphWriter
from scorelock.training.bigru import BiGru
from scorelock.training.regressors import Regressor
from scorelock.training.surround import (
    CLAMP,
    FAR_CUTS,
    FAR_MOTION,
    MOOD,
    NEAR_CUTS,
    NEAR_MOTION,
    SCENE,
)

_FLOAT = 1  # of onnx.TensorProto.DataType


def write_dynamics(dynamics: Regressor, folder: Path, opset: int) -> None:
    """Write the graph."""
    writer = BiGruWriter if isinstance(dynamics, BiGru) else SurroundWriter
    writer(dynamics, opset).write(folder)  # type: ignore[arg-type]


class RegressorWriter(ABC):
    """What both have in common; a subclass writes what is between features and readout."""

    def __init__(self, model: Regressor, opset: int) -> None:
        self.layout = model.sizes.layout
        self.state = {name: value.numpy() for name, value in model.state_dict().items()}
        self.graph = GraphWriter(opset)

    def write(self, folder: Path) -> None:
        """Write the graph."""
        graph = self.graph
        y = self.regressed(graph.input("features", np.float32, (1, "T", WIDTH[self.layout])))
        if "output_std" in self.state:
            y = graph.op("Mul", y, self.weight("output_std"))
            y = graph.op("Add", y, self.weight("output_mean"))
        graph.op("Identity", y, names=("dynamics",))
        graph.output("dynamics", np.float32, (1, "T", 2))
        graph.save(folder / DYNAMICS)

    @abstractmethod
    def regressed(self, features: str) -> str:
        """Features (1, T, F) to (1, T, 2)."""

    def weight(self, name: str) -> str:
        """A tensor of the model."""
        return self.graph.weight(name, self.state[name])

    def linear(self, name: str, x: str) -> str:
        """The linear map of that name."""
        table = self.graph.weight(f"{name}.table", self.state[f"{name}.weight"].T)
        return self.graph.op("Add", self.graph.op("MatMul", x, table), self.weight(f"{name}.bias"))

    def standardised(self, x: str, mean: str, std: str, bound: float | None) -> str:
        """In deviations, cut off at a bound."""
        graph = self.graph
        x = graph.op("Div", graph.op("Sub", x, self.weight(mean)), self.weight(std))
        if bound is None:
            return x
        bounds = {"least": -bound, "most": bound}
        return graph.op("Clip", x, *(graph.weight(n, np.float32(b)) for n, b in bounds.items()))


class BiGruWriter(RegressorWriter):
    """The paper's: layers of GRUs in both directions, then one linear map."""

    def __init__(self, model: BiGru, opset: int) -> None:
        super().__init__(model, opset)
        self.sizes = model.sizes

    def regressed(self, features: str) -> str:
        graph = self.graph
        if self.sizes.standardised:
            bound = CLAMP if self.layout == "picture" else None
            names = ("standardise.mean", "standardise.std")
            features = self.standardised(features, *names, bound)
        x = graph.op("Transpose", features, perm=[1, 0, 2])
        for layer in range(self.sizes.layers):
            x = self._layer(layer, x)
        return self.linear("bifc", graph.op("Transpose", x, perm=[1, 0, 2]))

    def _layer(self, layer: int, x: str) -> str:
        """(T, 1, n) to (T, 1, 2 hidden)."""
        graph = self.graph
        states = graph.op(
            "GRU",
            x,
            graph.weight(f"gru_{layer}.w", self._both(f"weight_ih_l{layer}")),
            graph.weight(f"gru_{layer}.r", self._both(f"weight_hh_l{layer}")),
            graph.weight(
                f"gru_{layer}.b",
                np.concatenate(
                    [self._both(f"bias_ih_l{layer}"), self._both(f"bias_hh_l{layer}")], axis=1
                ),
            ),
            hidden_size=self.sizes.hidden,
            direction="bidirectional",
            linear_before_reset=1,
        )
        rows = graph.op("Transpose", states, perm=[0, 2, 1, 3])
        return graph.op("Reshape", rows, graph.ints(0, 0, 2 * self.sizes.hidden))

    def _both(self, name: str) -> NDArray[np.float32]:
        """Weights of both directions, the update gate first, which is PyTorch's second."""
        tensors = (self.state[f"bigru.{name}{way}"] for way in ("", "_reverse"))
        split = [np.split(tensor, 3) for tensor in tensors]
        return np.stack([np.concatenate([update, reset, new]) for reset, update, new in split])


class SurroundWriter(RegressorWriter):
    """The one that ships: see `scorelock.training.surround`, whose columns these are."""

    def regressed(self, features: str) -> str:
        graph = self.graph
        x = self.standardised(self._surroundings(features), "mean", "std", CLAMP)
        bent = self.linear("out", graph.op("Relu", self.linear("bent", x)))
        return graph.op("Add", self.linear("straight", x), bent)

    def _surroundings(self, features: str) -> str:
        graph = self.graph
        offset = self._columns(features, -8, -7)
        motion = self._scaled(self._columns(features, -7, -6), 1 / 20)
        emotion = self._columns(features, -6, None)
        first = graph.op("Less", offset, graph.weight("a second and a half", np.float32(1.5)))
        cut = graph.op("Cast", first, to=_FLOAT)
        self._every = graph.op("Shape", offset)
        parts = [
            *self._places(offset),
            self._scaled(self._at_most(offset, 30), 1 / 10),
            *(self._around(cut, reach) for reach in (NEAR_CUTS, FAR_CUTS)),
            *(self._around(motion, reach) for reach in (NEAR_MOTION, FAR_MOTION)),
            self._whole(motion),
            self._whole(cut),
            emotion,
            self._around(emotion, MOOD),
            self._whole(emotion),
        ]
        if self.layout == "published":
            semantic = self._columns(features, 0, SEMANTIC_WIDTH)
            film = self._whole(semantic)
            parts += [film, graph.op("Sub", self._around(semantic, SCENE), film)]
        return graph.op("Concat", *parts, axis=-1)

    def _places(self, offset: str) -> list[str]:
        """How far a second is from both ends of its film."""
        graph = self.graph
        ones = graph.op("Add", self._scaled(offset, 0.0), graph.weight("one", np.float32(1)))
        second = graph.op("Sub", graph.op("CumSum", ones, graph.weight("rows", np.int64(1))), ones)
        length = graph.op("ReduceSum", ones, graph.ints(1), keepdims=1)
        left = graph.op("Sub", graph.op("Sub", length, ones), second)
        share = graph.op("Div", second, length)

        def fading(distance: str, seconds: float) -> str:
            return graph.op("Exp", self._scaled(distance, -1 / seconds))

        return [
            self._scaled(self._at_most(second, 40), 1 / 40),
            *(fading(second, seconds) for seconds in (5, 15)),
            *(fading(left, seconds) for seconds in (5, 15)),
            share,
            graph.op("Mul", share, share),
            graph.op("Expand", self._scaled(length, 1 / 300), self._every),
        ]

    def _columns(self, features: str, first: int, last: int | None) -> str:
        stop = np.iinfo(np.int64).max if last is None else last
        ints = self.graph.ints
        return self.graph.op("Slice", features, ints(first), ints(stop), ints(-1))

    def _scaled(self, x: str, factor: float) -> str:
        number = self.graph.weight(f"times {factor}", np.float32(factor))
        return self.graph.op("Mul", x, number)

    def _at_most(self, x: str, most: float) -> str:
        return self.graph.op("Min", x, self.graph.weight(f"most {most}", np.float32(most)))

    def _around(self, x: str, reach: int) -> str:
        """Mean over the rows at most `reach` seconds away."""

        def pool(y: str) -> str:
            size = 2 * reach + 1
            return self.graph.op(
                "AveragePool", y, kernel_shape=[size], pads=[reach, reach], count_include_pad=0
            )

        return self._by_rows(x, pool)

    def _by_rows(self, x: str, change: Callable[[str], str]) -> str:
        rows = change(self.graph.op("Transpose", x, perm=[0, 2, 1]))
        return self.graph.op("Transpose", rows, perm=[0, 2, 1])

    def _whole(self, x: str) -> str:
        """Mean over the film, at every row."""
        mean = self.graph.op("ReduceMean", x, self.graph.ints(1), keepdims=1)
        return self.graph.op("Expand", mean, self._every)
