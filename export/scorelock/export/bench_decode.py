"""Decoding in this package, the public way, and the memory's limit, in one run on one machine.

The public generator runs encoder and decoder over everything again for each chord. All ways take
the published size with the same random weights, the same film and the same greedy rules, so in fp32
the chords must agree; what differs is the time. Weights without training believe in many chords
nearly alike, so the agreement of int8 here is a hard case (`scorelock export --data` tells others).
"""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import WEIGHTS, Bundle
from scorelock.engine.decoder import CONTEXT_S, decode_takes
from scorelock.engine.errors import MissingPart
from scorelock.engine.features import WIDTH
from scorelock.engine.runtime import Device, choose
from scorelock.engine.sampling import Forbid, LimitRepeats, Sampler
from scorelock.engine.vocabulary import END

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
TIMES: Final = 5
"""Our ways are timed so often, and the median counts."""
TAKES: Final = 8
MANY: Final = 64
READ_BYTES: Final = 1 << 28

Now = Callable[[], float]
Rows = NDArray[np.float32]


def measure(now: Now, steps: int = 300, device: Device = "auto") -> dict[str, Any]:
    """Time `steps` chords of one film in every way, after an untimed short run of each.

    Args:
        now: reads a clock in seconds.
        steps: chords, 2..300.
        device: that ours run on; the public way and the limit are the processor's.

    Returns:
        Seconds "public_s", "fp32_s", "int8_s" (on CUDA "fp16_s" as well), "ratio_fp32" and
        "ratio_int8" = public / ours, "tokens_equal" of fp32 and the public way, the limit's
        "bandwidth_gb_s" and "limit_share_fp32", "takes8_over_1", "takes64_s" (fp16 where timed),
        "argmax_agreement_int8",
        "encode_s" and "encode_share" of the measured rate of matrix products, "first_chord_s" of a
        window that goes on after 60 chords, "step_ms_by_threads", "device", and "ours", "other",
        "ratio" and "what" in a line.

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
    device = choose(device).device
    torch.manual_seed(0)
    amt = Amt(AmtSizes("published", **PUBLISHED_SIZES, standardised=False)).eval()
    dynamics = BiGru(GruSizes("published", standardised=False))
    about = {"licence": "none: random weights", "training": {}, "metrics": {}}
    with tempfile.TemporaryDirectory() as folder:
        places = {name: Path(folder) / name for name in _precisions(device)}
        for name, place in places.items():
            export_bundle(amt, dynamics, place, name=name, about=about, precision=name)  # type: ignore[arg-type]
        return compare(amt, places, now, steps, device)


def _precisions(device: Device) -> tuple[str, ...]:
    return ("fp32", "int8") if device == "cpu" else ("fp32", "int8", "fp16")


def compare(
    amt: "Amt", places: dict[str, Path], now: Now, steps: int, device: Device = "cpu"
) -> dict[str, Any]:
    """What `measure` does, for any AMT of the published kind and the bundles made of it."""
    bundles = {name: Bundle.open(place, device=device) for name, place in places.items()}
    fp32 = bundles["fp32"]
    film = np.random.default_rng(0).standard_normal((steps, WIDTH["published"])).astype(np.float32)
    seconds = {
        f"{name}_s": _median(now, lambda b=bundle: cached(b, film, 1))  # type: ignore[misc]
        for name, bundle in bundles.items()
    }
    takes_s = _median(now, lambda: cached(fp32, film, TAKES), 3)
    many_s = _median(now, lambda: cached(bundles.get("fp16", fp32), film, MANY), 1)
    chords = cached(fp32, film, 1)[:, 0]
    encode_s = _median(now, lambda: fp32.begin(film, [False]))
    step_s = _median(now, _stepping(fp32, film)) / steps
    bandwidth = _bandwidth(now)
    whole(amt, film[:2])
    begun = now()
    public = whole(amt, film)
    public_s = now() - begun
    ratios = {f"ratio_{n.removesuffix('_s')}": public_s / s for n, s in seconds.items()}
    return {
        "device": fp32.device.device,
        "steps": steps,
        "parameters": sum(p.numel() for p in amt.parameters()),
        "public_s": public_s,
        **seconds,
        **ratios,
        "tokens_equal": chords.tolist() == public,
        "step_ms": 1000 * step_s,
        "bandwidth_gb_s": bandwidth / 1e9,
        "limit_share_fp32": _bytes_of_a_step(fp32, places["fp32"], steps) / bandwidth / step_s,
        "takes8_over_1": takes_s / seconds["fp32_s"],
        "takes64_s": many_s,
        "argmax_agreement_int8": _agreement(fp32, bundles["int8"], film),
        "encode_s": encode_s,
        "encode_share": _encoder_sums(amt) / encode_s / _product_rate(now),
        "first_chord_s": _median(now, lambda: _next_window(fp32, film, chords)),
        "step_ms_by_threads": _by_threads(places["fp32"], now, film) if device == "cpu" else {},
        "ours": seconds["fp32_s"],
        "other": public_s,
        "ratio": ratios["ratio_fp32"],
        "what": f"{steps} chords of the published size in fp32; other: the public way, PyTorch, "
        "everything again for each chord; ratio: other / ours",
    }


def rows(result: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """The table: measure, ours, other or the limit, their ratio, and what it is."""
    r = result
    public, step = f"{r['public_s']:.2f} s", f"{r['step_ms']:.2f} ms"
    limit = f"{r['step_ms'] * r['limit_share_fp32']:.2f} ms"
    table = [("decode, fp32", f"{r['fp32_s']:.3f} s", public, f"{r['ratio']:.1f}", r["what"])]
    for name in ("int8", "fp16"):
        if f"{name}_s" in r:
            agrees = f", likeliest chord the same in {r['argmax_agreement_int8']:.1%}"
            what = f"the same in {name}" + (agrees if name == "int8" else "")
            ratio = f"{r[f'ratio_{name}']:.1f}"
            table.append((f"decode, {name}", f"{r[f'{name}_s']:.3f} s", public, ratio, what))
    threads = ", ".join(f"{n}: {ms:.2f} ms" for n, ms in r["step_ms_by_threads"].items())
    return [
        *table,
        (
            *("decode, a step", step, limit, f"{r['limit_share_fp32']:.0%}"),
            "fp32; other: its weights, cache and film at this memory's "
            f"{r['bandwidth_gb_s']:.1f} GB/s; by threads {threads}",
        ),
        (
            *("decode, 8 takes", f"{r['takes8_over_1'] * r['fp32_s']:.3f} s"),
            *(f"{r['fp32_s']:.3f} s", f"{r['takes8_over_1']:.2f}"),
            "one batch; other: 1 take; ratio: ours / other",
        ),
        (
            *("decode, 64 takes", f"{r['takes64_s']:.3f} s", f"{r['fp32_s']:.3f} s"),
            f"{r['takes64_s'] / r['fp32_s']:.1f}",
            "the same, in fp16 where there is an accelerator",
        ),
        (
            *("encode", f"{1000 * r['encode_s']:.0f} ms"),
            *(f"{1000 * r['encode_s'] * r['encode_share']:.0f} ms", f"{r['encode_share']:.0%}"),
            "300 s of film; other: as many sums at this machine's rate of matrix products",
        ),
        (
            *("next window", f"{1000 * r['first_chord_s']:.0f} ms", "", ""),
            f"its first chord, after {CONTEXT_S} taken over",
        ),
    ]


def cached(bundle: Bundle, film: Rows, takes: int) -> NDArray[np.int64]:
    """Our way: chords (T, B)."""
    sampler = _greedy(takes)
    return np.stack([*decode_takes(bundle, film, [False] * takes, [[FIRST]] * takes, sampler)])


def whole(amt: "Amt", film: Rows) -> list[int]:
    """Chord by chord, everything from the film on computed again (Video2Music's `generate`)."""
    import torch

    from scorelock.training.batches import split_tokens

    features = torch.from_numpy(film)[None]
    chords, sampler = [FIRST], _greedy(1)
    with torch.inference_mode():
        while len(chords) < len(film):
            logits = amt(features, None, split_tokens(torch.tensor([chords])), torch.zeros(1))
            chords.append(int(sampler.draw(logits[:, -1].numpy(), np.array([chords]))[0]))
    return chords


def _greedy(takes: int) -> Sampler:
    return Sampler((Forbid(), LimitRepeats(2)), range(takes), temperature=0)


def _median(now: Now, way: Callable[[], object], times: int = TIMES) -> float:
    way()
    seconds = []
    for _ in range(times):
        begun = now()
        way()
        seconds.append(now() - begun)
    return median(seconds)


def _bandwidth(now: Now) -> float:
    """Bytes a second that this memory gives: the best of reading a large array in all ways."""
    array = np.ones(READ_BYTES // 4, np.float32)
    best = 0.0
    for threads in range(1, min(8, os.cpu_count() or 1) + 1):
        parts = np.array_split(array, threads)
        with ThreadPoolExecutor(threads) as pool:
            for read in (_dot, np.max):
                for _ in range(TIMES):
                    begun = now()
                    list(pool.map(read, parts))
                    best = max(best, READ_BYTES / (now() - begun))
    return best


def _dot(part: Rows) -> float:
    return float(np.dot(part, part))


def _product_rate(now: Now) -> float:
    """Multiplications with additions a second in NumPy's product of two large matrices."""
    a = np.ones((1024, 1024), np.float32)
    seconds = [_median(now, lambda: a @ a, 3) for _ in range(TIMES)]
    return float(1024**3 / min(seconds))


def _encoder_sums(amt: "Amt") -> float:
    """Multiplications with additions that one window takes in the encoder's products."""
    sizes = amt.sizes
    width, rows = sizes.d_model, sizes.window
    layer = 4 * width**2 + 2 * width * sizes.feed_forward + 2 * rows * width
    film = sizes.decoder_layers * 2 * width**2
    return rows * float(WIDTH[sizes.layout] * width + sizes.encoder_layers * layer + film)


def _agreement(fp32: Bundle, other: Bundle, film: Rows) -> float:
    """How often both hold the same chord for the likeliest, after the same random chords."""
    chords = np.random.default_rng(1).integers(FIRST, END, len(film))
    said = [
        np.concatenate([steps.advance(token[None, None])[0] for token in chords])
        for steps in (bundle.begin(film, [False]) for bundle in (fp32, other))
    ]
    return float((said[0].argmax(-1) == said[1].argmax(-1)).mean())


def _next_window(bundle: Bundle, film: Rows, chords: Sequence[int] | NDArray[np.int64]) -> None:
    given = [int(chord) for chord in chords[:CONTEXT_S]]
    decoding = decode_takes(bundle, film, [False], [given], _greedy(1))
    for _ in range(min(len(film), len(given) + 1)):
        next(decoding)


def _by_threads(place: Path, now: Now, film: Rows) -> dict[str, float]:
    """Milliseconds of a step in fp32, by the number of threads."""
    return {
        str(threads): 1000
        * _median(now, _stepping(Bundle.open(place, threads=threads), film), 3)
        / len(film)
        for threads in range(1, min(4, os.cpu_count() or 1) + 1)
    }


def _stepping(bundle: Bundle, film: Rows) -> Callable[[], None]:
    """As many steps as the film has seconds, without choosing."""
    steps, token = bundle.begin(film, [False]), np.array([[FIRST]])

    def run() -> None:
        steps.rewind(0)
        for _ in range(len(film)):
            steps.advance(token)

    return run


def _bytes_of_a_step(bundle: Bundle, place: Path, steps: int) -> float:
    """What a step reads once: all weights, the film's keys and values, the cache half full."""
    layers, pair, heads, width = bundle.manifest.cache_row
    row = 4 * layers * pair * heads * width
    return float((place / WEIGHTS).stat().st_size + row * (bundle.manifest.window + steps / 2))
