"""Weights on disk: read without running anything in them, compared both ways, written beside."""

import io
import re
import warnings
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from zipfile import ZipFile

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

NAMED: Final = 5
"""Tensors of one fault that a message names; of more it says how many there are."""


def load(path: Path) -> dict[str, Any]:
    """Read a torch file of tensors and plain values only.

    Raises:
        BadBundle: it is missing, cut short, or holds anything else.
    """
    try:
        data = path.read_bytes()
    except OSError as err:
        raise BadBundle(f"expected a checkpoint at {path}, got: {err.strerror or err}") from err
    try:
        unpacked = _unpacked_bytes(data)
        if unpacked > len(data):
            raise BadBundle(
                f"expected a checkpoint of plain tensors in {path}, got {len(data)} bytes that "
                f"unpack to {unpacked}, as torch never packs them; download or export it again"
            )
        with warnings.catch_warnings(action="ignore"):  # of old pickle protocols
            content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except BadBundle:
        raise
    except Exception as err:  # damaged bytes raise whatever they happen to lead to
        raise BadBundle(
            f"expected a checkpoint of plain tensors in {path}, got a damaged or unsafe file "
            f"({type(err).__name__}); download or export it again"
        ) from err
    if not isinstance(content, dict):
        raise BadBundle(
            f"expected a dictionary of named tensors in {path}, got {type(content).__name__}; save "
            "the model's state_dict"
        )
    return content


def _unpacked_bytes(data: bytes) -> int:
    """What the parts of a torch file say that they hold; 0 of a file of torch before 1.6."""
    if not data.startswith(b"PK"):
        return 0
    with ZipFile(io.BytesIO(data)) as archive:
        return sum(part.file_size for part in archive.infolist())


def load_state(path: Path) -> dict[str, Tensor]:
    """The state dict in a torch file: a bare one, or under "model" in a run's checkpoint.

    Raises:
        BadBundle: as `load`, or what it holds are not tensors.
    """
    content = load(path)
    state = content.get("model", content)
    if not isinstance(state, dict) or not all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in state.items()
    ):
        raise BadBundle(
            f"expected named tensors in {path}, got other values beside them; save the model's "
            "state_dict alone"
        )
    odd = [name for name, tensor in state.items() if not _plain(tensor)]
    if odd:
        raise BadBundle(
            f"expected tensors with all of their numbers in {path}, got {_listed(odd)} without; "
            "save the model's state_dict again"
        )
    return state


def _plain(tensor: Tensor) -> bool:
    """Whether it has a number in the file for each of its elements."""
    return (
        tensor.layout is torch.strided
        and not tensor.is_meta
        and tensor.numel() * tensor.element_size() <= tensor.untyped_storage().nbytes()
    )


def left_out(state: State) -> list[str]:
    """The tensors of a published state that no model reads."""
    return [name for name in state if name.startswith((*AMT_UNUSED, *GRU_UNUSED))]


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
    """Write beside, then rename: a killed process leaves the old file or the new one.

    Raises:
        BadSetting: nothing can be written there.
    """
    with writing(path) as beside:
        write(beside, content)


def write(path: Path, content: Mapping[str, object]) -> None:
    """Write a torch file; a full disk is an OSError, which torch's own writer makes opaque."""
    buffer = io.BytesIO()
    torch.save(dict(content), buffer)
    path.write_bytes(buffer.getbuffer())


def amt_from_state(state: State) -> Amt:
    """An AMT of the sizes that the tensors have, with their weights, in eval mode.

    Raises:
        BadBundle: tensors are missing, unknown or of another shape; the message lists them.
    """
    relative = _shape(state, "transformer.decoder.layers.0.self_attn.Er", 2)
    vision = _shape(state, "Linear_vis.weight", 2)
    if vision[0] % 2 or vision[0] % relative[1]:
        raise BadBundle(
            "expected an even width and heads that divide it, got a model's width of "
            f"{vision[0]} and a head's of {relative[1]}"
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
    return _fill(lambda: Amt(sizes), state, AMT_UNUSED)


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
    return _fill(lambda: BiGru(sizes), state, GRU_UNUSED)


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
    return _fill(lambda: Surround(fitting[0]), state, ())


def _shape(state: State, name: str, dimensions: int) -> torch.Size:
    if name not in state:
        raise BadBundle(
            f"expected a tensor {name}, which Video2Music's checkpoints and our runs have, got "
            f"{_listed(state) or 'none'}; choose another checkpoint"
        )
    shape = state[name].shape
    if len(shape) != dimensions or not all(shape):
        raise BadBundle(f"expected a tensor {name} of {dimensions} dimensions, got {list(shape)}")
    return shape


def _layout(width: int) -> Layout:
    for layout, columns in WIDTH.items():
        if columns == width:
            return layout
    raise BadBundle(f"expected a model of {sorted(WIDTH.values())} features, got one of {width}")


def _count(state: State, pattern: str) -> int:
    """Layers that have any tensor: numbers that leave a gap show as names that do not fit."""
    return max(1, len({m[1] for name in state if (m := re.match(pattern, name))}))


def _fill(build: Callable[[], M], state: State, unused: tuple[str, ...]) -> M:
    with torch.device("meta"):  # what does not fit is told before memory is taken for it
        model = build()
    wanted = model.state_dict()
    given = {name: tensor for name, tensor in state.items() if not name.startswith(unused)}
    both = [name for name in wanted if name in given]
    fitting = [name for name in both if given[name].shape == wanted[name].shape]
    faults = [
        ("missing ", [name for name in wanted if name not in given]),
        ("unexpected ", [name for name in given if name not in wanted]),
        (
            "",
            [
                f"{name} is {list(given[name].shape)} not {list(wanted[name].shape)}"
                for name in both
                if name not in fitting
            ],
        ),
        ("", [name + fault for name in fitting if (fault := _fault(name, given[name]))]),
    ]
    said = [kind + _listed(names) for kind, names in faults if names]
    if said:
        raise BadBundle(
            f"expected weights that fit each other, got {'; '.join(said)}; download or export the "
            "checkpoint again"
        )
    model.to_empty(device="cpu").load_state_dict(given)
    return model.eval()


def _fault(name: str, tensor: Tensor) -> str:
    """What is wrong with a tensor's numbers in single precision, in which models run."""
    if not tensor.is_floating_point():
        return f" is of {tensor.dtype}"
    numbers = tensor.float()
    # Features that say nothing have an infinite deviation.
    bad = numbers.isnan() if name == "standardise.std" else ~numbers.isfinite()
    return " is not finite" if bad.any() else ""


def _listed(names: Collection[str]) -> str:
    """Some names in a line; whatever a stranger's file calls its tensors stays readable."""
    shown = [repr(name)[1:-1][:120] for name in list(names)[:NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
