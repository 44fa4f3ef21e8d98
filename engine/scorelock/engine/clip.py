"""CLIP as Video2Music uses it: what a frame shows, and which of six words fits its mood.

A folder that `scorelock models add clip` made holds the image encoder as an ONNX graph and the six
words as vectors, so that watching needs neither PyTorch nor a tokenizer.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from scorelock.engine.errors import BadBundle, MissingPart
from scorelock.engine.features import EMOTIONS
from scorelock.engine.files import require_whole
from scorelock.engine.model_shelf import CLIP, kept_model
from scorelock.engine.runtime import Device, choose, open_graph, threads_for
from scorelock.engine.video import Image

FORMAT: Final = 1
NAME: Final = CLIP
"""Under which it is kept unless another one is asked for."""
MANIFEST: Final = "manifest.json"
ENCODER: Final = "image.onnx"
WEIGHTS: Final = "image.bin"
PROMPTS: Final = "prompts.npy"
FILES: Final = (ENCODER, WEIGHTS, PROMPTS)

MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
STD: Final = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue, 0..1, in the pictures of CLIP's training; the graph applies them."""
MOST_AT_ONCE: Final = 8
"""Frames in one run of the graph on a device: memory stays flat."""

Precision = Literal["fp32", "fp16", "int8"]
Rows = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClipManifest:
    """What a kept CLIP says of itself.

    Attributes:
        name: of the architecture, such as clip-vit-l-14-336.
        resolution: pixels a side of the square that the encoder sees.
        width: numbers in an image's embedding.
        precision: of the large products: fp32, fp16, or int8 (weights and what they multiply).
        parity: PyTorch against ONNX Runtime when it was made.
        files: sha256 of each file, as hex.
    """

    name: str
    resolution: int
    width: int
    precision: Precision
    parity: Mapping[str, Any]
    files: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the manifest of a folder.

        Raises:
            BadBundle: there is none, or it is not one of a CLIP of this format.
        """
        where = folder / MANIFEST
        try:
            content = json.loads(where.read_text(encoding="utf-8"))
            if content["kind"] != "clip" or content["format"] != FORMAT:
                raise ValueError(f"{content['kind']} of format {content['format']}")
            manifest = cls(
                name=str(content["name"]),
                resolution=int(content["architecture"]["resolution"]),
                width=int(content["architecture"]["embedding"]),
                precision=content["precision"],
                parity=content["parity"],
                files=dict(content["files"]),
            )
            if min(manifest.resolution, manifest.width) < 1 or set(FILES) - set(manifest.files):
                raise ValueError("sizes or files that make no sense")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
            reason = getattr(err, "strerror", None) or f"{type(err).__name__}: {err}"
            raise BadBundle(
                f"expected {where} to describe a CLIP of format {FORMAT}, got {reason}; "
                "scorelock models add clip makes one"
            ) from err
        return manifest

    def check(self, folder: Path) -> None:
        """Make sure that each file in the folder is the one that is described.

        Raises:
            BadBundle: one is missing or damaged.
        """
        described = {name: self.files[name] for name in FILES}
        require_whole(folder, described, "scorelock models add clip makes it again")

    @property
    def digest(self) -> str:
        """SHA-256 over its files, as hex: two that are equal see the same."""
        listing = "".join(f"{self.files[name]}  {name}\n" for name in FILES)
        return hashlib.sha256(listing.encode()).hexdigest()


class Clip:
    """An opened CLIP.

    Attributes:
        name: of its architecture, such as clip-vit-l-14-336.
        width: W, numbers in an embedding: 768 for ViT-L/14, 512 for ViT-B/32.
        digest: as its manifest has it.
        at_once: frames that it sees in one run: on the processor more are no quicker, and what it
            says of one would change in the last bits with those beside it.
    """

    def __init__(
        self,
        manifest: ClipManifest,
        prompts: Rows,
        encode: Callable[[NDArray[np.uint8]], Rows],
        at_once: int = 1,
    ) -> None:
        self.name = manifest.name
        self.width = manifest.width
        self.digest = manifest.digest
        self._resolution = manifest.resolution
        self._prompts = prompts
        self._encode = encode
        self.at_once = at_once

    @classmethod
    def open(
        cls, folder: Path | None = None, *, device: Device = "auto", threads: int | None = None
    ) -> Self:
        """Open the CLIP in a folder, or the kept one.

        Every file is compared with its sha256 first. `device` "auto" takes the processor for int8,
        and where another device is there but cannot load.

        Raises:
            BadBundle: the folder is no CLIP, or a file is missing or damaged.
            MissingPart: none is kept, or onnxruntime, or its build for the device, is not
                installed or cannot load.
        """
        place = kept_model(NAME) if folder is None else folder
        manifest = ClipManifest.read(place)
        manifest.check(place)
        chosen = choose(device).device
        if manifest.precision == "int8" and chosen != "cpu":
            if device != "auto":
                raise MissingPart(
                    f"expected a CLIP of half precision for --device {device}, got int8 in {place};"
                    " scorelock models add clip --precision fp16"
                )
            chosen = "cpu"
        try:
            return cls._on(place, manifest, chosen, threads)
        except MissingPart:
            if device != "auto" or chosen == "cpu":
                raise
            return cls._on(place, manifest, "cpu", threads)

    @classmethod
    def _on(cls, place: Path, manifest: ClipManifest, device: Device, threads: int | None) -> Self:
        session = open_graph(place / ENCODER, device, threads or threads_for("arithmetic", 0))
        prompts = np.load(place / PROMPTS, allow_pickle=False)
        if prompts.shape != (len(EMOTIONS), manifest.width):
            raise BadBundle(
                f"{place / PROMPTS}: expected ({len(EMOTIONS)}, {manifest.width}) numbers, got "
                f"{prompts.shape}; scorelock models add clip makes it again"
            )

        def encode(pixels: NDArray[np.uint8]) -> Rows:
            (rows,) = session.run(None, {"pixels": pixels})
            return np.asarray(rows, np.float32)

        return cls(manifest, prompts, encode, 1 if device == "cpu" else MOST_AT_ONCE)

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        """What N frames of any size show.

        Returns:
            (N, W) image embeddings, not normalised, and (N, 6) probabilities of the six emotions:
            the softmax of CLIP's scaled cosine between the image and each bare word.
        """
        pixels = np.empty((len(frames), self._resolution, self._resolution, 3), np.uint8)
        for row, frame in zip(pixels, frames, strict=True):
            row[...] = prepare(frame, self._resolution)
        semantic = np.empty((len(frames), self.width), np.float32)
        for first in range(0, len(frames), self.at_once):
            part = slice(first, first + self.at_once)
            semantic[part] = self._encode(pixels[part])
        return semantic, emotions_of(semantic, self._prompts)


def prepare(frame: Image, resolution: int) -> NDArray[np.uint8]:
    """A frame as CLIP's own preprocessing hands it to the normalisation: (R, R, 3), RGB, 0..255.

    The shorter side is brought to R by Pillow's bicubic filter, the longer one in proportion,
    rounded down; the middle is cut out, an odd rest rounded to even (torchvision's Resize and
    CenterCrop, which CLIP's published code uses).
    """
    height, width = frame.shape[:2]
    short, long = sorted((height, width))
    other = int(resolution * long / short)
    size = (resolution, other) if width <= height else (other, resolution)
    picture = Picture.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    resized = np.asarray(picture.resize(size, Picture.Resampling.BICUBIC))
    top, left = (round((side - resolution) / 2) for side in resized.shape[:2])
    return resized[top : top + resolution, left : left + resolution]


def emotions_of(semantic: Rows, prompts: Rows) -> Rows:
    """Probabilities (N, 6) of the words whose vectors are `prompts` (6, W), each of the length that
    CLIP scales its cosine by.
    """
    length = np.linalg.norm(semantic, axis=1, keepdims=True)
    logits = semantic / np.maximum(length, np.finfo(np.float32).tiny) @ prompts.T
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)
