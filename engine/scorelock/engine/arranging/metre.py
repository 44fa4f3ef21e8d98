"""Felt beats and their divisions: which moments of a bar are strong (Lerdahl and Jackendoff 1983,
A Generative Theory of Tonal Music, chapter 4: the metrical grid).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Final

from scorelock.engine.tempo_map import Meter, TempoMap

BAR, STRONG, BEAT, DIVISION = range(4)
"""Levels of a moment: the bar line, the bar's second strong beat, a beat, its division; each
finer division is one more."""

PHRASE_BARS: Final = 4
SHORTEST_BEAT_S: Final = 0.2
"""Faster beats are not felt as beats; the bar is (London 2004, Hearing in Time, chapter 2)."""
NEAR_S: Final = 1e-6
"""Two moments nearer than this are one: tempo is kept in microseconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment that a note may fall on, how long it has, its level, and its number in the bar."""

    onset_s: float
    end_s: float
    level: int
    index: int


@dataclass(frozen=True, slots=True)
class Beat:
    """A felt beat: in film seconds, its level, its number in the bar, and halves (2) or thirds."""

    start_s: float
    end_s: float
    level: int
    index: int
    parts: int

    def division(self, depth: int) -> int:
        """How many steps: 1 at depth 0, then halves or thirds, then each halved again."""
        return 1 if depth == 0 else self.parts << (depth - 1)

    def steps(self, depth: int) -> Iterator[Step]:
        """The beat, divided that deeply."""
        steps = self.division(depth)
        length = (self.end_s - self.start_s) / steps
        for number in range(steps):
            level, unit = (self.level if number == 0 else DIVISION), max(1, steps // self.parts)
            while number % unit:
                level, unit = level + 1, unit // 2
            onset_s = self.start_s + number * length
            yield Step(onset_s, onset_s + length, level, self.index * steps + number)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Four bars, counted from bar 1, in film seconds."""

    number: int
    start_s: float
    end_s: float


class Metre:
    """A tempo map, heard as beats. Bars are worked out once."""

    def __init__(self, grid: TempoMap) -> None:
        self._grid = grid
        self._bars: dict[int, tuple[Beat, ...]] = {}

    def beats(self, start_s: float, end_s: float) -> Iterator[Beat]:
        """Every felt beat of which a part lies in these film seconds."""
        if end_s <= start_s:
            return
        for bar in count(self._bar_at(start_s)):
            beats = self._bar(bar)
            for beat in beats:
                if beat.end_s > start_s + NEAR_S and beat.start_s < end_s - NEAR_S:
                    yield beat
            if beats[-1].end_s >= end_s - NEAR_S:
                return

    def beat(self, at_s: float) -> Beat:
        """The beat that a moment lies in, or begins."""
        return max(self.beats(at_s, at_s + 3 * NEAR_S), key=lambda beat: beat.start_s)

    def phrase(self, at_s: float) -> Phrase:
        """The phrase that a moment lies in, or begins."""
        number = (self._bar_at(at_s + NEAR_S) - 1) // PHRASE_BARS
        first = number * PHRASE_BARS + 1
        until = self._bar(first + PHRASE_BARS)[0]
        return Phrase(number, self._bar(first)[0].start_s, until.start_s)

    def _bar_at(self, at_s: float) -> int:
        return self._grid.place(self._grid.quarter(at_s)).bar

    def _bar(self, bar: int) -> tuple[Beat, ...]:
        if bar not in self._bars:
            self._bars[bar] = tuple(_beats(self._grid, bar))
        return self._bars[bar]


def _beats(grid: TempoMap, bar: int) -> Iterator[Beat]:
    felt, parts = _felt(grid.meter_at(bar))
    first, until = grid.bar_quarter(bar), grid.bar_quarter(bar + 1)
    if grid.seconds(first + (until - first) / felt) - grid.seconds(first) < SHORTEST_BEAT_S:
        felt = 1
    places = [float(grid.seconds(first + (until - first) * i / felt)) for i in range(felt + 1)]
    for i, (start_s, end_s) in enumerate(pairwise(places)):
        strong = felt > 3 and i == (felt + 1) // 2
        yield Beat(start_s, end_s, BAR if i == 0 else STRONG if strong else BEAT, i, parts)


def _felt(meter: Meter) -> tuple[int, int]:
    """Beats a bar as they are felt, and into how many parts each falls: 6/8 has two of three."""
    if meter.unit >= 8 and meter.beats % 3 == 0:
        return meter.beats // 3, 3
    return meter.beats, 2
