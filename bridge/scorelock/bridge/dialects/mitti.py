"""Mitti: feedback about the current cue, its time in whole seconds of text.

    /mitti/togglePlay ,i 1     /mitti/cueTimeElapsed ,s "00:00:05:12"
A text without frames is worth its seconds when they change. "-" stands for none.

Sources: imimot.com, Mitti's OSC feedback; bitfocus/companion-module-imimot-mitti.
"""

import re

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Request,
    Setup,
    flag,
    text,
    timecode_s,
)
from scorelock.bridge.transport import Position, Roll, Stop


class Mitti(Dialect):
    """Mitti."""

    name = "mitti"
    port = 51_000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._whole = ""
        self.words = {
            "/mitti/togglePlay": flag(Roll, Stop),
            "/mitti/cueTimeElapsed": self._elapsed,
        }

    def greeting(self) -> tuple[Request, ...]:
        """Say all that was said before."""
        return (Request("/mitti/resendOSCFeedback"),)

    def _elapsed(self, args: Args, at_s: float) -> Events:
        words = text(args).strip()
        if words == "-":
            raise Ignored("no cue")
        if not re.fullmatch(r"[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}", words):
            return (Position(at_s, timecode_s(words, self.setup.rate)),)
        if words == self._whole:
            raise Ignored("the same second again")
        self._whole = words
        return (Position(at_s, timecode_s(f"{words}:00", self.setup.rate)),)
