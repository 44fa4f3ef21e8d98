"""What the user chose of a show: outputs, late notes, what is heard at a stop, panic, latency."""

from itertools import pairwise

import pytest
from fakes import Keyboard, ManualRig, message, note, off, on, performance, silence
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.ledger import Ledger
from scorelock.bridge.player import LATE_S, RINGS_S, SCRUB_S, Player
from scorelock.bridge.show import Lane, Late, OnStop, Show
from scorelock.bridge.simulate import TimedDatagram, osc_bundle, reaper
from scorelock.bridge.transport import LoopRange, Position, Repeat, Roll, Stop
from scorelock.bridge.voice import DueMessage

TWO_BARS = performance(note(0, 1, 60), note(1, 2, 64), note(2, 4, 67), duration_s=4.0)


def locked(at_s: float, position_s: float, take: int = 1) -> SyncFix:
    return SyncFix(at_s, position_s, 1.0, State.LOCKED, 0.0, take, at_s, float("inf"))


def stands(at_s: float, position_s: float | None) -> SyncFix:
    return SyncFix(at_s, position_s, 0.0, State.STOPPED, 0.0, 1, at_s, float("inf"))


def strikes(due: list[DueMessage]) -> list[int]:
    return [each.data[1] for each in due if each.data[0] & 0xF0 == 0x90]


@pytest.mark.parametrize(
    ("late", "struck", "counts"),
    [
        (Late.PLAY, [67], (1, 1)),
        (Late.DROP, [], (0, 2)),
        (Late.COUNT, [64, 67], (2, 0)),
    ],
)
def test_late_notes_follow_the_policy(
    late: Late, struck: list[int], counts: tuple[int, int]
) -> None:
    """The sender was held up from 0.5 to 2.5 s: one note is over, the next still sounds."""
    ledger = Ledger()
    player = Player(Show(TWO_BARS, late=late), [ledger])
    player.advance(locked(0.5, 0.5))
    due = player.advance(locked(2.5, 2.5))
    assert strikes(due) == struck
    assert (player.late, player.dropped) == counts
    keyboard = Keyboard()
    for each in [DueMessage(0, on()), *due, *player.advance(stands(3.0, 3.0))]:
        keyboard.hear(each.data)
    assert (keyboard.down, keyboard.double_ons, keyboard.loose_offs) == (set(), 0, 0)


def test_a_note_within_the_limit_is_not_late() -> None:
    player = Player(Show(TWO_BARS, late=Late.DROP), [Ledger()])
    player.advance(locked(0.5, 0.5))
    assert strikes(player.advance(locked(1.0 + LATE_S / 2, 1.0 + LATE_S / 2))) == [64]
    assert (player.late, player.dropped) == (0, 0)


def test_parts_go_to_their_outputs_and_each_is_released_there() -> None:
    score = performance(note(0, 2, 60, 0), note(0, 2, 40, 1), note(0, 2, 40, 2))
    lanes = {0: Lane(1, 5), 1: Lane(0, 9), 2: Lane(0, 9)}
    player = Player(Show(score, lanes=lanes, ports=2), [Ledger(), Ledger()])
    due = [(each.port, each.data) for each in player.advance(locked(0.0, 0.0))]
    # The same key twice on one channel of one output is struck anew.
    assert due == [(0, on(40, 9)), (0, off(40, 9)), (0, on(40, 9)), (1, on(60, 5))]
    due = [(each.port, each.data) for each in player.advance(stands(1.0, 1.0))]
    assert due == [
        *((0, data) for data in (off(40, 9), *silence(9))),
        *((1, data) for data in (off(60, 5), *silence(5))),
    ]


def test_a_chord_where_the_host_stops_rings_and_ends_by_itself() -> None:
    rig = ManualRig(Show(TWO_BARS, on_stop=OnStop.CHORD))
    moves = (Position(0, 0.0), Roll(0.5), Stop(2.0))  # at 1.5, whence the cursor goes back to 0
    rig.hear(reaper(moves, 3.0), 6.0)
    stopped = [(at_s, data) for at_s, data in rig.sent if at_s >= 2.0]
    assert stopped[:5] == [(2.0, data) for data in (off(64), *silence(), on(64))] + [(2.1, off(64))]
    assert [data for _, data in stopped[5:]] == [*silence(), on(60), off(60), *silence()]
    assert stopped[-1][0] == pytest.approx(2.1 + RINGS_S, abs=0.01)
    assert not rig.follower.ledgers[0].sounding


def test_scrubbing_strikes_ten_times_a_second_at_most_and_the_last_place_in_any_case() -> None:
    rig = ManualRig(Show(TWO_BARS, on_stop=OnStop.CHORD))
    scrub = [TimedDatagram(1 + i / 100, osc_bundle({"/time": 0.5 + i * 0.029})) for i in range(100)]
    rig.hear([TimedDatagram(0.5, osc_bundle({"/stop": 1.0, "/time": 0.5})), *scrub], 9.0)
    struck = [(at_s, data[1]) for at_s, data in rig.sent if data[0] == 0x90]
    gaps = [after - before for (before, _), (after, _) in pairwise(struck)]
    assert min(gaps) >= SCRUB_S - 1e-6
    assert struck[-1][1] == 67
    assert not rig.follower.ledgers[0].sounding


def test_by_default_standing_is_silent() -> None:
    rig = ManualRig(TWO_BARS)
    rig.hear(
        [TimedDatagram(i / 10, osc_bundle({"/stop": 1.0, "/time": i / 9})) for i in range(9)], 3
    )
    assert rig.sent == []


def test_panic_is_silence_at_once_on_every_channel_and_what_follows_sounds() -> None:
    rig = ManualRig(Show(TWO_BARS))
    panic = TimedDatagram(1.0, message("/scorelock/panic"))
    plays = reaper((Position(0, 0.0), Roll(0.5)), 3.0)
    rig.hear(sorted([*plays, panic]), 3.0)
    at_once = [data for at_s, data in rig.sent if at_s == 1.0]
    assert at_once[0] == off(60)
    for channel in range(16):
        assert {bytes((0xB0 | channel, control, 0)) for control in (64, 123, 120)} <= set(at_once)
    assert [data[1] for at_s, data in rig.sent if data[0] == 0x90] == [60, 64, 67]
    keyboard = Keyboard()
    for _, data in rig.sent:
        keyboard.hear(data)
    assert (keyboard.double_ons, keyboard.loose_offs) == (0, 0)


def test_a_panic_button_that_is_let_go_is_no_panic() -> None:
    rig = ManualRig(TWO_BARS)
    rig.hear([TimedDatagram(0.1, message("/scorelock/panic", 0.0))], 0.2)
    assert rig.sent == []


@pytest.mark.parametrize("latency_ms", [-20.0, 0.0, 35.0])
def test_latency_is_heard_while_playing(latency_ms: float) -> None:
    """The second note, after the change, comes so much later; none is struck twice."""
    rig = ManualRig(TWO_BARS)
    change = TimedDatagram(1.0, message("/scorelock/latency", latency_ms))
    rig.hear(sorted([*reaper((Position(0, 0.0), Roll(0.5)), 3.0), change]), 3.0)
    struck = [(at_s, data[1]) for at_s, data in rig.out.sent if data[0] == 0x90]
    assert [pitch for _, pitch in struck] == [60, 64, 67]
    assert struck[1][0] == pytest.approx(1.5 + latency_ms / 1000, abs=1e-4)


@pytest.mark.parametrize("latency_ms", ["x", float("nan"), 2001.0, True])
def test_what_is_no_latency_is_ignored(latency_ms: object) -> None:
    rig = ManualRig(TWO_BARS)
    rig.hear([TimedDatagram(0.1, message("/scorelock/latency", latency_ms))], 0.2)  # type: ignore[arg-type]
    assert rig.follower.chaser.latency_s == 0.0
    assert len(rig.ignored) == 1


@settings(deadline=None)
@given(st.floats(-0.2, 0.2), st.integers(0, 99))
def test_a_loop_wraps_when_its_end_is_heard(latency_s: float, seed: int) -> None:
    """Whatever the latency, neither what lies past the loop's end nor before its start sounds."""
    inside = [note(1 + i / 10, 1.09 + i / 10, 60 + i) for i in range(10)]
    outside = [note(i / 10, i / 10 + 0.09, 20 + i) for i in (5, 6, 7, 8, 9, 20, 21, 22, 23, 24)]
    rig = ManualRig(Show(performance(*inside, *outside), latency_s=latency_s))
    loop = (LoopRange(0, 1.0, 2.0), Repeat(0, True), Position(0, 1.3), Roll(0.5))
    rig.hear(reaper(loop, 4.0, delay_s=0.016, seed=seed), 4.0)
    later = [data[1] for at_s, data in rig.out.sent if data[0] == 0x90 and at_s > 0.8]
    assert len(later) > 25
    assert all(after == (before - 59) % 10 + 60 for before, after in pairwise(later))


def test_another_leader_is_heard_from_where_it_is() -> None:
    """What the first said of loop, rate and rolling does not hold for the second."""
    rig = ManualRig(TWO_BARS)
    first = reaper((LoopRange(0, 0.0, 1.0), Repeat(0, True), Position(0, 0.0), Roll(0.1)), 0.5)
    rig.hear(first, 0.5)
    assert rig.follower.ledgers[0].sounding == {(0, 60)}
    rig.hear([TimedDatagram(0.5, message("/scorelock/lead", "timecode"))], 0.6)
    assert not rig.follower.ledgers[0].sounding
    second = [
        TimedDatagram(0.6 + i / 25, message("/timecode", f"00:00:02:{i:02}")) for i in range(9)
    ]
    rig.hear(second, 0.95)
    assert rig.follower.ledgers[0].sounding == {(0, 67)}
