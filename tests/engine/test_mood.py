"""Six emotions and the plane of valence and arousal: where each lies, and what is usual."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.features import EMOTIONS
from scorelock.engine.mood import SHARE, Mood, emotions

SHARED = Path(__file__).parents[2] / ".." / "shared"


def test_emotions_lie_where_people_put_them() -> None:
    mood = Mood.of(np.eye(6, dtype=np.float32))
    by_valence = [EMOTIONS[i] for i in np.argsort(mood.valence, kind="stable")]
    assert by_valence[0] == "sad"
    assert set(by_valence[-2:]) == {"exciting", "relaxing"}
    calm = {EMOTIONS[i] for i in np.argsort(mood.arousal, kind="stable")[:2]}
    assert calm == {"sad", "relaxing"}


def test_the_usual_film_has_no_mood() -> None:
    usual = Mood.of(SHARE[None].astype(np.float32))
    assert abs(usual.valence[0]) < 0.05
    assert abs(usual.arousal[0]) < 0.05


def test_moods_are_deviations_of_the_real_films() -> None:
    path = SHARED / "data" / "muvisync.npz"
    if not path.is_file():
        pytest.skip(f"no packed corpora at {path.parent}")
    with np.load(path) as pack:
        mood = Mood.of(pack["emotion"].astype(np.float32))
    for values in (mood.valence, mood.arousal):
        assert abs(values.mean()) < 0.1
        assert abs(values.std() - 1) < 0.15  # moods beyond 2 are held there


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_place_reads_as_probabilities_on_its_own_side(valence: float, arousal: float) -> None:
    row = emotions(np.array([valence], np.float32), np.array([arousal], np.float32))
    assert row.sum() == pytest.approx(1, abs=1e-5)
    assert (row > 0).all()
    mirrored = emotions(np.array([-valence], np.float32), np.array([arousal], np.float32))
    pleasanter = row if valence >= 0 else mirrored
    other = mirrored if valence >= 0 else row
    assert Mood.of(pleasanter).valence[0] >= Mood.of(other).valence[0] - 1e-5


def test_a_picture_of_no_mood_has_none() -> None:
    zero = np.zeros(1, np.float32)
    mood = Mood.of(emotions(zero, zero), "picture")
    assert abs(mood.valence[0]) < 0.05
    assert abs(mood.arousal[0]) < 0.05
    strong = np.array([0.8], np.float32)
    assert Mood.of(emotions(strong, strong), "picture").valence[0] > 0.8
