"""The film encoder as an ONNX graph: it runs once a window and gives what every chord looks at.

    encoder.onnx   features (1, T, F) -> film_0 .. film_(2L-1): each decoder layer's keys
                   (1, H, D, T), as every step's product wants them, then its values (1, H, T, D)

It is bound by arithmetic, not by memory, so its own weights stay in fp32 in every bundle; only what
it hands to a decoder of half precision is halved.
"""

from pathlib import Path

import numpy as np

from scorelock.engine.bundle import ENCODER
from scorelock.engine.features import WIDTH
from scorelock.export.layers import LayerWriter, Precision
from scorelock.training.amt import CLAMP, Amt

_FLOAT, _HALF = 1, 10  # of onnx.TensorProto.DataType


def write_encoder(amt: Amt, folder: Path, precision: Precision, opset: int) -> None:
    """Write the graph."""
    writer = EncoderWriter(amt, "fp32", opset)
    writer.write(folder, halved=precision == "fp16")


class EncoderWriter(LayerWriter):
    """Writes layer after layer."""

    def write(self, folder: Path, *, halved: bool) -> None:
        """Write the graph; `halved` gives its results in fp16."""
        graph, sizes = self.graph, self.sizes
        features = graph.input("features", np.float32, (1, "T", WIDTH[sizes.layout]))
        x = self._embedded(features)
        for layer in range(sizes.encoder_layers):
            x = self._layer(f"transformer.encoder.layers.{layer}", x)
        x = self.norm("transformer.encoder.norm", x)
        for layer in range(sizes.decoder_layers):
            self._film(layer, x, halved)
        graph.save(folder / ENCODER)

    def _embedded(self, features: str) -> str:
        """Standardised, mapped to E, and each row told where it is."""
        graph, state = self.graph, self.state
        if self.sizes.standardised:
            mean, std = (graph.weight(n, state[f"standardise.{n}"]) for n in ("mean", "std"))
            features = graph.op("Div", graph.op("Sub", features, mean), std)
            if self.sizes.layout == "picture":
                bounds = {"least": -CLAMP, "most": CLAMP}
                least, most = (graph.weight(n, np.float32(b)) for n, b in bounds.items())
                features = graph.op("Clip", features, least, most)
        places = graph.weight("places", state["positional_encoding_video.pe"][:, 0])
        rows = graph.op("Shape", features, start=1, end=2)
        places = graph.op("Slice", places, graph.ints(0), rows)
        return graph.op("Add", self.linear("Linear_vis", features), places)

    def _layer(self, name: str, x: str) -> str:
        graph, width = self.graph, self.sizes.d_model
        qkv = self.projected(f"{name}.self_attn", x, 0, 3)
        q, k, v = graph.ops("Split", qkv, graph.ints(width, width, width), count=3, axis=-1)
        scores = graph.op("MatMul", self.heads_of(q), self.heads_of(k, 0, 2, 3, 1))
        own = self.linear(f"{name}.self_attn.out_proj", self.attended(scores, self.heads_of(v)))
        x = self.summed(f"{name}.norm1", x, own)
        return self.summed(f"{name}.norm2", x, self.fed(name, x))

    def _film(self, layer: int, x: str, halved: bool) -> None:
        graph, width = self.graph, self.sizes.d_model
        heads, head = self.sizes.heads, self.head
        both = self.projected(f"transformer.decoder.layers.{layer}.multihead_attn", x, 1, 3)
        k, v = graph.ops("Split", both, graph.ints(width, width), count=2, axis=-1)
        real, to = (np.float16, _HALF) if halved else (np.float32, _FLOAT)
        keys, values = f"film_{2 * layer}", f"film_{2 * layer + 1}"
        graph.op("Cast", self.heads_of(k, 0, 2, 3, 1), to=to, names=(keys,))
        graph.output(keys, real, (1, heads, head, "T"))
        graph.op("Cast", self.heads_of(v), to=to, names=(values,))
        graph.output(values, real, (1, heads, "T", head))
