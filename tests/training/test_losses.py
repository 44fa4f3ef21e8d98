"""The two losses against arithmetic by hand."""

import math

import pytest
import torch

from scorelock.engine.features import EMOTIONS
from scorelock.engine.vocabulary import PAD, Chord
from scorelock.training.affective import affect_table
from scorelock.training.losses import chord_entries, chord_sums, dynamics_entries, dynamics_sums


def test_affect_goes_by_quality_on_every_root() -> None:
    table = affect_table()
    assert table.shape == (6, 159)
    assert table.sum(1).tolist() == [36, 48, 48, 36, 36, 0]
    row = table[EMOTIONS.index("fearful")]
    for token in range(1, 157):
        wanted = Chord.from_token(token).quality in {"dim", "min7", "dim7", "hdim7"}
        assert bool(row[token]) == wanted
    assert not table[:, [0, 157, 158]].any()


def given() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """One film of two seconds and padding, with logits of 0: every chord as likely."""
    emotion = torch.zeros(1, 3, 6)
    emotion[..., 0] = 1  # exciting: 36 of 159 chords
    return torch.zeros(1, 3, 159), torch.tensor([[5, 9, PAD]]), emotion, torch.tensor([True])


def means(
    logits: torch.Tensor,
    chords: torch.Tensor,
    emotion: torch.Tensor,
    film: torch.Tensor,
    label_smoothing: float = 0.0,
) -> list[float]:
    """Both losses, each divided by its terms."""
    entries = chord_entries(chords, film).clamp(min=1)
    sums = chord_sums(logits, chords, emotion, film, label_smoothing)
    return [float(mean) for mean in sums / entries]


def test_both_losses() -> None:
    assert means(*given()) == pytest.approx([math.log(159), math.log(2)])


def test_label_smoothing_spares_some_for_every_chord() -> None:
    logits, chords, emotion, film = given()
    logits[0, 0, 5] = logits[0, 1, 9] = 4
    total = math.log(158 + math.exp(4))
    wanted = 0.9 * (total - 4) + 0.1 * (total - 4 / 159)
    assert means(logits, chords, emotion, film, label_smoothing=0.1)[0] == pytest.approx(wanted)


def test_the_affective_loss_knows_its_chords() -> None:
    _, chords, emotion, film = given()
    logits = 3 * torch.from_numpy(affect_table())[0].expand(1, 3, 159)
    softplus = (36 * math.log1p(math.exp(-3)) + 123 * math.log(2)) / 159
    assert means(logits, chords, emotion, film)[1] == pytest.approx(softplus)


def test_without_film_only_the_chords_count() -> None:
    logits, chords, emotion, _ = given()
    found = means(logits, chords, emotion, torch.tensor([False]))
    assert found == pytest.approx([math.log(159), 0])


def test_padding_does_not_count() -> None:
    logits, chords, emotion, film = given()
    other = logits.clone()
    other[:, 2] = 50 * torch.randn(159)
    assert means(other, chords, emotion, film) == means(logits, chords, emotion, film)


def test_dynamics_skip_what_is_unknown_and_are_measured_in_units() -> None:
    targets = torch.tensor([[[1.0, float("nan")], [3.0, 2.0]]])
    assert dynamics_entries(targets).tolist() == [3]
    for unit, wanted in ((1.0, 1 + 9 + 4), (2.0, (1 + 9 + 4) / 4)):
        found = dynamics_sums(torch.zeros(1, 2, 2), targets, torch.full((2,), unit))
        assert found.tolist() == pytest.approx([wanted])
