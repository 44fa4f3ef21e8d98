"""Chords, density and loudness become notes: chords, a bass, a pattern, and sometimes a drone.

Density is the paper's: notes sounding in a second. Chords and bass make up what the style lets them
of it, the pattern the rest (the public renderer reads its pattern from loudness, so its own density
is never heard). Velocity follows the paper's renderer: 49 + 63 (loudness / 0.5)^0.3.

What came before a span reaches it only through the voice leading, which begins anew with each
phrase of four bars; what comes after it, only by being there: the last chord closes with the film.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arranging.accents import Accent
from scorelock.engine.arranging.metre import NEAR_S, Metre
from scorelock.engine.arranging.phrasing import LOUDEST, loudness_share, velocity
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.span import BASS, CHORDS, DRONE, PATTERN, Played, play
from scorelock.engine.hits import Hit
from scorelock.engine.keeping import place, standing
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ChordSpan, Cue, Dynamics, Note, Part, Performance
from scorelock.engine.tempo_map import TempoMap

__all__ = [
    "BASS_CHANNEL",
    "CHORDS_CHANNEL",
    "DRONE_CHANNEL",
    "LOUDEST",
    "PARTS",
    "PATTERN_CHANNEL",
    "Arranged",
    "Arranger",
    "Playing",
    "Style",
    "arrange",
    "arranged",
    "arranged_cue",
    "loudness_share",
    "velocity",
]

CHORDS_CHANNEL: Final = CHORDS.channel
BASS_CHANNEL: Final = BASS.channel
PATTERN_CHANNEL: Final = PATTERN.channel
DRONE_CHANNEL: Final = DRONE.channel
PARTS: Final = ("chords", "bass", "pattern", "drone")


@dataclass(frozen=True, slots=True)
class Arranged:
    """The notes of one span, by part; none sounds outside of it."""

    span: ChordSpan
    chords: tuple[Note, ...]
    bass: tuple[Note, ...]
    pattern: tuple[Note, ...]
    drone: tuple[Note, ...] = ()

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of all parts."""
        return (*self.chords, *self.bass, *self.pattern, *self.drone)


def arrange(cue: Cue) -> Performance:
    """Write the notes of a cue: `PARTS`, none past the film's end."""
    return _performance(cue, list(arranged_cue(cue, cue.chords)))


def _performance(cue: Cue, spans: Sequence[Arranged]) -> Performance:
    return Performance(
        tuple(
            Part(name, tuple(sorted(note for span in spans for note in getattr(span, name))))
            for name in PARTS
        ),
        cue.features.film.duration_s,
    )


def arranged_cue(cue: Cue, spans: Iterable[ChordSpan]) -> Iterator[Arranged]:
    """Write the notes of a cue's chords, which may still be coming."""
    written = arranged(
        spans,
        cue.dynamics,
        cue.tempo_map,
        cue.playing,
        cue.seen.emotion,
        cue.hits,
        cue.features.film.duration_s,
        cue.key.pitch_class,
    )
    return _with_kept(cue, written)


def _with_kept(cue: Cue, written: Iterable[Arranged]) -> Iterator[Arranged]:
    """What was written, but for the notes that a cue keeps from another cut of its film."""
    stand = standing(cue)
    for each in written:
        notes = stand.get(place(each.span))
        yield each if notes is None else _parted(each.span, notes)


def _parted(span: ChordSpan, notes: Sequence[Note]) -> Arranged:
    """Notes of all parts, each to its own."""
    chords, bass, pattern, drone = (
        tuple(note for note in notes if note.channel == voice.channel)
        for voice in (CHORDS, BASS, PATTERN, DRONE)
    )
    return Arranged(span, chords, bass, pattern, drone)


class Arranger:
    """Arranges one version of a cue after the other: spans that play as before are not written
    again, so that an edit is heard at once.
    """

    def __init__(self) -> None:
        self._cue: Cue | None = None
        self._scene: Scene | None = None
        self._played: dict[tuple[object, ...], Played] = {}

    def arranged(self, cue: Cue) -> list[Arranged]:
        """What `arranged_cue` gives of all of its chords."""
        if self._cue is None or not _same_scene(self._cue, cue):
            self._scene, self._played = _scene(cue), {}
        assert self._scene is not None
        self._cue, kept, self._played = cue, self._played, {}
        found: list[Arranged] = []
        before: Played | None = None
        for number, span in enumerate(cue.chords, 1):
            led_by = before and (before.hand, before.low, before.phrase)
            key = (span.start_s, span.end_s, span.chord, led_by, number == len(cue.chords))
            before = kept.get(key) or play(self._scene, span, before, closes=key[-1])
            self._played[key] = before
            found.append(Arranged(span, before.chords, before.bass, before.pattern, before.drone))
        return list(_with_kept(cue, found))

    def performance(self, cue: Cue) -> Performance:
        """What `arrange` gives."""
        return _performance(cue, self.arranged(cue))


def _scene(cue: Cue) -> Scene:
    metre = Metre(cue.tempo_map)
    accents = [Accent.of(hit, metre) for hit in sorted(cue.hits)]
    emotion, tonic = cue.seen.emotion, cue.key.pitch_class
    return Scene(cue.dynamics, metre, cue.playing, emotion, accents, tonic)


def _same_scene(one: Cue, other: Cue) -> bool:
    """Whether what plays a chord is the same for both."""
    return (
        (one.tempo_map, one.hits, one.playing, one.key)
        == (other.tempo_map, other.hits, other.playing, other.key)
        and np.array_equal(one.dynamics.density, other.dynamics.density)
        and np.array_equal(one.dynamics.loudness, other.dynamics.loudness)
        and np.array_equal(one.seen.emotion, other.seen.emotion)
    )


def arranged(
    spans: Iterable[ChordSpan],
    dynamics: Dynamics,
    grid: TempoMap = TempoMap(),  # noqa: B008 - a value
    playing: Playing = Playing(),  # noqa: B008 - a value
    emotion: NDArray[np.float32] | None = None,
    hits: Sequence[Hit] = (),
    duration_s: float | None = None,
    tonic: int | None = None,
) -> Iterator[Arranged]:
    """Write the notes of span after span, each as soon as the next one is known.

    Args:
        spans: in time order.
        dynamics: density and loudness, one row a second.
        grid: bars and beats.
        playing: what the user chose.
        emotion: (T, 6) probabilities in the order of `EMOTIONS`; without it density alone chooses
            the style, and there is no drone.
        hits: instants of the film that the music meets, in any order.
        duration_s: of the film: a last span that ends before it does not close. Without it the
            last span closes wherever it ends.
        tonic: 0..11, of the key; without it the drone lies on the root of each chord.
    """
    metre = Metre(grid)
    accents = [Accent.of(hit, metre) for hit in sorted(hits)]
    scene = Scene(dynamics, metre, playing, emotion, accents, tonic)
    coming = iter(spans)
    span, before = next(coming, None), None
    while span is not None:
        following = next(coming, None)
        at_end = duration_s is None or span.end_s >= duration_s - NEAR_S
        before = play(scene, span, before, closes=following is None and at_end)
        yield Arranged(span, before.chords, before.bass, before.pattern, before.drone)
        span = following
