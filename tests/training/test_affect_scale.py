"""Statistics of labelled music say what was put in, and what ships is what the corpora give."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from training.labelled import COMMON, PLEASANT, SAD, labelled

from scorelock.engine.errors import BadSetting
from scorelock.engine.prior import AffectScale
from scorelock.training.affect_scale import measure


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    scale = AffectScale.parse(measure(labelled(tmp_path), "made"))
    assert scale.pieces == 60
    assert scale.valence[PLEASANT] > 0.5
    assert scale.valence[SAD] == pytest.approx(-scale.valence[PLEASANT], abs=0.01)
    assert scale.valence[COMMON] == pytest.approx(0, abs=0.01)
    assert scale.valence[5] == 0  # never heard, so nothing is known of it
    assert scale.density == pytest.approx(1, abs=0.01)  # arousal says all of it
    assert scale.loudness == pytest.approx(1, abs=0.01)
    assert scale.change > 0


def test_a_corpus_without_labels_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"made\.npz"):
        measure(tmp_path, "made")


@pytest.mark.parametrize("corpus", ["emopia", "vgmidi"])
def test_the_scales_that_ship_are_those_of_the_corpora(packed: Path, corpus: str) -> None:
    shipped = asdict(AffectScale.of(corpus))
    again = asdict(AffectScale.parse(measure(packed, corpus)))
    np.testing.assert_allclose(again.pop("valence"), shipped.pop("valence"), atol=2e-4)
    assert again == shipped
