"""A host is played, stopped, located and lost; every message and its time is known."""

from itertools import pairwise

import pytest
from fakes import FILM_RATE, ManualRig, message, note, off, on, performance, silence

from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.simulate import Move, TimedDatagram, osc_bundle, reaper
from scorelock.bridge.transport import Pause, Position, Roll, Stop

SCORE = performance(note(1, 2), note(1.5, 3, 64), note(2, 4, 67))


def played(*moves: Move, until_s: float) -> list[tuple[float, bytes]]:
    """What a host without delays makes of the score."""
    return ManualRig(SCORE).hear(reaper(moves, until_s), until_s).sent


def at(at_s: float, *data: bytes) -> list[tuple[float, bytes]]:
    """These messages at one time."""
    return [(at_s, each) for each in data]


def test_play_from_the_start_and_stop() -> None:
    assert played(Position(0, 0.0), Roll(0.5), Stop(3), until_s=5) == [
        *at(1.5, on()),
        *at(2.0, on(64)),
        *at(2.5, off(), on(67)),
        *at(3.0, off(64), off(67), *silence()),
    ]


def test_play_without_a_known_cursor_starts_at_the_first_position() -> None:
    """The lights come at 0.49, the first position 10 ms later with the tick at 0.5."""
    assert played(Roll(0.49), until_s=2) == at(1.49, on()) + at(1.99, on(64))


def test_pause_releases_and_play_goes_on_from_there_not_from_the_cursor() -> None:
    assert played(Position(0, 0.0), Roll(0.0), Pause(1.3), Roll(2.02), until_s=3)[1:] == [
        *at(1.3, off(), *silence()),
        # Known again with the tick at 31/15 s, when the playhead is at 1.347 s.
        *at(2.0667, on()),
        *at(2.22, on(64)),
        *at(2.72, off(), on(67)),
    ]


def test_locate_forward_strikes_what_sounds_there() -> None:
    moves = (Position(0, 0.0), Roll(0.0), Position(1.2, 2.5))
    assert played(*moves, until_s=2)[:6] == [
        *at(1.0, on()),
        *at(1.2, off(), *silence(), on(64), on(67)),
    ]


def test_locate_backward_plays_it_again() -> None:
    moves = (Position(0, 0.0), Roll(0.0), Position(1.6, 0.5), Stop(2.5))
    assert played(*moves, until_s=3) == [
        *at(1.0, on()),
        *at(1.5, on(64)),
        *at(1.6, off(), off(64), *silence()),
        *at(2.1, on()),
        *at(2.5, off(), *silence()),
    ]


def test_a_loop_wraps_each_time() -> None:
    wraps = [Position(2.4 + 1.2 * turn, 1.2) for turn in range(3)]
    sent = played(Position(0, 1.2), Roll(0), *wraps, Stop(6), until_s=7)
    assert [at_s for at_s, data in sent if data == on(67)] == [0.8, 3.2, 4.4, 5.6]


def test_locate_while_stopped_is_silent_and_play_strikes_there() -> None:
    moves = (Position(0, 0.0), Position(0.5, 2.5), Position(1.0, 1.25), Roll(2.0), Stop(2.1))
    assert played(*moves, until_s=4) == [
        *at(2.0, on()),
        *at(2.1, off(), *silence()),
    ]


def test_positions_after_a_stop_are_not_played() -> None:
    """REAPER jumps back to its edit cursor, which may stand in the middle of a note."""
    assert played(Position(0, 1.25), Roll(0), Stop(1), until_s=4)[-1] == (1.0, silence()[1])


def test_nothing_sounds_before_the_film_or_past_its_end() -> None:
    rig = ManualRig(performance(note(0, 1), note(4, 9), duration_s=5.0), film_start_s=10.0)
    moves = (Position(0, 8.0), Roll(0), Position(9, 15.5))
    assert rig.hear(reaper(moves, 12.0), 12.0).sent == [
        *at(2.0, on()),
        *at(3.0, off()),
        *at(6.0, on()),
        *at(7.0, off()),
        *at(9.0, *silence()),
    ]


def timecode(*frames: int, fps: int = 25, from_s: float = 0.0) -> list[TimedDatagram]:
    """A stream of timecode at its frame rate."""
    return [
        TimedDatagram(
            from_s + index / fps, message("/timecode", f"00:00:{frame // fps:02}:{frame % fps:02}")
        )
        for index, frame in enumerate(frames)
    ]


def test_timecode_alone_plays_and_its_end_stops() -> None:
    """Three frames are believed; 0.2 s without a frame is the end."""
    assert ManualRig(SCORE).hear(timecode(*range(20, 61)), 5.0).sent == [
        *at(0.2, on()),
        *at(0.7, on(64)),
        *at(1.2, off(), on(67)),
        *at(1.8, off(64), off(67), *silence()),
    ]


def test_who_joins_late_is_taken_along() -> None:
    """Reports of a host that was started before: the third is believed."""
    stream = [TimedDatagram(i / 15, message("/time", 1.1 + i / 15)) for i in range(12)]
    sent = ManualRig(SCORE).hear(stream, 0.8).sent
    assert sent[:2] == [(0.1333, on()), (0.4, on(64))]


def test_a_cursor_that_is_moved_by_hand_is_not_taken_for_playing() -> None:
    stream = [TimedDatagram(i / 15, message("/time", 1.0 + i / 60)) for i in range(40)]
    assert ManualRig(SCORE).hear(stream, 5.0).sent == []


def test_loss_releases_after_half_a_second_and_reports_bring_it_back() -> None:
    stream = list(reaper([Position(0, 0.0), Roll(0)], 3.0))
    rig = ManualRig(SCORE).hear([d for d in stream if not 1.21 < d.at_s < 2.55], 3.0)
    assert rig.sent == [
        *at(1.0, on()),
        *at(1.5, on(64)),  # on the flywheel
        *at(1.7, off(), off(64), *silence()),
        *at(2.7333, on(64), on(67)),
        *at(3.0, off(64)),
    ]
    assert rig.follower.chaser.drop_outs == 1


def test_a_position_that_stands_still_while_playing_is_a_pause() -> None:
    """A player that waits for its disk: the lights say play, the playhead stands."""
    stream = list(reaper([Position(0, 0.8), Roll(0)], 0.34))
    waits = osc_bundle({"/time": 0.8 + stream[-1].at_s})
    stream += [TimedDatagram(i / 15, waits) for i in range(6, 15)]
    assert ManualRig(SCORE).hear(stream, 2.0).sent == [
        *at(0.2, on()),
        *at(0.6, off(), *silence()),
    ]


def test_one_absurd_report_does_not_keep_the_session_there() -> None:
    stream = list(reaper([Position(0, 0.0), Roll(0)], 3.0))
    stray = TimedDatagram(1.21, message("/time", 5000.0))
    rig = ManualRig(SCORE).hear(sorted([*stream, stray]), 3.0)
    assert rig.sent == [
        *at(1.0, on()),
        *at(1.21, off(), *silence()),
        *at(1.2667, on()),
        *at(1.5, on(64)),
        *at(2.0, off(), on(67)),
        *at(3.0, off(64)),
    ]


def test_small_corrections_never_send_twice() -> None:
    rig = ManualRig(performance(*(note(i / 50, i / 50 + 0.01, 40 + i % 40) for i in range(500))))
    rig.hear(reaper([Position(0, 0.0), Roll(0)], 9.0, delay_s=0.03, seed=4), 9.0)
    ons = [data for _, data in rig.sent if data[0] == 0x90]
    assert ons == [on(40 + i % 40) for i in range(len(ons))]
    assert rig.follower.chaser.locates == 0


def test_a_long_stall_strikes_what_still_sounds_and_drops_what_is_over() -> None:
    """The sender was held up for three seconds."""
    rig = ManualRig(performance(note(1, 1.5), note(2, 9, 62), note(3.45, 3.48, 64)))
    stream = list(reaper([Position(0, 0.5), Roll(0)], 3.0))
    rig.hear(stream[:3], 0.1)
    slept = [
        event for at_s, data in stream[3:] for event in read(hosts(FILM_RATE), data, at_s).events
    ]
    due, _, _ = rig.follower.advance(slept, 3.0)
    assert [message.data for message in due] == [on(62), on(64), off(64)]
    assert (rig.follower.player.late, rig.follower.player.dropped) == (1, 1)


@pytest.mark.parametrize("pitch", [60, 61])
def test_ends_come_before_starts_at_the_same_instant(pitch: int) -> None:
    rig = ManualRig(performance(note(1, 2), note(2, 3, pitch)))
    rig.hear(reaper([Position(0, 0.0), Roll(0)], 2.5), 2.5)
    assert rig.sent == [*at(1.0, on()), *at(2.0, off(), on(pitch))]


def test_times_of_what_is_sent_never_go_back() -> None:
    sent = played(Position(0, 0.0), Roll(0.1), Position(1.3, 3.0), Position(1.9, 0.9), until_s=5)
    assert all(a <= b for (a, _), (b, _) in pairwise(sent))
