"""`scorelock export FROM... -o FOLDER`: weights to a model bundle, or to the published files."""

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.engine.errors import BadSetting, MissingPart

if TYPE_CHECKING:
    from scorelock.export.sources import Source
    from scorelock.training.songs import Corpus

PUBLISHED: Final = ("best_loss_weights.pickle", "best_rmse_weights.pickle")
"""The files of a published Video2Music checkpoint: AMT and biGRU."""

PRECISIONS: Final = ("fp32", "fp16", "int8")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `scorelock export`."""
    parser.add_argument(
        "source",
        type=Path,
        nargs="+",
        metavar="FROM",
        help=f"a folder with {' and '.join(PUBLISHED)}, those two files, or the folders that "
        "`scorelock train amt`, `dynamics` and perhaps `recall` wrote",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to write")
    parser.add_argument(
        "--format",
        choices=["bundle", "published"],
        default="bundle",
        help="a bundle to compose with (default), or weight files for Video2Music's own code",
    )
    parser.add_argument("--name", help="what the bundle is called (default: its folder's name)")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="of the bundle's weights (default: %(default)s)",
    )
    parser.add_argument(
        "--opset",
        type=int,
        metavar="N",
        help="the ONNX operator set to write (default: the one that this version is tested with)",
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="prove the bundle on real songs, too: a packed .npz, a MuVi-Sync tree, or a folder "
        "with either; Hits@k of the weights and of the bundle go into its manifest",
    )


def run(args: argparse.Namespace) -> int:
    """Write the bundle and say what it proved, or write the published files.

    Raises:
        BadBundle: weights that do not fit, or graphs that do not match them.
        BadSetting: sources that do not go together, a run that is not finished, one that the public
            code could not run, an operator set or data that do not fit, or nowhere to write.
        MissingPart: PyTorch or onnx is not installed.
    """
    try:
        import onnx  # noqa: F401
        import torch  # noqa: F401
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} to export models; pip install 'scorelock[train]'"
        ) from err
    from scorelock.export.sources import Source

    _check(args)
    source = Source.read(args.source)
    if source.unused:
        modules = dict.fromkeys(name.rsplit(".", 1)[0] for name in source.unused)
        _say(f"left out {len(source.unused)} tensors that no model reads: {', '.join(modules)}")
    try:
        said = _publish(source, args) if args.format == "published" else _bundle(source, args)
    except OSError as err:
        raise BadSetting(
            f"expected a place to write {args.output}, got: {err.strerror or err}; make room there "
            "or choose another one with -o"
        ) from err
    print(f"{args.output}: {said}")
    return 0


def _check(args: argparse.Namespace) -> None:
    """Before anything is read, so that a wrong option shows at once."""
    from onnx.defs import onnx_opset_version

    from scorelock.export.onnx_export import LEAST_OPSET

    if args.format == "published":
        if args.precision != "fp32" or args.opset is not None or args.data:
            raise BadSetting(
                "expected --precision, --opset and --data with --format bundle, got published, "
                "whose files hold plain weights"
            )
        return
    most = onnx_opset_version()
    if args.opset is not None and not LEAST_OPSET <= args.opset <= most:
        raise BadSetting(
            f"expected an --opset from {LEAST_OPSET}, which has the operators of these graphs, to "
            f"{most}, the newest of the onnx installed, got {args.opset}"
        )


def _publish(source: "Source", args: argparse.Namespace) -> str:
    from scorelock.export.published import save_published
    from scorelock.training.bigru import BiGru

    if not isinstance(source.dynamics, BiGru):
        raise BadSetting(
            "expected a biGRU, which the public code has, got another model of density and "
            'loudness; train one with kind = "bigru"'
        )
    save_published(source.amt, source.dynamics, args.output)
    return " and ".join(PUBLISHED)


def _bundle(source: "Source", args: argparse.Namespace) -> str:
    from scorelock.export.hits import held_out, hits_proof
    from scorelock.export.onnx_export import OPSET, export_bundle
    from scorelock.export.proof import in_words

    proof = None
    if args.data:
        corpus = held_out(args.data, source.amt.sizes.layout)
        _say_skipped(corpus)
        proof = partial(hits_proof, source.amt, corpus.songs)
    manifest = export_bundle(
        source.amt,
        source.dynamics,
        args.output,
        name=args.name or args.output.resolve().name,
        about=source.about,
        precision=args.precision,
        opset=OPSET if args.opset is None else args.opset,
        proof=proof,
    )
    size = manifest["sizes"]["parameters"]
    return f"{manifest['layout']} features, {size} parameters; {in_words(manifest['parity'])}"


def _say_skipped(corpus: "Corpus") -> None:
    for name, why in corpus.skipped.items():
        _say(f"left out {name}: {why}")


def _say(line: str) -> None:
    print(line, file=sys.stderr)
