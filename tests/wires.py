"""Everything from a reader's bytes to MIDI but the threads, on a manual clock from 0 s."""

from collections.abc import Iterable

from fakes import performance

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.follower import Follower
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.show import Show
from scorelock.bridge.timelines.timeline import Reader
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.score import Performance

TICK_S = 0.002  # how often a port is asked

Wire = Iterable[tuple[float, bytes]]
"""Arrival times and messages."""


class WireRig:
    """A reader and the follower that it feeds.

    Attributes:
        events: all that the reader told.
        sent: what went out, times to a hundredth of a second.
    """

    def __init__(self, reader: Reader, score: Performance | None = None) -> None:
        self.clock = ManualClock()
        self.follower = Follower(Show(performance() if score is None else score))
        self.events: list[TransportEvent] = []
        self._out = RecordingOut(self.clock)
        self._reader = reader

    @property
    def sent(self) -> list[tuple[float, bytes]]:
        """Times and messages."""
        return [(round(at_s, 2), data) for at_s, data in self._out.sent]

    def hear(self, wire: Wire, until_s: float) -> "WireRig":
        """Let these arrive, and the clock run on to until_s."""
        coming = [*wire, (until_s, None)]
        for at_s, data in coming:
            while self.clock.now() + TICK_S < at_s:
                self.clock.sleep_until(self.clock.now() + TICK_S)
                self._take(self._reader.expire(self.clock.now()))
            self.clock.sleep_until(at_s)
            if data is not None:
                self._take(self._reader.hear(data, at_s))
        return self

    def position_s(self) -> float | None:
        """Where the sync clock says that the host is."""
        return self.follower.chaser.fix(self.clock.now()).position_s

    def _take(self, events: Iterable[TransportEvent]) -> None:
        heard = list(events)
        self.events += heard
        for due in self.follower.advance(heard, self.clock.now())[0]:
            self._out.send(due.data)
