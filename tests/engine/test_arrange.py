"""What a listener hears: chords on time, density obeyed, louder where it is louder."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores import cue

from scorelock.engine.arrange import arrange, velocity
from scorelock.engine.score import Performance

NAMES = ["C", "Am", "F", "G7", "Bbmaj7", "F#m7b5", "Esus4"]


def sounding(performance: Performance, second: int) -> int:
    """Notes that overlap a second: the paper's note density."""
    return sum(
        note.onset_s < second + 1 and note.end_s > second + 1e-9 for note in performance.notes
    )


def test_held_chords_change_with_the_spans() -> None:
    parts = {part.name: part.notes for part in arrange(cue("C C Am F")).parts}
    onsets = sorted({(note.onset_s, note.end_s) for note in parts["chords"]})
    assert onsets == [(0, 2), (2, 3), (3, 4)]
    classes = {note.pitch % 12 for note in parts["chords"] if note.onset_s == 2}
    assert classes == {9, 0, 4}
    assert [note.pitch % 12 for note in parts["bass"]] == [0, 9, 5]


@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=12),
    st.floats(0.0, 0.49),
    st.floats(0, 40),
    st.floats(0, 1),
)
def test_no_note_leaves_the_film(
    names: list[str], fraction: float, density: float, loudness: float
) -> None:
    length = len(names) + round(fraction, 3)
    made = arrange(cue(" ".join(names), duration_s=length, density=density, loudness=loudness))
    assert made.duration_s == length
    assert max(note.end_s for note in made.notes) == pytest.approx(length, abs=1e-9)
    for part in made.parts:
        for note in part.notes:
            assert 21 <= note.pitch <= 108
            again = [n for n in part.notes if n.pitch == note.pitch and n is not note]
            assert not any(
                n.onset_s < note.end_s - 1e-9 and n.end_s > note.onset_s + 1e-9 for n in again
            )


@given(st.lists(st.floats(2, 26), min_size=2, max_size=10))
def test_density_is_heard(density: list[float]) -> None:
    """Within 15 % or two notes, second by second, over the range the data set has."""
    made = arrange(
        cue(" ".join(NAMES[i % len(NAMES)] for i in range(len(density))), density=density)
    )
    for second, wanted in enumerate(density):
        assert abs(sounding(made, second) - wanted) <= max(2.0, 0.15 * wanted)


def test_density_follows_the_prediction() -> None:
    counts = [
        len(arrange(cue("C F G Am", density=density)).notes) for density in (2, 5, 8, 12, 20, 30)
    ]
    assert counts == sorted(set(counts))


def test_velocity_follows_loudness() -> None:
    assert [velocity(loud) for loud in (0.0, 0.5, 1.0)] == [49, 112, 112]
    loud = arrange(cue("C C", loudness=0.4)).parts[0].notes[0].velocity
    soft = arrange(cue("C C", loudness=0.05)).parts[0].notes[0].velocity
    assert loud > soft


def test_a_short_film() -> None:
    made = arrange(cue("C", duration_s=1.0))
    assert {note.onset_s for part in made.parts[:2] for note in part.notes} == {0.0}
    assert ceil(made.notes[-1].end_s) == 1


def test_the_same_cue_gives_the_same_notes() -> None:
    one, other = arrange(cue("C F G")), arrange(cue("C F G"))
    assert one == other
    assert np.isfinite([note.onset_s for note in one.notes]).all()
