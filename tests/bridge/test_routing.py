"""Parts go to the channels that were asked for, with the sounds that were asked for."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scores import cue

from scorelock.bridge.routing import USUAL, Route, Routing
from scorelock.engine.arrange import arrange, arranged
from scorelock.engine.errors import BadSetting

CUE = cue("C Am F G7", density=12.0)


def test_by_default_nothing_changes_and_nothing_is_sent() -> None:
    routing = Routing.parse([])
    assert routing.asks() == []
    assert routing.performance(arrange(CUE)) == arrange(CUE)


@given(
    st.sampled_from(sorted(USUAL)),
    st.integers(1, 16),
    st.integers(1, 128),
    st.integers(0, 16383),
)
def test_a_sound_is_asked_for_as_midi_says(
    part: str, channel: int, program: int, bank: int
) -> None:
    """Read back by mido: bank high, bank low, then the program."""
    parser = mido.Parser()
    for data in Routing.parse([f"{part}={channel}:{program}:{bank}"]).asks():
        parser.feed(data)
    high, low, change = parser
    assert (high.type, high.control, low.type, low.control) == (
        *("control_change", 0),
        *("control_change", 32),
    )
    assert (high.value << 7) + low.value == bank
    assert (change.type, change.program + 1) == ("program_change", program)
    assert {message.channel + 1 for message in (high, low, change)} == {channel}


def test_parts_move_and_stay_the_same_otherwise() -> None:
    routing = Routing.parse(["bass=10", "chords=2:49"])
    plain, moved = arrange(CUE), routing.performance(arrange(CUE))
    assert [{note.channel for note in part.notes} for part in moved.parts] == [{1}, {9}, {2}]
    for before, after in zip(plain.notes, moved.notes, strict=True):
        assert (before.onset_s, before.duration_s) == (after.onset_s, after.duration_s)
    spans = list(routing.arranged(arranged(CUE.chords, CUE.dynamics)))
    assert sorted(note for span in spans for note in span.notes) == list(moved.notes)
    assert routing.asks() == [bytes((0xC1, 48))]


def test_one_sound_for_two_parts_is_asked_for_once() -> None:
    assert Routing.parse(["chords=1:5", "pattern=1:5"]).asks() == [bytes((0xC0, 4))]


@pytest.mark.parametrize(
    "word",
    [
        *("chords", "chords=", "=1", "drums=1", "chords=0", "chords=17", "chords=x"),
        *("chords=1:0", "chords=1:129", "chords=1:1:-1", "chords=1:1:16384", "chords=1:1:1:1"),
        *("chords=1:", "chords=1::3", "chords=1.5"),
    ],
)
def test_what_is_no_route_is_named(word: str) -> None:
    with pytest.raises(BadSetting, match="expected --part") as caught:
        Routing.parse([word])
    assert repr(word) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_route_without_a_sound_leaves_the_one_that_is_there() -> None:
    assert list(Route.parse("3").asks()) == []
