"""What a composer does to a cue: each edit is a value, and `apply` makes a new cue of an old one.

Pure: the same cue, edit and model give the same cue, so edits can be kept, told and done again.
Locked chords stay whatever is composed around them, and condition it on both sides.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import (
    begun,
    sampler_of,
    slot_chords,
    with_dynamics,
)
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS
from scorelock.engine.hits import Hit
from scorelock.engine.infill import FREE, TAKES, infill
from scorelock.engine.keeping import place
from scorelock.engine.playing import Playing
from scorelock.engine.score import ChordSpan, Cue, Dynamics
from scorelock.engine.slots import Rhythm, Slots, resampled
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord

Curve = Literal["density", "loudness", "exciting", "fearful", "tense", "sad", "relaxing", "neutral"]
CURVES: Final[tuple[Curve, ...]] = get_args(Curve)
LIMITS: Final = {"density": (0.0, 40.0), "loudness": (0.0, 1.0)}
"""Of drawn values; an emotion is 0 to 1."""


@dataclass(frozen=True, slots=True)
class SetChord:
    """The chord from start_s to end_s is this one, and stays. It takes the place of what is locked
    there, but does not cut it in two.
    """

    start_s: float
    end_s: float
    chord: Chord


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands from start_s to end_s stays; or does not any more."""

    start_s: float
    end_s: float
    on: bool = True


@dataclass(frozen=True, slots=True)
class Draw:
    """A curve goes straight from point to point (seconds, value); elsewhere it stays.

    An emotion that is drawn changes the chords that are composed there: they are composed anew.
    """

    curve: Curve
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Vary:
    """Other chords from start_s to end_s, by another seed."""

    start_s: float
    end_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class SetTempo:
    """The beats are there, and chords change so often; what is not locked is composed anew."""

    tempo_map: TempoMap
    rhythm: Rhythm


@dataclass(frozen=True, slots=True)
class SetHits:
    """The music meets these instants; chords change there."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class SetPlaying:
    """It is arranged like this."""

    playing: Playing


@dataclass(frozen=True, slots=True)
class Keep:
    """From start_s to end_s the chords are those of another take."""

    start_s: float
    end_s: float
    chords: tuple[ChordSpan, ...]


Edit = SetChord | Lock | Draw | Vary | SetTempo | SetHits | SetPlaying | Keep


def apply(cue: Cue, edit: Edit, bundle: Callable[[], Bundle]) -> Cue:
    """The cue after an edit.

    Args:
        cue: with all of its chords.
        edit: what is done.
        bundle: gives the model; it is asked only where something is composed.

    Raises:
        BadSetting: the edit lies outside the film, or cannot be done there; says why.
    """
    match edit:
        case SetChord():
            span = _free(cue, *_inside(cue, edit.start_s, edit.end_s))
            fresh = ChordSpan(*span, edit.chord, "edited", locked=True)
            return replace(cue, chords=_with(cue, [fresh], *span))
        case Lock():
            return _lock(cue, edit)
        case Draw():
            return _draw(cue, edit, bundle)
        case Vary():
            start_s, end_s = _inside(cue, edit.start_s, edit.end_s)
            return recomposed(cue, [(start_s, end_s)], edit.seed, bundle())
        case SetTempo():
            fresh_cue = replace(
                cue,
                tempo_map=edit.tempo_map,
                settings=replace(cue.settings, rhythm=edit.rhythm),
                edges_s=None,
            )
            whole = [(0.0, cue.features.film.duration_s)]
            return recomposed(fresh_cue, whole, cue.settings.seed, bundle())
        case SetHits():
            return _meet(cue, edit.hits, bundle)
        case SetPlaying():
            return replace(cue, playing=edit.playing)
        case Keep():
            start_s, end_s = _free(cue, *_inside(cue, edit.start_s, edit.end_s))
            kept = _cut(edit.chords, start_s, end_s)
            return replace(cue, chords=_with(cue, kept, start_s, end_s))


def recomposed(cue: Cue, places: Iterable[tuple[float, float]], seed: int, bundle: Bundle) -> Cue:
    """The cue with other chords in these spans of seconds, but for what is locked there.

    The model hears what stands before and after; of several takes the one is kept that leads best
    to what follows. The seeds of the takes follow from `seed`.
    """
    slots = cue.slots
    free = np.zeros(len(slots), bool)
    for start_s, end_s in places:
        free[list(slots.within(start_s, end_s))] = True
    chords, locked = _in_slots(cue, slots)
    free &= ~locked
    if free.all():
        free[0] = False
        chords = [begun(replace(cue, chords=()), slots)[0], *chords[1:]]
    elif free[0]:
        chords[0], free[0] = begun(replace(cue, chords=()), slots)[0], False
    if not free.any():
        return _joined(cue, slots, chords, locked)
    shift = cue.key.transposition
    given = np.array([chord.transposed(-shift).token for chord in chords], np.int64)
    given[free] = FREE
    takes = [
        replace(cue, settings=replace(cue.settings, seed=seed + _STRIDE * take))
        for take in range(TAKES)
    ]
    rows = resampled(cue.seen.matrix(bundle.manifest.layout), slots)
    tokens = infill(bundle, rows, cue.key.minor, given, sampler_of(takes, bundle, slots))
    fresh = [Chord.from_token(token).transposed(shift) for token in tokens.tolist()]
    return _joined(cue, slots, fresh, locked, free)


_STRIDE: Final = 1_000_003  # between the seeds of takes of one gap, so that a user's next is none


def _in_slots(cue: Cue, slots: Slots) -> tuple[list[Chord], NDArray[np.bool_]]:
    """The chord of each slot, and whether it is locked."""
    chords = slot_chords(cue, slots)
    locked = np.zeros(len(slots), bool)
    for span in cue.chords:
        if span.locked:
            locked[list(slots.within(span.start_s, span.end_s))] = True
    return chords, locked


def _joined(
    cue: Cue,
    slots: Slots,
    chords: Sequence[Chord],
    locked: NDArray[np.bool_],
    fresh: NDArray[np.bool_] | None = None,
) -> Cue:
    """The cue with these chords, one a slot; what is not fresh keeps who chose it, and a span that
    keeps its notes from another cut is not joined with its neighbour.
    """
    kept = set(map(place, cue.kept))
    facts = [
        (chord, "model", stays, None)
        if fresh is not None and fresh[slot]
        else (chord, span.why, stays, place(span) if place(span) in kept else None)
        for slot, (chord, stays, span) in enumerate(
            zip(chords, locked.tolist(), _each(cue, slots), strict=True)
        )
    ]
    spans: list[ChordSpan] = []
    first = 0
    for (chord, who, stays, _), run in groupby(facts):
        stop = first + len(list(run))
        edges = slots.edges_s[first], slots.edges_s[stop]
        spans.append(ChordSpan(*edges, chord, who, stays))
        first = stop
    return replace(cue, chords=tuple(spans))


def _each(cue: Cue, slots: Slots) -> list[ChordSpan]:
    """The span that each slot lies in."""
    places: list[ChordSpan] = []
    spans = iter(cue.chords)
    span = next(spans)
    for start_s, end_s in zip(slots.edges_s, slots.edges_s[1:], strict=False):
        middle_s = (start_s + end_s) / 2
        while span.end_s <= middle_s:
            following = next(spans, None)
            if following is None:
                break
            span = following
        places.append(span)
    return places


def _inside(cue: Cue, start_s: float, end_s: float) -> tuple[float, float]:
    """The span, cut to the film and to whole slots.

    Raises:
        BadSetting: nothing of it lies in the film.
    """
    slots, film_s = cue.slots, cue.features.film.duration_s
    if not 0 <= start_s < end_s or start_s >= film_s:
        raise BadSetting(
            f"expected a span inside the film's {film_s:g} s, such as 10-20, got "
            f"{start_s:g}-{end_s:g}"
        )
    edges = np.array(slots.edges_s)
    first = int(np.abs(edges[:-1] - start_s).argmin())
    last = max(first + 1, int(np.abs(edges - min(end_s, film_s)).argmin()))
    return float(edges[first]), float(edges[last])


def _free(cue: Cue, start_s: float, end_s: float) -> tuple[float, float]:
    """The span, where it cuts no locked one.

    Raises:
        BadSetting: it does; says which.
    """
    for span in cue.chords:
        over = span.start_s < end_s and span.end_s > start_s
        if span.locked and over and not (start_s <= span.start_s and span.end_s <= end_s):
            raise BadSetting(
                f"expected a span that cuts no lock, {start_s:g}-{end_s:g} cuts "
                f"{span.start_s:g}-{span.end_s:g}; take all of it, or unlock it first"
            )
    return start_s, end_s


def _cut(spans: Sequence[ChordSpan], start_s: float, end_s: float) -> list[ChordSpan]:
    """What of these spans lies from start_s to end_s."""
    return [
        span
        if start_s <= span.start_s and span.end_s <= end_s
        else replace(span, start_s=max(span.start_s, start_s), end_s=min(span.end_s, end_s))
        for span in spans
        if span.start_s < end_s and span.end_s > start_s
    ]


def _with(
    cue: Cue, fresh: Sequence[ChordSpan], start_s: float, end_s: float
) -> tuple[ChordSpan, ...]:
    """The cue's spans with others from start_s to end_s."""
    film_s = cue.features.film.duration_s
    before, after = _cut(cue.chords, 0.0, start_s), _cut(cue.chords, end_s, film_s)
    return (*before, *fresh, *after)


def _lock(cue: Cue, edit: Lock) -> Cue:
    start_s, end_s = _inside(cue, edit.start_s, edit.end_s)
    kept = [replace(s, locked=edit.on) for s in _cut(cue.chords, start_s, end_s)]
    return replace(cue, chords=_with(cue, kept, start_s, end_s))


def _draw(cue: Cue, edit: Draw, bundle: Callable[[], Bundle]) -> Cue:
    if edit.curve not in CURVES:
        raise BadSetting(f"expected a curve of {', '.join(CURVES)}, got {edit.curve!r}")
    low, high = LIMITS.get(edit.curve, (0.0, 1.0))
    times = [at_s for at_s, _ in edit.points]
    if not times or times != sorted(times) or not 0 <= times[0] <= cue.features.film.duration_s:
        raise BadSetting("expected points in time order inside the film, such as 10:0.2,20:0.9")
    if not all(low <= value <= high for _, value in edit.points):
        raise BadSetting(f"expected {edit.curve} from {low:g} to {high:g}")
    drawn = {
        second: float(np.interp(second + 0.5, times, [value for _, value in edit.points]))
        for second in _seconds(times[0], times[-1], len(cue.features))
    }
    if edit.curve in LIMITS:
        curves = {name: getattr(cue.dynamics, name).copy() for name in LIMITS}
        curves[edit.curve][list(drawn)] = list(drawn.values())
        return replace(cue, dynamics=Dynamics(**curves))
    emotion = cue.seen.emotion.copy()
    column = EMOTIONS.index(edit.curve)
    for second, value in drawn.items():
        others = np.delete(emotion[second], column)
        share = (1 - value) / others.sum() if others.sum() > 0 else 0.0
        emotion[second] *= share
        emotion[second, column] = value if share else 1.0
    felt = replace(cue, emotion=emotion)
    model = bundle()
    louder = with_dynamics(felt, model).dynamics
    seconds = list(drawn)
    curves = {name: getattr(cue.dynamics, name).copy() for name in LIMITS}
    for name, curve in curves.items():
        curve[seconds] = getattr(louder, name)[seconds]
    felt = replace(felt, dynamics=Dynamics(**curves))
    span = (float(seconds[0]), float(seconds[-1] + 1))
    return recomposed(felt, [span], cue.settings.seed, model)


def _seconds(start_s: float, end_s: float, count: int) -> range:
    """Which of so many seconds lie from a place to another, at least one."""
    first = min(int(start_s), count - 1)
    return range(first, max(first + 1, min(count, int(np.ceil(end_s)))))


def _meet(cue: Cue, hits: Sequence[Hit], bundle: Callable[[], Bundle]) -> Cue:
    """The cue with other hits: chords stand where they stood but for where slots have moved."""
    film_s = cue.features.film.duration_s
    for hit in hits:
        if hit.at_s >= film_s:
            raise BadSetting(f"expected hits inside the film's {film_s:g} s, got {hit.at_s:g}")
    before = cue.slots
    moved = replace(cue, hits=tuple(sorted(hits)))
    slots = moved.slots
    same = set(zip(before.edges_s, before.edges_s[1:], strict=False))
    chords, _ = _in_slots(moved, slots)
    repeats = [
        (slots.edges_s[i], slots.edges_s[i + 1])
        for i in slots.hits
        if i and chords[i] == chords[i - 1] and (slots.edges_s[i], slots.edges_s[i + 1]) not in same
    ]
    joined = _joined(moved, slots, chords, _in_slots(moved, slots)[1])
    return recomposed(joined, repeats, cue.settings.seed, bundle()) if repeats else joined
