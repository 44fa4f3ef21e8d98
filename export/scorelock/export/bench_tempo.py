"""Find tempo: how long it takes for a long film, and how many hits of films it meets."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from scorelock.engine.find_tempo import Search, find_tempo
from scorelock.engine.hits import Hit, hits_at
from scorelock.engine.timebase import FrameRate
from scorelock.engine.watch import watch

LONG_S: Final = 7200.0
CUTS: Final = 1500
RATE: Final = FrameRate(Fraction(24))
STEADY: Final = Search()
CHANGING: Final = Search(changes=2)


def measure(now: Callable[[], float], films: Sequence[Path] = ()) -> dict[str, Any]:
    """Time a search over 1,500 cuts in 2 hours, and meet the strong cuts of films.

    Args:
        now: reads a clock in seconds.
        films: to watch; one without cuts is left out.

    Returns:
        Seconds "ours" with two changes of tempo allowed and "other" with none, their "ratio",
        "what" in a line, and "films": by name the number of "hits", and the share of them within
        one frame "ours" with two changes and "other" with none.

    Raises:
        UnreadableFilm: a film cannot be watched.
    """
    frames = np.random.default_rng(0).choice(int(LONG_S * RATE.fps), CUTS, replace=False)
    hits = [Hit(float(frame / RATE.fps)) for frame in sorted(frames.tolist())]
    seconds = []
    for search in (CHANGING, STEADY):
        begun = now()
        find_tempo(hits, RATE, LONG_S, search)
        seconds.append(now() - begun)
    return {
        "ours": seconds[0],
        "other": seconds[1],
        "ratio": seconds[0] / seconds[1],
        "what": f"find tempo for {CUTS} cuts at random in 2 hours, two changes allowed; "
        "other: none allowed; ratio: ours / other",
        "films": {film.name: met for film in films if (met := _met(film))},
    }


def rows(result: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """The table: measure, ours, other, their ratio, and what it is."""
    r = result
    return [
        ("tempo", f"{r['ours']:.2f} s", f"{r['other']:.2f} s", f"{r['ratio']:.1f}", r["what"]),
        *(
            (
                *("tempo, hits", f"{met['ours']:.0%}", f"{met['other']:.0%}", ""),
                f"of {met['hits']} strong cuts of {name} within one frame of a beat, two changes "
                "allowed; other: none allowed",
            )
            for name, met in r["films"].items()
        ),
    ]


def _met(film: Path) -> dict[str, float]:
    """What is found for one film; nothing where it has no cuts."""
    seen = watch(film)
    if not (hits := hits_at(seen.cuts)):
        return {}
    ours, other = (
        find_tempo(hits, seen.film.rate, seen.film.duration_s, search)[0].within
        for search in (CHANGING, STEADY)
    )
    return {"hits": len(hits), "ours": ours, "other": other}
