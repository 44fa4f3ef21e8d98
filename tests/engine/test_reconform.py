"""What the picture keeps, the music keeps: chords, notes, locks, curves and hits."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from films_seen import film
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from scorelock.engine import cue_file
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.cut_changes import changes
from scorelock.engine.edits import Draw, Edit, Lock, SetChord, SetHits, SetTempo, apply
from scorelock.engine.errors import BadSetting
from scorelock.engine.history import History
from scorelock.engine.hits import Hit
from scorelock.engine.keeping import standing
from scorelock.engine.matching import Piece
from scorelock.engine.reconform import notes_of, reconformed
from scorelock.engine.score import ChordSpan, ComposeSettings, Cue, Note
from scorelock.engine.slots import SHORTEST_S, Rhythm
from scorelock.engine.tempo_map import Meter, TempoMap
from scorelock.engine.vocabulary import Chord

FPS = 24
FRAMES = 60 * FPS
BUNDLE = Bundle.open()


def edited(cue: Cue, *edits: Edit) -> Cue:
    for edit in edits:
        cue = apply(cue, edit, lambda: BUNDLE)
    return cue


OLD = compose(film(60.0), BUNDLE, ComposeSettings(seed=3))
HITS = SetHits((Hit(7.25, kind="stinger"), Hit(20.5), Hit(33.5), Hit(41.375, kind="swell")))
GRID = TempoMap.steady(93, Meter(1, 3, 4), 0.75)
CUES = {
    "free": OLD,
    "edited": edited(
        OLD,
        HITS,
        SetChord(24, 28, Chord.parse("Am7")),
        Lock(40, 44),
        Draw("sad", ((30, 0.9), (36, 0.9))),
        Draw("loudness", ((10, 0.05), (20, 0.5))),
    ),
    "bars": edited(OLD, SetTempo(GRID, Rhythm.BAR), HITS),
}
PULLED = (Piece(0, 250, 0), Piece(250, 600, 331), Piece(600, 1010, 710), Piece(1010, 1241, 1209))
"""Two shots are gone (250 to 331, 681 to 710), and one is trimmed at its head (1120 to 1209)."""


def no_bundle() -> Bundle:
    raise AssertionError("nothing is new")


def brought(cue: Cue, pieces: tuple[Piece, ...], frames: int) -> Cue:
    return reconformed(cue, film(frames / FPS, seed=8), pieces, lambda: BUNDLE)


def untouched(cue: Cue, pieces: tuple[Piece, ...]) -> list[tuple[ChordSpan, float]]:
    """Spans whose picture is all there, once for each time that it is, and how much later.

    The last chords of the two cuts, which close with them, are left out.
    """
    return [
        (span, (piece.start - piece.old) / FPS)
        for piece in pieces
        for span in cue.chords[:-1]
        if span.start_s >= piece.old / FPS and span.end_s <= piece.old_end / FPS
    ]


def plain(notes: tuple[Note, ...], by_s: float = 0.0) -> NDArray[np.float64]:
    """Notes in time order, so much later."""
    rows = [(n.onset_s + by_s, n.duration_s, n.pitch, n.velocity, n.channel) for n in sorted(notes)]
    return np.array(rows)


def check(cue: Cue) -> None:
    """Spans join from the film's start to its end, and lie on slots."""
    starts, ends = ([getattr(s, name) for s in cue.chords] for name in ("start_s", "end_s"))
    assert starts == [0.0, *ends[:-1]]
    assert ends[-1] == cue.features.film.duration_s
    assert len(cue.dynamics.density) == len(cue.features)


def check_kept(old: Cue, new: Cue, pieces: tuple[Piece, ...]) -> int:
    """How many of the untouched spans there are; all of them have their chord and notes."""
    before, now = notes_of(old), notes_of(new)
    last_s = new.features.film.duration_s - SHORTEST_S  # what ends here closes with the film
    spans = [
        (span, by_s)
        for span, by_s in untouched(old, pieces)
        # What begins just after the film does has no room for a slot before it.
        if span.end_s + by_s <= last_s and not 1e-6 < span.start_s + by_s < SHORTEST_S
    ]
    for span, by_s in spans:
        moved = min(new.chords[:-1], key=lambda each: abs(each.start_s - span.start_s - by_s))
        # To the frame: what is left of a neighbour beside a join may be shorter than that.
        assert moved.start_s == pytest.approx(span.start_s + by_s, abs=1 / FPS)
        assert moved.end_s == pytest.approx(span.end_s + by_s, abs=1 / FPS)
        assert (moved.chord, moved.why, moved.locked) == (span.chord, span.why, span.locked)
        exact = moved.start_s == pytest.approx(span.start_s + by_s)
        close_s = 1e-6 if exact else 1 / FPS
        np.testing.assert_allclose(plain(now[moved]), plain(before[span], by_s), 0, close_s)
    return len(spans)


@pytest.mark.parametrize("name", CUES)
def test_after_two_shots_are_removed_and_one_is_trimmed_all_else_is_as_it_was(name: str) -> None:
    old = CUES[name]
    new = reconformed(old, film(1241 / FPS, seed=8), PULLED, no_bundle)
    check(new)
    assert check_kept(old, new, PULLED) > len(old.chords) / 2


def test_nothing_is_composed_where_nothing_is_new() -> None:
    new = reconformed(CUES["edited"], film(1241 / FPS, seed=8), PULLED, no_bundle)
    assert {span.chord for span in new.chords} <= {span.chord for span in CUES["edited"].chords}


@st.composite
def new_cuts(draw: st.DrawFn) -> tuple[tuple[Piece, ...], int]:
    """Pieces of the old cut in any order, some twice, with new ones between; and the length."""
    at, pieces = 0, []
    for _ in range(draw(st.integers(1, 5))):
        at += draw(st.sampled_from([0, 0, 1, 9, 55, 200]))
        length = draw(st.integers(6, 400))
        pieces.append(Piece(at, at + length, draw(st.integers(0, FRAMES - length))))
        at += length
    return tuple(pieces), max(30, at + draw(st.sampled_from([0, 0, 2, 70])))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(CUES)), new_cuts())
@example("edited", ((Piece(200, 358, 517),), 358))  # the shortest slot is left after the edit
def test_whatever_was_cut_what_is_untouched_stays(
    name: str, cut: tuple[tuple[Piece, ...], int]
) -> None:
    pieces, frames = cut
    new = brought(CUES[name], pieces, frames)
    check(new)
    check_kept(CUES[name], new, pieces)
    assert brought(CUES[name], pieces, frames).chords == new.chords


def test_what_is_new_is_composed_and_changes_there_as_often_as_ever() -> None:
    pieces = (Piece(0, 240, 0), Piece(480, 1000, 500))
    new = brought(OLD, pieces, 1000)
    check_kept(OLD, new, pieces)
    fresh = [s for s in new.chords if 10 <= s.start_s < 20]
    assert fresh[0].start_s == 10.0
    assert len(fresh) > 2
    assert all(s.why == "model" and not s.locked for s in fresh)


def test_edits_and_hits_move_with_their_shots_to_the_frame() -> None:
    new = brought(CUES["edited"], PULLED, 1241)
    hit_frames = [(round(hit.at_s * FPS), hit.kind) for hit in new.hits]
    # 7.25 stays; 20.5 s is frame 492 and goes with 331; 33.5 s, 804, with 710; 41.375 s, 993 too.
    assert hit_frames == [(174, "stinger"), (411, "cut"), (694, "cut"), (883, "swell")]
    starts = {round(span.start_s * FPS) for span in new.chords}
    assert {174, 411, 694, 883} <= starts
    (chord,) = [s for s in new.chords if s.why == "edited"]
    assert (chord.start_s, chord.end_s) == pytest.approx((24 - 81 / 24, 28 - 81 / 24))
    assert chord.locked
    assert new.emotion is not None
    sad = new.emotion[:, 3]
    # From 30 to 36 s of the old cut, all in the piece from 29.58 s on, which begins at 25 s now.
    assert sad[26:31] == pytest.approx(0.9, abs=1e-6)
    assert new.seen.emotion is new.emotion


def test_hits_of_shots_that_are_gone_are_gone() -> None:
    pieces = (Piece(0, 160, 0), Piece(160, 500, 500))
    assert [round(hit.at_s, 3) for hit in brought(CUES["edited"], pieces, 500).hits] == [
        round(33.5 - 340 / 24, 3)
    ]


def test_curves_that_move_by_whole_seconds_are_the_same_to_the_last_bit() -> None:
    pieces = (Piece(0, 240, 0), Piece(240, 960, 480))
    old, new = CUES["edited"], brought(CUES["edited"], pieces, 960)
    for name in ("density", "loudness"):
        was, is_now = getattr(old.dynamics, name), getattr(new.dynamics, name)
        np.testing.assert_array_equal(is_now, np.concatenate([was[:10], was[20:50]]))


def test_kept_notes_stand_until_what_they_were_made_of_is_changed() -> None:
    new = brought(OLD, PULLED, 1241)
    assert len(standing(new)) == len(new.kept) > 10
    drawn = edited(new, Draw("density", ((30, 25.0), (34, 25.0))))
    gone = set(standing(new)) - set(standing(drawn))
    assert gone
    assert all(start_s < 34 and end_s > 30 for start_s, end_s, _ in gone)
    assert not standing(replace(new, playing=replace(new.playing, humanise=1.0)))
    assert standing(replace(drawn, dynamics=new.dynamics)) == standing(new)


def test_a_cue_that_came_over_is_kept_and_comes_over_again(tmp_path: Path) -> None:
    new = brought(CUES["edited"], PULLED, 1241)
    path = tmp_path / "film.cue" / "cue.json"
    cue_file.write(path, History.begin(new))
    read = cue_file.read(path, new.features).cue
    assert (read.edges_s, read.kept, read.chords) == (new.edges_s, new.kept, new.chords)
    again = (Piece(0, 400, 13), Piece(400, 900, 700))
    third = brought(read, again[:1], 400)
    check(third)
    check_kept(read, third, again[:1])


def test_a_cut_at_the_end_leaves_the_rhythm_in_charge() -> None:
    """Nothing has moved, so the slots are what they would be."""
    assert brought(OLD, (Piece(0, 1000, 0),), 1000).edges_s is None


def test_cuts_without_anything_in_common_are_refused() -> None:
    with pytest.raises(BadSetting, match="not one of its shots"):
        brought(OLD, (), 1000)


def test_changes_read_as_an_editor_would_say_them() -> None:
    """Shots of 100 frames; the second is out, the third trimmed, the fifth before the fourth."""
    pieces = [
        Piece(0, 100, 0),
        Piece(100, 170, 210),
        Piece(200, 300, 400),
        Piece(300, 400, 300),
        Piece(400, 500, 0),
    ]
    listed = changes(pieces, [100, 200, 300, 400], 500, 500)
    told = [(each.kind, each.old, each.new, each.head, each.tail) for each in listed]
    assert (
        told
        == [
            ("kept", (0, 100), (0, 100), 0, 0),
            ("removed", (100, 200), None, 0, 0),
            ("trimmed", (210, 280), (100, 170), 10, 20),
            ("new", None, (170, 200), 0, 0),
            ("moved", (400, 500), (200, 300), 0, 0),
            ("kept", (300, 400), (300, 400), 0, 0),
            ("repeated", (0, 100), (400, 500), 0, 0),
        ]
        or told[4][0] == "kept"
    )


@given(new_cuts(), st.lists(st.integers(1, FRAMES - 1), unique=True, max_size=12))
def test_every_frame_of_the_new_cut_is_listed_once(
    cut: tuple[tuple[Piece, ...], int], cuts: list[int]
) -> None:
    pieces, frames = cut
    listed = changes(pieces, sorted(cuts), FRAMES, frames)
    taken = sorted(each.new for each in listed if each.new)
    assert [start for start, _ in taken] == [0, *(end for _, end in taken[:-1])]
    assert taken[-1][1] == frames
    shift = {frame: piece.old - piece.start for piece in pieces for frame in range(*_range(piece))}
    for each in listed:
        if each.new and each.old:
            assert each.old[0] - each.new[0] == shift[each.new[0]]


def _range(piece: Piece) -> tuple[int, int]:
    return piece.start, piece.end
