"""Writes an ONNX graph node by node, its weights in a file that several graphs may share."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

MICROSOFT: Final = "com.microsoft"
"""ONNX Runtime's own operators (its ContribOperators.md)."""
ALIGNMENT: Final = 4096
"""Bytes that a weight's place in the file is a multiple of, so that it can be mapped."""
INLINE: Final = 1024
"""Bytes up to which an array stays in the graph itself."""

Array = NDArray[Any]
Dims = Iterable[int | str]


class WeightFile:
    """Arrays one after another in a file beside the graphs; equal names are written once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._places: dict[str, tuple[int, Array]] = {}
        self._end = 0

    @property
    def nbytes(self) -> int:
        """Of all weights, without the gaps between them."""
        return sum(array.nbytes for _, array in self._places.values())

    def tensor(self, name: str, array: Array) -> TensorProto:
        """The initializer that points to an array's place in the file."""
        if name not in self._places:
            self._places[name] = (self._end, np.ascontiguousarray(array))
            self._end += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
        offset, kept = self._places[name]
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(kept.dtype),
            dims=kept.shape,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in {"location": self.name, "offset": offset, "length": kept.nbytes}.items():
            tensor.external_data.add(key=key, value=str(value))
        return tensor

    def write(self, folder: Path) -> None:
        """Write the file, which every graph that points to it needs beside itself.

        Raises:
            OSError: it cannot be written.
        """
        with (folder / self.name).open("wb") as out:
            for offset, array in self._places.values():
                out.seek(offset)
                out.write(array.tobytes())


class GraphWriter:
    """One graph: values are known by their names, and every call of `op` adds a node."""

    def __init__(self, opset: int, weights: WeightFile | None = None) -> None:
        self._opset = opset
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._initializers: dict[str, TensorProto] = {}
        self._domains = {""}

    def input(self, name: str, dtype: Any, dims: Dims) -> str:  # noqa: ANN401 - NumPy's DTypeLike
        """Declare an input; letters name the dimensions that may change."""
        self._inputs.append(_declared(name, dtype, dims))
        return name

    def output(self, name: str, dtype: Any, dims: Dims) -> None:  # noqa: ANN401
        """Declare a value that a node writes as an output."""
        self._outputs.append(_declared(name, dtype, dims))

    def weight(self, name: str, values: ArrayLike) -> str:
        """Values under a name; large arrays go to the weight file where there is one."""
        array = np.asarray(values)
        if name not in self._initializers:
            if self._weights is not None and array.nbytes > INLINE:
                self._initializers[name] = self._weights.tensor(name, array)
            else:
                self._initializers[name] = numpy_helper.from_array(array, name)
        return name

    def ints(self, *values: int) -> str:
        """A constant int64 vector."""
        name = "ints_" + "_".join(map(str, values)).replace("-", "m")
        return self.weight(name, np.array(values, np.int64))

    def op(
        self,
        kind: str,
        *inputs: str,
        names: tuple[str, ...] = (),
        domain: str = "",
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        """Add a node of one output and give its name."""
        return self.ops(kind, *inputs, count=1, names=names, domain=domain, **attributes)[0]

    def ops(
        self,
        kind: str,
        *inputs: str,
        count: int,
        names: tuple[str, ...] = (),
        domain: str = "",
        **attributes: Any,  # noqa: ANN401
    ) -> tuple[str, ...]:
        """Add a node of several outputs and give their names."""
        label = f"{kind}_{len(self._nodes)}"
        outputs = names or tuple(f"{label}_{i}" if i else label for i in range(count))
        self._nodes.append(
            helper.make_node(kind, inputs, outputs, label, domain=domain, **attributes)
        )
        self._domains.add(domain)
        return outputs

    def save(self, path: Path) -> None:
        """Write the graph.

        Raises:
            OSError: it cannot be written.
        """
        versions = {"": self._opset, MICROSOFT: 1}
        model = helper.make_model(
            helper.make_graph(
                self._nodes, path.stem, self._inputs, self._outputs, [*self._initializers.values()]
            ),
            opset_imports=[helper.make_opsetid(d, versions[d]) for d in sorted(self._domains)],
            producer_name="scorelock",
            ir_version=helper.find_min_ir_version_for(
                [helper.make_opsetid("", self._opset)], ignore_unknown=True
            ),
        )
        onnx.save(model, path)


def _declared(name: str, dtype: Any, dims: Dims) -> onnx.ValueInfoProto:  # noqa: ANN401
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, kind, list(dims))
