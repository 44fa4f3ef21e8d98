"""Weights of the published layout written as the public code reads them.

Video2Music's models know no normalisation and carry layers that the published setting never uses;
its `load_state_dict` is strict, so both are put right here. Facts on names and shapes: the public
code's `video_music_transformer.py` and `video_regression.py`.
"""

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from scorelock.engine.errors import BadSetting
from scorelock.engine.features import WIDTH
from scorelock.engine.files import make_folder, writing
from scorelock.engine.vocabulary import ATTRIBUTE_SIZE, ROOT_SIZE, SIZE
from scorelock.export.command import PUBLISHED
from scorelock.training.amt import Amt, Standardise
from scorelock.training.bigru import BiGru
from scorelock.training.checkpoint import write

M = TypeVar("M", Amt, BiGru)


def folded(model: M) -> M:
    """The same function of raw features with its normalisation in the weights, up to rounding.

    With W (x - m) / s + b = (W / s) x + (b - W m / s), and likewise for what the biGRU puts out.

    Raises:
        BadSetting: a model of the picture layout, whose clamped features no weights can express.
    """
    sizes = model.sizes
    if sizes.layout != "published":
        raise BadSetting(
            f"expected a model of published features, got one of {sizes.layout} features, which "
            "the public code cannot run; export it with --format bundle"
        )
    if not sizes.standardised:
        return model
    result = type(model)(replace(sizes, standardised=False)).eval()
    own = {name: tensor.detach().cpu().double() for name, tensor in model.state_dict().items()}
    if isinstance(model, Amt):
        _fold_input(own, "Linear_vis.weight", "Linear_vis.bias", model.standardise)
    else:
        for end in ("l0", "l0_reverse"):
            _fold_input(own, f"bigru.weight_ih_{end}", f"bigru.bias_ih_{end}", model.standardise)
        mean, std = own.pop("output_mean"), own.pop("output_std")
        own["bifc.weight"] *= std[:, None]
        own["bifc.bias"] = own["bifc.bias"] * std + mean
    result.load_state_dict({n: t for n, t in own.items() if not n.startswith("standardise.")})
    return result


def _fold_input(own: dict[str, Tensor], weight: str, bias: str, layer: Standardise) -> None:
    own[weight] = own[weight] / layer.std.double().cpu()
    own[bias] = own[bias] - own[weight] @ layer.mean.double().cpu()


def save_published(amt: Amt, dynamics: BiGru, folder: Path) -> None:
    """Write both models' files, with zeros in the layers that are there without use.

    Raises:
        BadSetting: a model that the public code cannot build, a folder that has such files, or
            nowhere to write; then there are neither of the two.
    """
    sizes = amt.sizes
    if sizes.encoder_layers != sizes.decoder_layers:
        raise BadSetting(
            "expected as many layers in encoder and decoder, as the public code builds them, got "
            f"{sizes.encoder_layers} and {sizes.decoder_layers}; export with --format bundle"
        )
    states = (
        dict(folded(amt).state_dict()) | _unused_amt(amt),
        dict(folded(dynamics).state_dict()) | _unused_bigru(dynamics),
    )
    for name in PUBLISHED:
        if (folder / name).exists():
            raise BadSetting(f"expected a folder without {name}, got {folder}; choose another")
    is_new = not folder.exists()
    make_folder(folder)
    try:
        with ExitStack() as both:
            places = [both.enter_context(writing(folder / name)) for name in PUBLISHED]
            for place, state in zip(places, states, strict=True):
                write(place, state)
    except BaseException:
        if is_new:
            with suppress(OSError):
                folder.rmdir()
        raise


def _unused_amt(amt: Amt) -> dict[str, Tensor]:
    width = amt.sizes.d_model
    return _zeros(
        {
            "embedding": nn.Embedding(SIZE, width),
            "condition_linear": nn.Linear(1, width),
            "Wout_root": nn.Linear(width, ROOT_SIZE),
            "Wout_attr": nn.Linear(width, ATTRIBUTE_SIZE),
        }
    )


def _unused_bigru(dynamics: BiGru) -> dict[str, Tensor]:
    sizes = dynamics.sizes
    shape = (WIDTH[sizes.layout], sizes.hidden, sizes.layers)
    return _zeros(
        {
            "bilstm": nn.LSTM(*shape, bidirectional=True),
            "lstm": nn.LSTM(*shape),
            "gru": nn.GRU(*shape),
            "fc": nn.Linear(sizes.hidden, 2),
        }
    )


def _zeros(layers: Mapping[str, nn.Module]) -> dict[str, Tensor]:
    state = nn.ModuleDict(layers).state_dict()
    return {name: torch.zeros_like(tensor) for name, tensor in state.items()}
