"""Bitwig, or REAPER, through DrivenByMoss "Open Sound Control": a bundle of what changed.

    /update ,i 1  /play ,i 1  /repeat ,i 0  /tempo/raw ,f 120.0  /time/signature ,s "4 / 4"
    /beat/str ,s "3.03.03:00"  /update ,i 0
/beat/str is measure, quarter, sixteenth (from 1) and hundredths of a sixteenth; a measure has
4 * numerator // denominator quarters, whatever the metre, as the sender counts them. /time/str is
made of the same beats and the newest tempo, coarser: it is not read.

Source: git-moss/DrivenByMoss (de.mossgrabers.controller.osc); DrivenByMoss-Documentation, OSC.
"""

import re
from typing import Final

from scorelock.bridge.dialects.beats import BeatTime
from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Loop,
    Request,
    Setup,
    flag,
    number,
    positive,
    text,
)
from scorelock.bridge.osc import OscMessage
from scorelock.bridge.transport import Position, Roll, Stop, Tempo

_BEATS: Final = re.compile(r"([0-9]{1,6})\.([0-9]{1,3})\.([0-9]{1,2}):([0-9]{2})")
_SIGNATURE: Final = re.compile(r"([0-9]{1,3}) ?/ ?([0-9]{1,3})")


class DrivenByMoss(Dialect):
    """Bitwig, or REAPER, through DrivenByMoss."""

    name = "drivenbymoss"
    port = 8000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._time = BeatTime()
        self._loop = Loop()
        self._quarters = 4
        self._beat: float | None = None  # while it plays
        self._plays = False
        self.words = {
            "/update": flag(),
            "/play": self._play,
            "/repeat": lambda args, at_s: self._loop.switch(at_s, bool(number(args))),
            "/tempo/raw": self._tempo,
            "/time/signature": self._signature,
            "/beat/str": self._beats,
        }

    def knows(self, message: OscMessage) -> bool:
        """REAPER says some of the same, but its lights are floats and its beats have dots only."""
        if message.address in ("/play", "/repeat"):
            return len(message.args) == 1 and type(message.args[0]) is int
        if message.address == "/beat/str":
            return all(isinstance(arg, str) and _BEATS.fullmatch(arg) for arg in message.args)
        return super().knows(message)

    def greeting(self) -> tuple[Request, ...]:
        """Say all that was said before."""
        return (Request("/refresh"),)

    def _play(self, args: Args, at_s: float) -> Events:
        self._plays = bool(number(args))
        self._beat = None
        return (Roll(at_s),) if self._plays else (Stop(at_s),)

    def _tempo(self, args: Args, at_s: float) -> Events:
        bpm = positive(args)
        self._time.tell(bpm, self._beat)
        return (Tempo(at_s, bpm),)

    def _signature(self, args: Args, at_s: float) -> Events:
        match = _SIGNATURE.fullmatch(text(args).strip())
        if match is None or not int(match[2]) or not 4 * int(match[1]) // int(match[2]):
            raise Ignored("not a time signature")
        self._quarters = 4 * int(match[1]) // int(match[2])
        return ()

    def _beats(self, args: Args, at_s: float) -> Events:
        match = _BEATS.fullmatch(text(args))
        if match is None:
            raise Ignored("not measure.quarter.sixteenth:hundredths")
        measure, quarter, sixteenth, hundredths = map(int, match.groups())
        if not (measure and quarter and sixteenth):
            raise Ignored("negative time")
        beat = (measure - 1) * self._quarters + quarter - 1 + (sixteenth - 1) / 4 + hundredths / 400
        position_s = self._time.seconds(beat)
        self._beat = beat if self._plays else None
        return (Position(at_s, position_s),)
