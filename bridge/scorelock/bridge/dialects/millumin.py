"""Millumin 4 and 5, dashboard only: what plays in a layer, by name or by index.

    /millumin/layer:bg/mediaStarted ,isf 1 "song.mov" 180.0      index, file, length in seconds
    /millumin/layer:bg/media/time ,ff 0.04 180.0                 position, length in seconds
    /millumin/layer:bg/mediaStopped ,isf 1 "song.mov" 180.0      may come after the next has begun
One layer is followed, the first that plays, until it stops or is silent.

Sources: anome/millumin-dev-kit wiki, OSC feedback; MilluBridge.
"""

import re
from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Lead,
    Reader,
    Setup,
    seconds,
)
from scorelock.bridge.transport import Position, Roll, Stop

_ADDRESS: Final = re.compile(
    r"/millumin/((?:layer|index):[^/]+)/(media/time|mediaStarted|mediaStopped)"
)


class Millumin(Dialect):
    """Millumin."""

    name = "millumin"
    port = 5000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._layer = Lead()
        self._file: str | None = None

    def reader(self, address: str) -> Reader | None:
        """By the address's end; the layer is in its middle."""
        match = _ADDRESS.fullmatch(address)
        if match is None:
            return None
        layer = match[1]
        return {
            "media/time": lambda args, at_s: self._time(layer, args, at_s),
            "mediaStarted": lambda args, at_s: self._started(layer, _file(args), at_s),
            "mediaStopped": lambda args, at_s: self._stopped(layer, _file(args), at_s),
        }[match[2]]

    def _time(self, layer: str, args: Args, at_s: float) -> Events:
        position_s = seconds(args[:1])
        self._layer.hear(layer, at_s)
        return (Position(at_s, position_s),)

    def _started(self, layer: str, file: str, at_s: float) -> Events:
        self._layer.hear(layer, at_s)
        self._file = file
        return (Roll(at_s),)

    def _stopped(self, layer: str, file: str, at_s: float) -> Events:
        self._layer.hear(layer, at_s)
        if self._file not in (None, file):
            raise Ignored("the end of an earlier file")
        self._layer.end()
        self._file = None
        return (Stop(at_s),)


def _file(args: Args) -> str:
    if len(args) < 2 or not isinstance(args[1], str):
        raise Ignored("not an index and a file")
    return args[1]
