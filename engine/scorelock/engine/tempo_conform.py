"""A tempo map that follows the picture into a new cut: in every stretch that stays, beats and bars
are on the frames that they were on.

Where two stretches meet, the beats between them are as many as fit at about the tempo before, and
what is left over of a bar is a shorter bar: what a music editor does by hand (Karlin and Wright
2004, On the Track, chapter 6).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from math import floor

from scorelock.engine.tempo_map import MICROSECONDS, Meter, TempoChange, TempoMap


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """From start_s to end_s the new cut shows what the old one showed, shift_s later (or sooner).

    All three are exact: frames over a frame rate.
    """

    start_s: Fraction
    end_s: Fraction
    shift_s: Fraction

    @property
    def old_start_s(self) -> Fraction:
        """Where it begins in the old cut."""
        return self.start_s - self.shift_s

    @property
    def old_end_s(self) -> Fraction:
        """Where it ends in the old cut."""
        return self.end_s - self.shift_s


def conformed(grid: TempoMap, stretches: Sequence[Stretch]) -> TempoMap:
    """The map of a new cut; before the first stretch and after the last one it runs on.

    A stretch without a bar line of its own is bridged as if it were new.
    """
    anchors = [anchor for stretch in stretches if (anchor := _Anchor.of(grid, stretch))]
    if not anchors:
        return grid
    first = anchors[0]
    before = grid.place(grid.quarter(first.stretch.old_start_s)).bar
    first = _Anchor(grid, first.stretch, max(1, min(before, first.first)), first.last)
    origin_s = grid.seconds(grid.bar_quarter(first.first)) + first.stretch.shift_s
    writer = _Writer(grid, origin_s)
    bridges = [_Bridge.between(one, other) for one, other in pairwise([first, *anchors[1:]])]
    head, bar = 0, first.first
    for bridge in bridges:
        writer.copy(bar, bridge.bar, head, bridge.tail)
        writer.bridge(bridge)
        bar, head = bridge.to.first, bridge.head
    writer.copy(bar, None, head, 0)
    return TempoMap(tuple(writer.tempos), tuple(writer.meters), origin_s)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A stretch with the first and the last of the old bar lines in it."""

    grid: TempoMap
    stretch: Stretch
    first: int
    last: int

    @classmethod
    def of(cls, grid: TempoMap, stretch: Stretch) -> "_Anchor | None":
        start, end = (grid.quarter(at) for at in (stretch.old_start_s, stretch.old_end_s))
        first, last = grid.place(start).bar, grid.place(end).bar
        if grid.bar_quarter(first) < start:
            first += 1
        first = max(1, first)
        return cls(grid, stretch, first, last) if first <= last else None

    def seconds(self, bar: int, beats: int) -> Fraction:
        """In the new cut, of so many beats after a bar line, or before it where they are below 0.

        Beats before a bar line are those of the bar that it begins.
        """
        return self.grid.seconds(self.quarter(bar, beats)) + self.stretch.shift_s

    def quarter(self, bar: int, beats: int) -> Fraction:
        """The same as a quarter of the old map."""
        return self.grid.bar_quarter(bar) + beats * self.beat(bar)

    def beat(self, bar: int) -> Fraction:
        """Quarters of a beat of a bar."""
        return Fraction(4, self.grid.meter_at(bar).unit)


@dataclass(frozen=True, slots=True)
class _Bridge:
    """What leads from a stretch to the next: after an old bar line so many old beats (tail), so
    many new ones in so many seconds, and so many old ones (head) up to the next stretch's first
    bar line.
    """

    of: _Anchor
    to: _Anchor
    bar: int
    tail: int
    beats: int
    seconds: Fraction
    head: int

    @classmethod
    def between(cls, of: _Anchor, to: _Anchor) -> "_Bridge":
        grid, bar = of.grid, of.last
        end, start = grid.quarter(of.stretch.old_end_s), grid.quarter(to.stretch.old_start_s)
        tail = floor((end - grid.bar_quarter(bar)) / of.beat(bar))
        head = floor((grid.bar_quarter(to.first) - start) / to.beat(to.first))
        while True:
            from_s = of.seconds(bar, tail)
            between_s = to.seconds(to.first, -head) - from_s
            beats = round(between_s / (of.seconds(bar, tail + 1) - from_s))
            if beats or not between_s:
                return cls(of, to, bar, tail, beats, between_s, head)
            # Less than half a beat: the beat beside it takes it in.
            if tail:
                tail -= 1
            elif head:
                head -= 1
            elif bar > of.first:
                bar -= 1
                tail = grid.meter_at(bar).beats - 1
            else:
                return cls(of, to, bar, tail, 1, between_s, head)

    @property
    def lengths(self) -> Iterator[tuple[int, int]]:
        """How many of the new beats last so many microseconds, to the microsecond in all."""
        total = round(self.seconds * MICROSECONDS)
        each, longer = divmod(total, self.beats) if self.beats else (0, 0)
        if self.beats - longer:
            yield self.beats - longer, each
        if longer:
            yield longer, each + 1

    @property
    def bars(self) -> Iterator[tuple[int, Meter]]:
        """The bars between the two bar lines, as many of each meter: whole ones first."""
        meter, other = self.of.grid.meter_at(self.bar), self.to.grid.meter_at(self.to.first)
        parts = [(meter, self.tail + self.beats), (other, self.head)]
        if meter.unit == other.unit:
            parts = [(meter, self.tail + self.beats + self.head)]
        for each, beats in parts:
            whole, rest = divmod(beats, each.beats)
            yield whole, each
            yield int(rest > 0), Meter(1, rest or 1, each.unit)


@dataclass(slots=True)
class _Writer:
    """Writes the new map from its beginning on."""

    grid: TempoMap
    origin_s: Fraction
    tempos: list[TempoChange] = field(default_factory=list)
    meters: list[Meter] = field(default_factory=list)
    _quarter: Fraction = Fraction(0)
    _bar: int = 1

    def copy(self, first: int, last: int | None, head: int, tail: int) -> None:
        """Old bars from a bar line to another (or all there are), with beats before and after."""
        grid = self.grid
        start = grid.bar_quarter(first) - head * Fraction(4, grid.meter_at(first).unit)
        offset = self._quarter - start
        end = None
        if last is not None:
            end = grid.bar_quarter(last) + tail * Fraction(4, grid.meter_at(last).unit)
        before = [tempo for tempo in grid.tempos if tempo.quarter <= start]
        self._tempo((before or [grid.tempos[0]])[-1].microseconds, self._quarter)
        for tempo in grid.tempos:
            if tempo.quarter > start and (end is None or tempo.quarter < end):
                self._tempo(tempo.microseconds, tempo.quarter + offset)
        self._meter(grid.meter_at(first), self._bar)
        for meter in grid.meters:
            if meter.bar > first and (last is None or meter.bar < last):
                self._meter(meter, self._bar + meter.bar - first)
        if last is not None and end is not None:
            self._bar += last - first
            self._quarter = end + offset

    def bridge(self, bridge: _Bridge) -> None:
        """The new beats between two stretches, and the bars that they and those beside make up."""
        beat = bridge.of.beat(bridge.bar)
        for count, microseconds in bridge.lengths:
            self._tempo(max(1, round(microseconds / beat)), self._quarter)
            self._quarter += count * beat
        for count, meter in bridge.bars:
            if count:
                self._meter(meter, self._bar)
                self._bar += count

    def _tempo(self, microseconds: int, quarter: Fraction) -> None:
        if self.tempos and self.tempos[-1].quarter == quarter:
            self.tempos.pop()
        if not self.tempos or self.tempos[-1].microseconds != microseconds:
            self.tempos.append(TempoChange(quarter, microseconds))

    def _meter(self, meter: Meter, bar: int) -> None:
        if self.meters and self.meters[-1].bar == bar:
            self.meters.pop()
        if not self.meters or not _alike(self.meters[-1], meter):
            self.meters.append(Meter(bar, meter.beats, meter.unit))


def _alike(one: Meter, other: Meter) -> bool:
    return (one.beats, one.unit) == (other.beats, other.unit)
