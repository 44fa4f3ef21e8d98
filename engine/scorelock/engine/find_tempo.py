"""Find tempo: the tempos, and where they change, whose beats meet a film's hit points.

What Dorico's Find Tempo, Digital Performer and Auricle do for one tempo, for up to two changes of
it as well. `tempo_search` finds them; here is what is asked and what is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.hits import Hit
from scorelock.engine.tempo_fit import CLOSE, Found, Task, misses
from scorelock.engine.tempo_map import MICROSECONDS, Meter, TempoChange, TempoMap
from scorelock.engine.tempo_search import found
from scorelock.engine.timebase import FrameRate

TEMPOS: Final = 100_000
"""Tried at most."""

_GRIDS: Final = tuple(Fraction(1, parts) for parts in (1, 2, 3, 4))


@dataclass(frozen=True, slots=True)
class Search:
    """Which tempos are asked for.

    Attributes:
        lowest, highest: quarters a minute, 10 to 600.
        step: between two tempos that are tried, in quarters a minute; 100,000 of them at most.
        changes: of tempo that are allowed, 0 to 2; they fall on bar lines.
        grid: in beats of the meter, where hits may fall: 1, 1/2, 1/3 or 1/4.
        meter: of all bars.
        free_start: bar 1 begins with the film, or later by less than `grid`; else with the film.
        change_cost: what a change has to save of `Proposal.error`; one that is also a jump by an
            octave has to save it twice.
        hold_bars: a tempo holds so many bars, 1 or more, before it changes.
        proposals: told at most, 1 or more.
    """

    lowest: float = 60.0
    highest: float = 150.0
    step: float = 0.01
    changes: int = 0
    grid: Fraction = Fraction(1)
    meter: Meter = Meter()  # noqa: RUF009 (frozen)
    free_start: bool = True
    change_cost: float = 0.1
    hold_bars: int = 4
    proposals: int = 10

    def __post_init__(self) -> None:
        if not 10 <= self.lowest <= self.highest <= 600:
            raise BadSetting(
                "expected tempos from a lowest to a highest one between 10 and 600, got "
                f"{self.lowest:g} to {self.highest:g}; turn them around or widen them"
            )
        if not (self.highest - self.lowest < TEMPOS * self.step < float("inf")):
            raise BadSetting(
                f"expected at most {TEMPOS} tempos to try, got {self.lowest:g} to "
                f"{self.highest:g} by {self.step:g}; take wider steps or a narrower range"
            )
        if self.changes not in (0, 1, 2):
            raise BadSetting(f"expected 0, 1 or 2 changes of tempo, got {self.changes}")
        if self.grid not in _GRIDS:
            raise BadSetting(f"expected hits on 1, 1/2, 1/3 or 1/4 of a beat, got {self.grid}")
        if self.meter.bar != 1:
            raise BadSetting(f"expected the meter of all bars, got one from {self.meter.bar} on")
        if not (0 <= self.change_cost < float("inf")):
            raise BadSetting(f"expected a cost of 0 or more a change, got {self.change_cost:g}")
        if min(self.hold_bars, self.proposals) < 1:
            raise BadSetting(
                "expected 1 or more bars to hold a tempo and 1 or more proposals, got "
                f"{self.hold_bars} and {self.proposals}"
            )

    @property
    def tempos(self) -> NDArray[np.float64]:
        """(T,) microseconds a quarter that are tried, whole and rising."""
        count = int((self.highest - self.lowest) / self.step + 1e-6) + 1
        bpm = self.lowest + self.step * np.arange(count)
        return np.unique(np.rint(60 * MICROSECONDS / bpm))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A tempo map, and how well it meets the hits.

    Attributes:
        tempo_map: its bar 1 begins within the film's first beat.
        error: what it is ranked by: the mean over the hits by weight of the miss in tolerances,
            where a miss of more than one counts 4, and the cost of its changes.
        misses: frames from each hit, in the order given, to the beat nearest to it.
        within: share of the hits, each counted as one, that are met within their tolerance, 0..1.
        mean_frames: mean size of the misses by weight.
    """

    tempo_map: TempoMap
    error: float
    misses: tuple[float, ...]
    within: float
    mean_frames: float


def find_tempo(
    hits: Sequence[Hit],
    rate: FrameRate,
    duration_s: float,
    search: Search = Search(),
) -> tuple[Proposal, ...]:
    """The best tempo maps for the hits of a film, the best first, each unlike the others.

    Raises:
        BadSetting: there are no hits that weigh anything, or one lies outside of the film.
    """
    if not any(hit.weight for hit in hits):
        raise BadSetting(
            "expected hits to find a tempo for, got none that weighs anything; "
            "mark some, or give the tempo itself"
        )
    for hit in hits:
        if hit.at_s > duration_s:
            raise BadSetting(
                f"expected hits within the film's {duration_s:.3f} s, got one at "
                f"{hit.at_s:.3f} s; move or remove it"
            )
    order = sorted(range(len(hits)), key=lambda index: hits[index].at_s)
    task = _task([hits[index] for index in order], float(MICROSECONDS / rate.fps), search)
    return tuple(_proposal(task, one, search.meter, order) for one in found(task, search.proposals))


def _task(hits: Sequence[Hit], frame: float, search: Search) -> Task:
    weight = np.array([hit.weight for hit in hits])
    return Task(
        at=np.array([MICROSECONDS * hit.at_s for hit in hits]),
        weight=weight / weight.sum(),
        tolerance=np.array([hit.tolerance_frames * frame for hit in hits]),
        frame=frame,
        tempos=search.tempos,
        grid=4 / search.meter.unit * float(search.grid),
        bar=float(search.meter.quarters),
        changes=search.changes,
        free_start=search.free_start,
        change_cost=search.change_cost,
        hold_bars=search.hold_bars,
    )


def _proposal(task: Task, one: Found, meter: Meter, order: Sequence[int]) -> Proposal:
    missed = misses(task, one)
    size = abs(missed)
    frames = np.empty(len(order))
    frames[order] = missed / task.frame
    quarters = (bars * meter.quarters for bars in accumulate(one.bars, initial=0))
    changes = zip(quarters, one.tempos, strict=True)
    return Proposal(
        TempoMap(
            tuple(TempoChange(quarter, round(tempo)) for quarter, tempo in changes),
            (meter,),
            Fraction(round(one.first), MICROSECONDS),
        ),
        one.error,
        tuple(frames.tolist()),
        float((size <= task.tolerance * CLOSE).mean()),
        float(task.weight @ size / task.frame),
    )
