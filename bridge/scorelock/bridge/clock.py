"""The time, as a value that is passed in. Nothing else in Scorelock reads it or waits.

`MonotonicClock` is the machine's; `ManualClock` goes where it is told, for tests and for replaying
a recorded session.
"""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds from an arbitrary start, and two ways to wait for a moment of it."""

    def now(self) -> float:
        """The time in seconds; it never goes back."""
        ...

    def sleep_until(self, at_s: float) -> None:
        """Return when the time has come, at once if it has passed."""
        ...

    def wait(self, condition: threading.Condition, until_s: float) -> None:
        """Give up the condition, which is held, until it is notified or the time has come."""
        ...


class MonotonicClock:
    """The machine's steady clock, the same for every process on it (Linux, macOS, Windows)."""

    def now(self) -> float:
        """Seconds since the machine started, or thereabouts."""
        return time.perf_counter()  # noqa: TID251 - this is the place

    def sleep_until(self, at_s: float) -> None:
        """Sleep to an absolute time, so that what the caller did meanwhile adds no delay."""
        while (rest_s := at_s - self.now()) > 0:
            time.sleep(rest_s)  # noqa: TID251 - this is the place

    def wait(self, condition: threading.Condition, until_s: float) -> None:
        """Wait for the notification or the time, whichever is first."""
        rest_s = until_s - self.now()
        if rest_s > 0:
            condition.wait(min(rest_s, threading.TIMEOUT_MAX))


class ManualClock:
    """A clock whose time is set; waiting for a moment makes it that moment."""

    def __init__(self, now_s: float = 0.0) -> None:
        self._now_s = now_s

    def now(self) -> float:
        """The time that was last reached."""
        return self._now_s

    def sleep_until(self, at_s: float) -> None:
        """Be there at once."""
        self._now_s = max(self._now_s, at_s)

    def wait(self, condition: threading.Condition, until_s: float) -> None:
        """Be there at once: nobody else can notify while this clock stands."""
        self.sleep_until(until_s)
