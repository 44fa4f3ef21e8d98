"""What is known of a score: chords and density second by second, counted by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores import cue, features

from scorelock.engine.bundle import Bundle
from scorelock.engine.playing import Style
from scorelock.engine.score import ChordSpan, Note
from scorelock.engine.vocabulary import Chord, N
from scorelock.export.truth import BANDS, chord_a_second, composed, plans, sounding

FONTS = [Path("one.sf2"), Path("two.sf2"), Path("three.sf2")]


def note(onset_s: float, end_s: float, pitch: int = 60) -> Note:
    return Note(onset_s, end_s - onset_s, pitch, 80, 0)


def spans(*chords: tuple[float, float, str]) -> list[ChordSpan]:
    return [ChordSpan(start_s, end_s, Chord.parse(name)) for start_s, end_s, name in chords]


@pytest.mark.parametrize(
    ("notes", "counts"),
    [
        ([], [0, 0, 0]),
        ([note(0.2, 0.4)], [1, 0, 0]),
        ([note(0.9, 1.1)], [1, 1, 0]),
        ([note(0.5, 2.5)], [1, 1, 1]),
        # A note that ends as a second begins does not sound in it, however its end was rounded.
        ([note(0.0, 1.0), note(1.0, 2.0)], [1, 1, 0]),
        ([Note(1.1, 0.9, 60, 80, 0), Note(0.7, 0.3, 60, 80, 0)], [1, 1, 0]),
        ([note(2.5, 3.7), note(2.6, 2.7), note(2.8, 2.9)], [0, 0, 3]),
    ],
)
def test_notes_count_in_every_second_that_they_overlap(
    notes: list[Note], counts: list[int]
) -> None:
    assert sounding(notes, 3).tolist() == counts


@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.integers(1, 2000)).map(
            lambda ms: note(ms[0] / 1000, (ms[0] + ms[1]) / 1000)
        )
    )
)
def test_density_is_what_looking_at_each_second_gives(notes: list[Note]) -> None:
    """The oracle asks of each millisecond of a second whether the note sounds in it."""
    counts = sounding(notes, 5)
    for second in range(5):
        here = range(1000 * second, 1000 * second + 1000)
        wanted = sum(
            any(round(n.onset_s * 1000) <= at < round(n.end_s * 1000) for at in here) for n in notes
        )
        assert counts[second] == wanted


@pytest.mark.parametrize(
    ("chords", "names"),
    [
        ([(0.0, 1.0, "C"), (1.0, 3.0, "Am")], ["C", "Am", "Am"]),
        ([(0.0, 0.4, "C"), (0.4, 3.0, "G")], ["G", "G", "G"]),
        ([(0.0, 1.5, "C"), (1.5, 3.0, "G")], ["C", "C", "G"]),  # the earlier of two that are equal
        ([(0.0, 0.3, "C"), (0.3, 0.7, "F"), (0.7, 1.0, "C"), (1.0, 3.0, "G7")], ["C", "G7", "G7"]),
        ([(0.0, 1.2, "Dm")], ["Dm", "Dm", None]),
    ],
)
def test_a_second_has_the_chord_that_covers_most_of_it(
    chords: list[tuple[float, float, str]], names: list[str | None]
) -> None:
    wanted = [N if name is None else Chord.parse(name).token for name in names]
    assert chord_a_second(spans(*chords), 3).tolist() == wanted


def test_chords_on_whole_seconds_are_told_as_they_are() -> None:
    score = cue("C Am Dm7 G7 Cmaj7")
    wanted = [Chord.parse(name).token for name in "C Am Dm7 G7 Cmaj7".split()]
    assert chord_a_second(score.chords, 5).tolist() == wanted


def test_each_font_plays_each_style_and_no_two_pieces_are_alike() -> None:
    made = plans(FONTS)
    assert {(plan.font, plan.style) for plan in made} == {(f, s) for f in FONTS for s in Style}
    assert len({plan.seed for plan in made}) == len({plan.name for plan in made}) == len(made)
    assert len({plan.key for plan in made}) == 24
    assert {plan.band for plan in made} == set(BANDS)


def test_a_plan_gives_the_same_notes_each_time_in_its_key() -> None:
    bundle, seen = Bundle.open(), features(12.0)
    plan = plans(FONTS)[2]
    one, two = composed(seen, bundle, plan), composed(seen, bundle, plan)
    other = composed(seen, bundle, replace(plan, seed=99))
    assert one.cue.key == plan.key
    assert one.performance == two.performance
    assert one.performance != other.performance
    assert np.array_equal(one.cue.dynamics.density, two.cue.dynamics.density)
