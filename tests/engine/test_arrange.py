"""What a listener hears: chords on time, density obeyed, louder where it is louder, a close."""

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scores import cue

from scorelock.engine.arrange import (
    PARTS,
    Playing,
    Style,
    arrange,
    arranged,
    velocity,
)
from scorelock.engine.score import ChordSpan, Performance
from scorelock.engine.tempo_map import TempoMap

NAMES = ["C", "Am", "F", "G7", "Bbmaj7", "F#m7b5", "Esus4"]
styles = st.sampled_from(Style)


def sounding(performance: Performance, second: int) -> int:
    """Notes that overlap a second: the paper's note density."""
    return sum(
        note.onset_s < second + 1 - 1e-9 and note.end_s > second + 1e-9
        for note in performance.notes
    )


def test_chords_change_with_the_spans() -> None:
    parts = {part.name: part.notes for part in arrange(cue("C C Am F")).parts}
    assert tuple(parts) == PARTS
    onsets = sorted({(note.onset_s, note.end_s) for note in parts["chords"]})
    assert onsets == [(0, 2), (2, 3), (3, 4)]
    classes = {note.pitch % 12 for note in parts["chords"] if note.onset_s == 2}
    assert classes <= {9, 0, 4}
    assert [note.pitch % 12 for note in parts["bass"]] == [0, 9, 5]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=12),
    st.floats(0.0, 0.49),
    st.floats(0, 40),
    st.floats(0, 1),
    styles,
    st.floats(0, 1),
)
def test_no_note_leaves_the_film(
    names: list[str],
    fraction: float,
    density: float,
    loudness: float,
    style: Style,
    humanise: float,
) -> None:
    length = len(names) + round(fraction, 3)
    film = cue(" ".join(names), duration_s=length, density=density, loudness=loudness)
    made = arrange(replace(film, playing=Playing(style, humanise)))
    assert made.duration_s == length
    assert max(note.end_s for note in made.notes) == pytest.approx(length, abs=1e-9)
    for part in made.parts:
        for note in part.notes:
            assert 21 <= note.pitch <= 108
            again = [n for n in part.notes if n.pitch == note.pitch and n is not note]
            assert not any(
                n.onset_s < note.end_s - 1e-9 and n.end_s > note.onset_s + 1e-9 for n in again
            )


@settings(deadline=None)
@given(st.lists(st.floats(2, 26), min_size=2, max_size=10))
def test_density_is_heard(density: list[float]) -> None:
    """Within 15 % or two notes, second by second, over the range the data set has."""
    names = [NAMES[i % len(NAMES)] for i in range(len(density))]
    made = arrange(cue(" ".join(names), density=density))
    for second, wanted in enumerate(density[:-1]):  # the last chord closes
        assert abs(sounding(made, second) - wanted) <= max(2.0, 0.15 * wanted)


@settings(deadline=None)
@given(
    styles,
    st.floats(5, 24),
    st.lists(st.floats(-0.4, 0.4), min_size=30, max_size=30),
    st.floats(60, 160),
)
def test_density_is_obeyed_over_eight_seconds(
    style: Style, first: float, steps: list[float], bpm: float
) -> None:
    """Within 15 %, whatever the style and the tempo."""
    density = np.clip(first + np.cumsum(steps), 4, 25)
    film = cue(" ".join(NAMES[i // 2 % len(NAMES)] for i in range(30)), density=list(density))
    made = arrange(replace(film, tempo_map=TempoMap.steady(bpm), playing=Playing(style)))
    heard = np.array([sounding(made, second) for second in range(30)])
    for second in range(30 - 8 - 2):
        eight = slice(second, second + 8)
        assert heard[eight].mean() == pytest.approx(density[eight].mean(), rel=0.15)


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


@settings(deadline=None)
@given(styles, st.sampled_from([60.0, 97.3, 120.0]))
def test_the_last_chord_closes_with_the_film(style: Style, bpm: float) -> None:
    film = cue("C F G7 G7 C C C C C C", duration_s=10.2, density=12.0)
    film = replace(film, tempo_map=TempoMap.steady(bpm), playing=Playing(style))
    chords, bass, pattern, _ = arrange(film).parts
    assert {note.end_s for note in bass.notes if note.end_s > 10} == {10.2}
    final = [note for note in chords.notes if note.end_s == 10.2]
    assert {note.pitch % 12 for note in final} <= {0, 4, 7}
    assert min(note.end_s - note.onset_s for note in final) >= 2.0
    assert max(note.end_s for note in pattern.notes) <= 10.2 - 2.0
    assert bass.notes[-1].pitch % 12 == 0


def test_a_cue_that_goes_on_does_not_close() -> None:
    """Chords of the first seconds only, as while composing: the pattern plays to their end."""
    film = cue("C F G Am", density=12.0)
    first = film.chords[:2]
    (*_, last) = arranged(first, film.dynamics, duration_s=4.0)
    assert last.pattern[-1].end_s > 1.8
    (*_, last) = arranged(first, film.dynamics)
    assert last.pattern == ()


def test_a_short_film() -> None:
    made = arrange(cue("C", duration_s=1.0))
    assert {note.onset_s for part in made.parts[:2] for note in part.notes} == {0.0}
    assert ceil(made.notes[-1].end_s) == 1


def test_notes_come_as_soon_as_the_next_chord_is_known() -> None:
    film = cue("C F G Am")
    asked = 0

    def coming() -> Iterator[ChordSpan]:
        nonlocal asked
        for span in film.chords:
            asked += 1
            yield span

    for number, part in enumerate(arranged(coming(), film.dynamics), 1):
        assert part.span == film.chords[number - 1]
        assert asked == min(number + 1, 4)


def test_the_same_cue_gives_the_same_notes_in_any_order_of_calls() -> None:
    film = cue("C F G", density=14.0)
    one, other = (arranged(film.chords, film.dynamics) for _ in range(2))
    pairs = [(next(one), next(other)) for _ in film.chords]
    assert all(a == b for a, b in pairs)
    assert [a for a, _ in pairs] == list(arranged(film.chords, film.dynamics))
    seeded = [arranged(film.chords, film.dynamics, playing=Playing(seed=seed)) for seed in (0, 1)]
    assert list(seeded[0]) != list(seeded[1])
