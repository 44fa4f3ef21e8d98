"""Mute, solo, channel, program, octave, and what they make of notes; the score as pages see it."""

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import pytest
import scores
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.desk import messages, parts, score_file
from scorelock.bridge.desk.messages import Part, SetPart
from scorelock.bridge.desk.parts import NAMES, part_of, parts_of, played, sounding, with_part
from scorelock.bridge.routing import USUAL, Routing
from scorelock.engine.arrange import arrange
from scorelock.engine.score import Note, Performance
from scorelock.engine.score import Part as Played
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap

SETTINGS = st.tuples(
    *(
        st.builds(
            Part,
            part=st.just(name),
            mute=st.booleans(),
            solo=st.booleans(),
            channel=st.integers(1, 16),
            program=st.none() | st.integers(1, 128),
            octave=st.integers(-3, 3),
        )
        for name in NAMES
    )
)


def every_pitch() -> Performance:
    """Each part plays each pitch."""
    return Performance(
        tuple(
            Played(name, tuple(Note(p / 10, 0.1, p, 80, USUAL[name]) for p in range(128)))
            for name in NAMES
        ),
        20.0,
    )


@given(SETTINGS)
def test_what_is_heard_and_how_high(settings: parts.Parts) -> None:
    solo = {part.part for part in settings if part.solo}
    wanted = solo or {part.part for part in settings if not part.mute}
    assert sounding(settings) == wanted
    found = played(every_pitch(), settings)
    for part in settings:
        notes = found[part.part]
        if part.part not in wanted:
            assert not notes
            continue
        for pitch, note in enumerate(notes):
            assert (note.pitch - pitch) % 12 == 0
            assert note.channel == USUAL[part.part]
            shifted = pitch + 12 * part.octave
            assert note.pitch == shifted or not 0 <= shifted <= 127
        assert parts.lanes(settings)[USUAL[part.part]].channel == part.channel - 1


@given(SETTINGS, st.sampled_from(NAMES), st.integers(1, 16), st.integers(-3, 3))
def test_one_is_set_and_the_others_stay(
    settings: parts.Parts, name: messages.PartName, channel: int, octave: int
) -> None:
    after = with_part(settings, SetPart(name, True, False, channel, 5, octave))
    for old, new in zip(settings, after, strict=True):
        assert new == (Part(name, True, False, channel, 5, octave) if old.part == name else old)
    assert bytes((0xC0 | channel - 1, 4)) in parts.asks(after)


def test_whose_note_it_was() -> None:
    usual = parts_of(Routing.parse([]))
    assert [part_of(usual, USUAL[name]) for name in NAMES] == list(NAMES)
    shared = with_part(usual, SetPart("pattern", False, False, 1, None, 0))
    assert part_of(shared, 0) == "chords"
    assert part_of(with_part(shared, SetPart("chords", True, False, 1, None, 0)), 0) == "pattern"


def bars_slowly(grid: TempoMap, film_s: float) -> list[tuple[float, int]]:
    """Every bar line from the one at or before 0, one after the other from bar 1."""
    bar = 1
    while grid.seconds(grid.bar_quarter(bar)) > 0:
        bar -= 1
    while grid.seconds(grid.bar_quarter(bar + 1)) <= 0:
        bar += 1
    found: list[tuple[float, int]] = []
    while (at_s := grid.seconds(grid.bar_quarter(bar))) < film_s:
        found.append((float(at_s), bar))
        bar += 1
    return found


@given(
    st.lists(st.integers(300_000, 900_000), min_size=1, max_size=3),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8), (5, 4)]),
    st.integers(-40, 40),
    st.floats(1.0, 60.0),
)
def test_bars_and_beats(
    tempos: Sequence[int], meter: tuple[int, int], first: int, film_s: float
) -> None:
    changes = tuple(TempoChange(Fraction(8 * n), each) for n, each in enumerate(tempos))
    grid = TempoMap(changes, (Meter(1, *meter),), Fraction(first, 10))
    bars, beats_s = score_file.grid(grid, film_s)
    wanted = bars_slowly(grid, film_s)
    assert [number for _, number, *_ in bars] == [number for _, number in wanted]
    assert [at_s for at_s, *_ in bars] == pytest.approx([at_s for at_s, _ in wanted], abs=1e-6)
    assert beats_s == sorted(beats_s)
    assert beats_s[0] == bars[0][0]
    assert {at_s for at_s, *_ in bars} <= set(beats_s)
    assert beats_s[-1] <= film_s + 1e-6
    inner = [sum(a[0] <= beat < b[0] for beat in beats_s) for a, b in pairwise(bars)]
    assert set(inner) <= {meter[0]}


def test_a_score_has_what_the_cue_has() -> None:
    cue = scores.cue("C Am7 F#dim G7sus4".replace("G7sus4", "Gsus4"), key="Eb")
    notes = {part.name: part.notes for part in arrange(cue).parts}
    film = score_file.Film("film.mp4", 4.0, 24.0, "01:00:00:00", 3600.0)
    score = json.loads(score_file.encoded(score_file.score_of(film, cue, notes, 7, True)))
    assert (score["version"], score["draft"], score["flats"], score["key"]) == (
        *(7, True, True),
        "Eb major",
    )
    first = score["chords"][0]
    assert first == [0, 1, "C", 0, "maj", "model", False, [60, 64, 67]]
    assert score["chords"][2][2] == "Gbdim"
    assert all(60 <= pitch < 84 for chord in score["chords"] for pitch in chord[7])
    assert len(score["notes"]) == sum(map(len, notes.values()))
    assert [note[0] for note in score["notes"]] == sorted(note[0] for note in score["notes"])
    assert len(score["emotion"]) == len(score["emotions"]) == 6
    assert {len(row) for row in score["emotion"]} == {len(score["density"])} == {4}
    assert score["cuts"] == [[1.5, 30.0]]
    empty = json.loads(score_file.empty(film))
    assert set(empty) == set(score)
