"""A score that is ready to be written down: what every file format is made from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from scorelock.engine.hits import Hit
from scorelock.engine.score import Cue, Performance
from scorelock.engine.tempo_map import TICKS, Meter, TempoChange, TempoMap
from scorelock.engine.timebase import Timecode

_Value = TypeVar("_Value")


@dataclass(frozen=True, eq=False)
class Score:
    """A cue, its notes, and where they stand in musical time and in timecode.

    Attributes:
        grid: musical time; the default is 120 quarters a minute from the film's first frame on.
        start: timecode of the film's first frame; None counts from 00:00:00:00.
        controllers: numbers 0..119 of those that follow the loudness in every part, such as 1, 11.
        programs: General MIDI programs 0..127 of parts by name; a part without one gets none.
    """

    cue: Cue
    performance: Performance
    grid: TempoMap = field(default_factory=TempoMap)
    hits: tuple[Hit, ...] = ()
    start: Timecode | None = None
    controllers: tuple[int, ...] = ()
    programs: Mapping[str, int] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The film's name."""
        return Path(self.cue.features.film.path).name

    def timecode(self, at_s: float) -> Timecode:
        """The frame that is on screen at film seconds, as the film's own timecode counts it."""
        first = self.start or Timecode(0, self.cue.features.film.rate)
        return Timecode(first.frame + Timecode.from_seconds(at_s, first.rate).frame, first.rate)

    @cached_property
    def first_bar(self) -> int:
        """The bar in which the film begins: bar 1, one before it (a pick-up), or a later one."""
        film_begins = Fraction(self.grid.tick(0), TICKS)  # a bar line within half a tick is met
        return self.grid.place(film_begins).bar

    @cached_property
    def paper(self) -> TempoMap:
        """Musical time as files have it: it begins at the bar line at or before the film's start.

        Its bar 1 is `first_bar`, and its tempos change on whole ticks, so that what is placed by it
        is right to half a tick however many changes there are. What changes after the film's end
        is left out: a file lasts as long as its longest track.
        """
        grid = self.grid
        origin, end = grid.bar_quarter(self.first_bar), grid.quarter(self.performance.duration_s)
        tempos = {0: grid.tempos[0].microseconds} | {
            max(0, round((change.quarter - origin) * TICKS)): change.microseconds
            for change in grid.tempos
            if change.quarter < end
        }
        meters = {1: grid.meters[0]} | {
            max(1, meter.bar - self.first_bar + 1): meter
            for meter in grid.meters
            if grid.bar_quarter(meter.bar) < end
        }
        beats = {bar: (meter.beats, meter.unit) for bar, meter in meters.items()}
        return TempoMap(
            tuple(TempoChange(Fraction(tick, TICKS), us) for tick, us in _changes(tempos)),
            tuple(Meter(bar, *meter) for bar, meter in _changes(beats)),
            grid.seconds(origin),
        )

    @property
    def lead_s(self) -> float:
        """How long before the film files begin."""
        return -float(self.paper.first_s)

    def bars(self) -> Iterator[tuple[int, int, int]]:
        """Every bar of `paper` until the film ends: its number, first tick, and the tick after."""
        bar, end = 1, self.paper.tick(self.performance.duration_s)
        first, after = 0, round(self.paper.bar_quarter(2) * TICKS)
        while first < end:
            yield bar, first, after
            bar += 1
            first, after = after, round(self.paper.bar_quarter(bar + 1) * TICKS)


def _changes(values: Mapping[int, _Value]) -> Iterator[tuple[int, _Value]]:
    """By place, without those that change nothing."""
    last = None
    for place in sorted(values):
        if values[place] != last:
            yield place, (last := values[place])
