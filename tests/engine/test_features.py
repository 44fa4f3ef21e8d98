"""Features are what a model reads, or one line says why they cannot be."""

from dataclasses import replace

import numpy as np
import pytest
from scores import features

from scorelock.engine.errors import BadBundle
from scorelock.engine.features import VideoFeatures, kind_of, paper_extractor


def paper(width: int) -> VideoFeatures:
    """As CLIP of a width saw it: row t of the embedding is full of t."""
    seen = features(4)
    semantic = np.outer(np.arange(4), np.ones(width)).astype(np.float32)
    return replace(seen, extractor=paper_extractor("clip", "ab" * 32), semantic=semantic)


def test_the_published_layout_is_semantic_offset_motion_emotion() -> None:
    seen = replace(paper(768), motion=np.full(4, 7, np.float32))
    rows = seen.matrix("published")
    assert rows.shape == (4, 776)
    assert rows.dtype == np.float32
    assert seen.semantic is not None
    np.testing.assert_array_equal(rows[:, :768], seen.semantic)
    np.testing.assert_array_equal(rows[:, 768], [1, 2, 3, 4])
    np.testing.assert_array_equal(rows[:, 769], [7, 7, 7, 7])
    np.testing.assert_array_equal(rows[:, 770:], seen.emotion)
    np.testing.assert_array_equal(seen.matrix("picture"), rows[:, 768:])


@pytest.mark.parametrize(
    ("seen", "got"), [(features(4), "the picture alone"), (paper(512), "512 numbers of CLIP")]
)
def test_what_the_published_layout_cannot_read_is_refused(seen: VideoFeatures, got: str) -> None:
    with pytest.raises(BadBundle, match=got) as refusal:
        seen.matrix("published")
    said = str(refusal.value)
    assert "scorelock models add clip" in said
    assert "starter" in said
    assert "\n" not in said
    assert seen.matrix("picture").shape == (4, 8)


@pytest.mark.parametrize(
    "semantic",
    [np.zeros((4, 0)), np.zeros(4), np.zeros((3, 768)), np.full((4, 2), np.nan)],
    ids=["no width", "no columns", "other rows", "not finite"],
)
def test_an_embedding_that_is_none_is_refused(semantic: np.ndarray) -> None:
    with pytest.raises(ValueError, match="semantic: expected finite"):
        replace(features(4), semantic=semantic.astype(np.float32))


def test_an_extractor_tells_its_kind() -> None:
    assert kind_of(paper_extractor("clip-vit-b-32", "ab" * 32)) == "paper"
    assert kind_of("paper/2 clip-vit-b-32 abababababab") == "paper"
    assert kind_of("picture/1") == "picture"
