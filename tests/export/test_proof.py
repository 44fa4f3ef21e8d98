"""A manifest's proof is told in a line, whatever it holds."""

from typing import Any

import pytest

from scorelock.export.proof import in_words

OLD: dict[str, Any] = {
    "steps": 64,
    "max_abs_difference": 3.337860107421875e-06,
    "argmax_agreement": 1.0,
    "dynamics_max_abs_difference": 3.814697265625e-06,
}
NEW = OLD | {
    "precision": "int8",
    "opset": 21,
    "argmax_agreement_on_data": 0.9931,
    "hits": {
        "songs": 75,
        "model": {"hits1": 0.5139, "hits3": 0.7},
        "bundle": {"hits1": 0.5128, "hits3": 0.701},
        "change": {"hits1": -0.0011, "hits3": 0.001},
    },
}


def test_all_of_a_proof() -> None:
    assert in_words(NEW) == (
        "int8, opset 21; logits within 3.3e-06 of PyTorch's over 64 chords; likeliest chord the "
        "same in 100.00%; density and loudness within 3.8e-06; Hits on 75 songs @1 0.5128 "
        "(-0.0011), @3 0.7010 (+0.0010), likeliest chord the same in 99.31%"
    )


def test_bundles_made_before_show_what_they_have() -> None:
    assert in_words(OLD).startswith("logits within 3.3e-06 of PyTorch's over 64 chords")
    assert in_words({}) == ""


@pytest.mark.parametrize("key", NEW)
@pytest.mark.parametrize("value", [None, "much", [], {}, True, float("nan"), 10**400])
def test_a_manifest_written_by_hand_is_no_reason_to_fail(key: str, value: object) -> None:
    for proof in (NEW | {key: value}, NEW | {"hits": NEW["hits"] | {"change": value}}):
        words = in_words(proof)
        assert "PyTorch's" in words or key == "max_abs_difference"
        assert "nan" not in words
