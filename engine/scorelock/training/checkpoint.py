"""Weights on disk: read without running anything in them, compared both ways, written beside."""

import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from scorelock.engine.errors import BadBundle, BadSetting
from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.files import writing
from scorelock.training.amt import Amt, AmtSizes
from scorelock.training.bigru import BiGru, GruSizes
from scorelock.training.surround import Surround, SurroundSizes

State = Mapping[str, Tensor]
M = TypeVar("M", bound=nn.Module)

AMT_UNUSED = ("embedding.", "condition_linear.", "Wout_root.", "Wout_attr.")
GRU_UNUSED = ("bilstm.", "lstm.", "gru.", "fc.")
"""Tensors of the published files that its published setting never reads."""


def load(path: Path) -> dict[str, Any]:
    """Read a torch file of tensors and plain values only.

    Raises:
        BadBundle: it is missing, cut short, or holds anything else.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise BadBundle(f"expected a checkpoint at {path}, got: {err.strerror}") from err
    try:
        with warnings.catch_warnings(action="ignore"):  # of old pickle protocols
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as err:  # damaged bytes raise whatever they happen to lead to
        raise BadBundle(
            f"expected a checkpoint of plain tensors in {path}, got a damaged or unsafe file "
            f"({type(err).__name__}); download or export it again"
        ) from err
    if not isinstance(content, dict):
        raise BadBundle(f"expected a dictionary of tensors in {path}, got {type(content).__name__}")
    return content


def load_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a torch file: a bare one, or under "model" in a run's checkpoint.

    Raises:
        BadBundle: as `load`, or what it holds are not tensors.
    """
    content = load(path)
    state = content.get("model", content)
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise BadBundle(f"expected named tensors in {path}, got other values beside them")
    return state


def take_matching(model: nn.Module, state: State) -> list[str]:
    """Put those tensors into the model whose name and shape agree; returns their names.

    Raises:
        BadSetting: not one of the weights does.
    """
    own = model.state_dict()
    kept = {name: t for name, t in state.items() if name in own and own[name].shape == t.shape}
    if not kept.keys() & dict(model.named_parameters()).keys():
        raise BadSetting(
            f"expected weights to start from, found none of {len(state)} with the name and the "
            "shape that this model wants; start from a run of like sizes"
        )
    model.load_state_dict(own | kept)
    return list(kept)


def save(path: Path, content: Mapping[str, object]) -> None:
    """Write beside, then rename: a killed process leaves the old file or the new one."""
    with writing(path) as beside:
        torch.save(dict(content), beside)


def amt_from_state(state: State) -> Amt:
    """An AMT of the sizes that the tensors have, with their weights, in eval mode.

    Raises:
        BadBundle: tensors are missing, unknown or of another shape; the message lists them.
    """
    relative = _shape(state, "transformer.decoder.layers.0.self_attn.Er", 2)
    vision = _shape(state, "Linear_vis.weight", 2)
    if relative[1] < 1 or vision[0] % relative[1]:
        raise BadBundle(
            f"expected heads that divide the model's width {vision[0]}, got width {relative[1]}"
        )
    sizes = AmtSizes(
        layout=_layout(vision[1]),
        d_model=vision[0],
        heads=vision[0] // relative[1],
        encoder_layers=_count(state, r"transformer\.encoder\.layers\.(\d+)\."),
        decoder_layers=_count(state, r"transformer\.decoder\.layers\.(\d+)\."),
        feed_forward=_shape(state, "transformer.decoder.layers.0.linear1.weight", 2)[0],
        window=relative[0],
        standardised="standardise.mean" in state,
    )
    return _fill(Amt(sizes), state, AMT_UNUSED)


def bigru_from_state(state: State) -> BiGru:
    """A biGRU of the sizes that the tensors have, with their weights, in eval mode.

    Raises:
        BadBundle: tensors are missing, unknown or of another shape; the message lists them.
    """
    sizes = GruSizes(
        layout=_layout(_shape(state, "bigru.weight_ih_l0", 2)[1]),
        hidden=_shape(state, "bigru.weight_hh_l0", 2)[1],
        layers=_count(state, r"bigru\.weight_ih_l(\d+)$"),
        standardised="standardise.mean" in state,
    )
    return _fill(BiGru(sizes), state, GRU_UNUSED)


def surround_from_state(state: State) -> Surround:
    """A `Surround` of the sizes that the tensors have, with their weights, in eval mode.

    Raises:
        BadBundle: tensors are missing, unknown or of another shape; the message lists them.
    """
    hidden, width = _shape(state, "bent.weight", 2)
    sizes = [SurroundSizes(layout, hidden) for layout in WIDTH]
    fitting = [each for each in sizes if each.width == width]
    if not fitting:
        raise BadBundle(
            f"expected a model of {sorted(each.width for each in sizes)} surroundings, got {width}"
        )
    return _fill(Surround(fitting[0]), state, ())


def _shape(state: State, name: str, dimensions: int) -> torch.Size:
    shape = state[name].shape if name in state else None
    if shape is None or len(shape) != dimensions:
        found = "nothing" if shape is None else list(shape)
        raise BadBundle(f"expected a tensor {name} of {dimensions} dimensions, got {found}")
    return shape


def _layout(width: int) -> Layout:
    for layout, columns in WIDTH.items():
        if columns == width:
            return layout
    raise BadBundle(f"expected a model of {sorted(WIDTH.values())} features, got one of {width}")


def _count(state: State, pattern: str) -> int:
    return 1 + max((int(m[1]) for name in state if (m := re.match(pattern, name))), default=0)


def _fill(model: M, state: State, unused: tuple[str, ...]) -> M:
    wanted = model.state_dict()
    given = {name: tensor for name, tensor in state.items() if not name.startswith(unused)}
    faults = [f"missing {name}" for name in wanted if name not in given]
    faults += [f"unexpected {name}" for name in given if name not in wanted]
    faults += [
        f"{name} is {list(given[name].shape)} not {list(wanted[name].shape)}"
        for name in wanted
        if name in given and given[name].shape != wanted[name].shape
    ]
    faults += [f"{name} is not finite" for name, t in given.items() if not _finite(name, t)]
    if faults:
        raise BadBundle(f"the checkpoint does not fit its own sizes: {'; '.join(faults)}")
    model.load_state_dict(given)
    return model.eval()


def _finite(name: str, tensor: Tensor) -> bool:
    # Features that say nothing have an infinite deviation.
    bad = tensor.isnan() if name == "standardise.std" else ~tensor.isfinite()
    return not bad.any()
