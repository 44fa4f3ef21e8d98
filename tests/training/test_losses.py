"""The two losses against arithmetic by hand."""

import math

import pytest
import torch

from scorelock.engine.features import EMOTIONS
from scorelock.engine.vocabulary import PAD, Chord
from scorelock.training.losses import LossWeights, affect_table, chord_loss, dynamics_loss


def test_affect_goes_by_quality_on_every_root() -> None:
    table = affect_table()
    assert table.shape == (6, 159)
    assert table.sum(1).tolist() == [36, 48, 48, 36, 36, 0]
    row = table[EMOTIONS.index("fearful")]
    for token in range(1, 157):
        wanted = Chord.from_token(token).quality in {"dim", "min7", "dim7", "hdim7"}
        assert bool(row[token]) == wanted
    assert not table[:, [0, 157, 158]].any()


def given() -> tuple[torch.Tensor, ...]:
    """One film of two seconds and padding, with logits of 0: every chord as likely."""
    emotion = torch.zeros(1, 3, 6)
    emotion[..., 0] = 1  # exciting: 36 of 159 chords
    return torch.zeros(1, 3, 159), torch.tensor([[5, 9, PAD]]), emotion, torch.tensor([True])


def test_both_losses_and_their_weights() -> None:
    logits, chords, emotion, film = given()
    published = chord_loss(logits, chords, emotion, film, LossWeights())
    assert float(published) == pytest.approx(0.4 * math.log(159) + 0.6 * math.log(2))


def test_the_affective_loss_knows_its_chords() -> None:
    logits, chords, emotion, film = given()
    logits = 3 * affect_table()[0].expand(1, 3, 159)
    softplus = (36 * math.log1p(math.exp(-3)) + 123 * math.log(2)) / 159
    found = chord_loss(logits, chords, emotion, film, LossWeights(chord=0, affect=1))
    assert float(found) == pytest.approx(softplus)


def test_without_film_only_the_chords_count() -> None:
    logits, chords, emotion, _ = given()
    found = chord_loss(logits, chords, emotion, torch.tensor([False]), LossWeights())
    assert float(found) == pytest.approx(0.4 * math.log(159))


def test_padding_does_not_count() -> None:
    logits, chords, emotion, film = given()
    other = logits.clone()
    other[:, 2] = 50 * torch.randn(159)
    weights = LossWeights()
    assert chord_loss(logits, chords, emotion, film, weights) == chord_loss(
        other, chords, emotion, film, weights
    )


def test_dynamics_skip_what_is_unknown() -> None:
    targets = torch.tensor([[1.0, float("nan")], [3.0, 2.0]])
    assert float(dynamics_loss(torch.zeros(2, 2), targets)) == pytest.approx((1 + 9 + 4) / 3)
