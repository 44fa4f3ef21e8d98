"""Cues: several takes at once, composed on from any second, and without a seam between windows."""

from dataclasses import replace

import numpy as np
import pytest
from films_seen import film
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scores import features

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import begin, chords, complete, compose, compose_takes, until
from scorelock.engine.decoder import CONTEXT_S, decode_takes
from scorelock.engine.key import Key
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ComposeSettings, Cue
from scorelock.engine.vocabulary import SIZE, Chord

BUNDLE = Bundle.open()


def facts(cue: Cue) -> tuple[object, ...]:
    return cue.key, cue.chords, cue.dynamics.density.tolist(), cue.dynamics.loudness.tolist()


def test_takes_at_once_are_those_alone() -> None:
    seen = film(40.4)
    takes = [
        ComposeSettings(seed=1),
        ComposeSettings(seed=2, key=Key.parse("F# minor"), affect=0.0, recall=0.0),
        ComposeSettings(primer=(Chord.parse("Dm"), Chord.parse("G7")), temperature=0.5),
    ]
    for cue, alone in zip(compose_takes(seen, BUNDLE, takes), takes, strict=True):
        assert facts(cue) == facts(compose(seen, BUNDLE, alone))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 70), st.integers(0, 3))
def test_composed_on_from_any_second_it_goes_on_as_it_did(second: int, seed: int) -> None:
    whole = compose(film(64.0), BUNDLE, ComposeSettings(seed=seed))
    assert complete([until(whole, second)], BUNDLE)[0].chords == whole.chords


def test_another_seed_changes_only_what_comes_after() -> None:
    whole = compose(film(90.0), BUNDLE, ComposeSettings(seed=1))
    kept = until(whole, 30)
    assert kept.chords[-1].end_s == 30.0
    other = complete([replace(kept, settings=replace(whole.settings, seed=2))], BUNDLE)[0]
    by_second = [[chord for (chord,) in chords([cue], BUNDLE)] for cue in (whole, other)]
    assert by_second[0][:30] == by_second[1][:30]
    assert by_second[0][30:] != by_second[1][30:]


def test_nothing_is_composed_that_is_there_already() -> None:
    whole = compose(film(20.0), BUNDLE, ComposeSettings())

    class Idle:
        manifest = BUNDLE.manifest

        def begin(self, *anything: object) -> None:
            pytest.fail("it decoded")

    rows = list(chords([whole], Idle()))  # type: ignore[arg-type]
    assert len(rows) == 20


def test_a_cue_knows_its_density_and_key_before_its_chords() -> None:
    (cue,) = begin(film(12.0), BUNDLE, [ComposeSettings(key=Key.parse("D"))])
    assert (cue.chords, str(cue.key), len(cue.dynamics.density)) == ((), "D major", 12)
    first = next(chords([cue], BUNDLE))
    assert first == (Chord.parse("D"),)


def test_windows_meet_without_a_seam() -> None:
    """The pairs of chords across seams are as near to all pairs as those at any other place."""
    takes, window = 40, BUNDLE.manifest.window
    rows = features(window + 4.0 * (window - CONTEXT_S)).matrix("picture")
    sampler = Sampler.of([ComposeSettings(seed=i) for i in range(takes)], [False] * takes)
    decoding = decode_takes(BUNDLE, rows, [False] * takes, [[1]] * takes, sampler)
    tokens = np.stack([*decoding], axis=1)
    seams = np.arange(window, len(rows), window - CONTEXT_S)
    everywhere = pairs(tokens, np.arange(60, len(rows)))

    def distance(seconds: NDArray[np.int64]) -> float:
        here = pairs(tokens, seconds)
        both = (here / here.sum(), everywhere / everywhere.sum())
        return float(np.abs(both[0] - both[1]).sum())

    apart = [distance(seams + shift) for shift in range(-200, -20, 6)]
    assert distance(seams) <= np.mean(apart) + 2 * np.std(apart)


def pairs(tokens: NDArray[np.int64], seconds: NDArray[np.int64]) -> NDArray[np.float64]:
    """(159, 159) how often one chord gives way to another, or holds, at these seconds."""
    table = np.zeros((SIZE, SIZE))
    np.add.at(table, (tokens[:, seconds - 1], tokens[:, seconds]), 1)
    return table
