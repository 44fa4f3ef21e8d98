"""Counting in: the beats that a conductor gives before the music starts."""

from bisect import bisect_right
from fractions import Fraction
from typing import Final

from scorelock.engine.tempo_map import MICROSECONDS, TempoMap

SAME_S: Final = Fraction(1, 10_000)
"""A place so near to a beat is the beat: pages say places in floats."""


def counting_in(grid: TempoMap, place_s: float, bars: int, rate: float) -> list[float]:
    """How many seconds before the start each beat is given, the longest before first.

    Whole bars in the meter and tempo of the place, and then the beats of its own bar that are
    before it, so that the count goes on into the music wherever it starts: before beat 3 of four,
    one bar of counting is 1 2 3 4 1 2.

    Args:
        grid: bars and beats.
        place_s: where the music starts, film seconds.
        bars: of counting; none gives no beat at all.
        rate: film seconds a second.
    """
    if not bars:
        return []
    quarter = grid.quarter(Fraction(place_s) + SAME_S)
    place = grid.place(quarter)
    meter = grid.meter_at(place.bar)
    tempo = grid.tempos[max(0, bisect_right([t.quarter for t in grid.tempos], quarter) - 1)]
    beat_s = Fraction(tempo.microseconds, MICROSECONDS) * 4 / meter.unit
    whole, part = divmod(place.beat - 1, 1)
    after_s = max(Fraction(0), part * beat_s - SAME_S)  # the start is so long after a beat
    first, last = bars * meter.beats + int(whole), 0 if after_s else 1
    return [float(after_s + beat * beat_s) / rate for beat in range(first, last - 1, -1)]
