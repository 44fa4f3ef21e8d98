"""Hits are heard to the frame: accents, stingers, swells and breaks."""

from dataclasses import replace
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scores import cue

from scorelock.engine.arrange import Playing, Style, arrange
from scorelock.engine.hits import Hit, Kind
from scorelock.engine.score import Note

FILM = cue("C C C F F F G G G C C C", density=14.0)
STEADY = Playing(humanise=0)
moments = st.floats(0.5, 9.5)


def parts(*hits: Hit, playing: Playing = STEADY) -> dict[str, tuple[Note, ...]]:
    return {p.name: p.notes for p in arrange(replace(FILM, playing=playing, hits=hits)).parts}


def test_what_meets_a_cut_is_accented_and_nothing_else_changes() -> None:
    plain, cut = parts(), parts(Hit(3.02))  # a chord begins within a frame of it
    for name in ("chords", "bass"):
        for before, after in zip(plain[name], cut[name], strict=True):
            assert after.velocity - before.velocity == (10 if before.onset_s == 3 else 0)
    assert parts(Hit(3.06)) == plain


@settings(deadline=None)
@given(
    moments,
    st.sampled_from(["mark", "stinger", "swell", "break"]),
    st.sampled_from(Style),
)
def test_chord_and_bass_are_struck_at_the_hit_to_the_frame(
    at_s: float, kind: Kind, style: Style
) -> None:
    made = parts(Hit(at_s, kind=kind), playing=Playing(style))
    plain = parts(playing=Playing(style))
    for name in ("chords", "bass"):
        nearest = min(made[name], key=lambda note: abs(note.onset_s - at_s))
        assert abs(nearest.onset_s - at_s) <= 0.04
        assert nearest.velocity > max(n.velocity for n in plain[name] if n.onset_s < 1)


@settings(deadline=None)
@given(moments)
def test_a_stinger_is_a_short_loud_full_chord(at_s: float) -> None:
    plain, stung = parts()["pattern"], parts(Hit(at_s, kind="stinger"))["pattern"]
    if any(0 < span.start_s - at_s <= 0.03 for span in FILM.chords):
        at_s = float(ceil(at_s))  # in the chord that is about to begin, less than a frame later
    chord = [note for note in stung if note.onset_s == at_s]
    assert len(chord) >= 4
    assert max(note.duration_s for note in chord) <= 0.3 + 1e-9
    assert min(note.velocity for note in chord) > max(note.velocity for note in plain)
    end_s = max(note.end_s for note in chord)
    beside = [n for n in stung if n.onset_s != at_s and at_s < n.end_s - 1e-9]
    assert all(note.onset_s >= end_s - 1e-9 for note in beside)


@settings(deadline=None)
@given(moments, st.sampled_from(Style))
def test_after_a_break_nothing_sounds_for_the_rest_of_a_beat(at_s: float, style: Style) -> None:
    made = parts(Hit(at_s, kind="break"), playing=Playing(style))
    for notes in made.values():
        for note in notes:
            assert note.end_s <= at_s + 0.125 + 1e-9 or note.onset_s >= at_s + 0.5 - 1e-9
    if style is Style.PAD:
        again = (*made["chords"], *made["bass"])
        assert any(note.onset_s == pytest.approx(at_s + 0.5, abs=0.04) for note in again)


def test_a_swell_rises_into_its_hit() -> None:
    plain, swelling = parts()["pattern"], parts(Hit(6.0, kind="swell"))["pattern"]
    louder = {a.onset_s: b.velocity - a.velocity for a, b in zip(plain, swelling, strict=True)}
    before = [louder[at_s] for at_s in sorted(louder) if 4 <= at_s < 6]
    assert before == sorted(before)
    assert before[0] < 0 < before[-1]
    assert not any(change for at_s, change in louder.items() if at_s < 4 or at_s > 6.1)


@settings(deadline=None)
@given(st.lists(st.builds(Hit, st.floats(0, 20), st.floats(0, 9), st.floats(0.1, 9)), max_size=5))
def test_hits_may_come_in_any_order_and_anywhere(hits: list[Hit]) -> None:
    made = parts(*hits)
    assert made == parts(*reversed(hits))
    assert max(note.end_s for notes in made.values() for note in notes) == 12


def test_a_heavier_hit_is_louder() -> None:
    light, heavy = (parts(Hit(3.0, weight))["bass"][1].velocity for weight in (0.5, 1.5))
    assert light < heavy
