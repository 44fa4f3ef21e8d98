"""Note density is learned from pieces whose notes are known."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the [train] extra")

from scorelock.engine.bundle import Bundle
from scorelock.export import fit_density
from scorelock.export.bench_listen import SECONDS
from scorelock.export.fit_density import exactly, fit, held, made_up_score, right, tuned
from scorelock.export.preview import sound_font
from scorelock.export.truth import sounding
from scorelock.training.listening.density import Counter


def test_what_is_heard_exactly_is_counted_as_it_was_played() -> None:
    notes = [(0.0, 2.0, 60), (0.0, 1.5, 60), (1.0, 3.0, 64), (3.5, 4.0, 67)]
    piece = exactly(notes, 5, faint=0.1)
    assert piece.counts.tolist() == [1, 2, 1, 1, 0]
    assert len(piece.told) == 5


def test_a_network_learns_to_count_and_is_the_same_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fit_density, "EPOCHS", 20)
    monkeypatch.setattr(fit_density, "BATCH", 64)
    draw = np.random.default_rng(0)
    pieces = [held(draw) for _ in range(40)]
    counter = fit([pieces[:20]], pieces[20:32])
    assert right(counter, pieces[32:]) > 0.6
    assert fit([pieces[:20]], pieces[20:32]).kept() == counter.kept()
    nothing = Counter(*(np.zeros_like(getattr(counter, name)) for name in Counter.__slots__))
    assert right(nothing, pieces[32:]) < 0.5


def test_a_made_up_score_is_the_same_each_time_and_not_the_benchs() -> None:
    font = sound_font()
    if font is None:
        pytest.skip("no sound font is installed")
    bundle = Bundle.open()
    score, programs = made_up_score(fit_density.SEED, bundle, [font])
    again, _ = made_up_score(fit_density.SEED, bundle, [font])
    assert tuned(score) == tuned(again)
    assert {part.name for part in score.performance.parts} <= set(programs)
    assert sounding(tuned(score), SECONDS).max() > 1
