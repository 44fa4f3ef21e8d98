"""CLIP's image encoder at the paper's size on the processor: eight bits beside single precision."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from scorelock.engine.clip import Clip, Precision
from scorelock.engine.errors import MissingPart

VISION: Final = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "patch_size": 14,
    "image_size": 336,
}
"""ViT-L/14@336px. The words' encoder is small here, for it is not what is measured."""
TEXT: Final = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 1}
OUTLIERS: Final = 6
"""Channels of every norm that are thirty times the others, as trained CLIPs have some."""
TIMES: Final = 3


def measure(now: Callable[[], float], vision: Mapping[str, int] = VISION) -> dict[str, Any]:
    """Time one frame at a time, both ways in turn, from the frame to its embedding and emotions.

    The weights are random, for the published ones do not come with Scorelock: time does not depend
    on them, and nearness is measured with channels that are made as large as trained ones.

    Returns:
        "ours", "other": seconds a frame in int8 and in fp32, medians; "torch": transformers' own
        model in PyTorch; "ratio"; "cosine" and "emotion_difference" of int8; "what".

    Raises:
        MissingPart: PyTorch, onnx or transformers is not installed.
    """
    try:
        import onnx  # noqa: F401
        import torch
        import transformers  # noqa: F401
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} to make CLIP's graphs; pip install 'scorelock[clip]'"
        ) from err
    from scorelock.export.clip.onnx_clip import normalised, pictures, write_clip
    from scorelock.export.clip.sources import ClipSource

    source = ClipSource(_random(vision), "random weights", "none")
    ways: dict[str, Callable[[], object]] = {}
    (frame,) = pictures(3, 1)
    pixels = normalised(frame, vision["image_size"])[None]

    def in_torch() -> object:
        with torch.inference_mode():
            return source.model.vision_model(pixel_values=pixels)

    with tempfile.TemporaryDirectory() as place:
        proofs = {}
        precisions: tuple[Precision, ...] = ("fp32", "int8")
        for precision in precisions:
            folder = Path(place) / precision
            folder.mkdir()
            proofs[precision] = write_clip(source, folder, precision)["parity"]
            clip = Clip.open(folder, device="cpu")
            ways[precision] = lambda clip=clip: clip.see([frame])  # type: ignore[misc]
        ways["torch"] = in_torch
        seconds = _timed(now, ways)
    proof = proofs["int8"]
    ratio = seconds["fp32"] / seconds["int8"]
    return {
        "ours": seconds["int8"],
        "other": seconds["fp32"],
        "torch": seconds["torch"],
        "ratio": ratio,
        "cosine": proof["cosine"],
        "emotion_difference": proof["emotion_difference"],
        "what": "a frame through CLIP ViT-L/14@336px (random weights, some channels 30 times the "
        f"others) in int8; other: in fp32; PyTorch {seconds['torch']:.3f} s; int8 keeps a cosine "
        f"of {proof['cosine']:.4f}, emotions within {proof['emotion_difference']:.4f}",
    }


def _timed(now: Callable[[], float], ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median of each way; they take turns, so that all see the same machine."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TIMES + 1):
        for name, way in ways.items():
            begins = now()
            way()
            times[name].append(now() - begins)
    return {name: median(each[1:]) for name, each in times.items()}


def _random(vision: Mapping[str, int]) -> Any:  # noqa: ANN401
    import torch
    import transformers

    library: Any = transformers
    torch.manual_seed(0)
    config = library.CLIPConfig(
        projection_dim=768,
        vision_config=dict(vision),
        text_config=TEXT | {"num_attention_heads": 1, "eos_token_id": 49407},
    )
    model = library.CLIPModel(config).eval()
    draw = np.random.default_rng(0)
    with torch.no_grad():
        for weight in model.vision_model.encoder.parameters():
            if weight.ndim == 2:  # so that every layer says something, as trained ones do
                weight.normal_(0, weight.shape[1] ** -0.5)
        for layer in model.vision_model.encoder.layers:
            attention = layer.self_attn
            for norm, readers in (
                (layer.layer_norm1, [attention.q_proj, attention.k_proj, attention.v_proj]),
                (layer.layer_norm2, [layer.mlp.fc1]),
            ):
                large = draw.permutation(len(norm.weight))[:OUTLIERS]
                norm.weight[large] *= 30
                for reader in readers:
                    reader.weight[:, large] /= 30
    return model
