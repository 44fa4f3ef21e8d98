"""CLIP's image encoder as an ONNX graph, from pixels to the embedding that is not normalised.

Products that share their input are one, attention is ONNX Runtime's fused operator, and the last
layer computes the one row that is read. Shapes: B pictures, S = grid * grid + 1 rows, E = H * D.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.clip import ENCODER, MEAN, STD, WEIGHTS, Precision
from scorelock.export.clip.smoothing import Products, fold, quantised
from scorelock.export.onnx_graph import MICROSOFT, GraphWriter, WeightFile

OPSET: Final = 18
Array = NDArray[np.float32]


def write_image_encoder(
    model: Any,  # noqa: ANN401 - transformers ships no types
    folder: Path,
    precision: Precision,
    products: Products | None = None,
) -> None:
    """Write the graph and its weights.

    Input: pixels (B, R, R, 3) uint8, RGB. Output: semantic (B, W) float32.

    Args:
        model: transformers' CLIPModel.
        folder: where the two files go.
        precision: of the weights.
        products: for int8, what is known of each product's input (`smoothing.observed`).

    Raises:
        ValueError: int8 without `products`.
    """
    if precision == "int8" and products is None:
        raise ValueError("int8 needs what was observed of the products' inputs")
    weights = WeightFile(WEIGHTS)
    writer = _Writer(model, precision, products or {}, weights)
    writer.write()
    weights.write(folder)
    writer.graph.save(folder / ENCODER)


class _Writer:
    def __init__(
        self,
        model: Any,  # noqa: ANN401
        precision: Precision,
        products: Products,
        weights: WeightFile,
    ) -> None:
        self.config = model.config.vision_config
        self.state: Mapping[str, Array] = {
            name.removeprefix("vision_model."): value.detach().numpy()
            for name, value in model.state_dict().items()
            if name.startswith(("vision_model.", "visual_projection."))
        }
        if precision == "int8":
            self.state = fold(self.state, products)
        self.products = products
        self.graph = GraphWriter(OPSET, weights)
        self.real: Any = np.float16 if precision == "fp16" else np.float32
        self.width: int = self.config.hidden_size
        grid = self.config.image_size // self.config.patch_size
        self.rows = grid * grid + 1

    def write(self) -> None:
        """From the input to the output."""
        graph, side = self.graph, self.config.image_size
        x = self.embedded(graph.input("pixels", np.uint8, ["B", side, side, 3]))
        x = self.norm("pre_layrnorm", x)
        layers = self.config.num_hidden_layers
        for layer in range(layers):
            x = self.layer(f"encoder.layers.{layer}", x, last=layer == layers - 1)
        x = self.norm("post_layernorm", x)
        x = graph.op(
            "MatMul", x, self.table("projection", self.state["visual_projection.weight"].T)
        )
        graph.op("Cast", x, names=("semantic",), to=1)
        graph.output("semantic", np.float32, ["B", len(self.state["visual_projection.weight"])])

    def embedded(self, pixels: str) -> str:
        """Normalised pixels as patches, each a row, behind the class row: (B * S, E)."""
        graph, patch = self.graph, self.config.patch_size
        grid = self.config.image_size // patch
        mean, std = np.array(MEAN), np.array(STD)
        x = graph.op("Cast", pixels, to=1)
        x = graph.op("Mul", x, graph.weight("scale", (1 / (255 * std)).astype(np.float32)))
        x = graph.op("Sub", x, graph.weight("shift", (mean / std).astype(np.float32)))
        x = graph.op("Cast", x, to=10) if self.real is np.float16 else x
        x = graph.op("Reshape", x, graph.ints(0, grid, patch, grid, patch * 3))
        x = graph.op("Transpose", x, perm=[0, 1, 3, 2, 4])
        x = graph.op("Reshape", x, graph.ints(0, grid * grid, patch * patch * 3))
        kernel = self.state["embeddings.patch_embedding.weight"].transpose(2, 3, 1, 0)
        x = graph.op("MatMul", x, self.table("patches", kernel.reshape(-1, self.width)))
        place = self.state["embeddings.position_embedding.weight"]
        first = self.state["embeddings.class_embedding"] + place[0]
        x = graph.op("Add", x, self.table("places", place[1:]))
        batch = graph.op("Shape", pixels, start=0, end=1)
        shape = graph.op("Concat", batch, graph.ints(1, self.width), axis=0)
        first_rows = graph.op("Expand", self.table("class", first.reshape(1, 1, -1)), shape)
        x = graph.op("Concat", first_rows, x, axis=1)
        return graph.op("Reshape", x, graph.ints(-1, self.width))

    def layer(self, name: str, x: str, *, last: bool) -> str:
        """One layer, (B * S, E) to the same; the last one gives the class rows (B, E) alone."""
        graph = self.graph
        seen = self.norm(f"{name}.layer_norm1", x)
        letters = ("k", "v") if last else ("q", "k", "v")
        joint = self.product(
            f"{name}.self_attn.in", seen, [f"{name}.self_attn.{c}" for c in letters]
        )
        joint = self.by_picture(joint, len(letters))
        parts = list(
            graph.ops("Split", joint, count=len(letters), axis=2, num_outputs=len(letters))
        )
        if last:
            x, seen = self.class_rows(x), self.class_rows(seen)
            query = self.product(f"{name}.self_attn.query", seen, [f"{name}.self_attn.q"])
            parts.insert(0, graph.op("Reshape", query, graph.ints(-1, 1, self.width)))
        heads = self.config.num_attention_heads
        mixed = graph.op("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=heads)
        mixed = graph.op("Reshape", mixed, graph.ints(-1, self.width))
        x = graph.op("Add", x, self.product(f"{name}.self_attn.out_proj", mixed))
        wide = self.product(f"{name}.mlp.fc1", self.norm(f"{name}.layer_norm2", x))
        wide = self.smoothed(f"{name}.mlp.fc2", self.activated(wide))
        return graph.op("Add", x, self.product(f"{name}.mlp.fc2", wide))

    def smoothed(self, name: str, x: str) -> str:
        """The input of a product, divided where nothing before it could be."""
        product = self.products.get(name)
        if product is None or product.divide is None or not product.holds:
            return x
        return self.graph.op("Mul", x, self.table(f"{name}.smaller", np.reciprocal(product.divide)))

    def by_picture(self, x: str, parts: int) -> str:
        """(B * S, parts * E) as (B, S, parts * E)."""
        return self.graph.op("Reshape", x, self.graph.ints(-1, self.rows, parts * self.width))

    def class_rows(self, x: str) -> str:
        """The first row of each picture, (B, E)."""
        return self.graph.op("Gather", self.by_picture(x, 1), self.graph.weight("zero", 0), axis=1)

    def activated(self, x: str) -> str:
        """The model's own GELU."""
        if self.config.hidden_act == "quick_gelu":
            return self.graph.op("QuickGelu", x, domain=MICROSOFT, alpha=1.702)
        return self.graph.op("Gelu", x, domain=MICROSOFT)

    def norm(self, name: str, x: str) -> str:
        """Layer normalisation."""
        scale, bias = (
            self.table(f"{name}.{part}", self.state[f"{name}.{part}"])
            for part in ("weight", "bias")
        )
        return self.graph.op(
            "LayerNormalization",
            *(x, scale, bias),
            axis=-1,
            epsilon=self.config.layer_norm_eps,
        )

    def product(self, name: str, x: str, parts: list[str] | None = None) -> str:
        """Rows (N, K) by linear maps of `parts`, side by side; by that of the name by default."""
        graph = self.graph
        names = [f"{part}_proj" for part in parts] if parts else [name]
        weight = np.concatenate([self.state[f"{part}.weight"] for part in names]).T
        bias = np.concatenate([self.state[f"{part}.bias"] for part in names])
        offset = self.table(f"{name}.bias", bias)
        known = self.products.get(names[0])
        if known is not None and known.holds:
            steps, scales = quantised(weight)
            return graph.op(
                "DynamicQuantizeMatMul",
                *(x, graph.weight(f"{name}.steps", steps), graph.weight(f"{name}.scales", scales)),
                *("", offset),
                domain=MICROSOFT,
            )
        return graph.op("Gemm", x, self.table(f"{name}.weight", weight), offset)

    def table(self, name: str, array: Array) -> str:
        """A weight in the graph's precision."""
        return self.graph.weight(name, np.ascontiguousarray(array, self.real))
