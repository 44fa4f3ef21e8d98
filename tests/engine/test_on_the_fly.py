"""A score that is made up: it knows no future, stays as it was decided, and holds what stays."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from cameras import Parrot
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.bundle import Bundle
from scorelock.engine.key import Key
from scorelock.engine.on_the_fly import AHEAD, CLOSE_S, WINDOW, OnTheFly
from scorelock.engine.onlooker import Glance, Row
from scorelock.engine.onward import Onward
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ComposeSettings
from scorelock.engine.vocabulary import Chord

PLAIN = ComposeSettings(recall=0.0)


def rows(count: int, seed: int = 0) -> list[Row]:
    """Seconds of a picture that changes its mood and cuts now and then."""
    draw = np.random.default_rng(seed)
    offset, found = 0, list[Row]()
    for _ in range(count):
        offset = 0 if draw.random() < 0.15 else offset + 1
        emotion = draw.dirichlet(np.ones(6)).astype(np.float32)
        motion, valence = draw.uniform(0, 20), draw.uniform(-1, 1)
        found.append(Row(offset, float(motion), emotion, float(valence), 25))
    return found


def made(fly: OnTheFly, seen: list[Row]) -> list[Onward]:
    """A slot a second."""
    return [fly.next(row, float(i), i + 1.0) for i, row in enumerate(seen)]


def test_the_model_sees_no_future_and_a_window_of_the_past() -> None:
    """Rows after the newest are made of it; chords heard are those of the rows before it."""
    model, seen = Parrot(), rows(100)
    made(OnTheFly(model, PLAIN), seen)
    for second, (features, heard) in enumerate(zip(model.seen, model.heard, strict=True), 1):
        past = seen[max(0, second + 1 - WINDOW) : second + 1]
        assert len(features) == len(past) + AHEAD
        assert features[: len(past), 1].tolist() == [np.float32(row.motion) for row in past]
        assert (features[len(past) :, 1:] == features[len(past) - 1, 1:]).all()
        assert heard.shape == (1, len(past) - 1)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 40), st.integers(0, 5))
def test_what_was_decided_stays_whatever_comes(known: int, seed: int) -> None:
    """The first rows alone decide the first slots; the same rows and seed give the same notes."""
    one = made(OnTheFly(Parrot(), PLAIN), rows(40, seed))
    other = made(OnTheFly(Parrot(), PLAIN), [*rows(40, seed)[:known], *rows(10, seed + 100)])
    assert one[:known] == other[:known]


def test_another_seed_is_another_score() -> None:
    chords = {
        tuple(
            each.span.chord
            for each in made(OnTheFly(Parrot(), replace(PLAIN, seed=seed)), rows(20))
        )
        for seed in range(3)
    }
    assert len(chords) == 3


def test_the_starter_plays_by_the_users_wishes() -> None:
    wishes = ComposeSettings(
        key=Key.parse("D minor"), primer=(Chord.parse("Gm"), Chord.parse("A7")), max_repeat=2
    )
    played = made(OnTheFly(Bundle.open(), wishes), rows(60))
    assert [each.span.chord.symbol() for each in played[:2]] == ["Gm", "A7"]
    assert [played[i].span.why for i in (0, 1, -1)] == ["primer", "primer", "model"]
    assert all(each.span.end_s - each.span.start_s <= 2 for each in played)
    roots = {each.span.chord.root for each in played}
    assert len(roots) > 3


@pytest.mark.parametrize(("valence", "name"), [(0.4, "C major"), (-0.4, "A minor")])
def test_without_a_key_the_first_row_chooses(valence: float, name: str) -> None:
    fly = OnTheFly(Parrot(), PLAIN)
    first, *rest = rows(3)
    assert fly.symbol(Chord.parse("F#")) == "F#"
    played = made(fly, [replace(first, valence=valence), *rest])
    assert str(fly.key) == name
    assert {str(each.key) for each in played} == {name}


def test_chords_are_spelled_in_the_key() -> None:
    fly = OnTheFly(Parrot(), replace(PLAIN, key=Key.parse("Bb minor")))
    assert fly.symbol(Chord.parse("F#")) == "Gb"


def test_the_mood_is_read_as_whoever_named_it_means_it() -> None:
    """What is usual for CLIP is not for the picture: the same emotions lean elsewhere."""
    seen = rows(30)
    emotion = np.full(6, 1 / 6, np.float32)
    plain = [replace(row, emotion=emotion) for row in seen]
    told = [row.glanced(Glance(0.0, np.zeros(512, np.float32), emotion)) for row in seen]
    one, other = (made(OnTheFly(Parrot(), PLAIN), each) for each in (plain, told))
    assert [each.loudness for each in one] != [each.loudness for each in other]


def test_a_row_is_what_the_layout_reads() -> None:
    semantic, fearful = np.arange(768, dtype=np.float32), np.eye(6, dtype=np.float32)[1]
    row = rows(1)[0].glanced(Glance(0.0, semantic, fearful))
    picture, published = row.columns("picture"), row.columns("published")
    assert picture.tolist() == [row.scene_offset + 1, np.float32(row.motion), 0, 1, 0, 0, 0, 0]
    assert published.tolist() == [*range(768), *picture.tolist()]
    assert published.dtype == np.float32


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 30))
def test_a_chord_that_stays_is_held_and_one_that_goes_ends(seed: int) -> None:
    """No tone of it is struck again where it goes on, and nothing sounds past what is known."""
    fly = OnTheFly(Parrot(), replace(PLAIN, seed=seed), Playing(style=Style.PAD))
    played = made(fly, rows(40, seed))
    for second, (before, after) in enumerate(pairwise(played), 1):
        sounded, begun = (
            {(note.channel, note.pitch) for note in notes if note.channel < 2}
            for notes in (
                [note for note in before.notes if abs(note.end_s - second) < 1e-6],
                [note for note in after.notes if note.onset_s == second],
            )
        )
        if before.span.start_s == after.span.start_s:
            assert not sounded & begun
        assert all(note.end_s <= second + 1 + 1e-6 for note in after.notes)
        known = {(note.onset_s, note.pitch, note.velocity, note.channel) for note in after.notes}
        for note in before.notes:  # nothing that may sound yet is forgotten
            begun_alike = (note.onset_s, note.pitch, note.velocity, note.channel)
            assert note.end_s < second - 0.5 or begun_alike in known


def test_holding_is_one_long_chord_and_closing_ends_it() -> None:
    fly = OnTheFly(Parrot(), PLAIN)
    (first,) = made(fly, [replace(rows(1)[0], motion=0.0)])
    held = [fly.hold(float(s), s + 1.0) for s in range(1, 6)]
    last = fly.close(6.0)
    assert {each.span.chord for each in (*held, last)} == {first.span.chord}
    assert (last.span.start_s, last.span.end_s) == (0.0, 6.0 + CLOSE_S)
    assert max(note.end_s for note in last.notes) == pytest.approx(6.0 + CLOSE_S)
    on_and_on = [n for n in last.notes if n.onset_s == 0 and n.end_s == pytest.approx(8.0)]
    assert on_and_on
    again = fly.next(rows(2)[1], 20.0, 21.0)
    assert again.span.start_s == 20.0
    assert all(note.onset_s >= 20 for note in again.notes)
