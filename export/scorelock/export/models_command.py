"""scorelock models: fetches the models that do not ship with Scorelock, and keeps them."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from scorelock.engine.errors import BadBundle, BadSetting, MissingPart, ScorelockError
from scorelock.engine.model_shelf import BASIC_PITCH, CLIP

if TYPE_CHECKING:
    from scorelock.export.clip.sources import ClipSource


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock models`."""
    parser.add_argument("action", choices=["add", "list", "remove"])
    parser.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help=f"{CLIP}: what Video2Music sees frames with; {BASIC_PITCH}: the notes in a sound; "
        "to remove: the name it is kept under",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FILE|FOLDER|HUB",
        help="CLIP's weights as Hugging Face, OpenAI or open_clip give them, or an id of the "
        "Hugging Face hub (default: openai/clip-vit-large-patch14-336); of basic-pitch its wheel "
        "or its nmp.onnx (default: from PyPI)",
    )
    parser.add_argument(
        "--precision",
        choices=["auto", "fp32", "fp16", "int8"],
        default="auto",
        help="of CLIP: fp16 where onnxruntime has CUDA; else int8 if it is proven to be near "
        "enough, or fp32 (default: %(default)s)",
    )
    parser.add_argument(
        "--as", dest="name", metavar="NAME", help="what CLIP is kept under (default: clip)"
    )
    parser.add_argument(
        "--activation",
        choices=["quickgelu", "gelu"],
        help="of a CLIP whose file does not tell",
    )


def run(args: argparse.Namespace) -> int:
    """Add, list or remove, and say what was done.

    Raises:
        BadSetting: options that do not go together, no room, or weights that leave something open.
        BadBundle: weights that are no CLIP, or a graph that does not do what they do.
        MissingPart: a package that is needed, the weights, or the model to remove is not there.
    """
    if args.action == "list":
        if args.model:
            raise BadSetting(f"expected scorelock models list alone, got {args.model} behind it")
        return _list()
    if args.model is None:
        raise BadSetting(
            f"expected a model to {args.action}, got none; "
            f"scorelock models {args.action} {CLIP} or {BASIC_PITCH}"
        )
    if args.action == "remove":
        from scorelock.engine.model_shelf import take_off

        take_off(args.model)
        print(f"{args.model}: removed")
        return 0
    if args.model == CLIP:
        return _add_clip(args)
    if args.model != BASIC_PITCH:
        raise BadSetting(f"expected {CLIP} or {BASIC_PITCH} to add, got {args.model}")
    if args.precision != "auto" or args.name or args.activation:
        raise BadSetting(
            f"expected --precision, --as and --activation with {CLIP} alone, got one for "
            f"{BASIC_PITCH}"
        )
    from scorelock.training.listening.fetch import add

    print(f"{BASIC_PITCH}: {add(args.source)}")
    return 0


def _add_clip(args: argparse.Namespace) -> int:
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} to read CLIP's weights, once; pip install 'scorelock[clip]'"
        ) from err
    from scorelock.engine.model_shelf import kept_model, shelving
    from scorelock.export.clip.sources import HUB, read_clip

    name = args.name or CLIP
    if name == BASIC_PITCH:
        raise BadSetting(f"expected --as a name for {CLIP}, got that of {name}; choose another")
    with shelving(name) as folder:
        _say(f"reading {args.source or HUB} ...")
        source = read_clip(args.source, args.activation)
        manifest = _written(source, folder, args.precision)
    proof = manifest["parity"]
    print(
        f"{kept_model(name)}: {manifest['name']}, {manifest['precision']}; "
        f"cosine {proof['cosine']:.5f} with PyTorch's embedding, emotions within "
        f"{proof['emotion_difference']:.1e}; licence: {manifest['licence']}"
    )
    return 0


def _written(source: "ClipSource", folder: Path, precision: str) -> dict[str, Any]:
    """Make it in a folder; "auto" takes int8 only where that is near enough."""
    from scorelock.engine.clip import Precision
    from scorelock.engine.runtime import choose
    from scorelock.export.clip.onnx_clip import write_clip

    wanted = precision
    if precision == "auto":
        wanted = "fp16" if choose("auto").device == "cuda" else "int8"
    _say(f"writing it in {wanted} and proving it ...")
    try:
        return write_clip(source, folder, cast("Precision", wanted))
    except BadBundle:
        if precision != "auto" or wanted != "int8":
            raise
    _say("int8 would change what it sees: writing it in fp32 ...")
    return write_clip(source, folder, "fp32")


def _list() -> int:
    from scorelock.engine.model_shelf import kept_model, kept_models, models_folder

    names = kept_models()
    if not names:
        _say(f"no models in {models_folder()}; scorelock models add {CLIP} or {BASIC_PITCH}")
    for name in names:
        folder = kept_model(name)
        size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
        print(f"{name}  {_about(folder)}{size / 1e6:.1f} MB  {folder}")
    return 0


def _about(folder: Path) -> str:
    """What a model with a manifest is."""
    from scorelock.engine.clip import MANIFEST, ClipManifest

    if not (folder / MANIFEST).is_file():
        return ""
    try:
        manifest = ClipManifest.read(folder)
    except ScorelockError:
        return "damaged  "
    return f"{manifest.name}, {manifest.precision}  "


def _say(line: str) -> None:
    print(line, file=sys.stderr)
