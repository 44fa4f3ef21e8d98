"""MIDI timecode and MIDI machine control: bytes in, transport events out.

MIDI 1.0, MIDI Time Code: F1 0nnndddd, four quarter frames a frame, piece n of eight; 0 and 1 are
the frames, 2 and 3 the seconds, 4 and 5 the minutes, 6 and 7 the hours with the rate in bits 1 and
2 of piece 7. 01:02:03:04 at 25 is
    F1 04  F1 10  F1 23  F1 30  F1 42  F1 50  F1 61  F1 72
Pieces 0 and 4 are sent on frame boundaries, so piece n means n quarters past the frame that the
eight spell, forwards; backwards they come from 7 down to 0 and mean the same. Thus a time that is
complete with piece 7 was right 1.75 frames ago. A time is believed after eight pieces in a row and
then foretold: a piece that is not the foretold one is a jump.

A full frame (F0 7F id 01 01 hh mm ss ff F7) is a locate, and the host stands until quarter frames
follow. Nothing says stop but silence. MIDI machine control (F0 7F id 06 ... F7, MMA RP-013) does.
"""

import re
from collections import Counter
from fractions import Fraction
from typing import Final

from scorelock.bridge.timelines.loop_filter import LoopFilter
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop, TransportEvent
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

RATES: Final = (
    FrameRate(Fraction(24)),
    FrameRate(Fraction(25)),
    FrameRate(Fraction(30000, 1001), drop=True),
    FrameRate(Fraction(30)),
)
"""By MTC's two bits. There is no code for 23.976 and 29.97 non-drop: they are sent as 24 and 30."""

PIECES: Final = 8
SILENCE_S: Final = 0.15  # about two frames, and how late the next may be
_BITS: Final = (15, 1, 15, 3, 15, 3, 15, 7)  # that each piece has; the others are reserved
_REPORTED: Final = {1: (3, 7), -1: (4, 0)}  # pieces with which a position is told, by direction
_BANDWIDTH_HZ: Final = 1.0
_SURE_AFTER: Final = 24  # quarter frames: then a pace that is off
_OFF_WHEN_SURE: Final = 0.02  # by more than this is varispeed,
_OFF: Final = 0.1  # and before then by more than this
_NEW_RATE: Final = 0.01

_QUARTER_FRAME, _SYSEX = 0xF1, 0xF0
_FULL_FRAME: Final = b"\x01\x01"
_COMMANDS: Final[dict[int, type[Roll | Stop | Pause]]] = {
    0x01: Stop,
    0x02: Roll,
    0x03: Roll,  # deferred play: as soon as it is where it was sent
    0x04: Stop,  # fast forward and
    0x05: Stop,  # rewind: it winds in silence
    0x06: Roll,  # record
    0x09: Pause,
}
_LOCATE: Final = 0x44
_PLAY_AT: Final = (0x45, 0x46, 0x47)  # variable play, search, shuttle: the speed follows


class MtcReader:
    """Follows one sender.

    Args:
        rate: the sender's true rate where MTC has no code for it, such as 23.976, which it sends
            as 24; None, or another number of frames a second, takes MTC at its word.

    Attributes:
        ignored: messages that say nothing, by reason.
    """

    def __init__(self, rate: FrameRate | None = None) -> None:
        self.ignored: Counter[str] = Counter()
        self._true = rate
        self._rolling = False
        self._rate = 1.0  # that was told last
        self._step = 0  # how the pieces' numbers go: 1, backwards -1, unknown 0
        self._last = 0
        self._run = 0  # pieces in a row
        self._pieces = [0] * PIECES
        self._first: Timecode | None = None  # what the eight that now come spell, if foretold
        self._heard_s = 0.0
        self._loop = LoopFilter(0.01, _BANDWIDTH_HZ)

    def hear(self, data: bytes, at_s: float) -> list[TransportEvent]:
        """Read a whole message. Whatever the bytes, nothing is raised."""
        events = self.expire(at_s)
        if len(data) == 2 and data[0] == _QUARTER_FRAME and data[1] < 0x80:
            self._heard_s = at_s
            return events + self._quarter_frame(data[1] >> 4, data[1] & 15, at_s)
        if len(data) > 5 and data[0] == _SYSEX and data[1] == 0x7F and data[-1] == 0xF7:
            if data[3:5] == _FULL_FRAME and len(data) == 10:
                self._lose()
                return events + self._locate(data[5:9], at_s)
            if data[3] == 0x06:
                return events + self._machine_control(data[4:-1], at_s)
        self.ignored["not timecode"] += 1
        return events

    def expire(self, now_s: float) -> list[TransportEvent]:
        """A sender that has been silent for two frames and more has stopped."""
        if now_s - self._heard_s <= SILENCE_S:
            return []
        self._lose()
        return self._halt(now_s)

    def _quarter_frame(self, number: int, bits: int, at_s: float) -> list[TransportEvent]:
        step = {1: 1, PIECES - 1: -1}.get((number - self._last) % PIECES, 0)
        self._last = number
        if self._run and (step == 0 or self._step == -step):
            self._lose()
        elif self._run:
            self._step = step
        self._run += 1
        self._loop.tick(at_s)
        self._pieces[number] = bits & _BITS[number]
        begins, ends = (0, PIECES - 1) if self._step > 0 else (PIECES - 1, 0)
        if number == begins and self._first is not None:
            self._first = _later(self._first, 2 * self._step)
        if self._first is not None and self._pieces[number] != _pieces(self._first)[number]:
            self._first = None
            self._run = int(number == begins)
            self.ignored["quarter frame out of turn"] += 1
        if self._first is None and number == ends and self._run >= PIECES:
            self._first = self._spelt()
        if self._first is None or number not in _REPORTED[self._step]:
            return []
        fps = self._fps(self._first)
        position = Position(at_s, float((self._first.frame + Fraction(number, 4)) / fps))
        return [*self._paced(fps, at_s), position, *self._start(at_s)]

    def _spelt(self) -> Timecode | None:
        """The time that eight pieces spell."""
        low_high = zip(self._pieces[::2], self._pieces[1::2], strict=True)
        frames, seconds, minutes, hours = (low | high << 4 for low, high in low_high)
        return self._timecode(hours & 31, minutes, seconds, frames, self._pieces[7] >> 1)

    def _timecode(
        self, hours: int, minutes: int, seconds: int, frames: int, code: int
    ) -> Timecode | None:
        try:
            if hours < 24:
                return Timecode.parse(f"{hours}:{minutes}:{seconds}:{frames}", RATES[code])
        except BadSetting:
            pass
        self.ignored["not a time"] += 1
        return None

    def _fps(self, time: Timecode) -> Fraction:
        """Frames a second of real time: the true rate, where MTC's code only stands for it."""
        true = self._true
        return true.fps if true and true.nominal == time.rate.nominal else time.rate.fps

    def _paced(self, fps: Fraction, at_s: float) -> list[TransportEvent]:
        """The rate at which quarter frames come, where it is another than was told."""
        rate = self._step / float(4 * fps * Fraction(self._loop.period_s))
        off = _OFF_WHEN_SURE if self._loop.seen >= _SURE_AFTER else _OFF
        if abs(rate - self._step) < off:
            rate = float(self._step)
        return self._tell(rate, at_s)

    def _tell(self, rate: float, at_s: float) -> list[TransportEvent]:
        wanders = abs(rate - self._rate) < _NEW_RATE and abs(rate) != 1
        if wanders or rate == self._rate:
            return []
        self._rate = rate
        return [Rate(at_s, rate)]

    def _start(self, at_s: float) -> list[TransportEvent]:
        if self._rolling:
            return []
        self._rolling = True
        self._heard_s = at_s
        return [Roll(at_s)]

    def _halt(self, at_s: float) -> list[TransportEvent]:
        if not self._rolling:
            return []
        self._rolling = False
        return [Stop(at_s)]

    def _lose(self) -> None:
        """Forget the pieces so far."""
        self._first = None
        self._step = self._run = 0
        self._loop.restart()

    def _locate(self, field: bytes, at_s: float, subframes: int = 0) -> list[TransportEvent]:
        hours, minutes, seconds, frames = field
        time = self._timecode(hours & 31, minutes, seconds, frames & 31, hours >> 5 & 3)
        if time is None:
            return []
        position_s = float((time.frame + Fraction(subframes, 100)) / self._fps(time))
        return [*self._halt(at_s), Position(at_s, position_s)]

    def _machine_control(self, commands: bytes, at_s: float) -> list[TransportEvent]:
        """Read the commands of one message: those from 40 on count the bytes that follow."""
        events: list[TransportEvent] = []
        while commands:
            command, commands = commands[0], commands[1:]
            field = b""
            if command >= 0x40 and commands:
                field, commands = commands[1 : 1 + commands[0]], commands[1 + commands[0] :]
            events += self._command(command, field, at_s)
        return events

    def _command(self, command: int, field: bytes, at_s: float) -> list[TransportEvent]:
        meaning = _COMMANDS.get(command)
        if command in _PLAY_AT and len(field) == 3:
            rate = _speed(field)
            if rate:
                return [*self._tell(rate, at_s), *self._start(at_s)]
            meaning = Stop
        if meaning is Roll:
            return [*self._tell(1.0, at_s), *self._start(at_s)]
        if meaning is not None:
            self._lose()
            self._rolling = False
            return [meaning(at_s)]
        if command == _LOCATE and len(field) == 6 and field[0] == 1:
            self._lose()
            has_status = field[4] & 0x20
            return self._locate(field[1:5], at_s, 0 if has_status else min(field[5], 99))
        self.ignored["other machine control"] += 1
        return []


def _speed(field: bytes) -> float:
    """MMC's standard speed: a sign, three bits of places to shift, and 3.14 bits (RP-013)."""
    high, middle, low = field
    value = ((high & 7) << 14 | middle << 7 | low) / (1 << 14) * (1 << (high >> 3 & 7))
    return -value if high & 0x40 else value


def _later(time: Timecode, frames: int) -> Timecode:
    """That many frames on; past midnight the day begins again."""
    day = Timecode.parse("23:59:59:" + str(time.rate.nominal - 1), time.rate).frame + 1
    return Timecode((time.frame + frames) % day, time.rate)


def _pieces(time: Timecode) -> list[int]:
    """The eight pieces that spell a time."""
    hours, minutes, seconds, frames = map(int, re.split("[:;]", str(time)))
    fields = frames, seconds, minutes, hours | RATES.index(time.rate) << 5
    return [half for field in fields for half in (field & 15, field >> 4)]
