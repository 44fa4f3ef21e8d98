"""Controllers follow the loudness, at their pace, and are right after every jump."""

from itertools import pairwise

import mido
import numpy as np
from fakes import ManualRig, performance
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.show import Expression, Lane, Show
from scorelock.bridge.simulate import Move, reaper
from scorelock.bridge.transport import Position, Roll, Stop
from scorelock.engine.expression import STEPS_HZ, values

LOUDNESS = tuple(float(x) for x in 0.25 - 0.25 * np.cos(np.arange(30) / 3))
SHOW = Show(
    performance(duration_s=30.0),
    expression=Expression(LOUDNESS, (1, 11), (Lane(0, 0), Lane(0, 3))),
)


def value_at(position_s: float) -> int:
    """By the definition: straight between the middles of seconds, softest 24, loudest 127."""
    step_s = np.floor(position_s * STEPS_HZ + 1e-9) / STEPS_HZ
    loudness = np.interp(step_s, np.arange(30) + 0.5, LOUDNESS)
    return int(np.rint(24 + 103 * (min(loudness, 0.5) / 0.5) ** 0.3))


def test_each_stream_says_the_same_and_no_more_than_its_pace() -> None:
    rig = ManualRig(SHOW).hear(reaper((Position(0, 0.0), Roll(0.1)), 12.0), 12.0)
    parser = mido.Parser()
    for _, data in rig.out.sent:
        parser.feed(data)
    said = list(parser)
    assert {message.type for message in said} == {"control_change"}
    streams = {(m.channel, m.control) for m in said}
    assert streams == {(0, 1), (0, 11), (3, 1), (3, 11)}
    for channel, control in streams:
        own = [m.value for m in said if (m.channel, m.control) == (channel, control)]
        assert len(own) <= 12 * STEPS_HZ
        assert all(before != after for before, after in pairwise(own))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0.05, 2), st.floats(0, 26)), max_size=6))
def test_after_any_locates_the_value_is_that_of_the_place(jumps: list[tuple[float, float]]) -> None:
    now_s = 0.1
    script: list[Move] = [Position(0, 0.0), Roll(0.1)]
    for wait_s, position_s in jumps:
        now_s += wait_s
        script.append(Position(now_s, position_s))
    # A nudge by a few frames is known after half a second.
    rig = ManualRig(SHOW).hear(reaper(script, now_s + 2), now_s + 2)
    here_s = rig.follower.chaser.fix(rig.clock.now()).position_s
    assert here_s is not None
    newest = {data[:2]: data[2] for _, data in rig.out.sent if data[0] & 0xF0 == 0xB0}
    if here_s < 29.9:
        near = {value_at(max(0.0, here_s + slip_s)) for slip_s in (-1e-4, 0, 1e-4)}
        assert {newest[b"\xb0\x01"], newest[b"\xb3\x0b"]} <= near


def test_standing_says_nothing() -> None:
    rig = ManualRig(SHOW).hear(reaper((Position(0, 5.0), Stop(0.1)), 3.0), 3.0)
    assert rig.sent == []


def test_a_film_of_no_second_has_no_curve() -> None:
    assert values(()) == ([], [])
