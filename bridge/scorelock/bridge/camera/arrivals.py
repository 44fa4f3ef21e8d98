"""What comes from a camera, in the order of time, between the thread that takes it in and the one
that looks at it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scorelock.bridge.clock import Clock
from scorelock.engine.video import Image

ROOM: Final = 8
"""Frames that may wait: a third of a second of most cameras."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture, and when on our clock it was there."""

    at_s: float
    image: Image


@dataclass(frozen=True, slots=True)
class Lost:
    """The camera has gone, for this reason; it may come back."""

    at_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """There is nothing more to come."""

    at_s: float


Arrival = Frame | Lost | Ended


class Arrivals:
    """A queue of what has come; a frame waits in it until its time, if that is told before.

    A frame is stamped as it is put in, so that whoever finds the queue empty at a moment has had
    all that came before.

    Attributes:
        skipped: frames that had to make room for newer ones, for nobody looked in time.
    """

    def __init__(self, clock: Clock) -> None:
        self.skipped = 0
        self._clock = clock
        self._waiting: deque[Arrival] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def happened(self, arrival: Callable[[float], Arrival]) -> None:
        """Put in what comes at this moment; the oldest frame makes room."""
        with self._changed:
            new = arrival(self._clock.now())
            frames = [each for each in self._waiting if isinstance(each, Frame)]
            if isinstance(new, Frame) and len(frames) >= ROOM:
                self._waiting.remove(frames[0])
                self.skipped += 1
            self._waiting.append(new)
            self._changed.notify_all()

    def will_happen(self, arrival: Arrival) -> None:
        """Put in what comes at a later moment; waits for room, unless it is closed."""
        with self._changed:
            while len(self._waiting) >= ROOM and not self._closed:
                self._changed.wait()
            self._waiting.append(arrival)
            self._changed.notify_all()

    def get(self, until_s: float) -> Arrival | None:
        """The next that has come; None where nothing does until then."""
        with self._changed:
            while True:
                now_s = self._clock.now()
                next_s = self._waiting[0].at_s if self._waiting else float("inf")
                if next_s <= now_s:
                    self._changed.notify_all()
                    return self._waiting.popleft()
                if now_s >= until_s:
                    return None
                self._clock.wait(self._changed, min(until_s, next_s))

    def close(self) -> None:
        """Let nobody wait for room any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
