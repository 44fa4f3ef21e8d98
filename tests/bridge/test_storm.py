"""Whatever hosts say, however late: no note stays, none is doubled, none is loose."""

import random

import pytest
from fakes import Keyboard, off, on
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.bench_storm import Stage, faults, storm, wrongs

SEEDS = 1000
"""Of those that `scorelock bench live` blows."""


@settings(max_examples=400, deadline=None)
@given(st.randoms(use_true_random=False))
def test_no_storm_leaves_a_note(draw: random.Random) -> None:
    """An independent keyboard hears each output; the hosts' stop or silence is silence at once."""
    blown = storm(draw)
    stage = Stage(blown.show)
    stage.play(blown)
    assert stage.left_on == 0
    for out in stage.outs:
        keyboard = Keyboard()
        for _, data in out.sent:
            keyboard.hear(data)
        assert (keyboard.down, keyboard.double_ons, keyboard.loose_offs) == (set(), 0, 0)


def test_the_storms_of_the_bench_find_nothing() -> None:
    assert sum(map(faults, range(SEEDS))) == 0


def test_the_storms_do_make_sound() -> None:
    """Lest the tests above pass in silence: on both outputs, whatever the end."""
    struck: dict[tuple[int, str], int] = {}
    for seed in range(200):
        blown = storm(random.Random(seed))
        stage = Stage(blown.show)
        stage.play(blown)
        for port, out in enumerate(stage.outs):
            ons = sum(data[0] & 0xF0 == 0x90 for _, data in out.sent)
            struck[port, blown.end] = struck.get((port, blown.end), 0) + ons
    assert set(struck) == {(port, end) for port in (0, 1) for end in ("stop", "silence", "exit")}
    assert min(struck.values()) > 20


def test_a_number_makes_a_storm_again() -> None:
    assert storm(random.Random(7)) == storm(random.Random(7)) != storm(random.Random(8))


@pytest.mark.parametrize(
    ("messages", "count"),
    [
        ([on(), off(), on(64), off(64)], 0),
        ([on(), on(60, 1), off(60, 1), off()], 0),
        ([on()], 1),
        ([on(), on(), off()], 1),
        ([on(), off(), off()], 1),
        ([on(), off(60, 1)], 2),
    ],
)
def test_what_is_wrong_is_counted(messages: list[bytes], count: int) -> None:
    assert wrongs(messages) == count
