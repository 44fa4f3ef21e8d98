"""MIDI timecode out: what mido and our own reader make of the bytes, and a real MIDI system."""

import sys
import threading
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jackd import running_jack
from legs import Leg, exactly, gaps, leg_of, roughly, ways
from wires import WireRig

from scorelock.bridge.chaser import Chaser, State, SyncFix
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.leading.mtc_out import CODES, MtcOut
from scorelock.bridge.leading.pace import GAP_S
from scorelock.bridge.ports import open_port
from scorelock.bridge.timelines.follow import open_timeline
from scorelock.bridge.timelines.mtc import MtcReader
from scorelock.bridge.transport import LoopRange, Position, Repeat, Roll, Stop, TransportEvent
from scorelock.bridge.voice import DueMessage
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

FILM = FrameRate(Fraction(25))
NTSC = FrameRate(Fraction(30000, 1001))
DROP = FrameRate(Fraction(30000, 1001), drop=True)
rates = st.sampled_from(list(CODES))


def full_frames(said: Sequence[DueMessage]) -> list[tuple[float, str]]:
    """Times, to a millisecond, and hh mm ss ff in hex."""
    return [(round(each.at_s, 3), each.data[5:9].hex(" ")) for each in said if len(each.data) > 2]


def quarter_frames(said: Sequence[DueMessage]) -> list[tuple[float, bytes]]:
    """Times and bytes."""
    return [(each.at_s, each.data) for each in said if len(each.data) == 2]


def positions(said: Sequence[DueMessage], rate: FrameRate) -> list[Position]:
    """What our own reader makes of it."""
    reader = MtcReader(rate)
    events = [event for each in said for event in reader.hear(each.data, each.at_s)]
    assert not reader.ignored
    return [event for event in events if isinstance(event, Position)]


def test_a_start_is_a_full_frame_and_then_four_quarter_frames_a_frame() -> None:
    """At 25 the second's first frame is even here, and odd in the next second."""
    said = exactly(MtcOut(FILM, 3), [Leg(1.0, 1.08, 3722 + 3.5 / 25)])
    first, *quarters = said
    assert (first.at_s, first.data.hex()) == (1.0, "f07f7f010121020203f7")
    assert b"".join(each.data for each in quarters).hex() == "f104f110f122f130f142f150f161"
    assert [each.at_s for each in quarters] == pytest.approx([1.02 + i / 100 for i in range(7)])
    assert {each.port for each in said} == {3}


def test_backwards_the_pieces_come_from_7_down_to_0() -> None:
    """From 4.04 s on the first whole time is that of frame 98, 00:00:03:23."""
    said = exactly(MtcOut(FILM), [Leg(0.0, 0.125, 4.04, -1.0)])
    pieces = b"".join(data for _, data in quarter_frames(said)).hex()
    assert pieces == "f172f160f150f140f130f123f111f107"
    assert quarter_frames(said)[0][0] == pytest.approx(0.05)


def test_a_small_correction_backwards_says_nothing_twice() -> None:
    said = exactly(MtcOut(FILM), [Leg(0, 1, 10.0), Leg(1, 2, 10.97)])
    numbers = [data[1] >> 4 for _, data in quarter_frames(said)]
    assert numbers == [i % 8 for i in range(len(numbers))]
    assert len(numbers) == 198


def test_drop_frame_numbers_are_left_out() -> None:
    """00:00:59;28 is frame 1798, and two frames later it is 00:01:00;02."""
    said = exactly(MtcOut(DROP), [Leg(0.0, 0.2, 1798 * 1001 / 30000)])
    pieces = b"".join(data for _, data in quarter_frames(said)).hex()
    assert pieces.startswith("f10cf111f12bf133f140f150f160f174f102f110f120f130f141f150f160f174")


@pytest.mark.parametrize(
    ("rate", "day_s", "midnight"),
    [
        (FILM, 86400, "20 00 00 00"),
        (NTSC, 86486.4, "60 00 00 00"),
        (DROP, 86399.9136, "40 00 00 00"),
    ],
)
def test_past_midnight_and_before_it_the_day_goes_round(
    rate: FrameRate, day_s: float, midnight: str
) -> None:
    standing = [Leg(0, 1, day_s, 0), Leg(1, 2, 0.0, 0), Leg(2, 3, -1.0, 0)]
    frames = [words for _, words in full_frames(exactly(MtcOut(rate), standing))]
    assert frames[:1] == [midnight]
    assert frames[-1].startswith(("37 3b 3b", "77 3b 3b", "57 3b 3b"))


@given(rates, st.floats(0, 86_000), st.sampled_from([1.0, -1.0]))
def test_our_own_reader_lands_on_the_true_position(
    rate: FrameRate, position_s: float, speed: float
) -> None:
    leg = Leg(5.0, 6.0, position_s, speed)
    said = exactly(MtcOut(rate), [leg])
    located, *heard = positions(said, rate)
    assert abs(located.position_s - leg.at(located.at_s)) <= 1.001 / rate.fps
    assert len(heard) >= (1.0 * float(rate.fps) * 4 - 16) / 4 - 1
    for each in heard:
        if 0.2 < each.position_s < 86_000:  # backwards it may come to midnight
            assert each.position_s == pytest.approx(leg.at(each.at_s), abs=1e-5)


@pytest.mark.parametrize("speed", [0.5, 0.96, 1.04, 2.0, -0.5])
def test_quarter_frames_go_with_the_speed(speed: float) -> None:
    said = exactly(MtcOut(FILM), [Leg(0.0, 8.0, 100.0, speed)])
    rig = WireRig(MtcReader())
    rig.hear(((each.at_s, each.data) for each in said), 8.0)
    assert rig.position_s() == pytest.approx(100 + 8 * speed, abs=0.03)
    assert rig.follower.chaser.fix(8.0).rate == pytest.approx(speed, rel=0.02)


def test_beyond_four_times_the_speed_it_winds_by_full_frames() -> None:
    legs = [Leg(0, 1, 100.0, 0), Leg(1, 2, 100.0, 8.0), Leg(2, 3, 50.0, 1.0, 2)]
    said = exactly(MtcOut(FILM), legs)
    winds = full_frames(said)[1:10]  # the first of 1 s was told while it stood
    assert [at_s for at_s, _ in winds] == pytest.approx([1.1 + i / 10 for i in range(9)], abs=2e-3)
    assert winds[4][1] == "20 01 2c 00"  # 104 s
    assert quarter_frames(said)[0][0] >= 2.0


@given(rates, ways(), gaps)
def test_coming_at_any_times_sends_the_same(
    rate: FrameRate, legs: list[Leg], gaps_s: list[float]
) -> None:
    wanted, said = exactly(MtcOut(rate), legs), roughly(MtcOut(rate), legs, gaps_s)
    assert [each.data for each in said] == [each.data for each in wanted]
    assert [each.at_s for each in said] == pytest.approx([each.at_s for each in wanted], abs=1e-6)


@given(rates, ways((1.0, 0.0, -1.0, 0.5, 7.0)), gaps)
def test_whatever_is_said_is_timecode_of_then(
    rate: FrameRate, legs: list[Leg], gaps_s: list[float]
) -> None:
    """Full frames no closer than a tenth of a second; a run begins with a whole time."""
    said = roughly(MtcOut(rate), legs, gaps_s)
    kinds = [mido.Message.from_bytes(each.data).type for each in said]
    assert set(kinds) <= {"sysex", "quarter_frame"}
    fulls = [at_s for at_s, _ in full_frames(said)]
    assert all(after - before > GAP_S - 2e-3 for before, after in pairwise(fulls))
    for (_, before), (_, after) in pairwise(quarter_frames(said)):
        numbers = before[1] >> 4, after[1] >> 4
        in_turn = (numbers[1] - numbers[0]) % 8 in (1, 7)
        assert in_turn or numbers[1] in (0, 7)
    for at_s, data in quarter_frames(said):
        number, quarter_s = data[1] >> 4, 1 / (4 * rate.fps)
        assert any(
            abs(leg.at(at_s) / quarter_s / 8 % 1 - number / 8) % 1 < 1e-3
            or abs(leg.at(at_s) / quarter_s / 8 % 1 - number / 8) % 1 > 1 - 1e-3
            for leg in leg_of(legs, at_s)
            if leg.rate
        )


def test_a_cursor_that_is_dragged_is_told_ten_times_a_second_and_where_it_is_left() -> None:
    legs = [Leg(i / 50, (i + 1) / 50, float(i), 0) for i in range(50)]
    frames = full_frames(exactly(MtcOut(FILM), [*legs, Leg(1.0, 9.0, 49.0, 0)]))
    assert [at_s for at_s, _ in frames] == pytest.approx([i / 10 for i in range(11)], abs=1e-3)
    assert frames[-1][1] == "20 00 31 00"


def test_a_stop_tells_where_and_nothing_more() -> None:
    said = exactly(MtcOut(FILM), [Leg(0, 1, 10.0), Leg(1, 9, 11.01, 0)])
    assert full_frames(said) == [(0.0, "20 00 0a 00"), (1.0, "20 00 0b 00")]
    assert quarter_frames(said)[-1][0] <= 1.0


def test_where_the_host_is_not_known_nothing_is_said() -> None:
    legs = [Leg(0, 1, 10.0), Leg(1, 3, 11.0, 1.0, 1, State.LOCATING)]
    said = exactly(MtcOut(FILM), legs)
    assert said[-1].at_s <= 1.0
    unknown = SyncFix(0.0, None, 0.0, State.STOPPED, 0.0, 0, 0.0, 7.0)
    voice = MtcOut(FILM)
    assert (voice.advance(unknown), voice.wake_s(unknown)) == ([], 7.0)


@pytest.mark.parametrize("by_s", [-2.0, 2.0])
def test_a_host_that_is_moved_within_its_take_is_located_anew(by_s: float) -> None:
    """As by another latency; the same goes for a program that was held up."""
    said = exactly(MtcOut(FILM), [Leg(0, 1, 10.0), moved := Leg(1, 2, 11.0 + by_s)])
    after = [each for each in said if each.at_s > 1.0]
    assert len(quarter_frames(after)) == pytest.approx(96, abs=8)
    assert positions(after, FILM)[-1].position_s == pytest.approx(moved.at(2), abs=0.05)


def test_a_loop_of_the_host_comes_through() -> None:
    """From a host's reports to a second host that chases our timecode, over two wraps."""
    chaser, voice, rig = Chaser(), MtcOut(FILM), WireRig(MtcReader())
    said: list[DueMessage] = []
    for event in (LoopRange(0, 10, 14), Repeat(0, True), Position(0, 10.0), Roll(0.5)):
        chaser.observe(event)
    now_s = 0.5
    while now_s < 10:
        fix = chaser.fix(now_s)
        said += voice.advance(fix)
        coming_s = (int(now_s * 15 + 1e-6) + 1) / 15
        now_s = max(now_s + 1e-6, min(voice.wake_s(fix), coming_s))
        if now_s == coming_s:
            chaser.observe(Position(now_s, 10 + (now_s - 0.5) % 4))
    rig.hear(((each.at_s, each.data) for each in said), 10.0)
    assert rig.position_s() == pytest.approx(10 + 9.5 % 4, abs=0.002)
    assert [at_s for at_s, _ in full_frames(said)] == pytest.approx([0.5, 4.5, 8.5], abs=1e-3)
    assert sum(isinstance(event, Stop) for event in rig.events) == 2  # a full frame is a locate


@pytest.mark.parametrize(("fps", "counted"), [(50, 25), (60, 30), (48, 24), (120, 30)])
def test_high_rates_count_every_second_frame(fps: int, counted: int) -> None:
    legs = [Leg(0, 1, 12.34)]
    said = exactly(MtcOut(FrameRate(Fraction(fps))), legs)
    assert said == exactly(MtcOut(FrameRate(Fraction(counted))), legs)


@pytest.mark.parametrize("fps", [Fraction(15), Fraction(25000, 1001), Fraction(36)])
def test_a_rate_that_timecode_does_not_have_is_one_line(fps: Fraction) -> None:
    with pytest.raises(BadSetting, match="--timecode-rate") as err:
        MtcOut(FrameRate(fps))
    assert "\n" not in str(err.value)


@pytest.fixture(scope="module")
def jack() -> Iterator[None]:
    """A JACK server for the test of this file."""
    with running_jack("scorelock-leading"):
        yield


@pytest.mark.usefixtures("jack")
@pytest.mark.skipif(sys.platform == "win32", reason="needs JACK")
def test_through_a_real_midi_system_into_a_chasing_time_line() -> None:
    """How exactly is for a bench to say: this machine may be busy."""
    clock, chaser, stopped = MonotonicClock(), Chaser(), threading.Event()
    fixes: list[tuple[float, float | None]] = []

    def receive(heard: Sequence[TransportEvent], at_s: float) -> None:
        for event in heard:
            chaser.observe(event)
            if isinstance(event, Stop):
                stopped.set()
        if not stopped.is_set():
            fixes.append((at_s, chaser.fix(at_s).position_s))

    timeline = open_timeline("mtc:virtual:chases us", clock, NTSC)
    timeline.start(receive)
    out, voice = open_port("chases us"), MtcOut(NTSC)
    from_s = clock.now() + 0.3
    leg = Leg(from_s, from_s + 2, 3000.0)
    now_s = from_s
    while now_s < leg.until_s:
        clock.sleep_until(now_s)
        fix = leg.fix(clock.now())
        for each in voice.advance(fix):
            out.send(each.data)
        now_s = voice.wake_s(fix)
    for each in voice.advance(Leg(now_s, now_s + 1, 3002.0, 0).fix(now_s)):
        out.send(each.data)
    assert stopped.wait(10)
    out.close()
    timeline.close()
    at_s, position_s = fixes[-1]
    assert position_s == pytest.approx(leg.at(at_s), abs=0.03)
    assert at_s > leg.until_s - 0.5
    assert not timeline.ignored
