"""The hosts that a bench of live sending follows: how often they report, and how late."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import cycle
from typing import Final, NamedTuple

import numpy as np

from scorelock.bridge.osc import encode
from scorelock.bridge.simulate import (
    REPORTS_HZ,
    SEND_DELAY_S,
    Move,
    TimedDatagram,
    host_at,
    reaper,
    script,
)
from scorelock.bridge.simulated_hosts import SIMULATED

WIFI_S: Final = 0.004
"""Mean delay of a datagram that Wi-Fi does not hold up."""
SPIKE_S: Final = 0.12
SPIKES: Final = 0.02
"""The share of datagrams that wait that long: a lost frame is sent again, a station sleeps."""
FLOOD_HZ: Final = 5000
"""A refresh of a large REAPER session with its default pattern: 27,000 datagrams in 5 seconds."""


class Feed(NamedTuple):
    """A host as the bench knows it: its name, what it stands for, its datagrams for some moves."""

    name: str
    what: str
    datagrams: Callable[[Sequence[Move], float, int], Iterator[TimedDatagram]]


def _reaper(moves: Sequence[Move], until_s: float, seed: int) -> Iterator[TimedDatagram]:
    return reaper(moves, until_s, delay_s=SEND_DELAY_S, seed=seed)


def _live(moves: Sequence[Move], until_s: float, seed: int) -> Iterator[TimedDatagram]:
    return script(SIMULATED["live"], moves, until_s, seed=seed)


def _wifi(moves: Sequence[Move], until_s: float, seed: int) -> Iterator[TimedDatagram]:
    return over_wifi(reaper(moves, until_s), seed)


def over_wifi(datagrams: Iterable[TimedDatagram], seed: int) -> Iterator[TimedDatagram]:
    """The same, as they arrive: in order, each late by a few milliseconds, some by a spike."""
    draw = np.random.default_rng(seed)
    arrives_s = 0.0
    for at_s, data in datagrams:
        spike_s = SPIKE_S if draw.random() < SPIKES else 0.0
        arrives_s = max(arrives_s, at_s + draw.exponential(WIFI_S) + spike_s)
        yield TimedDatagram(arrives_s, data)


FEEDS: Final = (
    Feed("reaper15", "REAPER, 15 reports a second, each up to 16 ms late", _reaper),
    Feed("live10", "Live, 10 reports a second, each up to 20 ms late", _live),
    Feed("wifi", "15 reports a second over Wi-Fi, 2 % of them 120 ms late", _wifi),
)


def flooded(moves: Sequence[Move], until_s: float, seed: int) -> Iterator[TimedDatagram]:
    """REAPER with all that its default pattern can say, 5,000 datagrams a second.

    A quarter are positions, which the sync clock has to read; the others are meters and texts,
    which are counted as ignored, and noise that is not OSC.
    """
    return merge(_reaper(moves, until_s, seed), _noise(moves, until_s))


def _noise(moves: Sequence[Move], until_s: float) -> Iterator[TimedDatagram]:
    others = cycle(
        [
            *(encode(f"/track/{track}/vu", (0.5,)) for track in range(1, 5)),
            encode("/time/str", ("1:02.345",)),
            b"no OSC at all",
        ]
    )
    for index in range(int(until_s * (FLOOD_HZ - REPORTS_HZ))):
        at_s = index / (FLOOD_HZ - REPORTS_HZ)
        if index % 4:
            yield TimedDatagram(at_s, next(others))
        else:
            yield TimedDatagram(at_s, encode("/time", (host_at(moves, at_s).reported_s,)))
