"""REAPER, default pattern (Preferences, Control/OSC/web), about 15 times a second while rolling.

The edit cursor while stopped; state changes in one bundle, only what changed:
    /time ,f 12.064     /play ,f 1.0     /stop ,f 0.0     /pause ,f 0.0     /repeat ,f 1.0
    /loop/start/time ,f 8.0     /loop/end/time ,f 16.0
    /tempo/raw ,f 120.0         /playrate/raw ,f 1.0
No message tells of a seek or a wrap. Whoever comes late is told nothing until a refresh is asked
for (action 41743, "Control surface: refresh all surfaces").

Source: justinfrankel/reaper-sdk, reaper-plugins/reaper_csurf/csurf_osc.cpp (SDK for 7.78).
"""

from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Loop,
    Request,
    Setup,
    flag,
    measure,
    number,
    one,
    positive,
    seconds,
    text,
    timecode_s,
)
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop, Tempo

REFRESH: Final = 41743  # the action's number


class Reaper(Dialect):
    """REAPER."""

    name = "reaper"
    port = 8000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._loop = Loop()
        self._tells_seconds = False
        self.words = {
            "/time": self._seconds,
            "/frames/str": self._frames,
            "/play": flag(Roll, Stop),
            "/stop": flag(Stop),
            "/pause": flag(Pause),
            "/repeat": lambda args, at_s: self._loop.switch(at_s, bool(number(args))),
            "/loop/start/time": lambda args, at_s: self._loop.move(at_s, start_s=seconds(args)),
            "/loop/end/time": lambda args, at_s: self._loop.move(at_s, end_s=seconds(args)),
            "/playrate/raw": one(Rate, measure),
            "/tempo/raw": one(Tempo, positive),
        }

    def greeting(self) -> tuple[Request, ...]:
        """Say all that was said before; the pattern must have ACTION."""
        return (Request("/action", (REFRESH,)),)

    def _seconds(self, args: Args, at_s: float) -> Events:
        position_s = seconds(args)
        self._tells_seconds = True
        return (Position(at_s, position_s),)

    def _frames(self, args: Args, at_s: float) -> Events:
        """The same position, coarser, for patterns without TIME."""
        if self._tells_seconds:
            raise Ignored("frames, where seconds are told")
        return (Position(at_s, timecode_s(text(args), self.setup.rate)),)
