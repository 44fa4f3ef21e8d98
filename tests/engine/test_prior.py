"""The score leans to the picture: by human labels, by a strength, and not at all at 0."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scores import features

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.features import EMOTIONS
from scorelock.engine.key import Key
from scorelock.engine.mood import Mood
from scorelock.engine.prior import DENSITY, LOUDNESS, AffectScale, Lean
from scorelock.engine.score import ComposeSettings, Dynamics
from scorelock.engine.vocabulary import SIZE, Chord

SCALE = AffectScale.of("emopia")
STRENGTH = st.floats(0.01, 1)
MOOD = st.floats(-2, 2, width=32)


def lean(valence: float, arousal: float, strength: float, seconds: int = 4) -> Lean:
    rows = [np.full(seconds, value, np.float32) for value in (valence, arousal)]
    return Lean(SCALE, Mood(*rows), strength)


def say(lean: Lean, logits: NDArray[np.float64], chords: list[int]) -> NDArray[np.float64]:
    """What it makes of a single take's logits (159,)."""
    said: NDArray[np.float64] = lean(logits[None].copy(), np.array([chords]))[0]
    return said


def token(name: str) -> int:
    return Chord.parse(name).token


@given(MOOD, MOOD)
def test_at_strength_0_the_model_decides_alone(valence: float, arousal: float) -> None:
    logits = np.random.default_rng(0).normal(size=SIZE)
    leant = say(lean(valence, arousal, 0.0), logits, [1, 1])
    np.testing.assert_array_equal(leant, logits)


@given(MOOD, MOOD, STRENGTH)
def test_a_pleasanter_picture_makes_the_pleasanter_chord_likelier(
    first: float, second: float, strength: float
) -> None:
    low, high = sorted((first, second))

    def odds(valence: float) -> float:
        logits = say(lean(valence, 0, strength), np.zeros(SIZE), [1])
        return float(logits[token("C")] - logits[token("Am")])

    assert odds(low) <= odds(high) + 1e-9


@given(MOOD, STRENGTH)
def test_an_aroused_picture_changes_chords_sooner(arousal: float, strength: float) -> None:
    held = say(lean(0, arousal, strength), np.zeros(SIZE), [token("F")])[token("F")]
    assert held == pytest.approx(-arousal * strength * SCALE.change)


@given(MOOD, STRENGTH, st.floats(0, 40, width=32), st.floats(0, 1, width=32))
def test_an_aroused_picture_is_denser_and_louder(
    arousal: float, strength: float, density: float, loudness: float
) -> None:
    plain = Dynamics(np.full(3, density, np.float32), np.full(3, loudness, np.float32))
    leant = lean(0, arousal, strength).dynamics(plain)
    for before, after, (least, most) in (
        (plain.density, leant.density, DENSITY),
        (plain.loudness, leant.loudness, LOUDNESS),
    ):
        assert ((after >= np.float32(least)) & (after <= most)).all()
        within = before.clip(least, most)
        assert (np.sign(after - within) * np.sign(arousal) >= 0).all()


def test_two_corpora_of_labels_agree_on_the_common_chords() -> None:
    """EMOPIA (piano) and VGMIDI (games) were labelled by other people in another way."""
    other = AffectScale.of("vgmidi")
    for scale in (SCALE, other):
        assert scale.valence[token("C")] > 0.3 > -0.3 > scale.valence[token("Am")]
        assert scale.valence[token("G7")] > 0 > scale.valence[token("Fm")]
        assert min(scale.change, scale.density, scale.loudness) > 0
    # Over the 20 chords that most pieces are made of.
    common = [token(f"{root}{kind}") for root in "CDEFGA" for kind in ("", "m", "7")]
    assert np.corrcoef(SCALE.valence[common], other.valence[common])[0, 1] > 0.5


@pytest.mark.parametrize("seed", range(4))
def test_a_sad_film_is_given_more_minor_chords(seed: int) -> None:
    """Same model, key and seed: only the picture's mood differs."""
    bundle, film = Bundle.open(), features(180)

    def minor_seconds(emotion: str) -> float:
        rows = np.zeros((len(film), 6), np.float32)
        rows[:, EMOTIONS.index(emotion)] = 1
        key = Key.parse("C")
        cue = compose(replace(film, emotion=rows), bundle, ComposeSettings(seed=seed, key=key))
        return sum(s.end_s - s.start_s for s in cue.chords if s.chord.quality.startswith("min"))

    assert minor_seconds("sad") > 1.5 * minor_seconds("exciting")
