"""The chord decoder as ONNX graphs: one step for S new chords of B takes on a cache of fixed place.

Two graphs do the same with the same weights, which lie in one file beside them:

    decoder.onnx      standard operators and fixed shapes alone, for every provider
    decoder.cpu.onnx  ONNX Runtime's fused attention for the processor

Both take root (B, S), attribute (B, S), minor (B,), position (S,), the cache of every layer, key_i
and value_i (B, H, W, D), and the film, film_0 .. film_(2L-1), as the encoder gives it. They give
logits (B, S, 159) and the cache with the new rows at their positions, key_i_new and value_i_new,
which are to be bound to the very buffers of key_i and value_i: then nothing of the cache is copied.
Rows after the newest position are never looked at.
"""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

import numpy as np

from scorelock.engine.bundle import DECODER, DECODER_ON_CPU, WEIGHTS
from scorelock.engine.vocabulary import SIZE
from scorelock.export.layers import LayerWriter, Precision
from scorelock.export.onnx_graph import MICROSOFT, WeightFile
from scorelock.training.amt import Amt

_FLOAT, _INT32, _INT64, _HALF = 1, 6, 7, 10  # of onnx.TensorProto.DataType


HEAD_STEP: Final = 8
"""Fused attention takes heads of such widths (ONNX Runtime's GroupQueryAttention)."""


def write_decoder(amt: Amt, folder: Path, precision: Precision, opset: int) -> None:
    """Write the graphs and their weights; the fused one where the processor gains by it, which
    computes half precision in fp32 all the same.
    """
    weights = WeightFile(WEIGHTS)
    PortableDecoder(amt, precision, opset, weights).write(folder)
    if precision != "fp16" and amt.sizes.d_model // amt.sizes.heads % HEAD_STEP == 0:
        FusedDecoder(amt, precision, opset, weights).write(folder)
    weights.write(folder)


class DecoderWriter(LayerWriter, ABC):
    """What both graphs have in common; a subclass says how to attend."""

    file: str

    def write(self, folder: Path) -> None:
        """Write the graph; its weights are left to be written by their file."""
        graph, sizes = self.graph, self.sizes
        root = graph.input("root", np.int64, "BS")
        attribute = graph.input("attribute", np.int64, "BS")
        minor = graph.input("minor", np.float32, "B")
        position = graph.input("position", np.int64, "S")
        caches = [self._cache(i) for i in range(sizes.decoder_layers)]
        films = [self._film(i) for i in range(sizes.decoder_layers)]
        x = self._embedded(root, attribute, minor, position)
        self.prepare(x, minor, position)
        for i in range(sizes.decoder_layers):
            x = self._layer(i, x, caches[i], films[i])
        x = self.norm("transformer.decoder.norm", x)
        graph.op("Cast", self.linear("Wout", x), to=_FLOAT, names=("logits",))
        graph.output("logits", np.float32, ("B", "S", SIZE))
        graph.save(folder / self.file)

    @abstractmethod
    def prepare(self, x: str, minor: str, position: str) -> None:
        """Compute what every layer needs."""

    @abstractmethod
    def attend(self, layer: int, q: str, k: str, v: str, cache: tuple[str, str]) -> str:
        """Chords (B, S, E) that look at those up to themselves, with the relative term."""

    @abstractmethod
    def look(self, q: str, film: tuple[str, str]) -> str:
        """Chords (B, S, E) that look at the film."""

    def by_distance(self, layer: int, query: str, index: str) -> str:
        """What the distance to each chord adds to its score: (B, H, S, D) to the index's shape.

        The relative term of Huang et al. 2018; row W - 1 of `Er` is distance 0.
        """
        name = f"transformer.decoder.layers.{layer}.self_attn.Er"
        scores = self.graph.op("MatMul", query, self.table(name, self.state[name].T))
        return self.graph.op("GatherElements", scores, index, axis=3)

    def table_index(self, minor: str, position: str, keys: str) -> str:
        """Places (B, H, S, n) in the rows of `Er` for n keys; those after a chord get the last."""
        graph, last = self.graph, self.sizes.window - 1
        first = graph.op("Sub", graph.ints(last), self.column(position))
        index = graph.op("Min", graph.op("Add", first, keys), graph.ints(last))
        return self.broadcast(index, minor, (self.sizes.heads, 1, 1))

    def broadcast(self, index: str, minor: str, shape: tuple[int, ...]) -> str:
        """Indices with one batch row a take, and repeated along (H, S, D) as `shape` says.

        By adding zeros: an Expand would need shapes at run time, which a captured graph has not.
        """
        graph = self.graph
        takes = graph.op("Reshape", self.zero_for_each(minor), graph.ints(-1, 1, 1, 1))
        zeros = graph.weight("zeros_" + "_".join(map(str, shape)), np.zeros((1, *shape), np.int64))
        return graph.op("Add", graph.op("Add", index, takes), zeros)

    def zero_for_each(self, minor: str) -> str:
        """An int64 zero for each take, (B,)."""
        zero = self.graph.weight("zero", np.zeros(1, np.float32))
        return self.graph.op("Cast", self.graph.op("Mul", minor, zero), to=_INT64)

    def column(self, position: str) -> str:
        """(S,) to (S, 1)."""
        return self.graph.op("Reshape", position, self.graph.ints(-1, 1))

    def _cache(self, layer: int) -> tuple[str, str]:
        dims = ("B", self.sizes.heads, self.sizes.window, self.head)
        for part in ("key", "value"):
            self.graph.output(f"{part}_{layer}_new", self.real, dims)
        return (
            self.graph.input(f"key_{layer}", self.real, dims),
            self.graph.input(f"value_{layer}", self.real, dims),
        )

    def _film(self, layer: int) -> tuple[str, str]:
        heads, head = self.sizes.heads, self.head
        return (
            self.graph.input(f"film_{2 * layer}", self.real, (1, heads, head, "T")),
            self.graph.input(f"film_{2 * layer + 1}", self.real, (1, heads, "T", head)),
        )

    def _embedded(self, root: str, attribute: str, minor: str, position: str) -> str:
        """Sum of root, attribute, mode and position, each from a table.

        `Linear_chord` is linear in them, so it is folded into the tables: no product remains.
        """
        state, graph = self.state, self.graph
        weight = state["Linear_chord.weight"]
        places = state["positional_encoding.pe"][:, 0] + state["Linear_chord.bias"]
        tables = {
            "roots": state["embedding_root.weight"] @ weight[:, :-1].T,
            "attributes": state["embedding_attr.weight"] @ weight[:, :-1].T,
            "places": places,
        }
        root, attribute, place = (
            graph.op("Gather", self.table(name, table), ids)
            for (name, table), ids in zip(tables.items(), (root, attribute, position), strict=True)
        )
        takes = graph.op("Reshape", self.as_real(minor), graph.ints(-1, 1, 1))
        mode = graph.op("Mul", takes, self.table("mode", weight[:, -1]))
        return graph.op("Add", graph.op("Add", graph.op("Add", root, attribute), mode), place)

    def as_real(self, value: str) -> str:
        """A float32 value in the precision of the graph."""
        return self.graph.op("Cast", value, to=_HALF) if self.precision == "fp16" else value

    def _layer(self, layer: int, x: str, cache: tuple[str, str], film: tuple[str, str]) -> str:
        graph, width = self.graph, self.sizes.d_model
        name = f"transformer.decoder.layers.{layer}"
        qkv = self.projected(f"{name}.self_attn", x, 0, 3)
        q, k, v = graph.ops("Split", qkv, graph.ints(width, width, width), count=3, axis=-1)
        own = self.linear(f"{name}.self_attn.out_proj", self.attend(layer, q, k, v, cache))
        x = self.summed(f"{name}.norm1", x, own)
        seen = self.look(self.projected(f"{name}.multihead_attn", x, 0, 1), film)
        x = self.summed(f"{name}.norm2", x, self.linear(f"{name}.multihead_attn.out_proj", seen))
        return self.summed(f"{name}.norm3", x, self.fed(name, x))


class PortableDecoder(DecoderWriter):
    """Standard operators and shapes that never change: the whole cache is looked at, masked."""

    file = DECODER

    def prepare(self, x: str, minor: str, position: str) -> None:
        graph = self.graph
        keys = graph.weight("keys", np.arange(self.sizes.window))
        self._distances = self.table_index(minor, position, keys)
        slots = graph.op("Reshape", position, graph.ints(1, 1, -1, 1))
        self._slots = self.broadcast(slots, minor, (self.sizes.heads, 1, self.head))
        seen = graph.op("LessOrEqual", keys, self.column(position))
        self._mask = graph.op(
            "Where",
            seen,
            self.table("here", np.zeros(1, np.float32)),
            self.table("never", np.full(1, -np.inf, np.float32)),
        )

    def attend(self, layer: int, q: str, k: str, v: str, cache: tuple[str, str]) -> str:
        graph = self.graph
        query, *new = (self.heads_of(part) for part in (q, k, v))
        key, value = (
            graph.op("ScatterElements", old, self._slots, rows, axis=2, names=(f"{old}_new",))
            for old, rows in zip(cache, new, strict=True)
        )
        scores = graph.op("MatMul", query, graph.op("Transpose", key, perm=[0, 1, 3, 2]))
        scores = graph.op("Add", scores, self.by_distance(layer, query, self._distances))
        return self.attended(graph.op("Add", scores, self._mask), value)

    def look(self, q: str, film: tuple[str, str]) -> str:
        return self.attended(self.graph.op("MatMul", self.heads_of(q), film[0]), film[1])


class FusedDecoder(DecoderWriter):
    """The processor's fused attention, which reads no more of the cache than there is."""

    file = DECODER_ON_CPU

    def prepare(self, x: str, minor: str, position: str) -> None:
        graph = self.graph
        last = graph.ints(-1)
        count = graph.op("Add", graph.op("Gather", position, last), graph.ints(1))
        every = graph.weight("keys", np.arange(self.sizes.window))
        keys = graph.op("Slice", every, graph.ints(0), count)
        self._distances = self.table_index(minor, position, keys)
        self._total = graph.op("Cast", graph.op("Squeeze", count), to=_INT32)
        before = graph.op("Add", self.zero_for_each(minor), graph.op("Gather", position, last))
        self._before = graph.op("Cast", before, to=_INT32)
        self._shape = graph.op("Shape", x)

    def attend(self, layer: int, q: str, k: str, v: str, cache: tuple[str, str]) -> str:
        bias = self.by_distance(layer, self.heads_of(q), self._distances)
        return self.graph.ops(
            "GroupQueryAttention",
            *(q, k, v, *cache, self._before, self._total, "", "", "", bias),
            count=3,
            names=(f"attended_{layer}", f"{cache[0]}_new", f"{cache[1]}_new"),
            domain=MICROSOFT,
            num_heads=self.sizes.heads,
            kv_num_heads=self.sizes.heads,
            scale=1.0,
        )[0]

    def look(self, q: str, film: tuple[str, str]) -> str:
        """All takes see one film, so their chords are rows of one product."""
        graph = self.graph
        rows = graph.op("Reshape", q, graph.ints(1, -1, self.sizes.heads, self.head))
        query = graph.op("Transpose", rows, perm=[0, 2, 1, 3])
        weights = graph.op("Softmax", graph.op("MatMul", query, film[0]), axis=-1)
        mixed = graph.op("Transpose", graph.op("MatMul", weights, film[1]), perm=[0, 2, 1, 3])
        return graph.op("Reshape", mixed, self._shape)
