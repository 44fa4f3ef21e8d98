"""MIDI timecode and machine control, from bytes that the tests spell by the standard.

Labels are counted on one by one, as a sender does; nothing here divides frame numbers.
"""

import random
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import count, islice
from typing import Final

import mido
import pytest
from fakes import long_chord, note, off, on, performance, silence
from hypothesis import given
from hypothesis import strategies as st
from wires import WireRig

from scorelock.bridge.chaser import State
from scorelock.bridge.timelines.mtc import SILENCE_S, MtcReader
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop
from scorelock.engine.timebase import FrameRate

FPS: Final = (Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30))
NUMBERS: Final = (24, 25, 30, 30)
DROPS: Final = 2


@dataclass(frozen=True)
class Label:
    """A timecode as it is written, by the code of its rate."""

    code: int
    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    frames: int = 0

    @property
    def exists(self) -> bool:
        """Drop-frame numbering has no frames 0 and 1 in most minutes."""
        dropped = self.code == DROPS and self.minutes % 10 and self.seconds == 0
        return not (dropped and self.frames < 2)

    @property
    def frame(self) -> int:
        """Its number from 0 (SMPTE ST 12-1)."""
        minutes = 60 * self.hours + self.minutes
        frame = (60 * minutes + self.seconds) * NUMBERS[self.code] + self.frames
        return frame - (2 * (minutes - minutes // 10) if self.code == DROPS else 0)

    @property
    def seconds_s(self) -> float:
        """Seconds from 0."""
        return float(self.frame / FPS[self.code])

    def moved(self, step: int) -> "Label":
        """The label after or before, round the clock."""
        label = self
        while label is self or not label.exists:
            carry, parts = step, []
            for value, base in (
                (label.frames, NUMBERS[self.code]),
                (label.seconds, 60),
                (label.minutes, 60),
                (label.hours, 24),
            ):
                parts.append((value + carry) % base)
                carry = (value + carry) // base
            label = Label(self.code, *reversed(parts))
        return label

    @property
    def pieces(self) -> list[bytes]:
        """Its eight quarter frames, as mido writes them."""
        hours = self.hours | self.code << 5
        bits = [
            nibble
            for value in (self.frames, self.seconds, self.minutes, hours)
            for nibble in (value & 15, value >> 4)
        ]
        return [
            bytes(mido.Message("quarter_frame", frame_type=n, frame_value=v).bytes())
            for n, v in enumerate(bits)
        ]


@dataclass(frozen=True)
class Sent:
    """A quarter frame, and the true position when it leaves."""

    data: bytes
    position_s: float


def stream(label: Label, length: int, *, skip: int = 0, step: int = 1) -> list[Sent]:
    """The quarter frames from a label on, forwards or backwards, without the first few."""
    sent: list[Sent] = []
    while len(sent) < skip + length:
        pieces = list(enumerate(label.pieces))[::step]
        quarter_s = 1 / (4 * float(FPS[label.code]))
        sent += [Sent(data, label.seconds_s + n * quarter_s) for n, data in pieces]
        label = label.moved(step).moved(step)
    return sent[skip : skip + length]


def timed(
    sent: list[Sent], code: int, *, from_s: float = 0.1, speed: float = 1.0, late_s: float = 0.0
) -> list[tuple[float, bytes]]:
    """As they arrive; each up to late_s late."""
    draw = random.Random(0)
    gap_s = 1 / (4 * float(FPS[code]) * speed)
    arrivals = [from_s + i * gap_s + draw.uniform(0, late_s) for i in range(len(sent))]
    return [(at_s, each.data) for at_s, each in zip(arrivals, sent, strict=True)]


def sysex(*data: int) -> bytes:
    """As mido writes it."""
    return bytes(mido.Message("sysex", data=data).bytes())


labels = st.builds(
    Label,
    st.integers(0, 3),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
    st.integers(0, 23),
).filter(lambda label: label.exists)
steps = st.sampled_from((1, -1))


def test_the_standards_example() -> None:
    """01:02:03:04 at 25; with piece 7 the host is 1.75 frames on."""
    reader = MtcReader()
    assert b"".join(Label(1, 1, 2, 3, 4).pieces).hex() == "f104f110f123f130f142f150f161f172"
    heard = [reader.hear(each, 1 + i / 100) for i, each in enumerate(Label(1, 1, 2, 3, 4).pieces)]
    assert heard[:7] == [[]] * 7
    assert heard[7] == [Position(1.07, 3723 + 5.75 / 25), Roll(1.07)]


@given(labels, st.integers(0, 7), steps)
def test_every_time_at_every_rate_is_read_both_ways(label: Label, skip: int, step: int) -> None:
    sent = stream(label, 40, skip=skip, step=step)
    wire = timed(sent, label.code)
    truth = {at_s: each.position_s for (at_s, _), each in zip(wire, sent, strict=True)}
    reader = MtcReader()
    events = [event for at_s, data in wire for event in reader.hear(data, at_s)]
    positions = [event for event in events if isinstance(event, Position)]
    assert len(positions) >= (40 - 15) // 4
    for each in positions:
        assert each.position_s == pytest.approx(truth[each.at_s], abs=1e-6)
    others = [event for event in events if not isinstance(event, Position)]
    assert [type(event) for event in others] == ([Roll] if step > 0 else [Rate, Roll])
    assert all(event.rate == -1 for event in others if isinstance(event, Rate))
    assert not reader.ignored


@given(labels, st.data())
def test_a_jump_is_believed_after_eight_pieces_and_nothing_between_the_two_is_told(
    label: Label, data: st.DataObject
) -> None:
    other = replace(data.draw(labels.filter(lambda x: x.frames < 22)), code=label.code)
    cut, skip = data.draw(st.integers(16, 31)), data.draw(st.integers(0, 7))
    before, after = stream(label, cut), stream(other, 40, skip=skip)
    reader, places = MtcReader(), []
    for at_s, piece in timed([*before, *after], label.code):
        places += [e.position_s for e in reader.hear(piece, at_s) if isinstance(e, Position)]
    truth = [each.position_s for each in (*before, *after)]
    # Until a piece differs from the one foretold the jump cannot be seen: two frames at most.
    foretold = [each.position_s for each in stream(label, cut + 8)]
    for place in places:
        assert min(abs(place - each) for each in (*truth, *foretold)) < 1e-6
    assert abs(places[-1] - truth[-1]) < 4 / 24


@pytest.mark.parametrize("code", range(4))
@pytest.mark.parametrize("odd", [0, 1])
def test_the_sync_clock_follows_within_two_milliseconds(code: int, odd: int) -> None:
    """Through late arrivals, over a minute's end, from an odd frame too."""
    label = Label(code, 9, 59, 58, 2 + odd)
    rig, sent = WireRig(MtcReader()), stream(label, 480)
    wire = timed(sent, code, late_s=0.006)
    rig.hear(wire, wire[-1][0])
    true_s = sent[-1].position_s + wire[-1][0] - (0.1 + 479 / (4 * float(FPS[code])))
    assert rig.position_s() == pytest.approx(true_s, abs=0.002)
    assert rig.follower.chaser.locates == 0
    assert not [event for event in rig.events if isinstance(event, Rate)]


def test_play_and_stop_are_heard_as_notes() -> None:
    """Two frames to be believed; silence releases. A second in, the third note is struck."""
    score = performance(note(0, 0.5), note(1, 9, 64))
    wire = timed(stream(Label(1), 125), 1)
    assert WireRig(MtcReader(), score).hear(wire, 3).sent == [
        (0.17, on()),
        (0.6, off()),
        (1.1, on(64)),
        *((pytest.approx(1.34 + SILENCE_S, abs=0.011), data) for data in (off(64), *silence())),
    ]


def test_reverse_is_known_and_sounds_nothing() -> None:
    rig = WireRig(MtcReader(), long_chord())
    wire = timed(stream(Label(1, seconds=20), 400, step=-1), 1)
    rig.hear(wire, wire[-1][0])
    assert rig.follower.chaser.fix(rig.clock.now()).rate == -1
    assert rig.position_s() == pytest.approx(16.08, abs=0.05)


@pytest.mark.parametrize("speed", [0.5, 0.959, 1.04, 2.0])
def test_varispeed_is_measured(speed: float) -> None:
    reader = MtcReader()
    wire = timed(stream(Label(1), 400), 1, speed=speed, late_s=0.002)
    rates = [e.rate for at_s, data in wire for e in reader.hear(data, at_s) if isinstance(e, Rate)]
    assert rates[-1] == pytest.approx(speed, rel=0.01)
    assert len(rates) < 20


def test_back_at_speed_after_varispeed() -> None:
    reader = MtcReader()
    slow = timed(stream(Label(1), 200), 1, speed=0.5)
    again = timed(stream(Label(1, seconds=2), 200), 1, from_s=slow[-1][0] + 0.01)
    events = [e for at_s, data in (*slow, *again) for e in reader.hear(data, at_s)]
    assert [e.rate for e in events if isinstance(e, Rate)][-1] == 1.0
    assert sum(isinstance(e, Roll) for e in events) == 1


def test_a_rate_without_a_code_is_read_as_the_user_says() -> None:
    """23.976 is sent as 24; over an hour they are 3.6 s apart."""
    reader = MtcReader(FrameRate(Fraction(24000, 1001)))
    last = [reader.hear(each, i / 96) for i, each in enumerate(Label(0, 1).pieces)][-1]
    assert isinstance(last[0], Position)
    assert last[0].position_s == pytest.approx(3603.6 + 1.75 * 1001 / 24000)


def test_another_number_of_frames_than_the_user_says_is_taken_at_its_word() -> None:
    reader = MtcReader(FrameRate(Fraction(24000, 1001)))
    last = [reader.hear(each, i / 100) for i, each in enumerate(Label(1, 1).pieces)][-1]
    assert isinstance(last[0], Position)
    assert last[0].position_s == pytest.approx(3600.07)


@given(labels)
def test_a_full_frame_is_a_locate(label: Label) -> None:
    fields = label.hours | label.code << 5, label.minutes, label.seconds, label.frames
    assert MtcReader().hear(sysex(0x7F, 0x7F, 1, 1, *fields), 1.0) == [
        Position(1.0, label.seconds_s)
    ]


def test_a_full_frame_stops_until_quarter_frames_follow() -> None:
    rig = WireRig(MtcReader(), long_chord())
    wire = timed(stream(Label(1), 50), 1)
    located = (wire[-1][0] + 0.005, sysex(0x7F, 0x10, 1, 1, 0x20, 0, 30, 0))
    rolls = timed(stream(Label(1, seconds=30), 16), 1, from_s=2.0)
    rig.hear([*wire, located], 1.9)
    assert rig.follower.chaser.fix(1.9).state is State.STOPPED
    assert (rig.position_s(), len(rig.follower.ledgers[0].sounding)) == (30.0, 0)
    rig.hear(rolls, rolls[-1][0])
    assert rig.position_s() == pytest.approx(30.15, abs=0.01)
    assert len(rig.follower.ledgers[0].sounding) == 10


@pytest.mark.parametrize(
    ("command", "events"),
    [
        ((0x01,), [Stop(1.0)]),
        ((0x02,), [Roll(1.0)]),
        ((0x03,), [Roll(1.0)]),
        ((0x04,), [Stop(1.0)]),
        ((0x05,), [Stop(1.0)]),
        ((0x06,), [Roll(1.0)]),
        ((0x09,), [Pause(1.0)]),
        ((0x44, 6, 1, 0x20, 3, 0x0A, 3, 0), [Position(1.0, 190.12)]),  # as seen in the wild
        ((0x44, 6, 1, 0x20, 3, 0x0A, 3, 50), [Position(1.0, 190.14)]),
        ((0x44, 6, 1, 0x20, 3, 0x0A, 0x23, 50), [Position(1.0, 190.12)]),  # status, no subframes
        ((0x44, 2, 0, 1), []),  # to a locate register, of which we have none
        ((0x47, 3, 0x01, 0, 0), [Roll(1.0)]),
        ((0x47, 3, 0x00, 0x40, 0), [Rate(1.0, 0.5), Roll(1.0)]),
        ((0x47, 3, 0x41, 0, 0), [Rate(1.0, -1.0), Roll(1.0)]),
        ((0x47, 3, 0x0A, 0, 0), [Rate(1.0, 4.0), Roll(1.0)]),  # two, a place to the left
        ((0x45, 3, 0x00, 0, 0), [Stop(1.0)]),
        ((0x02, 0x44, 6, 1, 0x20, 0, 1, 0, 0), [Roll(1.0), Stop(1.0), Position(1.0, 1.0)]),
        ((0x40, 100), []),
        ((0x44,), []),
    ],
)
def test_machine_control(command: tuple[int, ...], events: list[object]) -> None:
    assert MtcReader().hear(sysex(0x7F, 0x7F, 6, *command), 1.0) == events


def test_what_is_left_of_the_quarter_frames_after_a_stop_does_not_roll() -> None:
    rig = WireRig(MtcReader())
    wire = timed(stream(Label(1), 46), 1)
    wire.insert(40, (wire[39][0] + 0.001, sysex(0x7F, 0x7F, 6, 1)))
    rig.hear(wire, 2.0)
    assert [type(e) for e in rig.events if not isinstance(e, Position)] == [Roll, Stop]


@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=12)), max_size=30))
def test_no_bytes_raise(wire: list[tuple[float, bytes]]) -> None:
    reader, at_s = MtcReader(), 0.0
    for gap_s, data in wire:
        at_s += gap_s
        reader.hear(data, at_s)
        reader.hear(b"\xf1" + data[:1], at_s)
        reader.hear(sysex(0x7F, 0x7F, 6, *(byte & 0x7F for byte in data)), at_s)
        reader.hear(sysex(0x7F, 0x7F, 1, 1, *(byte & 0x7F for byte in data[:4])), at_s)


def test_what_is_no_timecode_is_counted_and_impossible_times_are_not_told() -> None:
    reader = MtcReader()
    assert reader.hear(bytes((0x90, 60, 80)), 0.0) == []
    assert reader.hear(sysex(0x7F, 0x7F, 1, 1, 0x20, 75, 0, 0), 0.0) == []
    dropped = islice(Label(DROPS, 0, 1, 0, 0).pieces, 8)
    assert [reader.hear(piece, n / 120) for n, piece in zip(count(), dropped)] == [[]] * 8
    assert reader.ignored == {"not timecode": 1, "not a time": 2}
