"""MIDI timecode out: where the host is, for whatever chases timecode.

MIDI 1.0, MIDI Time Code: while time rolls at a usual speed, F1 0nnndddd four times a frame, piece n
of eight, so that eight spell a time in two frames; the pieces' grid is counted from 00:00:00:00, so
piece 0 has an even frame, save at 25, where it is odd in every other second. Backwards the same
pieces come from 7 down to 0. Where it stands, jumps or winds, a full frame
    F0 7F 7F 01 01 hh mm ss ff F7
"""

import math
import re
from fractions import Fraction
from typing import Final

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.leading.pace import GAP_S, Pace
from scorelock.bridge.player import LATE_S
from scorelock.bridge.timelines.mtc import PIECES
from scorelock.bridge.voice import DueMessage
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

CODES: Final = {
    FrameRate(Fraction(24)): 0,
    FrameRate(Fraction(24000, 1001)): 0,
    FrameRate(Fraction(25)): 1,
    FrameRate(Fraction(30000, 1001), drop=True): 2,
    FrameRate(Fraction(30)): 3,
    FrameRate(Fraction(30000, 1001)): 3,
}
"""MTC's number of each rate. It has none for 23.976 and 29.97 non-drop: they go as 24 and 30."""
WINDS: Final = 4.0
"""Beyond this speed quarter frames would fill a DIN cable: full frames, as the standard has it for
fast forward and rewind."""
_ROLLS: Final = (State.LOCKED, State.FLYWHEEL)


class MtcOut:
    """Tells the host's time line, at its true speed, to one output. Satisfies `Voice`.

    Args:
        rate: of the frames that are counted; of more than 30 a second every second one, as
            timecode counts them (SMPTE ST 12-1).
        port: the output's number.

    Raises:
        BadSetting: MIDI timecode does not have that rate.
    """

    def __init__(self, rate: FrameRate, port: int = 0) -> None:
        self._rate = _counted(rate)
        self._quarters = float(4 * self._rate.fps)  # in a second
        self._port = port
        self._day = Timecode.parse(f"23:59:59:{self._rate.nominal - 1}", self._rate).frame + 1
        self._take: int | None = None
        self._step = 0  # how quarter frames are counted: 1, backwards -1, or none come
        self._next = 0  # the quarter frame that comes next, from 00:00:00:00
        self._full = Pace()

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not sent before."""
        if fix.position_s is None or fix.state is State.LOCATING:
            self._step = 0
            self._full.forget()
            return []
        step = _step(fix)
        if step == 0:
            return self._stand(fix, fix.position_s)
        due: list[DueMessage] = []
        if fix.take != self._take or step != self._step or self._strays(fix):
            due += self._locate(fix, fix.position_s, step)
        while (at_s := self._next_s(fix)) <= fix.at_s:
            due.append(DueMessage(at_s, self._quarter_frame(self._next), self._port))
            self._next += step
        return due

    def wake_s(self, fix: SyncFix) -> float:
        """When the next quarter frame is due, or a full frame that had to wait."""
        if self._step:
            return min(fix.until_s, self._next_s(fix))
        winds = fix.state in _ROLLS and fix.rate != 0
        return min(fix.until_s, self._full.due_s, fix.at_s + GAP_S if winds else math.inf)

    def _stand(self, fix: SyncFix, position_s: float) -> list[DueMessage]:
        """The frame where it stands, or winds by, where it was not told."""
        stopped = self._step != 0 and fix.rate == 0
        self._step = 0
        return self._show(position_s, fix.since_s if stopped else fix.at_s, fix.at_s)

    def _locate(self, fix: SyncFix, position_s: float, step: int) -> list[DueMessage]:
        """A full frame, if there was none just now; then from the next whole time on."""
        at_s = fix.at_s if fix.take == self._take else fix.since_s
        self._take, self._step = fix.take, step
        times = position_s * self._quarters / PIECES
        self._next = PIECES * (math.ceil(times) if step > 0 else math.floor(times)) - (step < 0)
        self._full.forget()
        due = self._show(position_s, at_s, fix.at_s)
        self._full.forget()  # quarter frames go on from there
        return due

    def _show(self, position_s: float, since_s: float, now_s: float) -> list[DueMessage]:
        """A full frame, where it is time for one."""
        # A time that was computed as frame / fps must give that frame back.
        frame = math.floor(position_s * self._quarters / 4 + 1e-3)
        self._full.show(frame, since_s)
        at_s = self._full.take(now_s)
        if at_s is None:
            return []
        fields = bytes(reversed(self._fields(frame)))
        data = b"\xf0\x7f\x7f\x01\x01" + fields + b"\xf7"
        return [DueMessage(at_s, data, self._port)]

    def _next_s(self, fix: SyncFix) -> float:
        """When on our clock the host comes to the next quarter frame."""
        assert fix.position_s is not None
        return fix.at_s + (self._next / self._quarters - fix.position_s) / fix.rate

    def _strays(self, fix: SyncFix) -> bool:
        """Whether the host was moved within its take, or we come so late that it is a jump."""
        waits_s = PIECES / self._quarters / abs(fix.rate)  # until a run begins, at the longest
        return not -LATE_S <= self._next_s(fix) - fix.at_s <= waits_s + LATE_S

    def _quarter_frame(self, quarter: int) -> bytes:
        """Two bytes: piece n of the time that its eight spell."""
        time, piece = divmod(quarter, PIECES)
        field = self._fields(time * PIECES // 4)[piece // 2]
        return bytes((0xF1, piece << 4 | (field >> 4 if piece % 2 else field & 15)))

    def _fields(self, frame: int) -> tuple[int, ...]:
        """Frames, seconds, minutes, and hours with the rate; past midnight the day begins again."""
        text = str(Timecode(frame % self._day, self._rate))
        hours, minutes, seconds, frames = map(int, re.split("[:;]", text))
        return frames, seconds, minutes, hours | CODES[self._rate] << 5


def _counted(rate: FrameRate) -> FrameRate:
    counted = rate
    while counted.fps > 30:
        counted = FrameRate(counted.fps / 2, counted.drop)
    if counted not in CODES:
        raise BadSetting(
            "expected a frame rate that MIDI timecode has (23.976, 24, 25, 29.97, 30 or twice "
            f"that), got {rate}; choose one with --timecode-rate"
        )
    return counted


def _step(fix: SyncFix) -> int:
    """Which way quarter frames are counted; 0 where the host stands or winds."""
    rolls = fix.state in _ROLLS and abs(fix.rate) <= WINDS
    return (fix.rate > 0) - (fix.rate < 0) if rolls else 0
