"""The sync clock: how exact it is under delays, and what it makes of jumps, silence and flags."""

import numpy as np
import pytest
from numpy.typing import NDArray

from scorelock.bridge.chaser import Chaser, State, SyncFix
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop, TransportEvent

PERIOD_S = 1 / 15


def rolling(
    from_s: float, seconds: float, delays_s: NDArray[np.float64] | None = None
) -> list[TransportEvent]:
    """Reports of a host that is at from_s at time 0, each late by its delay."""
    times = np.arange(0, seconds, PERIOD_S)
    late = np.zeros(len(times)) if delays_s is None else delays_s[: len(times)]
    arrivals = np.maximum.accumulate(times + late)
    return [Position(float(a), float(from_s + t)) for t, a in zip(times, arrivals, strict=True)]


def fixed(events: list[TransportEvent], at_s: float) -> SyncFix:
    """What a new sync clock knows after these events."""
    chaser = Chaser()
    for event in events:
        chaser.observe(event)
    return chaser.fix(at_s)


def delays(model: str, seed: int, count: int = 900) -> NDArray[np.float64]:
    """One-sided delays in seconds: a host's sending thread, a busy one, Wi-Fi with its spikes."""
    draw = np.random.default_rng(seed)
    if model == "thread":
        return draw.uniform(0, 0.016, count)
    if model == "busy":
        return draw.exponential(0.006, count)
    return draw.exponential(0.003, count) + (draw.random(count) < 0.1) * draw.uniform(
        0, 0.12, count
    )


@pytest.mark.parametrize(
    ("model", "p50_ms", "p99_ms"), [("thread", 1, 3), ("busy", 1, 3), ("wifi", 1, 3)]
)
def test_follows_within_a_millisecond_through_delays(
    model: str, p50_ms: float, p99_ms: float
) -> None:
    """From the third second on; and far better than believing the newest report."""
    errors, naive = [], []
    for seed in range(10):
        chaser = Chaser()
        for event in rolling(100.0, 30.0, delays(model, seed)):
            chaser.observe(event)
            assert isinstance(event, Position)
            if event.at_s > 2:
                fix = chaser.fix(event.at_s)
                assert fix.state is State.LOCKED
                assert fix.position_s is not None
                errors.append(100.0 + event.at_s - fix.position_s)
                naive.append(100.0 + event.at_s - event.position_s)
        assert chaser.locates == chaser.drop_outs == 0
    late_ms = 1000 * np.array(errors)
    assert late_ms.min() > -1e-6, "a report is never early, so the estimate must not be either"
    assert np.percentile(late_ms, 50) < p50_ms
    assert np.percentile(late_ms, 99) < p99_ms
    assert np.mean(late_ms) < np.mean(1000 * np.array(naive)) / 3


def test_error_estimate_is_of_the_size_of_the_error() -> None:
    errors, estimates = [], []
    for seed in range(200):
        events = rolling(0.0, 1 + seed % 5, delays("thread", seed))
        fix = fixed(events, events[-1].at_s)
        assert fix.position_s is not None
        errors.append(fix.at_s - fix.position_s)
        estimates.append(fix.error_s)
    assert np.mean(errors) / 2 < np.mean(estimates) < 4 * np.mean(errors)
    assert np.mean(np.array(errors) < 3 * np.array(estimates)) > 0.95


def test_flywheels_then_loses_then_stands() -> None:
    events: list[TransportEvent] = [Roll(0.0), *rolling(10.0, 2.0)]
    last_s = events[-1].at_s
    for after_s, state in [
        (0.1, State.LOCKED),
        (0.2, State.FLYWHEEL),
        (0.49, State.FLYWHEEL),
        (0.51, State.LOST),
        (9.0, State.LOST),
    ]:
        fix = fixed(events, last_s + after_s)
        assert fix.state is state
        assert fix.rate == (state is not State.LOST)
        # Where it was when it was lost is what is shown from then on.
        assert fix.position_s == pytest.approx(10.0 + last_s + min(after_s, 0.5))


def test_a_fix_says_until_when_it_holds() -> None:
    chaser = Chaser()
    for event in (Roll(0.0), *rolling(10.0, 2.0)):
        chaser.observe(event)
    fix, seen = chaser.fix(2.0), []
    while fix.until_s < float("inf"):
        seen.append(fix.state)
        assert chaser.fix(fix.until_s - 1e-6).state is fix.state
        fix = chaser.fix(fix.until_s)
    assert [*seen, fix.state] == [State.LOCKED, State.FLYWHEEL, State.LOST]


def test_a_host_that_says_stop_by_silence_has_stopped_not_been_lost() -> None:
    chaser = Chaser()
    for event in rolling(10.0, 2.0):
        chaser.observe(event)
    assert chaser.fix(3.0).state is State.STOPPED
    assert chaser.drop_outs == 0


@pytest.mark.parametrize(
    ("jump_s", "reports"),
    [(+0.2, 1), (+30.0, 1), (-0.6, 1), (-9.0, 1), (-0.3, 2)],
)
def test_how_many_reports_make_a_locate(jump_s: float, reports: int) -> None:
    """Far ahead or far behind is at once; what might be a late report needs a second."""
    chaser = Chaser()
    for event in (Roll(0.0), *rolling(10.0, 3.0)):
        chaser.observe(event)
    take = chaser.fix(3.0).take
    for count in range(1, reports + 1):
        now_s = 3.0 + count * PERIOD_S
        chaser.observe(Position(now_s, 10.0 + now_s + jump_s))
        assert (chaser.fix(now_s).take > take) == (count == reports)
    at_s = 3.0 + reports * PERIOD_S
    fix = chaser.fix(at_s)
    assert fix.position_s == pytest.approx(10.0 + at_s + jump_s)
    assert fix.since_s == at_s
    assert chaser.locates == 1


def test_a_correction_ahead_is_taken_without_a_locate() -> None:
    chaser = Chaser()
    for event in (Roll(0.0), *rolling(10.0, 3.0)):
        chaser.observe(event)
    take = chaser.fix(3.0).take
    chaser.observe(Position(3.0, 13.1))
    assert chaser.fix(3.0).position_s == pytest.approx(13.1)
    assert chaser.fix(3.0).take == take


@pytest.mark.parametrize(
    ("rate", "within_s"), [(0.97, 0.04), (0.999, 0.004), (1.001, 0.001), (1.03, 0.003)]
)
def test_a_host_whose_clock_runs_fast_or_slow_is_followed_without_a_locate(
    rate: float, within_s: float
) -> None:
    """Film pulled down from 24 frames to 23.976, and audio engines that do not keep time."""
    chaser = Chaser()
    for index in range(900):
        at_s = index * PERIOD_S
        chaser.observe(Position(at_s, 10 + rate * at_s))
        fix = chaser.fix(at_s)
        if at_s > 1:
            assert fix.position_s == pytest.approx(10 + rate * at_s, abs=within_s)
    assert (chaser.fix(60.0).take, chaser.locates) == (1, 0)


def test_a_nudge_back_by_some_frames_is_followed_in_half_a_second() -> None:
    chaser = Chaser()
    for event in rolling(10.0, 5.0):
        chaser.observe(event)
    for event in rolling(14.9, 0.6):
        assert isinstance(event, Position)
        chaser.observe(Position(event.at_s + 5.0, event.position_s))
    assert chaser.fix(5.6).position_s == pytest.approx(15.5)
    assert chaser.locates == 0


def test_two_late_reports_with_good_ones_between_them_are_no_locate() -> None:
    chaser = Chaser()
    for index in range(90):
        at_s = index * PERIOD_S
        chaser.observe(Position(at_s, 10.0 + at_s - (0.3 if index in (45, 60) else 0.0)))
    assert chaser.locates == 0


def test_after_a_loss_one_report_is_not_enough() -> None:
    chaser = Chaser()
    for event in rolling(10.0, 2.0):
        chaser.observe(event)
    for count, state in enumerate((State.STOPPED, State.STOPPED, State.LOCKED)):
        chaser.observe(Position(3.0 + count * PERIOD_S, 13.0 + count * PERIOD_S))
        assert chaser.fix(3.0 + count * PERIOD_S).state is state


@pytest.mark.parametrize("hz", [15, 30])
def test_reports_that_a_stall_delivers_in_one_burst_are_late_not_elsewhere(hz: int) -> None:
    chaser = Chaser()
    chaser.observe(Roll(0.0))
    for index in range(3 * hz):
        chaser.observe(Position(index / hz, 10.0 + index / hz))
    take = chaser.fix(3.0).take
    for index in range(3 * hz, 3 * hz + hz // 5):
        chaser.observe(Position(3.4, 10.0 + index / hz))
        assert chaser.fix(3.4).take == take
    fix = chaser.fix(3.4)
    assert fix.state is State.LOCKED
    assert fix.position_s == pytest.approx(13.4)


@pytest.mark.parametrize("stop", [Stop, Pause])
def test_after_a_stop_the_cursor_is_shown_and_not_rolled_from_by_itself(
    stop: type[Stop | Pause],
) -> None:
    events = [Roll(0.0), *rolling(10.0, 2.0), stop(2.0), Position(2.05, 4.0)]
    fix = fixed(events, 2.1)
    assert (fix.state, fix.rate, fix.position_s) == (State.STOPPED, 0.0, 4.0)


def test_play_rolls_from_the_cursor_at_once_but_not_after_a_pause() -> None:
    events: list[TransportEvent] = [Stop(0.0), Position(0.1, 4.0), Roll(1.0)]
    assert fixed(events, 1.5).position_s == pytest.approx(4.5)
    assert fixed([Pause(0.0), *events[1:]], 1.4).state is State.LOCATING


def test_play_waits_for_a_position_where_the_cursor_is_not_known() -> None:
    """Nothing was reported after the stop: the last position is that of the playhead."""
    events = [Position(0.0, 10.0), Roll(0.0), *rolling(10.0, 2.0), Stop(2.0), Roll(3.0)]
    assert fixed(events, 3.1).state is State.LOCATING


def test_a_cursor_that_was_moved_now_and_then_does_not_slow_the_finding_of_a_loss() -> None:
    events: list[TransportEvent] = [Position(float(i), float(5 * i % 17)) for i in range(10)]
    assert fixed([*events, Roll(10.0)], 10.6).state is State.LOST


def test_a_cursor_that_is_dragged_is_not_taken_for_playing_however_often_it_is_sent() -> None:
    chaser = Chaser()
    for index in range(500):
        chaser.observe(Position(index / 100, 10 + 0.3 * index / 100))
        assert chaser.fix(index / 100).state is State.STOPPED


def test_a_lost_start_flag_is_made_good_by_moving_reports() -> None:
    """UDP loses datagrams: half a second of reports at the speed of time outweighs a stop."""
    events: list[TransportEvent] = [
        Stop(0.0),
        *(Position(1 + i / 15, 5 + i / 15) for i in range(8)),
    ]
    assert fixed(events[:-1], events[-2].at_s).state is State.STOPPED
    assert fixed(events, events[-1].at_s).state is State.LOCKED


@pytest.mark.parametrize("hz", [5, 10, 15, 30, 60, 120])
def test_every_report_rate_locks_and_stays(hz: int) -> None:
    """With the flag and without it; the slowest has a period of 0.2 s."""
    reports: list[TransportEvent] = [Position(i / hz, 3 + i / hz) for i in range(5 * hz)]
    for flag in ([Roll(0.0)], []):
        chaser = Chaser()
        for event in (*flag, *reports):
            chaser.observe(event)
            if event.at_s > 1:
                assert chaser.fix(event.at_s).state is State.LOCKED
        assert (chaser.drop_outs, chaser.fix(5.0 - 1 / hz).take) == (0, 1)


def test_repeated_frames_of_a_fast_sender_are_no_pause() -> None:
    """Timecode of 24 frames a second, sent 100 times a second."""
    events: list[TransportEvent] = [Position(i / 100, int(i * 0.24) / 24) for i in range(500)]
    fix = fixed(events, 4.995)
    assert fix.state is State.LOCKED
    assert fix.position_s == pytest.approx(4.995, abs=0.011)


def test_a_rate_that_is_told_again_keeps_no_old_report() -> None:
    """Ardour is asked for its speed each second; a host that slips back is caught up with."""
    chaser = Chaser()
    chaser.observe(Roll(0.0))
    at_s = 0.1
    for slip_s in (0.0, 0.015):
        for _ in range(60):
            chaser.observe(Rate(at_s, 1.0))
            chaser.observe(Position(at_s, at_s - slip_s))
            at_s += 0.1
    assert chaser.fix(at_s).position_s == pytest.approx(at_s - 0.015, abs=1e-6)


def test_the_word_that_it_rolls_is_forgotten_when_reports_have_come() -> None:
    """It is not as late as they are, and would hold the clock ahead of them for seconds."""
    chaser = Chaser()
    chaser.observe(Position(0.0, 5.0))
    chaser.observe(Roll(1.0))
    for tick in range(1, 12):
        chaser.observe(Position(1.0 + tick / 10, 5.0 + tick / 10 - 0.008))
    assert chaser.fix(2.2).position_s == pytest.approx(6.2 - 0.008, abs=1e-6)


def test_a_burst_counts_as_its_least_late_report() -> None:
    """Thousands of reports a second cost no more than a few, and tell as much."""
    chaser = Chaser()
    chaser.observe(Roll(0.0))
    for tick in range(20_000):
        at_s = tick / 5000
        chaser.observe(Position(at_s, at_s - 0.001 * (tick % 7)))
    assert chaser.fix(4.0).position_s == pytest.approx(4.0, abs=1e-6)
