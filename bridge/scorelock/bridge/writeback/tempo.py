"""The tempo of a host, read, set where it differs, and read again."""

import math
from typing import Final

from scorelock.bridge.dialects.reaper import REFRESH
from scorelock.bridge.osc import OscMessage
from scorelock.bridge.writeback.conversation import (
    ROUNDS,
    Hearing,
    HostError,
    Rest,
    Script,
    Tell,
    message,
    number,
)

_EXACT_BPM: Final = 0.001
_SETTLE_S: Final = 0.25  # two ticks of the slowest host


def agree(host: Hearing, bpm: float, *, query: OscMessage, answer: str, order: str) -> Script:
    """Make a host's tempo bpm.

    Args:
        host: who is asked.
        bpm: quarter notes a minute.
        query: asks for the tempo.
        answer: the address at which it is told.
        order: the address that takes it.
    """
    now = math.nan
    for _ in range(ROUNDS):
        now = number((yield from host.ask(query, answer)))
        host.written.tempo = now
        if host.written.tempo_before is None:
            host.written.tempo_before = now
        if abs(now - bpm) < _EXACT_BPM:
            return
        yield Tell((message(order, float(bpm)),))
        yield Rest(_SETTLE_S)
    raise HostError(f"expected the host to take {bpm:g} beats a minute, it stays at {now:g}")


ASKED: Final = {
    "reaper": (message("/action", REFRESH), "/tempo/raw"),
    "live": (message("/live/song/get/tempo"), "/live/song/get/tempo"),
    "drivenbymoss": (message("/refresh"), "/tempo/raw"),
}
"""What makes hosts tell their tempo, and the address at which they do."""


class TempoOf(Hearing):
    """Asks a host for its tempo, which is in `written.tempo` then, and changes nothing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._question, self._answer = ASKED[name]

    def script(self) -> Script:
        """One question."""
        self.written.tempo = number((yield from self.ask(self._question, self._answer)))


class MossTempo(Hearing):
    """The tempo through DrivenByMoss, which makes no marks.

    /refresh makes it tell all; /tempo/raw ,f 96.0 tells and sets.
    Source: git-moss/DrivenByMoss, OSC protocol.
    """

    hint = "; let its controller Open Sound Control send to the port that --listen names"

    def __init__(self, bpm: float) -> None:
        super().__init__()
        self._bpm = bpm

    def script(self) -> Script:
        """Nothing but the tempo."""
        yield from agree(
            self, self._bpm, query=message("/refresh"), answer="/tempo/raw", order="/tempo/raw"
        )
