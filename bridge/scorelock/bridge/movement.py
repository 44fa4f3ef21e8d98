"""How a number that a host sends moves against arrival time: evenly, in rolls, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LEAST_REPORTS: Final = 5
SHORTEST_ROLL_S: Final = 2.5
JUMP_S: Final = 0.3  # off an even movement: a locate, a wrap, a stop; no network is so late
STANDS_S: Final = 0.8  # without movement
STANDS_PERIODS: Final = 3
AROUND_S: Final = 1.0
UNEVEN_S: Final = 0.1  # at most: more is not a position
RARE: Final = 20  # seconds between two reports are as bad as one of unevenness

Numbers = NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Movement:
    """How a number moves.

    Attributes:
        slope: of it in a second, while it moves.
        rolls: from the first to the last report of each time that it did, in seconds.
        breaks: how often it jumped within them.
        uneven_s: how far its reports are from even, the root of the mean square, in seconds.
        period_s: between two reports that differ, at the median.
    """

    slope: float
    rolls: tuple[Span, ...]
    breaks: int
    uneven_s: float
    period_s: float

    @property
    def still_s(self) -> float:
        """How long it must rest to stand."""
        return _still_s(self.period_s)

    @property
    def around_s(self) -> float:
        """How far from a roll's first or last report the host may have begun or ended it."""
        return AROUND_S + self.period_s

    @property
    def coarse_s(self) -> float:
        """How bad a position it is: uneven, or rare."""
        return self.uneven_s + self.period_s / RARE

    @property
    def rolled_s(self) -> float:
        """How long it moved in all."""
        return sum(end_s - start_s for start_s, end_s in self.rolls)

    def stands(self, until_s: float) -> bool:
        """Whether it rests now."""
        return until_s - self.rolls[-1][1] > self.still_s


def movement(at_s: Numbers, values: Numbers) -> Movement | None:
    """How a number moves forward against time; None if it does not do so evenly."""
    fresh = np.flatnonzero(np.diff(values, prepend=np.nan) != 0)
    at_s, values = at_s[fresh], values[fresh]
    later = np.searchsorted(at_s, at_s + 1.0)  # far enough for delays not to matter
    first = np.flatnonzero(later < len(at_s))
    slopes = (values[later[first]] - values[first]) / (at_s[later[first]] - at_s[first])
    slopes = slopes[slopes > 0]
    if len(slopes) < LEAST_REPORTS:
        return None
    off_s = np.diff(values) / np.median(slopes) - np.diff(at_s)
    parts = np.split(np.arange(len(at_s)), np.flatnonzero(np.abs(off_s) > JUMP_S) + 1)
    runs = [
        part
        for part in parts
        if len(part) >= LEAST_REPORTS and at_s[part[-1]] - at_s[part[0]] >= SHORTEST_ROLL_S
    ]
    if not runs:
        return None
    slope, uneven_s = _line([(at_s[run], values[run]) for run in runs])
    period_s = float(np.median(np.concatenate([np.diff(at_s[run]) for run in runs])))
    rolls: list[Span] = []
    for run in runs:
        start_s, end_s = float(at_s[run[0]]), float(at_s[run[-1]])
        if rolls and start_s - rolls[-1][1] <= _still_s(period_s):
            start_s, _ = rolls.pop()
        rolls.append((start_s, end_s))
    if uneven_s > UNEVEN_S:
        return None
    return Movement(slope, tuple(rolls), len(runs) - len(rolls), uneven_s, period_s)


def _still_s(period_s: float) -> float:
    return max(STANDS_S, STANDS_PERIODS * period_s)


def _line(runs: Sequence[tuple[Numbers, Numbers]]) -> tuple[float, float]:
    """The slope that all runs share, without the tenth that fits it worst; how uneven."""
    times = np.concatenate([at_s - at_s.mean() for at_s, _ in runs])
    values = np.concatenate([values - values.mean() for _, values in runs])
    slope = float(times @ values / (times @ times))
    off_s = np.abs(values / slope - times)
    near = off_s <= np.quantile(off_s, 0.9)
    slope = float(times[near] @ values[near] / (times[near] @ times[near]))
    return slope, float(np.sqrt(np.mean((values / slope - times)[near] ** 2)))
