"""Resolume: where a clip is as a part of its length, which must be asked for.

    /composition/layers/1/position ,f 0.0661                                 0 to 1
    /composition/layers/1/clips/2/transport/position ,f 0.0661               0 to 1
    /composition/layers/1/clips/2/transport/position/behaviour/duration ,f 0.000297619
The length is a part of a week, 604800 s; it is asked with "?". A layer's position is that of the
clip that last said its own, or whose length alone is known. One layer is followed, the first,
until it is silent.

Sources: resolume.com/support/en/osc; bitfocus/companion-module-resolume-arena.
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
    Request,
    Setup,
    positive,
    seconds,
)
from scorelock.bridge.transport import Position

WEEK_S: Final = 604_800.0
ASK_S: Final = 5.0
MOST_CLIPS: Final = 8  # that are asked for
_ADDRESS: Final = re.compile(
    r"/composition/layers/([0-9]{1,4})(?:/clips/([0-9]{1,4})/transport)?"
    r"/position(/behaviour/duration)?"
)


class Resolume(Dialect):
    """Resolume Arena and Avenue."""

    name = "resolume"
    port = 7000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._layer = Lead()
        self._clips: dict[str, str] = {}  # by layer
        self._lengths_s: dict[str, float] = {}
        self._unknown: tuple[str, ...] = ()

    def reader(self, address: str) -> Reader | None:
        """By the address; layer and clip are in its middle."""
        match = _ADDRESS.fullmatch(address)
        if match is None or (match[3] and not match[2]):
            return None
        layer, clip = match[1], match[2] and address.removesuffix(match[3] or "")
        if match[3]:
            return lambda args, at_s: self._length(layer, clip, args)
        return lambda args, at_s: self._position(layer, clip, args, at_s)

    def greeting(self) -> tuple[Request, ...]:
        """Ask for the lengths that are missing."""
        return tuple(Request(f"{clip}/behaviour/duration", ("?",), ASK_S) for clip in self._unknown)

    def _length(self, layer: str, clip: str, args: Args) -> Events:
        length_s = positive(args) * WEEK_S
        if clip not in self._lengths_s and len(self._lengths_s) >= MOST_CLIPS:
            self._lengths_s.pop(next(iter(self._lengths_s)))
        self._lengths_s[clip] = length_s
        self._unknown = tuple(each for each in self._unknown if each != clip)
        self._clips.setdefault(layer, clip)
        return ()

    def _position(self, layer: str, clip: str | None, args: Args, at_s: float) -> Events:
        part = seconds(args)
        if part > 1:
            raise Ignored("not a part of the clip")
        self._layer.hear(layer, at_s)
        clip = clip or self._clips.get(layer)
        if clip is None:
            raise Ignored("clip not known yet")
        self._clips[layer] = clip
        if clip not in self._lengths_s:
            if clip not in self._unknown:
                self._unknown = (*self._unknown, clip)[-MOST_CLIPS:]
            raise Ignored("length not known yet")
        return (Position(at_s, part * self._lengths_s[clip]),)
