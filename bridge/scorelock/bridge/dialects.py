"""How hosts speak: one table a dialect, from an OSC address to what it means.

REAPER, default pattern (Preferences, Control/OSC/web), about 15 times a second while rolling; the
edit cursor while stopped; state changes in one bundle:
    /time ,f 12.064     /play ,f 1.0     /stop ,f 0.0     /pause ,f 0.0
Generic timecode, sent while rolling only:
    /timecode ,s "01:00:12:05"     ";" or "." before the frames marks drop-frame numbering
Adding a host is adding a table.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from scorelock.bridge.osc import Argument, BadPacket, decode
from scorelock.bridge.transport import Pause, Position, Roll, Stop, TransportEvent
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

Reader = Callable[[tuple[Argument, ...], float], TransportEvent | None]
Dialect = Mapping[str, Reader]


class Ignored(ValueError):
    """A message that says nothing we can use; its text is the reason that is counted."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one datagram said, and why the rest of it was ignored."""

    events: tuple[TransportEvent, ...]
    ignored: tuple[str, ...]


def read(dialect: Dialect, datagram: bytes, at_s: float) -> Reading:
    """Read a datagram that arrived at at_s. Whatever the bytes, nothing is raised."""
    try:
        messages = decode(datagram)
    except BadPacket:
        return Reading((), ("not OSC",))
    events: list[TransportEvent] = []
    ignored: list[str] = []
    for address, args in messages:
        reader = dialect.get(address, _other)
        try:
            event = reader(args, at_s)
        except Ignored as err:
            ignored.append(str(err))
        else:
            if event is not None:
                events.append(event)
    return Reading(tuple(events), tuple(ignored))


def hosts(rate: FrameRate) -> Dialect:
    """All dialects at once; timecode text is read at that frame rate."""
    return REAPER | {"/timecode": _timecode(rate)}


def _other(args: tuple[Argument, ...], at_s: float) -> None:
    raise Ignored("other address")


def _number(args: tuple[Argument, ...]) -> float:
    if len(args) != 1 or not isinstance(args[0], int | float):
        raise Ignored("not one number")
    if not math.isfinite(args[0]):
        raise Ignored("not finite")
    return float(args[0])


def _seconds(args: tuple[Argument, ...], at_s: float) -> Position:
    if args and isinstance(args[0], bool):
        raise Ignored("not one number")
    seconds = _number(args)
    if seconds < 0:
        raise Ignored("negative time")
    return Position(at_s, seconds)


def _flag(on: type[TransportEvent], off: type[TransportEvent] | None = None) -> Reader:
    """A button's light: lit says `on`, dark says `off`, or nothing."""

    def reader(args: tuple[Argument, ...], at_s: float) -> TransportEvent | None:
        meaning = on if _number(args) else off
        return meaning(at_s) if meaning in (Roll, Stop, Pause) else None

    return reader


def _timecode(rate: FrameRate) -> Reader:
    def reader(args: tuple[Argument, ...], at_s: float) -> TransportEvent:
        if len(args) != 1 or not isinstance(args[0], str):
            raise Ignored("not one text")
        try:
            return Position(at_s, Timecode.parse(args[0], rate).seconds)
        except BadSetting as err:
            raise Ignored("not a timecode") from err

    return reader


REAPER: Final[dict[str, Reader]] = {
    "/time": _seconds,
    "/play": _flag(Roll, Stop),
    "/stop": _flag(Stop),
    "/pause": _flag(Pause),
}
