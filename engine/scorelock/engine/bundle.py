"""A model bundle: a folder of ONNX graphs and the manifest that says what they are.

`manifest.json` names the format version, the feature layout, the sizes, the window, the licence and
training data, the metrics, and the sha256 of every file. This is the one importer of onnxruntime.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle, MissingPart
from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.recall import RecallWeights
from scorelock.engine.score import Dynamics
from scorelock.engine.vocabulary import SIZE, decomposed

FORMAT: Final = 1
RECALL: Final = "recall.json"
"""What a run of `scorelock train recall` leaves, and the manifest takes over."""
BASELINES: Final = "baselines.npz"
"""Counts of the training songs, with which `scorelock evaluate` compares."""
GRAPHS: Final = ("encoder.onnx", "decoder.onnx", "dynamics.onnx")
DENSITY_LIMIT: Final = 40.0
"""Notes sounding: the published renderer clips here too."""

LARGE: Final = 16_000_000
"""Bytes of a graph that two threads read faster than one: a chord's step is bound by memory, and
one core draws no more than half of what there is. In smaller graphs they would only wait.
"""

Rows = NDArray[np.float32]
Film = tuple[Rows, ...]
"""An encoded film: each decoder layer's keys (1, H, D, T), then its values (1, H, T, D)."""
Device = Literal["cpu", "cuda"]

_ROOTS, _ATTRIBUTES = decomposed()


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself.

    Attributes:
        name: for people, such as "starter".
        layout: columns that its feature rows have.
        window: most seconds that the chord model sees at once.
        pad_to: for the chord model rows of zeros are added up to here; None for exact rows.
        cache_row: shape (L, 2, H, D) of what one chord leaves in the cache.
        metrics: scores on held-out songs beside trivial predictors.
        parity: PyTorch against ONNX Runtime when the bundle was made.
        training: data and their licences.
        files: sha256 of each file, as hex.
        dynamics_pad_to: the same for the model of density and loudness.
        recall: how the chord model's belief is mixed with the piece's memory of itself, or None.
    """

    name: str
    layout: Layout
    window: int
    pad_to: int | None
    cache_row: tuple[int, int, int, int]
    metrics: Mapping[str, Any]
    parity: Mapping[str, Any]
    training: Mapping[str, Any]
    files: Mapping[str, str]
    dynamics_pad_to: int | None = None
    recall: RecallWeights | None = None

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read manifest.json.

        Raises:
            BadBundle: not a manifest of this format version.
        """
        try:
            content = json.loads(text)
            version, size = content["format"], content["vocabulary"]
            if version != FORMAT or size != SIZE:
                raise BadBundle(
                    f"{where}: expected a bundle of format {FORMAT} with {SIZE} chords, got format "
                    f"{version} with {size}; export it again with this version of scorelock"
                )
            manifest = cls(
                name=str(content["name"]),
                layout=content["layout"],
                window=int(content["window"]),
                pad_to=_optional(content["pad_to"]),
                cache_row=tuple(map(int, content["cache_row"])),  # type: ignore[arg-type]
                metrics=content["metrics"],
                parity=content["parity"],
                training=content["training"],
                files=dict(content["files"]),
                dynamics_pad_to=_optional(content.get("dynamics_pad_to", content["pad_to"])),
                recall=RecallWeights.parse(recall) if (recall := content.get("recall")) else None,
            )
        except (ValueError, KeyError, TypeError) as err:
            raise BadBundle(
                f"{where}: expected a bundle's manifest.json, got one that cannot be read "
                f"({type(err).__name__}: {err}); download or export the bundle again"
            ) from err
        sizes = (*manifest.cache_row, manifest.window)
        if manifest.layout not in WIDTH or len(sizes) != 5 or min(sizes) < 1:
            raise BadBundle(f"{where}: the manifest's layout, window or cache_row make no sense")
        return manifest


def _optional(rows: Any) -> int | None:  # noqa: ANN401
    return None if rows is None else int(rows)


class Bundle:
    """An opened bundle: its manifest and its three graphs, ready to run."""

    def __init__(self, manifest: Manifest, sessions: Mapping[str, Any]) -> None:
        self.manifest = manifest
        self._sessions = sessions

    @classmethod
    def open(
        cls, folder: Path | None = None, *, device: Device = "cpu", threads: int | None = None
    ) -> Self:
        """Open a bundle: see `find_bundle` for which.

        Every file is compared with its sha256 before it is used.

        Raises:
            BadBundle: the folder is no bundle, or a file is missing or damaged.
            MissingPart: onnxruntime, or its CUDA build when that is asked for, is not installed.
        """
        place = find_bundle(folder)
        where = str(place)
        try:
            text = place.joinpath("manifest.json").read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as err:
            raise BadBundle(
                f"expected a model bundle (a folder with manifest.json) at {where}, got: "
                f"{getattr(err, 'strerror', None) or err}"
            ) from err
        manifest = Manifest.parse(text, where)
        missing = [name for name in GRAPHS if name not in manifest.files]
        if missing:
            raise BadBundle(f"{where}: expected {', '.join(missing)} in the manifest's files")
        graphs = {name: _checked(place, name, manifest.files[name]) for name in manifest.files}
        opened = {
            name: _session(graphs[name], f"{where}/{name}", device, threads) for name in GRAPHS
        }
        return cls(manifest, opened)

    def encode(self, features: Rows) -> Film:
        """Raw features (T, F) of one window, to what each chord attends to."""
        return tuple(
            self._run("encoder.onnx", features=self._padded(features, self.manifest.pad_to)[None])
        )

    def decode(
        self, tokens: NDArray[np.int64], minor: bool, cache: Rows, film: Film
    ) -> tuple[Rows, Rows]:
        """Logits (S, 159) of the chord after each of S tokens, and the cache's new rows.

        `cache` is (2 L, t, 1, H, D) of the t chords before, `film` what `encode` gave; the new rows
        are (2 L, S, 1, H, D).
        """
        logits, rows = self._run(
            "decoder.onnx",
            root=_ROOTS[tokens][None],
            attribute=_ATTRIBUTES[tokens][None],
            minor=np.array([minor], np.float32),
            **{f"cache_{i}": part for i, part in enumerate(cache)},
            **{f"film_{i}": part for i, part in enumerate(film)},
        )
        return logits[0], rows

    def dynamics(self, features: Rows) -> Dynamics:
        """Density 0..40 and loudness 0..1 of every second, from raw features (T, F) of any T."""
        y = self.raw_dynamics(features)
        return Dynamics(y[:, 0].clip(0, DENSITY_LIMIT), y[:, 1].clip(0, 1))

    def raw_dynamics(self, features: Rows) -> Rows:
        """What the regressor itself says, (T, 2), not clipped."""
        padded = self._padded(features, self.manifest.dynamics_pad_to)
        (y,) = self._run("dynamics.onnx", features=padded[None])
        return y[0, : len(features)]

    def _run(self, graph: str, **inputs: NDArray[Any]) -> list[Rows]:
        results: list[Rows] = self._sessions[graph].run(None, inputs)
        return results

    def _padded(self, features: Rows, pad_to: int | None) -> Rows:
        rows, width = features.shape
        if width != WIDTH[self.manifest.layout]:
            raise BadBundle(
                f"the bundle {self.manifest.name!r} reads {WIDTH[self.manifest.layout]} features a "
                f"second ({self.manifest.layout}), got {width}"
            )
        missing = max(0, (pad_to or 0) - rows)
        return np.pad(features.astype(np.float32, copy=False), ((0, missing), (0, 0)))


def find_bundle(folder: Path | None = None) -> Path:
    """The folder of a bundle: the one given, one that ships if that has its name, or "starter"."""
    if folder is not None and folder.exists():
        return folder
    shipped = Path(str(files("scorelock.engine").joinpath("bundles", str(folder or "starter"))))
    return folder if folder is not None and not shipped.is_dir() else shipped


def _checked(place: Path, name: str, digest: str) -> bytes:
    try:
        content = place.joinpath(name).read_bytes()
    except OSError as err:
        raise BadBundle(
            f"{place}: expected the file {name}, got: {err.strerror}; install or export it again"
        ) from err
    if hashlib.sha256(content).hexdigest() != digest:
        raise BadBundle(
            f"{place}: {name} is not the file that the manifest describes (its sha256 differs); "
            "install or export the bundle again"
        )
    return content


def _threads(graph: bytes) -> int:
    return min(2, os.cpu_count() or 1) if len(graph) > LARGE else 1


def _session(graph: bytes, where: str, device: Device, threads: int | None) -> Any:  # noqa: ANN401
    try:
        import onnxruntime
    except ImportError as err:
        raise MissingPart(
            "expected onnxruntime to run the models; pip install 'scorelock[cpu]'"
        ) from err
    providers = ["CPUExecutionProvider"]
    if device == "cuda":
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise MissingPart(
                "expected onnxruntime with CUDA, found the CPU build; "
                "pip uninstall onnxruntime, then pip install 'scorelock[gpu]'"
            )
        providers.insert(0, "CUDAExecutionProvider")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _threads(graph)
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph, options, providers=providers)
    except Exception as err:  # onnxruntime's own errors share no narrower base
        reason = str(err).splitlines()[0]
        raise BadBundle(
            f"expected a graph that onnxruntime can run in {where}, got: {reason}"
        ) from err
