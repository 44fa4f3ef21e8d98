"""Edits: what is locked stays, what is far away stays, what is refused says why."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from films_seen import film
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.arrange import Arranger, arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.edits import (
    Curve,
    Draw,
    Edit,
    Keep,
    Lock,
    SetChord,
    SetHits,
    SetPlaying,
    SetTempo,
    Vary,
    apply,
)
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS
from scorelock.engine.hits import Hit
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ChordSpan, ComposeSettings, Cue
from scorelock.engine.slots import Rhythm
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord

BUNDLE = Bundle.open()
CUE = compose(film(60.5), BUNDLE, ComposeSettings(seed=3))
AM7 = Chord.parse("Am7")


def edited(cue: Cue, *edits: Edit) -> Cue:
    for edit in edits:
        cue = apply(cue, edit, lambda: BUNDLE)
    return cue


def sounds(cue: Cue, step_s: float = 0.25) -> list[Chord]:
    """The chord that sounds at every quarter of a second."""
    times = np.arange(0.01, cue.features.film.duration_s, step_s)
    return [next(s.chord for s in cue.chords if s.start_s <= t < s.end_s) for t in times]


def locked(cue: Cue) -> list[Chord | None]:
    """The chord at every quarter of a second, where it is locked."""
    times = np.arange(0.01, cue.features.film.duration_s, 0.25)
    spans = [next(s for s in cue.chords if s.start_s <= t < s.end_s) for t in times]
    return [span.chord if span.locked else None for span in spans]


def check(cue: Cue) -> None:
    """Spans join from the film's start to its end."""
    starts = [span.start_s for span in cue.chords]
    ends = [span.end_s for span in cue.chords]
    assert starts == [0.0, *ends[:-1]]
    assert ends[-1] == cue.features.film.duration_s


SPANS = st.tuples(st.floats(0, 58), st.floats(1, 30)).map(lambda s: (s[0], s[0] + s[1]))
EDITS = st.one_of(
    st.builds(lambda s, seed: Vary(s[0], s[1], seed), SPANS, st.integers(0, 9)),
    st.builds(lambda s: SetChord(s[0], s[1], AM7), SPANS),
    st.builds(lambda s, on: Lock(s[0], s[1], on), SPANS, st.booleans()),
    st.builds(
        lambda a, name: Draw(name, ((a, 0.2), (a + 5, 0.8))),
        st.floats(0, 50),
        st.sampled_from(["density", "loudness", "sad", "exciting"]),
    ),
    st.builds(
        lambda bpm, rhythm: SetTempo(TempoMap.steady(bpm), rhythm),
        st.floats(60, 150),
        st.sampled_from(Rhythm),
    ),
    st.lists(st.floats(0, 60), max_size=6).map(lambda at: SetHits(tuple(map(Hit, at)))),
    st.builds(SetPlaying, st.builds(Playing, st.sampled_from(Style))),
    st.builds(lambda s: Keep(s[0], s[1], CUE.chords), SPANS),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(EDITS, max_size=6))
def test_any_edits_leave_a_whole_cue_and_what_is_locked(edits: list[Edit]) -> None:
    cue = edited(CUE, SetChord(20, 24, AM7))
    for edit in edits:
        try:
            after = edited(cue, edit)
        except BadSetting:  # it would cut a lock
            assert isinstance(edit, SetChord | Keep)
            continue
        check(after)
        if isinstance(edit, Vary | Draw | SetPlaying):
            assert locked(after) == locked(cue)
        assert edited(cue, edit).chords == after.chords, "the same edit, the same cue"
        cue = after


@settings(max_examples=40, deadline=None)
@given(st.lists(EDITS, max_size=5))
def test_version_after_version_is_arranged_as_if_it_were_the_first(edits: list[Edit]) -> None:
    arranger, cue = Arranger(), CUE
    for edit in edits:
        with suppress(BadSetting):
            cue = edited(cue, edit)
        assert arranger.performance(cue) == arrange(cue)


@settings(max_examples=30, deadline=None)
@given(SPANS, st.integers(0, 99))
def test_a_span_is_varied_and_nothing_else(span: tuple[float, float], seed: int) -> None:
    start_s, end_s = span
    before, after = sounds(CUE), sounds(edited(CUE, Vary(start_s, end_s, seed)))
    for i, (one, other) in enumerate(zip(before, after, strict=True)):
        if not start_s - 1 <= 0.01 + i / 4 <= end_s + 1:
            assert one == other


def test_another_seed_gives_other_chords() -> None:
    varied = {tuple(sounds(edited(CUE, Vary(10, 40, seed)))) for seed in range(6)}
    assert len(varied) == 6


def test_locks_do_not_overlap() -> None:
    """A new chord takes the place of a whole lock, but cuts none."""
    cue = edited(CUE, SetChord(20, 24, AM7))
    for start_s, end_s in ((22, 30), (10, 21), (21, 23)):
        with pytest.raises(BadSetting, match="cuts 20-24; take all of it, or unlock"):
            edited(cue, SetChord(start_s, end_s, Chord.parse("F")))
        with pytest.raises(BadSetting, match="cuts 20-24"):
            edited(cue, Keep(start_s, end_s, CUE.chords))
    assert sounds(edited(cue, SetChord(18, 24, Chord.parse("F"))))[72:96] == [Chord.parse("F")] * 24


def test_what_is_locked_inside_stays() -> None:
    locked = edited(CUE, SetChord(20, 24, AM7), Vary(10, 40, 8))
    (span,) = [span for span in locked.chords if span.locked]
    assert (span.start_s, span.end_s, span.chord, span.why) == (20.0, 24.0, AM7, "edited")
    freed = edited(locked, Lock(0, 60, on=False), Vary(10, 40, 8))
    assert not any(span.locked for span in freed.chords)


def test_a_drawn_curve_is_heard_where_it_was_drawn_only() -> None:
    after = edited(CUE, Draw("loudness", ((10, 0.0), (20, 0.5))))
    np.testing.assert_allclose(
        after.dynamics.loudness[10:20], (np.arange(10) + 0.5) / 20, atol=1e-6
    )
    far = [*range(10), *range(20, 60)]
    np.testing.assert_array_equal(after.dynamics.loudness[far], CUE.dynamics.loudness[far])
    np.testing.assert_array_equal(after.dynamics.density, CUE.dynamics.density)
    assert after.chords == CUE.chords


def test_a_drawn_mood_changes_the_chords_there_and_stays_a_distribution() -> None:
    minor = 0
    for seed in range(8):
        cue = compose(film(40), BUNDLE, ComposeSettings(seed=seed, affect=1.0))
        sad = edited(cue, Draw("sad", ((10, 1.0), (30, 1.0))))
        glad = edited(cue, Draw("exciting", ((10, 1.0), (30, 1.0))))
        assert sad.emotion is not None
        np.testing.assert_allclose(sad.emotion.sum(axis=1), 1, atol=1e-5)
        np.testing.assert_allclose(sad.emotion[10:30, EMOTIONS.index("sad")], 1, atol=1e-5)
        assert sounds(sad)[:36] == sounds(cue)[:36]
        minor += sum(c.quality.startswith("min") for c in sounds(sad)[40:120])
        minor -= sum(c.quality.startswith("min") for c in sounds(glad)[40:120])
    assert minor > 0


@pytest.mark.parametrize("rhythm", [Rhythm.BEAT, Rhythm.HALF, Rhythm.BAR, Rhythm.TWO_BARS])
def test_on_a_grid_every_chord_begins_where_the_grid_has_it(rhythm: Rhythm) -> None:
    grid = TempoMap.steady(93.0, first_s=0.4)
    cue = edited(CUE, SetTempo(grid, rhythm))
    step = {"beat": 1, "half": 2, "bar": 4, "two-bars": 8}[rhythm.value]
    for span in cue.chords[1:]:
        quarters = float(grid.quarter(span.start_s)) / step
        assert quarters == pytest.approx(round(quarters), abs=1e-6)
    assert cue.tempo_map == grid


def test_hits_are_met_to_the_frame_by_a_new_chord_whatever_the_grid() -> None:
    hits = tuple(Hit(at_s) for at_s in (7.31, 19.96, 33.333, 48.1))
    for grid in (SetTempo(TempoMap.steady(93.0), Rhythm.BAR), SetPlaying(Playing())):
        cue = edited(CUE, grid, SetHits(hits))
        starts = {span.start_s for span in cue.chords}
        assert {hit.at_s for hit in hits} <= starts
        for hit in hits:
            before = max(i for i, span in enumerate(cue.chords) if span.start_s < hit.at_s)
            assert cue.chords[before].chord != cue.chords[before + 1].chord
        faster = edited(cue, SetTempo(TempoMap.steady(120.0), Rhythm.HALF))
        assert {hit.at_s for hit in hits} <= {span.start_s for span in faster.chords}


def test_the_chords_of_another_take_come_with_their_places() -> None:
    other = edited(CUE, Vary(0, 60, 77))
    mixed = edited(CUE, Keep(20, 40, other.chords))
    heard, theirs = sounds(mixed), sounds(other)
    assert heard[80:160] == theirs[80:160]
    assert heard[:80] == sounds(CUE)[:80]


@pytest.mark.parametrize(
    "edit",
    [
        Vary(70, 80, 1),
        Vary(5, 5, 1),
        SetChord(-1, 4, AM7),
        Lock(61, 62),
        Draw("loudness", ()),
        Draw("loudness", ((5, 0.2), (4, 0.3))),
        Draw("loudness", ((5, 1.2),)),
        Draw("density", ((5, 41),)),
        Draw("sad", ((5, -0.1),)),
        Draw("hope", ((5, 0.1),)),  # type: ignore[arg-type]
        SetHits((Hit(61.0),)),
        Keep(90, 99, ()),
    ],
)
def test_what_cannot_be_done_is_one_line(edit: Edit) -> None:
    with pytest.raises(BadSetting, match="expected") as caught:
        edited(CUE, edit)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("at_s", [5.0, 0.0, 59.5, CUE.features.film.duration_s])
@pytest.mark.parametrize("curve", ["sad", "loudness"])
def test_a_single_point_is_drawn_in_its_second(curve: Curve, at_s: float) -> None:
    drawn = edited(CUE, Draw(curve, ((at_s, 0.75),)))
    second = min(int(at_s), len(CUE.features) - 1)
    rows = {
        "sad": drawn.seen.emotion[:, EMOTIONS.index("sad")],
        "loudness": drawn.dynamics.loudness,
    }
    assert rows[curve][second] == pytest.approx(0.75)


def test_a_cue_without_an_edit_needs_no_model() -> None:
    def none() -> Bundle:
        raise AssertionError("it asked for the model")

    for edit in (
        SetChord(1, 2, AM7),
        Lock(1, 9),
        SetPlaying(Playing()),
        Draw("loudness", ((1, 0.3),)),
    ):
        apply(CUE, edit, none)


def test_spans_know_who_chose_them() -> None:
    cue = edited(CUE, SetChord(20, 24, AM7), Vary(30, 40, 5))
    assert {span.why for span in cue.chords if span.start_s < 20} == {"model"}
    assert isinstance(cue.chords[0], ChordSpan)
    assert replace(cue, chords=CUE.chords).chords == CUE.chords
