"""When regular ticks really were sent, and how far apart, told from when they arrived."""

import math
from typing import Final

SHORTEST_S: Final = 1e-4
FAR: Final = 0.5  # of a period: an error that no jitter makes,
FAR_IN_A_ROW: Final = 3  # unless it comes alone


class LoopFilter:
    """A delay-locked loop (F. Adriaensen, "Using a DLL to filter time", LAC 2005).

    It begins as the least-squares line through all ticks so far, which knows the period with the
    second tick, and becomes the loop when the loop's own gains are the larger ones. Ticks that keep
    coming at another pace begin it anew.

    Attributes:
        period_s: seconds between ticks; before the second tick the one it was given.
        at_s: when the newest tick was due.
        seen: ticks since it began.
    """

    def __init__(self, period_s: float, bandwidth_hz: float) -> None:
        self.period_s = period_s
        self.at_s = 0.0
        self.seen = 0
        self._bandwidth_hz = bandwidth_hz
        self._far = 0

    def restart(self) -> None:
        """The next tick begins it anew; the period is kept until the one after."""
        self.seen = self._far = 0

    def tick(self, arrived_s: float) -> None:
        """Take in a tick."""
        if self.seen == 0:
            self.at_s, self.seen = arrived_s, 1
            return
        expected_s = self.at_s + self.period_s
        error_s = arrived_s - expected_s
        far = (error_s > FAR * self.period_s) - (error_s < -FAR * self.period_s)
        self._far = self._far + far if far * self._far >= 0 else far
        self._far *= abs(far)
        n = self.seen
        if abs(self._far) >= FAR_IN_A_ROW and n > FAR_IN_A_ROW:
            self.restart()
            self.tick(arrived_s)
            return
        omega = 2 * math.pi * self._bandwidth_hz * self.period_s
        self.at_s = expected_s + error_s * max(
            min(1.0, math.sqrt(2) * omega), 2 * (2 * n + 1) / ((n + 1) * (n + 2))
        )
        self.period_s += error_s * max(min(1.0, omega**2), 6 / ((n + 1) * (n + 2)))
        self.period_s = max(self.period_s, SHORTEST_S)  # ticks of one burst have none
        self.seen += 1
