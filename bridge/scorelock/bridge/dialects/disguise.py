"""disguise, OSC Event Transport with its addresses as they come.

    /d3/showcontrol/playmode ,s "Play"     /d3/showcontrol/trackposition ,s "00:00:12:05"
    /d3/showcontrol/bpm ,f 120.0           /d3/showcontrol/heartbeat ,f 0.31
The play modes' exact words are not documented: they are read by how they begin.

Source: help.disguise.one, OSC Event Transport.
"""

from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Setup,
    flag,
    one,
    positive,
    text,
    timecode_s,
)
from scorelock.bridge.transport import Pause, Position, Roll, Stop, Tempo

_MODES: Final[dict[str, type[Roll | Stop | Pause]]] = {
    "play": Roll,
    "loop": Roll,
    "stop": Stop,
    "hold": Pause,
    "pause": Pause,
}


class Disguise(Dialect):
    """disguise."""

    name = "disguise"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.words = {
            "/d3/showcontrol/playmode": _mode,
            "/d3/showcontrol/trackposition": lambda args, at_s: (
                Position(at_s, timecode_s(text(args), setup.rate)),
            ),
            "/d3/showcontrol/bpm": one(Tempo, positive),
            "/d3/showcontrol/heartbeat": flag(),
        }


def _mode(args: Args, at_s: float) -> Events:
    words = text(args).strip().lower()
    for start, meaning in _MODES.items():
        if words.startswith(start):
            return (meaning(at_s),)
    raise Ignored("unknown play mode")
