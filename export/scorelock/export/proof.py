"""The proof that a bundle's manifest carries, in words."""

from collections.abc import Mapping
from typing import Any, Final

ABSURD: Final = 1e9
"""No number of a proof comes near; one that does was written by hand."""


def in_words(proof: Mapping[str, Any]) -> str:
    """One line of what a manifest's "parity" holds; whatever it lacks is left out."""
    precision = proof.get("precision")
    made = [
        precision if isinstance(precision, str) else "",
        _filled("opset {:.0f}", _number(proof, "opset")),
    ]
    size = _filled("{:.1e}", _number(proof, "max_abs_difference"))
    steps = _filled(" over {:.0f} chords", _number(proof, "steps"))
    loud = _filled("{:.1e}", _number(proof, "dynamics_max_abs_difference"))
    parts = [
        ", ".join(filter(None, made)),
        size and f"logits within {size} of PyTorch's{steps}",
        _filled("likeliest chord the same in {:.2%}", _number(proof, "argmax_agreement")),
        loud and f"density and loudness within {loud}",
        _hits(proof),
    ]
    return "; ".join(filter(None, parts))


def _hits(proof: Mapping[str, Any]) -> str:
    hits = proof.get("hits")
    if not isinstance(hits, Mapping):
        return ""
    bundle, change = hits.get("bundle"), hits.get("change")
    rows = [
        f"@{key.removeprefix('hits')} {score:.4f} ({moved:+.4f})"
        for key in (bundle if isinstance(bundle, Mapping) else ())
        if (score := _number(bundle, key)) is not None
        and (moved := _number(change, key)) is not None
    ]
    same = _filled(
        ", likeliest chord the same in {:.2%}", _number(proof, "argmax_agreement_on_data")
    )
    songs = _filled(" on {:.0f} songs", _number(hits, "songs"))
    return f"Hits{songs} {', '.join(rows)}{same}" if rows else ""


def _number(values: Any, key: str) -> float | None:  # noqa: ANN401 - a manifest may hold anything
    value = values.get(key) if isinstance(values, Mapping) else None
    return value if isinstance(value, int | float) and abs(value) < ABSURD else None


def _filled(words: str, value: float | str | None) -> str:
    return "" if value is None else words.format(value)
