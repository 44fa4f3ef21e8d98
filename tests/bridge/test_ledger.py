"""The ledger: whatever is struck and lifted, a keyboard that listens ends up silent."""

from fakes import Keyboard, off, on, silence
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.ledger import Ledger

KEYS = st.tuples(st.integers(0, 1), st.integers(60, 62))


def test_a_note_is_struck_and_lifted() -> None:
    ledger = Ledger()
    assert ledger.strike(0, 60, 80) == [on()]
    assert ledger.sounding == {(0, 60)}
    assert ledger.lift(0, 60) == [off()]
    assert ledger.sounding == set()


def test_a_second_strike_lifts_first_and_only_the_last_lift_counts() -> None:
    ledger = Ledger()
    ledger.strike(0, 60, 80)
    assert ledger.strike(0, 60, 80) == [off(), on()]
    assert ledger.lift(0, 60) == []
    assert ledger.lift(0, 60) == [off()]


def test_a_lift_without_a_strike_sends_nothing() -> None:
    assert Ledger().lift(0, 60) == []


def test_release_is_note_by_note_then_modes_of_used_channels_and_only_once() -> None:
    ledger = Ledger()
    ledger.strike(0, 60, 80)
    ledger.lift(0, 60)
    ledger.strike(3, 64, 80)
    ledger.strike(3, 62, 80)
    assert ledger.release() == [off(62, 3), off(64, 3), *silence(0), *silence(3)]
    assert ledger.release() == []


@given(st.lists(st.tuples(st.sampled_from(["strike", "lift", "release"]), KEYS)))
def test_no_order_of_calls_leaves_a_note_or_doubles_one(
    calls: list[tuple[str, tuple[int, int]]],
) -> None:
    ledger, keyboard = Ledger(), Keyboard()
    for verb, (channel, pitch) in calls:
        if verb == "strike":
            sent = ledger.strike(channel, pitch, 80)
        else:
            sent = ledger.lift(channel, pitch) if verb == "lift" else ledger.release()
        for data in sent:
            keyboard.hear(data)
        assert keyboard.down == ledger.sounding
    for data in ledger.release():
        keyboard.hear(data)
    assert (keyboard.down, keyboard.double_ons, keyboard.loose_offs) == (set(), 0, 0)
