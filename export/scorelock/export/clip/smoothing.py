"""Eight-bit products in CLIP's image encoder, and what keeps them near the exact ones.

A product's input is quantised as a whole, with one step for all its rows and columns, so a few
channels that are far larger than the rest would leave the rest no steps. SmoothQuant (Xiao et al.,
ICML 2023, arXiv 2211.10438) moves their size into the weights: the norm before a product, or the
values before the attention's output, are divided channel by channel by what the weights are
multiplied with. Behind the GELU, through which nothing can be moved, the graph divides by itself
where it has to. A product that even then would lose too much stays in single precision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

LEVELS: Final = 64
"""Steps of a weight each way. With 7 bits the sum of two products of AVX2's 8-bit instruction fits
its 16 bits (255 * 64 * 2 < 2**15); with 8 bits it would saturate without a word.
"""
STRENGTH: Final = 0.5
"""SmoothQuant's alpha: how the size is shared between the input and the weights."""
MOST_NOISE: Final = 0.05
"""Of a product's size, root mean square, that the 255 steps of its input may cost."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """What was seen of a product's input.

    Attributes:
        divide: (K,) what the input's channels are to be divided by, or None.
        holds: whether 8 bits keep enough of the input.
    """

    divide: Array | None
    holds: bool


Products = Mapping[str, Product]
"""By the product's name in the state without the tower's name; q, k and v each have their own."""


def observed(model: Any, pixels: torch.Tensor) -> Products:  # noqa: ANN401
    """Run the encoder on normalised pixels (B, 3, R, R) and look at what is multiplied."""
    seen: dict[str, _Range] = {}
    hooks = []
    for name, module in model.vision_model.named_modules():
        if isinstance(module, torch.nn.Linear):
            seen[name] = _Range()
            hooks.append(module.register_forward_pre_hook(seen[name]))
    try:
        with torch.inference_mode():
            for picture in pixels:
                model.vision_model(pixel_values=picture[None])
    finally:
        for hook in hooks:
            hook.remove()
    products: dict[str, Product] = {}
    for index, layer in enumerate(model.vision_model.encoder.layers):
        place, attention = f"encoder.layers.{index}.", layer.self_attn
        for names, modules in (
            ("q k v", [attention.q_proj, attention.k_proj, attention.v_proj]),
            ("out", [attention.out_proj]),
            ("fc1", [layer.mlp.fc1]),
            ("fc2", [layer.mlp.fc2]),
        ):
            full = [_full(place, short) for short in names.split()]
            before, weights = seen[full[0]], [module.weight for module in modules]
            found = before.product(weights, smooth=names != "fc2")
            if not found.holds:
                found = before.product(weights, smooth=True)
            products |= dict.fromkeys(full, found)
    return products


def _full(place: str, short: str) -> str:
    return f"{place}mlp.{short}" if short.startswith("fc") else f"{place}self_attn.{short}_proj"


def fold(state: Mapping[str, Array], products: Products) -> dict[str, Array]:
    """The same encoder with larger weights, and with smaller inputs of all but fc2."""
    folded = dict(state)

    def divide(name: str, by: Array) -> None:
        """Of the outputs of a norm or a linear map."""
        for part in ("weight", "bias"):
            old = folded[f"{name}.{part}"]
            folded[f"{name}.{part}"] = old / (by[:, None] if old.ndim == 2 else by)

    for name, product in products.items():
        if product.divide is None or not product.holds:
            continue
        layer, last = name.rsplit(".", 1)
        folded[f"{name}.weight"] = folded[f"{name}.weight"] * product.divide
        if last == "out_proj":
            divide(f"{layer}.v_proj", product.divide)
        elif last in ("q_proj", "fc1"):  # once for q, k and v, which share their input
            norm = "layer_norm2" if last == "fc1" else "layer_norm1"
            divide(f"{layer.rsplit('.', 1)[0]}.{norm}", product.divide)
    return folded


def quantised(weight: Array) -> tuple[NDArray[np.int8], Array]:
    """Weights (K, N) in steps of -64..64, symmetric, and the step (N,) of each column."""
    step = np.maximum(np.abs(weight).max(0), np.finfo(np.float32).tiny) / LEVELS
    return np.rint(weight / step).astype(np.int8), step.astype(np.float32)


class _Range:
    """A hook that keeps how far each channel of an input goes, and how large it mostly is."""

    def __init__(self) -> None:
        self._least: Array = np.zeros(1, np.float32)
        self._most: Array = np.zeros(1, np.float32)
        self._squares: Array = np.zeros(1, np.float32)
        self._rows = 0

    def __call__(self, _: torch.nn.Module, inputs: tuple[torch.Tensor]) -> None:
        """Take one more input (.., K)."""
        x = inputs[0].reshape(-1, inputs[0].shape[-1]).numpy()
        self._least = np.minimum(self._least, x.min(0))
        self._most = np.maximum(self._most, x.max(0))
        self._squares = self._squares + np.square(x).sum(0)
        self._rows += len(x)

    def product(self, weights: Sequence[torch.Tensor], *, smooth: bool) -> Product:
        """What is best done with the product of this input and weights (N, K)."""
        weight = torch.cat([w.detach() for w in weights]).numpy()
        divide = np.ones(weight.shape[1], np.float32)
        if smooth:
            reach = np.maximum(-self._least, self._most)
            largest = np.abs(weight).max(0)
            known = (reach > 0) & (largest > 0)
            divide[known] = reach[known] ** STRENGTH / largest[known] ** (1 - STRENGTH)
        span = (self._most / divide).max() - (self._least / divide).min()
        lost = span / 255 / 12**0.5 * np.linalg.norm(divide[:, None] * weight.T)
        kept = np.linalg.norm(np.sqrt(self._squares / self._rows)[:, None] * weight.T)
        return Product(divide if smooth else None, bool(lost <= MOST_NOISE * kept))
