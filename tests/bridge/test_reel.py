"""The player's notes as arrays: who sounds where, told by brute force."""

import pickle

from fakes import note
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.reel import Reel
from scorelock.bridge.show import Lane
from scorelock.engine.score import Note

GRID = st.integers(0, 24).map(lambda n: n / 4)
NOTES = st.lists(
    st.builds(
        lambda at_s, long, pitch, velocity, channel: Note(at_s, long / 4, pitch, velocity, channel),
        GRID,
        st.integers(1, 12),
        st.integers(0, 127),
        st.integers(1, 127),
        st.integers(0, 15),
    ),
    max_size=30,
).map(sorted)


@given(NOTES, GRID, st.integers(-1, 30))
def test_what_sounds_at_a_place(notes: list[Note], duration_s: float, eighths: int) -> None:
    """Ends that fall on a start come before it; the film's end ends all."""
    place_s = eighths / 4
    reel = Reel.of(notes, duration_s, {})
    inside = [n for n in notes if n.onset_s < duration_s]
    sounding = [i for i, n in enumerate(inside) if n.onset_s <= place_s < min(n.end_s, duration_s)]
    passed = [at_s for n in inside for at_s in (n.onset_s, min(n.end_s, duration_s))]
    assert reel.at(place_s) == (sum(at_s <= place_s for at_s in passed), sounding)
    assert len(reel) == len(inside)
    assert [reel.begun(i)[1:3] for i in range(len(reel))] == [(n.pitch, n.velocity) for n in inside]


@given(NOTES, NOTES)
def test_notes_that_come_later_are_as_if_they_had_been_there(
    first: list[Note], second: list[Note]
) -> None:
    over_s = max((n.end_s for n in first), default=0.0)
    later = [note(over_s + n.onset_s, over_s + n.end_s, n.pitch, n.channel) for n in second]
    grown, whole = Reel.of(first, 99.0, {}).plus(later), Reel.of([*first, *later], 99.0, {})
    assert (grown.edge_s, grown.edge, grown.onset_s, grown.end_s, grown.longest_s) == (
        *(whole.edge_s, whole.edge, whole.onset_s, whole.end_s, whole.longest_s),
    )


def test_a_two_hour_reel_is_sent_to_another_process_as_a_few_blocks() -> None:
    """What it is put away and sent as is its size in bytes, not thousands of objects."""
    notes = [note(i / 5, i / 5 + 0.4, i % 128, i % 16) for i in range(36_000)]
    data = pickle.dumps(Reel.of(notes, 7200.0, {3: Lane(0, 9)}))
    assert len(data) < 36_000 * 50
    again = pickle.loads(data)
    assert again.lane(3) == Lane(0, 9)
    assert again.at(7000.1)[1] == [34_999, 35_000]
