"""Timecode over OSC, in the forms that are about; most are sent while rolling only.

    /timecode ,s "01:00:12:05"       ";" or "." before the frames marks drop-frame numbering
    /mtc ,s "01:00:12:05"            Open Stage Control's reading of MIDI timecode
    /frames/str ,s "01:00:12:05"     as REAPER says it
    /tc ,iiiii 1 0 12 5 1            hours, minutes, seconds, frames; 0 is 24, 1 25, 2 29.97 drop,
    /tc ,iiii 1 0 12 5               3 30 frames a second; without it, the rate that was set
    /ltc/decode ,s "01:00:12:05"     with /ltc/status-running ,s and /ltc/status-stopped ,s
    /play ,f 1                       and /stop, /pause, for senders that add them

Sources: BitloMedia/OscTimecodeGenerator; Open Stage Control's mtc option; paskateknikko/ReaTC;
EventViewer's manual; zukio/LTC-OSC-Bridge.
"""

from fractions import Fraction
from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Setup,
    flag,
    text,
    timecode_s,
)
from scorelock.bridge.transport import Pause, Position, Roll, Stop
from scorelock.engine.timebase import FrameRate

RATES: Final = (
    FrameRate(Fraction(24)),
    FrameRate(Fraction(25)),
    FrameRate(Fraction(30000, 1001), drop=True),
    FrameRate(Fraction(30)),
)


class GenericTimecode(Dialect):
    """Any sender of timecode."""

    name = "timecode"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.words = {
            "/timecode": self._text,
            "/mtc": self._text,
            "/frames/str": self._text,
            "/tc": self._numbers,
            "/ltc/decode": self._text,
            "/ltc/status-running": lambda args, at_s: (Roll(at_s),),
            "/ltc/status-stopped": lambda args, at_s: (Stop(at_s),),
            "/play": flag(Roll, Stop),
            "/stop": flag(Stop),
            "/pause": flag(Pause),
        }

    def _text(self, args: Args, at_s: float) -> Events:
        return (Position(at_s, timecode_s(text(args), self.setup.rate)),)

    def _numbers(self, args: Args, at_s: float) -> Events:
        numbers = [arg for arg in args if type(arg) is int]
        if len(args) not in (4, 5) or len(numbers) != len(args):
            raise Ignored("not four or five whole numbers")
        hours, minutes, seconds, frames, *code = numbers
        rate = self._rate(code[0]) if code else self.setup.rate
        return (Position(at_s, timecode_s(f"{hours}:{minutes}:{seconds}:{frames}", rate)),)

    def _rate(self, code: int) -> FrameRate:
        """The code's rate, but 23.976 has that of 24, and 29.97 without drops that of 30."""
        if not 0 <= code < len(RATES):
            raise Ignored("no such frame rate")
        told, wanted = RATES[code], self.setup.rate
        return told if told.drop or told.nominal != wanted.nominal else FrameRate(wanted.fps)
