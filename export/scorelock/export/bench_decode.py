"""Cached decoding on ONNX Runtime against the public way, on the same weights and machine.

The public generator runs encoder and decoder over everything again for each chord. Both ways take
the published size with random weights in fp32, the same film and the same greedy rules, so the
chords must agree; what differs is the time.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.decoder import decode_chords
from scorelock.engine.errors import MissingPart
from scorelock.engine.features import WIDTH
from scorelock.engine.sampling import Forbid, LimitRepeats, Sampler, Temperature

if TYPE_CHECKING:
    from scorelock.training.amt import Amt

FIRST: Final = 1  # C major
PUBLISHED_SIZES: Final = {
    "d_model": 512,
    "heads": 8,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "feed_forward": 1024,
}
"""Kang et al. 2024, section 4.2."""


def measure(now: Callable[[], float], steps: int = 300) -> dict[str, Any]:
    """Seconds for `steps` chords both ways, after one untimed short run of each.

    Args:
        now: reads a clock in seconds.
        steps: chords, 2..300.

    Returns:
        Seconds "ours" and "other", "ratio" = other / ours, "tokens_equal", "steps", "parameters",
        and "what" in a line.

    Raises:
        MissingPart: PyTorch or onnx is not installed.
    """
    try:
        import torch

        from scorelock.export.onnx_export import export_bundle
        from scorelock.training.amt import Amt, AmtSizes
        from scorelock.training.bigru import BiGru, GruSizes
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} for this comparison; pip install 'scorelock[train]'"
        ) from err
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", **PUBLISHED_SIZES, standardised=False)).eval()
    dynamics = BiGru(GruSizes("published", standardised=False))
    about = {"licence": "none: random weights", "training": {}, "metrics": {}}
    with tempfile.TemporaryDirectory() as folder:
        export_bundle(amt, dynamics, Path(folder) / "bundle", name="random", about=about)
        bundle = Bundle.open(Path(folder) / "bundle")
    return compare(amt, bundle, now, steps)


def compare(amt: "Amt", bundle: Bundle, now: Callable[[], float], steps: int) -> dict[str, Any]:
    """What `measure` does, for any AMT of the published kind and the bundle made of it."""
    layout = bundle.manifest.layout
    film = np.random.default_rng(0).standard_normal((steps, WIDTH[layout])).astype(np.float32)
    ways: dict[str, Callable[[int], list[int]]] = {
        "ours": lambda n: _cached(bundle, film[:n]),
        "other": lambda n: _whole(amt, film[:n]),
    }
    chords, seconds = {}, {}
    for name, way in ways.items():
        way(2)
        begun = now()
        chords[name] = way(steps)
        seconds[name] = now() - begun
    return {
        "steps": steps,
        "parameters": sum(p.numel() for p in amt.parameters()),
        "ours": seconds["ours"],
        "other": seconds["other"],
        "ratio": seconds["other"] / seconds["ours"],
        "tokens_equal": chords["ours"] == chords["other"],
        "what": f"{steps} chords, each a cached step of ONNX Runtime; "
        "other: PyTorch, everything again for each; ratio: other / ours",
    }


def _greedy() -> Sampler:
    return Sampler((Forbid(), LimitRepeats(2), Temperature(0)), np.random.default_rng(0))


def _cached(bundle: Bundle, film: NDArray[np.float32]) -> list[int]:
    return list(decode_chords(bundle, film, False, [FIRST], _greedy()))


def _whole(amt: "Amt", film: NDArray[np.float32]) -> list[int]:
    """Chord by chord, everything from the film on computed again (Video2Music's `generate`)."""
    import torch

    from scorelock.training.batches import split_tokens

    features = torch.from_numpy(film)[None]
    chords, sampler = [FIRST], _greedy()
    with torch.inference_mode():
        while len(chords) < len(film):
            logits = amt(features, None, split_tokens(torch.tensor([chords])), torch.zeros(1))
            chords.append(sampler.draw(logits[0, -1].numpy(), chords))
    return chords
