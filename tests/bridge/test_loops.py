"""Loops wrap on time, and a host that rolls faster, slower or backwards is followed."""

import random
from collections.abc import Sequence

import pytest
from fakes import note, performance
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.chaser import Chaser, State
from scorelock.bridge.follower import Follower
from scorelock.bridge.ledger import NOTE_ON
from scorelock.bridge.show import Show
from scorelock.bridge.transport import (
    LoopRange,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)
from scorelock.engine.score import Performance

SCORE = performance(*(note(i / 4, i / 4 + 0.2, 40 + i % 60) for i in range(200)))


def played(
    events: Sequence[TransportEvent], until_s: float, score: Performance = SCORE
) -> tuple[list[tuple[float, bytes]], Follower]:
    """What is sent, at the times that the sender would wake: for events, and when it asked to."""
    follower = Follower(Show(score))
    sent: list[tuple[float, bytes]] = []
    coming = sorted(events, key=lambda event: event.at_s)
    now_s = 0.0
    while now_s < until_s:
        heard = [event for event in coming if event.at_s <= now_s]
        del coming[: len(heard)]
        due, _, wake_s = follower.advance(heard, now_s)
        sent += [(now_s, message.data) for message in due]
        next_s = coming[0].at_s if coming else until_s
        now_s = min(next_s, max(wake_s, now_s + 1e-6), until_s)
    due, _, _ = follower.advance([Stop(until_s)], until_s)
    sent += [(until_s, message.data) for message in due]
    return sent, follower


def strikes(sent: Sequence[tuple[float, bytes]]) -> list[tuple[float, int]]:
    return [(at_s, data[1]) for at_s, data in sent if data[0] & 0xF0 == NOTE_ON]


def rolling(
    start_s: float,
    until_s: float,
    *,
    rate: float = 1.0,
    loop: tuple[float, float] | None = None,
    delay_s: float = 0.0,
    seed: int = 0,
) -> list[TransportEvent]:
    """A host that rolls from 0 s on and reports 15 times a second, each late by up to delay_s."""
    rng = random.Random(seed)
    events: list[TransportEvent] = [Roll(0.0)]
    for tick in range(1, int(until_s * 15)):
        at_s = tick / 15
        position_s = start_s + rate * at_s
        if loop and position_s >= loop[1]:
            position_s = loop[0] + (position_s - loop[0]) % (loop[1] - loop[0])
        events.append(Position(at_s + rng.uniform(0, delay_s), position_s))
    return events


def test_a_known_loop_wraps_between_two_reports() -> None:
    """The note at the loop's start is struck at the seam itself, once, and so on around."""
    loop: list[TransportEvent] = [LoopRange(0.0, 2.0, 3.0), Repeat(0.0, True)]
    sent, follower = played([*loop, *rolling(1.5, 5.0, loop=(2.0, 3.0))], 5.0)
    firsts = [at_s for at_s, pitch in strikes(sent) if pitch == 48]  # the note at 2.0 s
    assert firsts == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5], abs=1e-3)
    assert (follower.chaser.wraps, follower.chaser.locates) == (4, 0)
    assert not follower.ledgers[0].sounding


def test_an_unknown_loop_is_found_by_its_reports() -> None:
    sent, follower = played(rolling(1.5, 5.0, loop=(2.0, 3.0)), 5.0)
    assert (follower.chaser.wraps, follower.chaser.locates) == (0, 4)
    firsts = [at_s for at_s, pitch in strikes(sent) if pitch == 48]
    assert all(at_s <= seam_s + 0.08 for at_s, seam_s in zip(firsts, (0.5, 1.5, 2.5), strict=False))


@settings(max_examples=60, deadline=None)
@given(
    st.floats(0.0, 3.9),
    st.floats(0.0, 3.0),
    st.floats(0.5, 4.0),
    st.floats(0, 0.06),
    st.integers(0, 999),
)
def test_a_wrap_is_no_locate_however_late_the_reports(
    start_s: float, first_s: float, length_s: float, delay_s: float, seed: int
) -> None:
    """Reports from before the seam that come after it, and the other way round, change nothing."""
    loop = (first_s, first_s + length_s)
    events = rolling(start_s, 12.0, loop=loop, delay_s=delay_s, seed=seed)
    _, follower = played([LoopRange(0.0, *loop), Repeat(0.0, True), *events], 12.0)
    inside = start_s < loop[1]
    assert follower.chaser.locates == 0 or not inside
    if inside:
        wraps = (start_s + 12.0 - loop[1]) / length_s
        assert abs(follower.chaser.wraps - max(0.0, wraps)) <= 1 + 1e-6
    assert not follower.ledgers[0].sounding


def test_a_loop_that_is_switched_off_is_left() -> None:
    events: list[TransportEvent] = [
        LoopRange(0.0, 1.0, 2.0),
        Repeat(0.0, True),
        Repeat(0.8, False),
    ]
    sent, follower = played([*events, *rolling(1.0, 3.0)], 3.0)
    assert (follower.chaser.wraps, follower.chaser.locates) == (0, 0)
    assert len(strikes(sent)) == pytest.approx(12, abs=1)


def test_beyond_the_loops_end_the_host_plays_on() -> None:
    events = [LoopRange(0.0, 1.0, 2.0), Repeat(0.0, True), *rolling(4.0, 3.0)]
    _, follower = played(events, 3.0)
    assert (follower.chaser.wraps, follower.chaser.locates) == (0, 0)


@pytest.mark.parametrize("rate", [0.5, 2.0])
def test_another_speed_stretches_the_notes(rate: float) -> None:
    score = performance(note(1, 2))
    sent, _ = played([Rate(0.0, rate), *rolling(0.0, 6.0, rate=rate)], 6.0, score)
    (on_s,) = (at_s for at_s, data in sent if data[0] & 0xF0 == NOTE_ON)
    off_s = next(at_s for at_s, data in sent if data[0] & 0xF0 == 0x80)
    assert on_s == pytest.approx(1 / rate, abs=1e-3)
    assert off_s - on_s == pytest.approx(1 / rate, abs=1e-3)


def test_a_change_of_speed_goes_on_from_where_it_is() -> None:
    """No note is struck again, none is left out."""
    events: list[TransportEvent] = [Roll(0.0), Rate(2.0, 0.5)]
    events += [Position(i / 15, i / 15) for i in range(1, 30)]
    events += [Position(2 + i / 15, 2 + i / 30) for i in range(1, 60)]
    sent, follower = played(events, 6.0)
    pitches = [pitch for _, pitch in strikes(sent)]
    assert pitches == list(range(pitches[0], pitches[0] + len(pitches)))
    assert follower.chaser.locates == 0


def test_backwards_is_silent_and_forwards_again_sounds() -> None:
    events: list[TransportEvent] = [Roll(0.0), Position(0.05, 5.0), Rate(1.0, -1.0)]
    events += [Position(1 + i / 15, 5.95 - i / 15) for i in range(1, 15)]
    events += [Rate(2.0, 1.0), Position(2.05, 5.0), Position(2.1, 5.05)]
    sent, follower = played(events, 2.4)
    assert not [at_s for at_s, _ in strikes(sent) if 1.0 < at_s < 2.0]
    assert [at_s for at_s, _ in strikes(sent) if at_s >= 2.0]
    assert not follower.ledgers[0].sounding


@pytest.mark.parametrize("rate", [float("nan"), float("inf"), 1e9, -1e9])
def test_an_absurd_speed_is_not_taken(rate: float) -> None:
    chaser = Chaser()
    events: list[TransportEvent] = [Roll(0.0), Position(0.1, 1.0), Rate(0.2, rate)]
    for event in events:
        chaser.observe(event)
    fix = chaser.fix(0.22)
    assert (fix.rate, fix.state) == (1.0, State.LOCKED)


@pytest.mark.parametrize("end_s", [1.0, 1.05, 0.2])
def test_a_loop_without_length_is_none(end_s: float) -> None:
    events = [LoopRange(0.0, 1.0, end_s), Repeat(0.0, True), *rolling(0.5, 2.0)]
    _, follower = played(events, 2.0)
    assert follower.chaser.wraps == 0
