"""CLIP's weights from wherever they are: Hugging Face's form, OpenAI's own, open_clip's.

All become one model of transformers, in single precision. Nothing that a file could run is run:
pickles are read with `weights_only`, and TorchScript's archives as data for its own interpreter.
"""

import json
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from scorelock.engine.errors import BadBundle, BadSetting, MissingPart
from scorelock.export.clip.prompts import END

HUB: Final = "openai/clip-vit-large-patch14-336"
"""The weights that Video2Music's semantic features and emotions are made with."""
ACTIVATIONS: Final = {"quickgelu": "quick_gelu", "gelu": "gelu"}
"""What it is called on the command line and in transformers; OpenAI's weights have the first."""

PATIENCE_S: Final = 5.0
"""For the hub to answer at all."""

_SUFFIXES: Final = (".safetensors", ".bin", ".pt")
_HUB_ID: Final = re.compile(r"\w[\w.-]*(/[\w.-]+)?")
_HEAD: Final = 64
_HEADS_OF: Final = {1280: 80, 1408: 88, 1664: 104}  # open_clip's ViT-H, g and bigG
_OPENAI_ONLY: Final = ("input_resolution", "context_length", "vocab_size")

State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class ClipSource:
    """Weights that were read.

    Attributes:
        model: transformers' CLIPModel, in single precision, not training.
        name: where they are from: a hub id or a file's name.
        licence: what is known of their terms.
    """

    model: Any
    name: str
    licence: str


def read_clip(source: str | None = None, activation: str | None = None) -> ClipSource:
    """Read CLIP's weights.

    Args:
        source: a folder of Hugging Face's form or open_clip's, a file of OpenAI's naming
            (TorchScript archive, state dict, safetensors), or a hub id; `HUB` by default.
        activation: "quickgelu" or "gelu", where a file does not tell.

    Raises:
        BadBundle: they are no CLIP with a vision transformer, or lack some tensors.
        BadSetting: the file does not tell its activation.
        MissingPart: they are not here and cannot be fetched.
    """
    place = source or HUB
    try:
        return _read(Path(place), activation)
    except OSError as err:
        raise MissingPart(
            f"expected CLIP's weights at {place}, got: {err.strerror or err}; check --from"
        ) from err


def _read(place: Path, activation: str | None) -> ClipSource:
    if place.is_dir():
        if (place / "config.json").is_file():
            return ClipSource(_pretrained(str(place)), place.resolve().name, _licence(""))
        files = [f for f in sorted(place.iterdir()) if f.suffix in _SUFFIXES]
        if not files:
            raise BadBundle(
                f"expected config.json or open_clip_config.json with weights in {place}, found "
                "neither; name the folder or the file that has them with --from"
            )
        place = sorted(files, key=lambda file: file.suffix != ".safetensors")[0]
    if place.is_file():
        state, scripted = _file(place)
        how = _activation(place, state, scripted, activation)
        return ClipSource(
            _named_by_openai(state, how, place), place.name, _licence(HUB if scripted else "")
        )
    if place.suffix in _SUFFIXES or not _HUB_ID.fullmatch(str(place)):
        raise MissingPart(f"expected CLIP's weights at {place}, found nothing there; check --from")
    return ClipSource(_pretrained(str(place)), str(place), _licence(str(place)))


def _pretrained(name: str) -> Any:  # noqa: ANN401
    import transformers
    from huggingface_hub.utils import logging as hub

    library: Any = transformers  # whose types are not those of what it does
    for speaker in (hub, library.logging):
        speaker.set_verbosity_error()
    library.logging.disable_progress_bar()
    here = Path(name).is_dir()
    options: Any = {"local_files_only": here or not _hub_answers()}
    try:
        kind = library.CLIPConfig.get_config_dict(name, **options)[0].get("model_type")
        if kind != "clip":
            raise ValueError(f"a model of type {kind}")
        model, found = library.CLIPModel.from_pretrained(
            name,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # for which `_complete` has better words
            **options,
        )
    except Exception as err:  # what a broken file raises has no narrower base
        if here:
            raise BadBundle(
                f"expected a CLIP of Hugging Face's form in {name}, got: {_first_line(err)}; "
                "download it again"
            ) from err
        raise MissingPart(
            f"expected to fetch {name}, got: {_first_line(err)}; fetch its folder (config.json "
            "and model.safetensors) where there is a network, and name it with --from FOLDER"
        ) from err
    _complete([*found["missing_keys"], *(key for key, *_ in found["mismatched_keys"])], name)
    return _ready(model, name)


def _hub_answers() -> bool:
    """Asked once, for the hub's own library tries for half a minute."""
    from huggingface_hub import constants, utils

    library: Any = utils  # which does not declare what it gives
    try:
        library.get_session().head(constants.ENDPOINT, timeout=PATIENCE_S)
    except Exception:  # its library for HTTP is not always the same, nor are its errors
        return False
    return True


def _ready(model: Any, where: str) -> Any:  # noqa: ANN401
    """A model of whose sizes the graph and the words know what they need."""
    picture, words = model.config.vision_config, model.config.text_config
    if picture.image_size % picture.patch_size or words.vocab_size <= END:
        raise BadBundle(
            f"expected a CLIP of whole patches with {END + 1} tokens or more in {where}, got "
            f"{picture.image_size} pixels in patches of {picture.patch_size}, and "
            f"{words.vocab_size} tokens; take another one, such as {HUB}"
        )
    return model.float().eval()


def _file(path: Path) -> tuple[dict[str, Tensor], bool]:
    """The tensors of a file, and whether it is a TorchScript archive, as OpenAI published."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path), False
        if _is_script(path):
            jit: Any = torch.jit
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that TorchScript is old: so are the weights
                return dict(jit.load(path, map_location="cpu").state_dict()), True
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as err:  # what a broken pickle or archive raises has no narrower base
        reason = _first_line(err)
        if path.suffix != ".safetensors" and not isinstance(err, OSError):
            reason = "a pickle of more than tensors, or none at all"
        raise BadBundle(
            f"expected CLIP's weights in {path}, got what cannot be read safely ({reason}); "
            "download it again, or save its state dict alone"
        ) from err
    for key in ("state_dict", "model"):  # of a training run
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise BadBundle(f"expected a state dict in {path}, got a {type(content).__name__}")
    return {str(name): value for name, value in content.items() if torch.is_tensor(value)}, False


def _is_script(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/constants.pkl") for name in archive.namelist())


def _activation(place: Path, state: State, scripted: bool, wanted: str | None) -> str:
    """Which GELU: no tensor tells, but the kind of file or the configuration beside it does."""
    if wanted is not None:
        return ACTIVATIONS[wanted]
    if scripted or any(name in state for name in _OPENAI_ONLY):
        return ACTIVATIONS["quickgelu"]
    beside = place.with_name("open_clip_config.json")
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
        quick = bool(content["model_cfg"].get("quick_gelu", False))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise BadSetting(
            f"expected {beside.name} beside {place.name}, which tells the activation; bring it, or "
            "say --activation quickgelu (OpenAI's weights) or gelu (most of LAION's)"
        ) from err
    return ACTIVATIONS["quickgelu" if quick else "gelu"]


def _named_by_openai(raw: State, activation: str, path: Path) -> Any:  # noqa: ANN401
    """A model from tensors of OpenAI's names; its sizes are theirs."""
    import transformers

    library: Any = transformers
    state = {
        name.removeprefix("module.").removeprefix("text."): value.float()
        for name, value in raw.items()
    }
    if "visual.conv1.weight" not in state or "visual.class_embedding" not in state:
        raise BadBundle(
            f"expected a CLIP with a vision transformer in {path}, got other tensors; take a ViT, "
            "such as ViT-L/14@336px or ViT-B/32"
        )
    try:
        model = library.CLIPModel(library.CLIPConfig(**_sizes(state, activation)))
        found = model.load_state_dict(_renamed(state), strict=False)
    except (KeyError, IndexError, RuntimeError, ValueError) as err:
        raise BadBundle(
            f"expected all tensors of a CLIP in {path}, got: {_first_line(err)}; download it again"
        ) from err
    _complete(found.missing_keys, str(path))
    return _ready(model, str(path))


def _sizes(state: State, activation: str) -> dict[str, Any]:
    """CLIPConfig's arguments, read off the tensors (OpenAI's names)."""
    width, _, patch, _ = state["visual.conv1.weight"].shape
    grid = round((len(state["visual.positional_embedding"]) - 1) ** 0.5)
    text = state["token_embedding.weight"].shape[1]
    return {
        "projection_dim": state["visual.proj"].shape[1],
        "vision_config": {
            "hidden_size": width,
            "intermediate_size": len(state["visual.transformer.resblocks.0.mlp.c_fc.bias"]),
            "num_hidden_layers": _layers(state, "visual.transformer.resblocks."),
            "num_attention_heads": max(1, width // _HEADS_OF.get(width, _HEAD)),
            "patch_size": patch,
            "image_size": grid * patch,
            "hidden_act": activation,
        },
        "text_config": {
            "vocab_size": len(state["token_embedding.weight"]),
            "hidden_size": text,
            "intermediate_size": len(state["transformer.resblocks.0.mlp.c_fc.bias"]),
            "num_hidden_layers": _layers(state, "transformer.resblocks."),
            "num_attention_heads": max(1, text // _HEAD),
            "max_position_embeddings": len(state["positional_embedding"]),
            "hidden_act": activation,
        },
    }


def _layers(state: State, prefix: str) -> int:
    return len({name.split(".")[prefix.count(".")] for name in state if name.startswith(prefix)})


_PLAIN: Final = {
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.ln_pre.": "vision_model.pre_layrnorm.",
    "visual.ln_post.": "vision_model.post_layernorm.",
    "token_embedding.": "text_model.embeddings.token_embedding.",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.": "text_model.final_layer_norm.",
    "logit_scale": "logit_scale",
}
_OF_A_LAYER: Final = {
    "ln_1.": "layer_norm1.",
    "ln_2.": "layer_norm2.",
    "attn.out_proj.": "self_attn.out_proj.",
    "mlp.c_fc.": "mlp.fc1.",
    "mlp.c_proj.": "mlp.fc2.",
}


def _renamed(state: State) -> dict[str, Tensor]:
    """OpenAI's tensors under transformers' names."""
    renamed = {"visual_projection.weight": state["visual.proj"].T}
    renamed["text_projection.weight"] = state["text_projection"].T
    for name, value in state.items():
        tower = "vision_model" if name.startswith("visual.") else "text_model"
        bare = name.removeprefix("visual.")
        if bare.startswith("transformer.resblocks."):
            layer, part = bare.removeprefix("transformer.resblocks.").split(".", 1)
            place = f"{tower}.encoder.layers.{layer}."
            if part.startswith("attn.in_proj_"):
                kind = part.removeprefix("attn.in_proj_")
                for letter, rows in zip("qkv", value.chunk(3), strict=True):
                    renamed[f"{place}self_attn.{letter}_proj.{kind}"] = rows
            for old, new in _OF_A_LAYER.items():
                if part.startswith(old):
                    renamed[place + new + part.removeprefix(old)] = value
            continue
        for old, new in _PLAIN.items():
            if name.startswith(old):
                renamed[new + name.removeprefix(old)] = value
    return renamed


def _complete(missing: Any, where: str) -> None:  # noqa: ANN401
    """Buffers that are counted up, not learned, may be missing."""
    lacking = sorted(name for name in missing if not name.endswith("position_ids"))
    if lacking:
        raise BadBundle(
            f"expected all tensors of a CLIP in {where}, {len(lacking)} are missing or of another "
            f"size, such as {lacking[0]}; download it again"
        )


def _licence(name: str) -> str:
    if name.startswith("openai/"):
        return "MIT, as OpenAI's CLIP is"
    return "that of the weights: see where they were published"


def _first_line(err: Exception) -> str:
    lines = str(err).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(err).__name__
