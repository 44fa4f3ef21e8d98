"""How late a host hears us, from notes that came back and from notes that it recorded.

Pure: times in, times out. Notes are matched by pitch, in order, around the delay that most of them
have in common, so that a few that are lost, repeated or played by somebody else do not count.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

LONGEST_S: Final = 0.5  # delays beyond are no delays
TOGETHER_S: Final = 0.1  # how far a note's delay may be from the one that most have
ENOUGH: Final = 0.5  # of the notes that must be found
_ALIKE_S: Final = 0.01  # delays that are counted as one, to find the one that most have

Onsets = Mapping[object, Sequence[float]]
"""Times in seconds by what was struck: a pitch, or a channel and a pitch."""


@dataclass(frozen=True, slots=True)
class Delays:
    """How much later some notes came than they were meant to.

    Attributes:
        delays_s: of each note that was found, in the order of time, negative for earlier.
        missing: notes that were not found.
        extra: notes that nobody meant.
    """

    delays_s: tuple[float, ...]
    missing: int
    extra: int

    @property
    def agree(self) -> bool:
        """Whether enough notes were found to believe it."""
        found = len(self.delays_s)
        return found > 0 and found >= ENOUGH * (found + self.missing)

    @property
    def median_s(self) -> float:
        """The delay that half of them have at most."""
        return median(self.delays_s)

    @property
    def p99_s(self) -> float:
        """The delay that 99 of 100 have at most."""
        return float(np.percentile(self.delays_s, 99))

    @property
    def jitter_s(self) -> float:
        """Half of them are within this of the median, on either side."""
        return median(abs(delay_s - self.median_s) for delay_s in self.delays_s)


def onsets(notes: Iterable[tuple[float, object]]) -> dict[object, list[float]]:
    """Times by what was struck, each in order."""
    found: dict[object, list[float]] = defaultdict(list)
    for at_s, key in sorted(notes, key=lambda note: note[0]):
        found[key].append(at_s)
    return found


def delays(meant: Onsets, came: Onsets, *, earliest_s: float = -LONGEST_S) -> Delays:
    """Match what came with what was meant.

    Args:
        meant: when notes were sent, or stand in the score.
        came: when notes returned, or stand in the recording.
        earliest_s: of a delay: 0 where nothing can come before it was sent.
    """
    common_s = _common_delay(meant, came, earliest_s)
    found = [
        pair
        for key, times in meant.items()
        for pair in _matched(times, came.get(key, ()), common_s, earliest_s)
    ]
    total, there = (sum(map(len, each.values())) for each in (meant, came))
    return Delays(
        tuple(delay_s for _, delay_s in sorted(found)), total - len(found), there - len(found)
    )


def _common_delay(meant: Onsets, came: Onsets, earliest_s: float) -> float:
    """The middle of the 10 ms in which most delays lie that any two notes of a kind may have."""
    possible = sorted(
        there_s - at_s
        for key, times in meant.items()
        for at_s in times
        for there_s in _between(came.get(key, ()), at_s + earliest_s, at_s + LONGEST_S)
    )
    if not possible:
        return 0.0
    # The first of equals: an echo comes before its repetition.
    best = max(
        range(len(possible)),
        key=lambda first: bisect_left(possible, possible[first] + _ALIKE_S) - first,
    )
    return median(possible[best : bisect_left(possible, possible[best] + _ALIKE_S)])


def _between(times: Sequence[float], from_s: float, to_s: float) -> Sequence[float]:
    return times[bisect_left(times, from_s) : bisect_left(times, to_s)]


def _matched(
    meant: Sequence[float], came: Sequence[float], common_s: float, earliest_s: float
) -> list[tuple[float, float]]:
    """Times and delays: to each note, in order, the nearest to where it should be that is left."""
    pairs, first = [], 0
    for index, at_s in enumerate(meant):
        wanted_s = at_s + common_s
        while first < len(came) and came[first] < max(wanted_s - TOGETHER_S, at_s + earliest_s):
            first += 1
        if first == len(came) or came[first] > wanted_s + TOGETHER_S:
            continue
        after = first + 1
        # A later one may be nearer, unless it is nearer to the note that follows.
        following_s = meant[index + 1] + common_s if index + 1 < len(meant) else float("inf")
        if after < len(came) and (
            abs(came[after] - wanted_s) < abs(came[first] - wanted_s)
            and abs(came[after] - wanted_s) <= abs(came[after] - following_s)
        ):
            first = after
        pairs.append((at_s, came[first] - at_s))
        first += 1
    return pairs


class Arrivals:
    """When messages came, from the times between them and from when they were read.

    A message is read late by as long as it waited, the least late one hardly at all: what it was
    late by holds for all of them.
    """

    def __init__(self) -> None:
        self._came: list[tuple[float, bytes]] = []
        self._last_s = 0.0
        self._first_s = float("inf")

    def add(self, messages: Iterable[tuple[float, bytes]], read_s: float) -> None:
        """Take in what was read at a time: seconds after the message before, and the message."""
        for after_s, data in messages:
            self._last_s += after_s
            self._came.append((self._last_s, data))
            self._first_s = min(self._first_s, read_s - self._last_s)

    def stamped(self) -> list[tuple[float, bytes]]:
        """Times and messages so far."""
        return [(self._first_s + came_s, data) for came_s, data in self._came]
