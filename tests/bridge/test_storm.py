"""Whatever a host says, however late: no note stays, none is doubled, none is loose."""

import struct

from fakes import Keyboard, ManualRig, message, note, performance
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.simulate import TimedDatagram, osc_bundle

# Chords that overlap themselves on two channels: the same pitch is held by up to three notes.
SCORE = performance(
    *(
        note(i * 0.25, i * 0.25 + length_s, 60 + (i + length_i) % 3, length_i % 2)
        for i in range(80)
        for length_i, length_s in enumerate((0.1, 0.25, 0.6))
    ),
    duration_s=20.0,
)
SECONDS = st.floats(0, 25)
WORDS = st.one_of(
    SECONDS.map(lambda s: osc_bundle({"/time": s})),
    st.sampled_from(["/play", "/stop", "/pause"]).flatmap(
        lambda address: st.sampled_from([0.0, 1.0]).map(lambda on: osc_bundle({address: on}))
    ),
    st.integers(0, 599).map(lambda f: message("/timecode", f"00:00:{f // 25:02}:{f % 25:02}")),
    st.sampled_from([float("nan"), float("inf"), -1.0, 1e30]).map(lambda x: message("/time", x)),
    st.binary(max_size=24),
    st.just("roll on"),  # positions as a rolling host gives them, until the next word
)
STORMS = st.lists(st.tuples(st.floats(0.0, 1.2), WORDS), max_size=30)


def datagrams(storm: list[tuple[float, bytes | str]]) -> list[TimedDatagram]:
    """The storm with its times; "roll on" goes on from the last position that was sent."""
    at_s, position_s, out = 0.0, 0.0, []
    for wait_s, word in storm:
        if isinstance(word, str):
            out += [
                TimedDatagram(at_s + i / 15, osc_bundle({"/time": position_s + i / 15}))
                for i in range(1, int(wait_s * 15))
            ]
            position_s += wait_s
        else:
            out.append(TimedDatagram(at_s + wait_s, word))
            if word[-16:-8] == b"/time\0\0\0":
                position_s = max(0.0, struct.unpack(">f", word[-4:])[0])
        at_s += wait_s
    return out


def check(rig: ManualRig) -> None:
    """An independent keyboard hears what was sent."""
    keyboard = Keyboard()
    for _, data in rig.out.sent:
        keyboard.hear(data)
    assert keyboard.down == rig.follower.ledger.sounding
    assert (keyboard.double_ons, keyboard.loose_offs) == (0, 0)


@settings(max_examples=1000, deadline=None)
@given(STORMS, st.sampled_from(["stop", "silence", "exit"]))
def test_no_storm_leaves_a_note(storm: list[tuple[float, bytes | str]], end: str) -> None:
    arrivals = datagrams(storm)
    end_s = arrivals[-1].at_s if arrivals else 0.0
    rig = ManualRig(SCORE).hear(arrivals, end_s)
    check(rig)
    if end == "stop":
        rig.hear([TimedDatagram(end_s, osc_bundle({"/stop": 1.0}))], end_s)
    elif end == "silence":
        rig.hear([], end_s + 5.5)  # five of the longest periods and a bit
    else:
        for data in rig.follower.ledger.release():
            rig.out.send(data)
    assert rig.follower.ledger.sounding == set()
    check(rig)


def test_the_storms_do_make_sound() -> None:
    """Lest the test above passes in silence."""
    rig = ManualRig(SCORE).hear(
        datagrams(
            [(0.0, osc_bundle({"/time": 1.0})), (0.1, osc_bundle({"/play": 1.0})), (1.0, "roll on")]
        ),
        1.0,
    )
    assert sum(data[0] & 0xF0 == 0x90 for _, data in rig.out.sent) > 9
