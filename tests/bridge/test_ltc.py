"""Linear timecode, from waves that the tests draw by the standard and from libltc's encoder."""

import ctypes
import ctypes.util
import sys
from collections.abc import Sequence
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jack_library import Heard, Told, jack_library
from jackd import running_jack
from numpy.typing import NDArray

from scorelock.bridge.chaser import Chaser, State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.timelines.follow import open_timeline
from scorelock.bridge.timelines.ltc import LtcDecoder, LtcFrame, LtcReader, ServerClock
from scorelock.bridge.transport import Position, Rate, Roll, Stop, TransportEvent
from scorelock.engine.errors import MissingPart, PortError
from scorelock.engine.timebase import FrameRate

CLOCK = MonotonicClock()
SAMPLES = 48_000
SYNC = "0011111111111101"
needs_libltc = pytest.mark.skipif(
    ctypes.util.find_library("ltc") is None, reason="needs libltc: it is not installed"
)

Label = tuple[int, int, int, int]
"""Hours, minutes, seconds, frames."""


def labels(first: Label, count: int, number: int, *, drop: bool = False) -> list[Label]:
    """Labels in a row, counted on one by one; number of them make a second."""
    found: list[Label] = []
    hours, minutes, seconds, frames = first
    while len(found) < count:
        if not (drop and frames < 2 and seconds == 0 and minutes % 10):
            found.append((hours, minutes, seconds, frames))
        frames += 1
        seconds, frames = seconds + frames // number, frames % number
        minutes, seconds = minutes + seconds // 60, seconds % 60
        hours, minutes = (hours + minutes // 60) % 24, minutes % 60
    return found


def bits(label: Label, *, drop: bool = False) -> list[int]:
    """The 80 bits of a frame, the first one first (SMPTE ST 12-1)."""
    hours, minutes, seconds, frames = label
    row = [0] * 64 + [int(bit) for bit in SYNC]
    for at, width, digit in (
        *((0, 4, frames % 10), (8, 2, frames // 10), (10, 1, int(drop))),
        *((16, 4, seconds % 10), (24, 3, seconds // 10)),
        *((32, 4, minutes % 10), (40, 3, minutes // 10)),
        *((48, 4, hours % 10), (56, 2, hours // 10)),
    ):
        row[at : at + width] = [digit >> n & 1 for n in range(width)]
    return row


def data(label: Label, *, drop: bool = False) -> bytes:
    """Its ten bytes, as libltc gives them."""
    row = bits(label, drop=drop)
    return bytes(sum(row[at + n] << n for n in range(8)) for at in range(0, 80, 8))


def wave(rows: Sequence[Sequence[int]], fps: float, level: float = 0.5) -> NDArray[np.float32]:
    """Sound of some bits: the sign changes at each bit's start, and in the middle of a 1."""
    edges_s: list[float] = []
    bit_s, at_s = 1 / (80 * fps), 0.0
    for bit in (bit for row in rows for bit in row):
        edges_s += [at_s, at_s + bit_s / 2] if bit else [at_s]
        at_s += bit_s
    signs = np.searchsorted([*edges_s, at_s], np.arange(int(at_s * SAMPLES) + 4) / SAMPLES, "right")
    return (level * np.where(signs % 2, 1.0, -1.0)).astype(np.float32)


def decoded(sound: NDArray[np.float32], block: int = 128) -> list[tuple[bytes, int, bool]]:
    """What libltc finds in it."""
    decoder = LtcDecoder(SAMPLES // 25)
    return [
        frame
        for at in range(0, len(sound), block)
        for frame in decoder.write(sound[at : at + block], at)
    ]


def told(
    row: Sequence[Label],
    fps: float,
    *,
    rate: FrameRate | None = None,
    drop: bool = False,
    reverse: bool = False,
    late_s: float = 0.0,
) -> list[TransportEvent]:
    """What a fresh reader makes of frames that come at a pace from 1 s on, each heard late."""
    reader, events = LtcReader(rate), list[TransportEvent]()
    for index, label in enumerate(row, 1):
        ended_s = 1 + index / fps
        frame = LtcFrame(data(label, drop=drop), ended_s, reverse)
        events += reader.hear(frame, ended_s + late_s)
    return events


def positions(events: Sequence[TransportEvent]) -> list[Position]:
    """The positions among them."""
    return [event for event in events if isinstance(event, Position)]


@needs_libltc
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("number", "speed"), [(24, 1), (25, 1), (30, 1), (25, 0.5), (25, 3)])
def test_every_frame_is_found_and_its_end_to_two_samples(
    number: int, speed: float, reverse: bool
) -> None:
    row = labels((1, 59, 58, 3), 60, number)
    sent = [bits(label)[::-1] for label in row[::-1]] if reverse else [bits(label) for label in row]
    found = decoded(wave(sent, number * speed))
    # Backwards a frame is known by the sync word after it; at first the pace is not known.
    assert len(found) >= 58
    order = row[::-1] if reverse else row
    for frame, end, backwards in found[1:]:
        assert backwards == reverse
        index = next(i for i, label in enumerate(order) if data(label)[:8] == frame[:8])
        assert end == pytest.approx((index + 1) * SAMPLES / (number * speed), abs=3)


@needs_libltc
@pytest.mark.parametrize("level", [0.005, 1.0, 4.0])
def test_the_level_does_not_matter(level: float) -> None:
    row = labels((0, 0, 0, 0), 40, 25)
    noise = np.random.default_rng(0).normal(0, level / 50, 10**6).astype(np.float32)
    sound = wave([bits(label) for label in row], 25.0, level)
    assert len(decoded(sound + noise[: len(sound)])) >= 38


@needs_libltc
def test_noise_silence_and_what_is_no_number_are_no_frames() -> None:
    noise = np.random.default_rng(0).normal(0, 0.3, 3 * SAMPLES).astype(np.float32)
    broken = np.full(4096, np.nan, np.float32)
    broken[::2] = np.inf
    assert decoded(noise) == decoded(np.zeros(SAMPLES, np.float32)) == decoded(broken) == []
    assert decoded(np.zeros(0, np.float32)) == []


class _Time(ctypes.Structure):
    """SMPTETimecode of ltc.h."""

    _fields_ = (
        ("timezone", ctypes.c_char * 6),
        *((name, ctypes.c_ubyte) for name in "years months days hours mins secs frame".split()),
    )


def encoded(first: Label, count: int, fps: float, standard: int) -> NDArray[np.float32]:
    """Sound from libltc's own encoder."""
    library = ctypes.CDLL(ctypes.util.find_library("ltc"))
    library.ltc_encoder_create.restype = ctypes.c_void_p
    encoder = ctypes.c_void_p(
        library.ltc_encoder_create(ctypes.c_double(SAMPLES), ctypes.c_double(fps), standard, 0)
    )
    time = _Time(b"", 0, 0, 0, *first)
    library.ltc_encoder_set_timecode(encoder, ctypes.byref(time))
    sound = b""
    buffer = (ctypes.c_ubyte * 8192)()
    for _ in range(count):
        library.ltc_encoder_encode_frame(encoder)
        sound += bytes(buffer[: library.ltc_encoder_copy_buffer(encoder, buffer)])
        library.ltc_encoder_inc_timecode(encoder)
    library.ltc_encoder_free(encoder)
    return ((np.frombuffer(sound, np.uint8).astype(np.float32) - 128) / 128).astype(np.float32)


@needs_libltc
@pytest.mark.parametrize(
    ("fps", "standard", "position_s"),
    [(24.0, 3, 3599 + 30 / 24), (25.0, 1, 3599 + 30 / 25), (30.0, 0, 3599 + 30 / 30)],
)
def test_the_librarys_own_encoder_is_understood(
    fps: float, standard: int, position_s: float
) -> None:
    """Thirty frames from 00:59:59:00 on, over the hour."""
    reader, events = LtcReader(), list[TransportEvent]()
    for frame, end, reverse in decoded(encoded((0, 59, 59, 0), 31, fps, standard)):
        events += reader.hear(LtcFrame(frame, end / SAMPLES, reverse), end / SAMPLES)
    assert [type(event) for event in events if not isinstance(event, Position)] == [Roll]
    last = positions(events)[-1]
    assert last.position_s - last.at_s == pytest.approx(3599, abs=0.001)
    assert last.position_s >= position_s - 0.05


@pytest.mark.parametrize(
    ("number", "fps", "rate", "drop"),
    [
        (24, Fraction(24), None, False),
        (25, Fraction(25), None, False),
        (30, Fraction(30), None, False),
        (30, Fraction(30000, 1001), None, True),
        (24, Fraction(24000, 1001), FrameRate(Fraction(24000, 1001)), False),
        (30, Fraction(30000, 1001), FrameRate(Fraction(30000, 1001)), False),
        (30, Fraction(30000, 1001), FrameRate(Fraction(60000, 1001), drop=True), True),
        (25, Fraction(25), FrameRate(Fraction(50)), False),
    ],
)
def test_every_rate_is_read_as_real_time(
    number: int, fps: Fraction, rate: FrameRate | None, drop: bool
) -> None:
    """Over ten minutes' end, where drop-frame numbering does not drop, and the one after."""
    row = labels((0, 9, 58, 0), 70 * number, number, drop=drop)
    events = told(row, float(fps), rate=rate, drop=drop)
    # 9 min 58 s: by its label, less the 18 numbers that nine minutes drop.
    start_s = (598 * number - (18 if drop else 0)) / float(fps)
    for position in positions(events):
        assert position.position_s - start_s == pytest.approx(position.at_s - 1, abs=1e-6)
    assert [type(event) for event in events if not isinstance(event, Position)] == [Roll]


@pytest.mark.parametrize("speed", [0.5, 0.96, 0.999, 1.04, 2.0])
@pytest.mark.parametrize("number", [24, 25, 30])
def test_another_pace_is_told_and_the_second_tells_the_rate(number: int, speed: float) -> None:
    """25 frames at 0.96 come as 24 do, until number 24 or the end of the second."""
    events = told(labels((1, 0, 0, 0), 4 * number, number), number * speed, late_s=0.013)
    last = positions(events)[-1]
    assert last.position_s == pytest.approx(3604 + 0.013 * speed, abs=0.001)
    rates = [event.rate for event in events if isinstance(event, Rate)]
    assert rates[-1] == pytest.approx(speed, abs=0.0015)
    chaser = Chaser()
    for event in events:
        chaser.observe(event)
    fix = chaser.fix(last.at_s)
    assert (fix.state, fix.rate) == (State.LOCKED, rates[-1])
    assert fix.position_s == pytest.approx(last.position_s, abs=0.005)


def test_backwards_the_position_is_the_start_of_the_frame() -> None:
    events = told(labels((0, 1, 0, 0), 50, 25)[::-1], 25.0, reverse=True)
    assert Rate(events[0].at_s, -1.0) == events[0]
    for position in positions(events):
        assert position.position_s == pytest.approx(62 - (position.at_s - 1), abs=1e-6)


def test_midnight_is_passed() -> None:
    events = told(labels((23, 59, 59, 0), 50, 25), 25.0)
    assert [type(event) for event in events if not isinstance(event, Position)] == [Roll]
    assert positions(events)[-1].position_s == pytest.approx(1.0)


def test_silence_is_a_stop_and_a_locate_while_silent_is_rolled_from() -> None:
    reader = LtcReader()
    for index, label in enumerate(labels((0, 0, 10, 0), 10, 25), 1):
        reader.hear(LtcFrame(data(label), index / 25, False), index / 25)
    assert reader.expire(0.4 + 0.14) == []
    assert reader.expire(0.5625) == [Stop(0.5625), Position(0.5625, 10.4)]
    assert reader.expire(9.0) == []
    first, second = labels((0, 0, 50, 0), 2, 25)
    assert reader.hear(LtcFrame(data(first), 9.04, False), 9.04) == []
    position, roll = reader.hear(LtcFrame(data(second), 9.08, False), 9.08)
    assert position == Position(9.08, 50 + 2 / 25)
    assert roll == Roll(9.08)


def test_one_frame_that_is_misread_is_no_locate() -> None:
    row = labels((0, 0, 10, 0), 50, 25)
    row[20] = (7, 7, 7, 7)
    row[30] = (29, 0, 0, 0)
    events = told(row, 25.0)
    assert [type(event) for event in events if not isinstance(event, Position)] == [Roll]
    for position in positions(events):
        assert position.position_s == pytest.approx(10 + position.at_s - 1, abs=1e-6)
    assert len(positions(events)) == 50 - 1 - 2 * 2


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.binary(min_size=10, max_size=10), st.floats(0, 0.1), st.booleans()),
        max_size=60,
    )
)
def test_no_frame_raises_and_every_roll_has_its_stop(
    frames: list[tuple[bytes, float, bool]],
) -> None:
    reader, chaser, now_s, events = LtcReader(), Chaser(), 0.0, list[TransportEvent]()
    for index, (garbage, after_s, reverse) in enumerate(frames):
        now_s += after_s
        label = (0, 0, index // 25, index % 25)
        events += reader.hear(LtcFrame(data(label), now_s, reverse), now_s)
        events += reader.hear(LtcFrame(garbage, now_s, reverse), now_s)
    events += reader.expire(now_s + 100)
    flags = [type(event) for event in events if isinstance(event, Roll | Stop)]
    assert flags == [Roll, Stop] * (len(flags) // 2)
    for event in events:
        chaser.observe(event)
        if isinstance(event, Position):
            assert -1 < event.position_s < 86_401


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.lists(st.floats(0, 0.003), min_size=40, max_size=80))
def test_the_servers_count_goes_round_and_a_late_look_counts_for_little(
    start: int, late_s: list[float]
) -> None:
    server = ServerClock(SAMPLES)
    late_s[5] = 0.0
    for index, each_s in enumerate(late_s[:20]):
        true_s = 5 + index * 0.06
        server.look((start + round(index * 0.06 * SAMPLES)) % 2**32, true_s + each_s)
    for later in (-9600, 0, 9600):
        count = (start + round(19 * 0.06 * SAMPLES) + later) % 2**32
        assert server.at_s(server.frame(count)) == pytest.approx(
            5 + 19 * 0.06 + later / SAMPLES, abs=1e-6
        )


def test_a_library_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    with pytest.raises(MissingPart, match="libltc11") as err:
        open_timeline("ltc:system", CLOCK)
    assert "\n" not in str(err.value)


# Through a real server.

_SENDER = """
import sys
import time

import jack
import numpy as np

jack.set_error_function(lambda message: None)
sound = np.load(sys.argv[1]).tobytes()
client = jack.Client("tape", no_start_server=True)
port = client.outports.register("timecode")
begins, rolls = None, False

def process(frames):
    global begins
    now = client.last_frame_time
    if rolls and begins is None:
        begins = now
    at = 4 * (now - begins) if rolls else len(sound)  # a period that was missed is no delay
    port.get_buffer()[:] = sound[at : at + 4 * frames].ljust(4 * frames, b"\\0")

client.set_process_callback(process)
client.activate()
print("ready", flush=True)
for line in sys.stdin:
    rolls = line == "roll\\n"
    time.sleep(0.2)
    looks = [(time.perf_counter(), client.frame_time) for _ in range(20)]
    since = [now - (frame - (begins or 0)) / client.samplerate for now, frame in looks]
    print(max(since), flush=True)
"""


@needs_libltc
@pytest.mark.skipif(sys.platform == "win32", reason="needs JACK")
def test_sound_through_a_real_server_is_followed(tmp_path: Path) -> None:
    """How exactly is for a bench to say; the first frame begins when the sender says so."""
    row = labels((1, 0, 0, 0), 250, 25)
    np.save(tmp_path / "ltc.npy", wave([bits(label) for label in row], 25.0))
    heard = Heard()
    jack_library()
    with running_jack("scorelock-ltc"):
        with pytest.raises(PortError, match="--follow ltc:NAME") as err:
            open_timeline("ltc:absent", CLOCK)
        assert "\n" not in str(err.value)
        tape = Told(_SENDER, str(tmp_path / "ltc.npy"))
        with closing(open_timeline("ltc:TAPE", CLOCK)) as timeline, closing(tape):
            timeline.start(heard.receive)
            CLOCK.sleep_until(CLOCK.now() + 0.3)  # until it is connected
            began_s = float(tape.tell("roll"))
            heard.wait_for(Position, 20)
            tape.tell("stop")
            heard.wait_for(Stop)
    assert 'LTC from "TAPE"' in timeline.address
    kinds = [type(event) for event in heard.events if isinstance(event, Roll | Stop)]
    assert (kinds[0], kinds[-1]) == (Roll, Stop)
    errors = sorted(
        event.position_s - 3600 - (event.at_s - began_s) for event in positions(heard.events[:20])
    )
    assert errors[len(errors) // 2] == pytest.approx(0, abs=0.25)  # a busy server loses time


@needs_libltc
def test_without_a_name_a_port_is_made_that_others_connect_to() -> None:
    library = jack_library()
    with running_jack("scorelock-ltc"):
        timeline = open_timeline("ltc", CLOCK)
        with library.Client("look", no_start_server=True) as client:
            ports = [port.name for port in client.get_ports(is_input=True)]
        timeline.close()
    assert timeline.address == 'LTC at JACK port "Scorelock LTC:in"'
    assert "Scorelock LTC:in" in ports
