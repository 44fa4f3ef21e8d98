"""Scores in musical time: made by hand, drawn by Hypothesis, and composed for real films."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest
from films import SHARED, needs_films
from hypothesis import strategies as st
from scores import cue

from scorelock.engine.arrange import arrange
from scorelock.engine.hits import KINDS, Hit, hits_at
from scorelock.engine.score import ComposeSettings
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap
from scorelock.engine.timebase import FrameRate, Timecode
from scorelock.export.score import Score

NTSC_DROP = FrameRate(Fraction(30000, 1001), drop=True)

FILMS = (
    *("flower.mp4", "intel_car_detection.mp4"),
    *("sintel_trailer_480x204.mp4", "big_buck_bunny_0_30.webm"),
)
each_film = pytest.mark.parametrize(
    "film", [pytest.param(name, marks=needs_films) for name in FILMS]
)

PICK_UP = TempoMap(
    (TempoChange.of(97.3), TempoChange.of(112.1, Fraction(6)), TempoChange.of(80, Fraction(8))),
    (Meter(1, 3, 4), Meter(3, 4, 4)),
    Fraction(7, 10),
)
"""Bar 1 begins 0.7 s into the film, so the film begins within bar 0."""


def score(chords: str = "C Am F G7 Bb C", grid: TempoMap | None = None, *, key: str = "C") -> Score:
    """One chord a second, a hit of each kind, at 01:00:00:00."""
    made = cue(chords, key=key, density=9)
    hits = tuple(Hit(0.25 + i, weight=i + 1, kind=kind) for i, kind in enumerate(KINDS))
    start = Timecode.parse("01:00:00:00", made.features.film.rate)
    return Score(made, arrange(made), grid or TempoMap(), hits, start)


@cache
def film_score(film: str) -> Score:
    """The starter bundle's score of a real film, with all cuts for hits, and a pick-up."""
    from scorelock.engine.bundle import Bundle
    from scorelock.engine.compose import compose
    from scorelock.engine.watch import watch

    features = watch(SHARED / film)
    made = compose(features, Bundle.open(), ComposeSettings(seed=3))
    start = Timecode.parse("10:00:00:00", features.film.rate)
    return Score(made, arrange(made), PICK_UP, hits_at(features.cuts, "all"), start)


@st.composite
def grids(draw: st.DrawFn) -> TempoMap:
    """Up to 30 tempos and 3 meters; bar 1 up to 5 s before or after the film's start."""
    microseconds = st.integers(200_000, 2_000_000)
    places = st.fractions(Fraction(1, 8), 40, max_denominator=64)
    tempos = draw(st.dictionaries(places, microseconds, max_size=30))
    meters = draw(
        st.dictionaries(
            st.integers(2, 12),
            st.tuples(st.integers(1, 12), st.sampled_from((2, 4, 8, 16))),
            max_size=2,
        )
    )
    return TempoMap(
        tuple(TempoChange(q, us) for q, us in sorted((tempos | {Fraction(): 500_000}).items())),
        tuple(Meter(bar, *beats) for bar, beats in sorted((meters | {1: (4, 4)}).items())),
        Fraction(draw(st.integers(-5_000_000, 5_000_000)), 10**6),
    )


def retimed(made: Score, grid: TempoMap) -> Score:
    """The same notes at the same seconds in another musical time."""
    return replace(made, grid=grid)
