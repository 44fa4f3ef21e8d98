"""Parts go to the outputs and channels that were asked for, with the sounds that were asked for."""

import mido
import pytest
from fakes import FailingOut
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.outboard import Outboard
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.routing import USUAL, Route, Routing
from scorelock.bridge.show import Lane
from scorelock.engine.errors import BadSetting, PortError


def opened(wanted: str) -> MidiOut:
    """No output has this name."""
    raise PortError(wanted)


def test_by_default_every_part_keeps_its_channel_and_nothing_is_sent() -> None:
    out = RecordingOut(ManualClock())
    with Outboard(out, None, opened) as outboard:
        lanes = outboard.lanes(Routing.parse([]))
        outboard.ask(Routing.parse([]))
    assert lanes == {channel: Lane(0, channel) for channel in USUAL.values()}
    assert out.sent == []


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
    for _, data in Routing.parse([f"{part}={channel}:{program}:{bank}"]).asks():
        parser.feed(data)
    high, low, change = parser
    assert (high.type, high.control, low.type, low.control) == (
        *("control_change", 0),
        *("control_change", 32),
    )
    assert (high.value << 7) + low.value == bank
    assert (change.type, change.program + 1) == ("program_change", program)
    assert {message.channel + 1 for message in (high, low, change)} == {channel}


def test_parts_go_to_outputs_that_are_opened_once() -> None:
    """The usual output by its name is the usual one."""
    words = ["bass=10@Synth", "pattern=3:7@Synth", "chords=2:49@Main"]
    usual, more = RecordingOut(ManualClock()), []

    def other(wanted: str) -> RecordingOut:
        more.append((wanted, RecordingOut(ManualClock())))
        return more[-1][1]

    routing = Routing.parse(words)
    with Outboard(usual, "Main", other) as outboard:
        lanes = outboard.lanes(routing)
        outboard.ask(routing)
        assert outboard.outs == [usual, more[0][1]]
    assert [name for name, _ in more] == ["Synth"]
    assert [lanes[USUAL[part]] for part in ("chords", "bass", "pattern")] == [
        Lane(0, 1),
        Lane(1, 9),
        Lane(1, 2),
    ]
    assert [data for _, data in usual.sent] == [bytes((0xC1, 48))]
    assert [data for _, data in more[0][1].sent] == [bytes((0xC2, 6))]


def test_an_output_that_cannot_be_had_closes_those_that_are_open() -> None:
    out = FailingOut(ManualClock(), ())
    with pytest.raises(PortError), Outboard(out, None, opened) as outboard:
        outboard.lanes(Routing.parse(["bass=1@Nowhere"]))
    assert out.closed


def test_one_sound_for_two_parts_is_asked_for_once() -> None:
    routing = Routing.parse(["chords=1:5", "pattern=1:5", "bass=1:5@Other"])
    assert routing.asks() == [(None, bytes((0xC0, 4))), ("Other", bytes((0xC0, 4)))]


@pytest.mark.parametrize(
    "word",
    [
        *("chords", "chords=", "=1", "drums=1", "chords=0", "chords=17", "chords=x"),
        *("chords=1:0", "chords=1:129", "chords=1:1:-1", "chords=1:1:16384", "chords=1:1:1:1"),
        *("chords=1:", "chords=1::3", "chords=1.5", "chords=1@"),
    ],
)
def test_what_is_no_route_is_named(word: str) -> None:
    with pytest.raises(BadSetting, match="expected --part") as caught:
        Routing.parse([word])
    assert repr(word) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_route_without_a_sound_leaves_the_one_that_is_there() -> None:
    assert list(Route.parse("3").asks()) == []
