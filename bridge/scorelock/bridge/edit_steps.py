"""What becomes an edit of a cue, whoever asks for it: the command line or the desk."""

import argparse
from dataclasses import replace
from typing import Final

from scorelock.bridge.musical_time import grid_of, hits_of
from scorelock.engine.edits import SetHits, SetTempo, Vary
from scorelock.engine.errors import BadSetting
from scorelock.engine.history import History
from scorelock.engine.hits import Hit, Kind
from scorelock.engine.score import Cue
from scorelock.engine.slots import Rhythm

MOST_HITS: Final = 5000
"""A cut every second and a half of two hours."""


def seed_of(history: History, wanted: int | None) -> int:
    """The seed that is asked for; else one that no step before has had."""
    return len(history.steps) + history.cue.settings.seed if wanted is None else wanted


def from_there(cue: Cue, start_s: float, seed: int) -> Vary:
    """Other chords from there to the end."""
    return Vary(start_s, max(cue.features.film.duration_s, start_s), seed)


def hit_added(cue: Cue, at_s: float, kind: Kind) -> SetHits:
    """One more hit.

    Raises:
        BadSetting: there are as many as can be.
    """
    if len(cue.hits) >= MOST_HITS:
        raise BadSetting(f"expected at most {MOST_HITS} hits, there are so many; remove some first")
    return SetHits((*cue.hits, Hit(at_s, kind=kind)))


def hit_moved(cue: Cue, at_s: float, to_s: float) -> SetHits:
    """The hit that is there goes elsewhere.

    Raises:
        BadSetting: there is none.
    """
    hit = _hit_at(cue, at_s)
    return SetHits((*_without(cue, hit), replace(hit, at_s=to_s)))


def hit_removed(cue: Cue, at_s: float) -> SetHits:
    """No hit there any more.

    Raises:
        BadSetting: there is none.
    """
    return SetHits(_without(cue, _hit_at(cue, at_s)))


def in_time(cue: Cue, args: argparse.Namespace) -> SetTempo:
    """What `args` ask of tempo, meter and rhythm; the rest stays.

    Raises:
        BadSetting: it cannot be read, or no tempo can be found.
    """
    rhythm = cue.settings.rhythm if args.rhythm is None else Rhythm(args.rhythm)
    if args.tempo is None and args.meter is None:
        return SetTempo(cue.tempo_map, rhythm)
    if args.tempo is None:
        args.tempo = str(cue.tempo_map.tempos[0].bpm)
    if args.rhythm is None and rhythm is Rhythm.FREE:
        rhythm = Rhythm.HALF
    return SetTempo(grid_of(args, cue.features, cue.hits or hits_of(args, cue.features)), rhythm)


def _hit_at(cue: Cue, at_s: float) -> Hit:
    """The hit within a frame of there."""
    frame_s = float(1 / cue.features.film.rate.fps)
    near = [hit for hit in cue.hits if abs(hit.at_s - at_s) <= frame_s]
    if not near:
        there = ", ".join(f"{hit.at_s:.3f}" for hit in cue.hits) or "none"
        raise BadSetting(f"expected the place of a hit, got {at_s:.3f}; there are: {there}")
    return min(near, key=lambda hit: abs(hit.at_s - at_s))


def _without(cue: Cue, hit: Hit) -> tuple[Hit, ...]:
    return tuple(other for other in cue.hits if other != hit)
