"""The swap test counts what the picture changes, and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films import flat, noise, write_film
from hypothesis import given
from hypothesis import strategies as st
from scores import features

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import complete, compose
from scorelock.engine.edits import SetChord, apply
from scorelock.engine.features import EMOTIONS, VideoFeatures
from scorelock.engine.influence import other_picture, swap_test
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import Chord
from scorelock.engine.watch import watch


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.open()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> VideoFeatures:
    """Twenty seconds: a bright warm half and a dark one, cut apart."""
    frames = [*flat(240, (60, 160, 240)), *noise(120), *flat(120, (30, 10, 10))]
    return watch(write_film(tmp_path_factory.mktemp("swap") / "film.avi", frames))


def changed_s(one: list[Chord], other: list[Chord]) -> float:
    """Seconds that differ, one chord a second."""
    return sum(a != b for a, b in zip(one, other, strict=True)) / len(one)


def test_both_shares_are_those_of_compositions_side_by_side(
    seen: VideoFeatures, bundle: Bundle
) -> None:
    cue = compose(seen, bundle, ComposeSettings(seed=3))
    found = swap_test(cue, bundle)
    keyed = replace(cue.settings, key=cue.key)

    def seconds(picture: VideoFeatures, seed: int) -> list[Chord]:
        one = compose(picture, bundle, replace(keyed, seed=seed))
        return [
            next(s.chord for s in one.chords if s.start_s <= second + 0.5 < s.end_s)
            for second in range(len(seen))
        ]

    own = seconds(seen, 3)
    assert found.changed == pytest.approx(changed_s(own, seconds(other_picture(seen), 3)))
    assert found.changed_again == pytest.approx(changed_s(own, seconds(seen, 4)))
    assert found.changed > 0


def test_edits_of_chords_do_not_count(seen: VideoFeatures, bundle: Bundle) -> None:
    cue = compose(seen, bundle, ComposeSettings(seed=3))
    edited = apply(cue, SetChord(0, 15, Chord.parse("F#dim7")), lambda: bundle)
    assert swap_test(edited, bundle) == swap_test(cue, bundle)


def test_progress_rises_to_1_and_may_end_it(seen: VideoFeatures, bundle: Bundle) -> None:
    (cue,) = complete([compose(seen, bundle, ComposeSettings())], bundle)
    told: list[float] = []
    swap_test(cue, bundle, told.append)
    assert told == sorted(set(told))
    assert told[-1] == 1

    def ends(share: float) -> None:
        if share > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        swap_test(cue, bundle, ends)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8), st.integers(0, 2**16))
def test_the_other_picture_is_as_long_as_cut_and_as_lively(lengths: list[int], seed: int) -> None:
    draw = np.random.default_rng(seed)
    rows = sum(lengths)
    feelings = draw.dirichlet(np.ones(len(EMOTIONS)), rows).astype(np.float32)
    film = replace(
        features(rows),
        scene_offset=np.concatenate([np.arange(n) for n in lengths]).astype(np.float32),
        motion=draw.uniform(0, 255, rows).astype(np.float32),
        valence=draw.uniform(-1, 1, rows).astype(np.float32),
        arousal=draw.uniform(-1, 1, rows).astype(np.float32),
        emotion=feelings,
    )
    other = other_picture(film)
    starts = np.flatnonzero(other.scene_offset == 0)
    assert np.diff([*starts, rows]).tolist() == lengths[::-1]
    assert other.motion.tolist() == film.motion[::-1].tolist()
    assert other.emotion.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (other.emotion >= 0).all()
    twice = other_picture(other)
    np.testing.assert_array_equal(twice.scene_offset, film.scene_offset)
    np.testing.assert_array_equal(twice.valence, film.valence)


def test_a_pleasant_film_becomes_an_unpleasant_one(tmp_path: Path) -> None:
    bright = watch(write_film(tmp_path / "b.avi", flat(96, (60, 160, 240))))
    other = other_picture(bright)
    pleasant = [EMOTIONS.index("exciting"), EMOTIONS.index("relaxing")]
    assert bright.valence.mean() > 0 > other.valence.mean()
    assert other.emotion[:, pleasant].sum() < bright.emotion[:, pleasant].sum()
