"""A model bundle: a folder of ONNX graphs and the manifest that says what they are.

`manifest.json` names the format version, the feature layout, the sizes, the window, the licence and
training data, the metrics, and the sha256 of every file.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadBundle, MissingPart
from scorelock.engine.features import WIDTH, Layout
from scorelock.engine.files import require_whole
from scorelock.engine.recall import RecallWeights
from scorelock.engine.runtime import Buffers, Chosen, Device, choose, open_graph, run, threads_for
from scorelock.engine.score import Dynamics
from scorelock.engine.vocabulary import SIZE, decomposed

FORMAT: Final = 2
RECALL: Final = "recall.json"
"""What a run of `scorelock train recall` leaves, and the manifest takes over."""
BASELINES: Final = "baselines.npz"
"""Counts of the training songs, with which `scorelock evaluate` compares."""
ENCODER: Final = "encoder.onnx"
DECODER: Final = "decoder.onnx"
"""For every device, in standard operators alone."""
DECODER_ON_CPU: Final = "decoder.cpu.onnx"
"""The same, faster on the processor; a bundle of half precision has none."""
WEIGHTS: Final = "decoder.bin"
"""Of both decoders."""
DYNAMICS: Final = "dynamics.onnx"
FILES: Final = (ENCODER, DECODER, WEIGHTS, DYNAMICS)
"""What every bundle has beside its manifest."""
DENSITY_LIMIT: Final = 40.0
"""Notes sounding: the published renderer clips here too."""

Rows = NDArray[np.float32]

_ROOTS, _ATTRIBUTES = decomposed()
_POSITIONS: Final = np.arange(1 << 16)


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
        precision: of the decoder's weights: fp32, fp16, or int8 with its sums in fp32.
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
    precision: str = "fp32"

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
                newer = isinstance(version, int) and version > FORMAT
                raise BadBundle(
                    f"{where}: expected a bundle of format {FORMAT} with {SIZE} chords, got format "
                    f"{version} with {size}; "
                    + ("update scorelock" if newer else "export it again with this version")
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
                precision=str(content.get("precision", "fp32")),
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
    """An opened bundle: its manifest and its graphs, ready to run on a device."""

    def __init__(
        self,
        manifest: Manifest,
        device: Chosen,
        sessions: Mapping[str, Any],
        stepped: Callable[[], None] = lambda: None,
    ) -> None:
        self.manifest = manifest
        self.device = device
        self._sessions = sessions
        self._stepped = stepped

    @classmethod
    def open(
        cls, folder: Path | None = None, *, device: Device = "cpu", threads: int | None = None
    ) -> Self:
        """Open a bundle: see `find_bundle` for which.

        Every file is compared with its sha256 before it is used. `device` "auto" takes the
        processor where another one is there but cannot load.

        Raises:
            BadBundle: the folder is no bundle, or a file is missing or damaged.
            MissingPart: onnxruntime, or its build for the device, is not installed or cannot load.
        """
        place = find_bundle(folder)
        manifest = _checked(place)
        chosen = choose(device)
        try:
            return cls._on(place, manifest, chosen, threads)
        except MissingPart as err:
            if device != "auto" or chosen.device == "cpu":
                raise
            return cls._on(place, manifest, Chosen("cpu", str(err)), threads)

    @classmethod
    def _on(cls, place: Path, manifest: Manifest, device: Chosen, threads: int | None) -> Self:
        if device.device == "cuda":
            try:
                bundle = cls(manifest, device, _sessions(place, manifest, "cuda", captured=True))
                steps = bundle.begin(np.zeros((2, WIDTH[manifest.layout]), np.float32), [False])
                for _ in range(3):
                    steps.advance(np.ones((1, 1), np.int64))
            except (MissingPart, RuntimeError):  # this CUDA or GPU cannot record the step
                return cls(manifest, device, _sessions(place, manifest, "cuda"))
            return bundle
        return cls(manifest, device, _sessions(place, manifest, device.device, threads=threads))

    def telling(self, stepped: Callable[[], None]) -> Self:
        """The same bundle, which tells of each step of decoding; what that raises ends it."""
        return type(self)(self.manifest, self.device, self._sessions, stepped)

    def begin(self, features: Rows, minor: Sequence[bool]) -> "BundleSteps":
        """See raw features (T, F) of one window; then decode a take for each of `minor`.

        Raises:
            BadBundle: the features have another width.
            ValueError: there are more rows than the window holds.
        """
        if len(features) > self.manifest.window:
            raise ValueError(f"at most {self.manifest.window} rows a window, got {len(features)}")
        padded = self._padded(features, self.manifest.pad_to)
        device = self.device.device
        film = run(self._sessions[ENCODER], device, {"features": padded[None]})
        buffers = Buffers(self._sessions[DECODER], device)
        for index, part in enumerate(film):
            buffers.give(f"film_{index}", part)
        return BundleSteps(self.manifest, buffers, minor, self._stepped)

    def dynamics(self, features: Rows) -> Dynamics:
        """Density 0..40 and loudness 0..1 of every second, from raw features (T, F) of any T."""
        y = self.raw_dynamics(features)
        return Dynamics(y[:, 0].clip(0, DENSITY_LIMIT), y[:, 1].clip(0, 1))

    def raw_dynamics(self, features: Rows) -> Rows:
        """What the regressor itself says, (T, 2), not clipped."""
        padded = self._padded(features, self.manifest.dynamics_pad_to)
        (y,) = self._sessions[DYNAMICS].run(None, {"features": padded[None]})
        rows: Rows = y[0, : len(features)]
        return rows

    def _padded(self, features: Rows, pad_to: int | None) -> Rows:
        rows, width = features.shape
        if width != WIDTH[self.manifest.layout]:
            raise BadBundle(
                f"the bundle {self.manifest.name!r} reads {WIDTH[self.manifest.layout]} features a "
                f"second ({self.manifest.layout}), got {width}"
            )
        missing = max(0, (pad_to or 0) - rows)
        return np.pad(features.astype(np.float32, copy=False), ((0, missing), (0, 0)))


class BundleSteps:
    """One window of film, seen, and the chords of B takes so far, on a cache that never moves.

    A step writes its rows of the cache in place (see `scorelock.export.decoder_graph`), so going
    back costs nothing.
    """

    _captures = count()

    def __init__(
        self,
        manifest: Manifest,
        buffers: Buffers,
        minor: Sequence[bool],
        stepped: Callable[[], None] = lambda: None,
    ) -> None:
        layers, pair, heads, width = manifest.cache_row
        self._buffers = buffers
        self._takes = len(minor)
        self._window = manifest.window
        self._position = 0
        half = np.float16 if manifest.precision == "fp16" else np.float32
        rows = np.zeros((self._takes, heads, manifest.window, width), half)
        for name in (f"{part}_{i}" for i in range(layers) for part in ("key", "value")[:pair]):
            buffers.put(name, rows)
            buffers.share(name, f"{name}_new")
        buffers.put("minor", np.array(minor, np.float32))
        self._room = self._capture = 0
        self._stepped = stepped

    @property
    def position(self) -> int:
        """Chords so far."""
        return self._position

    def rewind(self, position: int) -> None:
        """Forget the chords from `position` on."""
        if not 0 <= position <= self._position:
            raise ValueError(f"expected a position of 0..{self._position}, got {position}")
        self._position = position

    def advance(self, tokens: NDArray[np.int64]) -> Rows:
        """Logits (B, S, 159) of the chord after each of S more, tokens (B, S)."""
        takes, chords = tokens.shape
        if takes != self._takes or not 1 <= chords <= self._window - self._position:
            raise ValueError(
                f"expected {self._takes} takes of 1..{self._window - self._position} chords, got "
                f"{takes} of {chords}"
            )
        self._stepped()
        if takes > 1 < chords and self._position:  # fused attention goes on with one row alone
            single = [self._advance(tokens[:, i : i + 1]) for i in range(chords)]
            return np.concatenate(single, axis=1)
        return self._advance(tokens)

    def _advance(self, tokens: NDArray[np.int64]) -> Rows:
        takes, chords = tokens.shape
        buffers, first = self._buffers, self._position
        buffers.put("root", _ROOTS[tokens])
        buffers.put("attribute", _ATTRIBUTES[tokens])
        buffers.put("position", _POSITIONS[first : first + chords])
        if chords != self._room:
            # All of these lie elsewhere now: what was recorded with them does not hold any more.
            buffers.result("logits", (takes, chords, SIZE))
            self._room, self._capture = chords, next(self._captures)
        buffers.run(self._capture if chords == 1 else None)
        self._position += chords
        return buffers.read("logits")


def find_bundle(folder: Path | None = None) -> Path:
    """The folder of a bundle: the one given, one that ships if that has its name, or "starter"."""
    if folder is not None and folder.exists():
        return folder
    shipped = Path(str(files("scorelock.engine").joinpath("bundles", str(folder or "starter"))))
    return folder if folder is not None and not shipped.is_dir() else shipped


def manifest_of(folder: Path | None = None) -> Manifest:
    """What a bundle says of itself, before it is opened; `folder` as `find_bundle` takes it.

    Raises:
        BadBundle: there is none.
    """
    place = find_bundle(folder)
    try:
        text = place.joinpath("manifest.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise BadBundle(
            f"expected a model bundle (a folder with manifest.json) at {place}, got: "
            f"{getattr(err, 'strerror', None) or err}"
        ) from err
    return Manifest.parse(text, str(place))


def _checked(place: Path) -> Manifest:
    """The manifest of a folder whose every file is the one that it describes."""
    where, manifest = str(place), manifest_of(place)
    missing = [name for name in FILES if name not in manifest.files]
    if missing:
        raise BadBundle(f"{where}: expected {', '.join(missing)} in the manifest's files")
    require_whole(place, manifest.files, "install or export the bundle again")
    return manifest


def _sessions(
    place: Path,
    manifest: Manifest,
    device: Device,
    *,
    threads: int | None = None,
    captured: bool = False,
) -> dict[str, Any]:
    fused = device == "cpu" and DECODER_ON_CPU in manifest.files
    size = (place / WEIGHTS).stat().st_size
    return {
        ENCODER: open_graph(place / ENCODER, device, threads or threads_for("arithmetic", 0)),
        DECODER: open_graph(
            place / (DECODER_ON_CPU if fused else DECODER),
            device,
            threads or threads_for("memory", size),
            bound="memory",
            captured=captured,
        ),
        DYNAMICS: open_graph(place / DYNAMICS, device, threads),
    }
