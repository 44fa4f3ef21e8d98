"""Musical time: quarters and bars against seconds, exact both ways.

Tempo is in whole microseconds a quarter note, as a Standard MIDI File has it (SMF 1.0, set tempo),
and places are fractions, so that nothing is rounded between a beat, its second and its tick.
Quarter 0 is the first beat of bar 1; what is before it (a pick-up, or a film that begins earlier)
has negative quarters at the first tempo.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final, Self

MICROSECONDS: Final = 1_000_000
TICKS: Final = 960
"""A quarter, in files."""


@dataclass(frozen=True, slots=True, order=True)
class TempoChange:
    """From a quarter on, so many microseconds a quarter."""

    quarter: Fraction
    microseconds: int

    @classmethod
    def of(cls, bpm: float, quarter: Fraction = Fraction(0)) -> Self:
        """The tempo nearest to so many quarters a minute."""
        return cls(quarter, round(60 * MICROSECONDS / bpm))

    @property
    def bpm(self) -> float:
        """Quarters a minute."""
        return 60 * MICROSECONDS / self.microseconds


@dataclass(frozen=True, slots=True, order=True)
class Meter:
    """From a bar on, 1 for the first, so many beats of so long a note (4: a quarter) a bar."""

    bar: int = 1
    beats: int = 4
    unit: int = 4

    def __post_init__(self) -> None:
        if not (1 <= self.beats <= 64 and self.unit in (1, 2, 4, 8, 16, 32) and self.bar >= 1):
            raise ValueError(f"no such meter: {self}")

    @property
    def quarters(self) -> Fraction:
        """Of a bar."""
        return Fraction(4 * self.beats, self.unit)


@dataclass(frozen=True, slots=True)
class Place:
    """A bar, 1 for the first and 0 and less before it, and a beat in it, from 1 on."""

    bar: int
    beat: Fraction


@dataclass(frozen=True, slots=True)
class TempoMap:
    """Tempos and meters in order, the first from quarter 0 and bar 1 on.

    Attributes:
        tempos: with rising quarters.
        meters: with rising bars.
        first_s: film seconds of quarter 0.
    """

    tempos: tuple[TempoChange, ...] = (TempoChange(Fraction(0), 500_000),)
    meters: tuple[Meter, ...] = (Meter(),)
    first_s: Fraction = Fraction(0)
    # Places of the changes, each in the two scales that it is asked for in.
    _quarters: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)
    _seconds: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)
    _bars: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _bar_quarters: tuple[Fraction, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        quarters, bars = [t.quarter for t in self.tempos], [m.bar for m in self.meters]
        if quarters[:1] != [0] or bars[:1] != [1]:
            raise ValueError("a tempo map begins with a tempo at quarter 0 and a meter at bar 1")
        if sorted(set(quarters)) != quarters or sorted(set(bars)) != bars:
            raise ValueError("tempos and meters come in order, each at a place of its own")
        if any(tempo.microseconds < 1 for tempo in self.tempos):
            raise ValueError("a tempo has a length")
        seconds = ((b.quarter - a.quarter) * _quarter_s(a) for a, b in pairwise(self.tempos))
        lengths = ((b.bar - a.bar) * a.quarters for a, b in pairwise(self.meters))
        for name, places in {
            "_quarters": quarters,
            "_seconds": accumulate(seconds, initial=self.first_s),
            "_bars": bars,
            "_bar_quarters": accumulate(lengths, initial=Fraction(0)),
        }.items():
            object.__setattr__(self, name, tuple(places))

    @classmethod
    def steady(cls, bpm: float, meter: Meter = Meter(), first_s: float = 0.0) -> Self:
        """One tempo and one meter."""
        return cls((TempoChange.of(bpm),), (meter,), Fraction(first_s).limit_denominator(10**6))

    def seconds(self, quarter: Fraction | int) -> Fraction:
        """Film seconds of a quarter."""
        index = _last(self._quarters, quarter)
        passed = quarter - self._quarters[index]
        return self._seconds[index] + passed * _quarter_s(self.tempos[index])

    def quarter(self, seconds: Fraction | float) -> Fraction:
        """The quarter at film seconds; a float is taken as it is, to its last bit."""
        wanted = Fraction(seconds)
        index = _last(self._seconds, wanted)
        passed = wanted - self._seconds[index]
        return self._quarters[index] + passed / _quarter_s(self.tempos[index])

    def tick(self, seconds: Fraction | float, ticks: int = TICKS) -> int:
        """The nearest tick to film seconds, counted from quarter 0."""
        return round(self.quarter(seconds) * ticks)

    def bar_quarter(self, bar: int) -> Fraction:
        """The quarter at which a bar begins."""
        index = _last(self._bars, bar)
        return self._bar_quarters[index] + (bar - self._bars[index]) * self.meters[index].quarters

    def place(self, quarter: Fraction | int) -> Place:
        """The bar and beat at a quarter."""
        index = _last(self._bar_quarters, quarter)
        meter = self.meters[index]
        bars, rest = divmod(quarter - self._bar_quarters[index], meter.quarters)
        return Place(meter.bar + int(bars), rest * meter.unit / 4 + 1)

    def meter_at(self, bar: int) -> Meter:
        """The meter of a bar."""
        return self.meters[_last(self._bars, bar)]


def _quarter_s(tempo: TempoChange) -> Fraction:
    return Fraction(tempo.microseconds, MICROSECONDS)


def _last(places: Sequence[Fraction] | Sequence[int], wanted: Fraction | int) -> int:
    """Which of rising places is the last that has come; the first counts from ever on."""
    return max(0, bisect_right(places, wanted) - 1)
