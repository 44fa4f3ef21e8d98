"""The bench of CLIP, on a model that is small."""

from itertools import count

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

from scorelock.export import bench_clip


def test_a_bench_says_what_eight_bits_cost() -> None:
    ticks = count()
    small = {"hidden_size": 256, "intermediate_size": 512, "num_hidden_layers": 3}
    small |= {"num_attention_heads": 4, "patch_size": 14, "image_size": 56}
    result = bench_clip.measure(lambda: float(next(ticks)), small)
    assert result["ours"] == result["other"] == result["torch"] == 1.0
    assert 0.99 < result["cosine"] < 1
    assert 0 < result["emotion_difference"] < 0.1
    assert "random weights" in result["what"]
