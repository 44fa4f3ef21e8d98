"""Music to learn listening from, whose truth is known: chords that people wrote, played as the
arranger plays, with a voice in half of the pieces and drums in as many.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arrange import arrange
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import begin
from scorelock.engine.features import VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ChordSpan, ComposeSettings, Cue, Dynamics, Note, Part
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import QUALITIES, ROOTS, Chord, N
from scorelock.export.score import Score
from scorelock.export.truth import BANDS

INVENTED: Final = 0.3
"""Of the pieces: their chords are drawn by lot, so that rare qualities are heard, too."""
_RARE: Final = np.array([6, 2, 2, 5, 5, 2, 1.5, 1.5, 2, 2, 5, 2, 5]) / 41
"""Lots of `QUALITIES` in invented pieces."""
_VOICES: Final = (52, 53, 54, 56, 65, 68, 71, 73, 80, 81, 26, 30)
_BASSES: Final = (32, 33, 34, 35, 36, 38, 42, 43, 58)
_VOICE, _DRUMS = 7, 9
"""Channels; General MIDI's tenth is drums."""
_KICK, _SNARE, _HAT = 36, 38, 42
_LAST_S: Final = 0.3
"""A last chord is no shorter."""


@dataclass(frozen=True, slots=True, eq=False)
class Practice:
    """A score, and the General MIDI programs that play its parts."""

    score: Score
    programs: dict[str, int]


def practice(
    songs: Sequence[NDArray[np.int64]], seen: VideoFeatures, bundle: Bundle, seed: int
) -> Practice:
    """A piece as long as a film, the same for the same seed.

    Args:
        songs: their chords, one a second.
        seen: whose mood the arranger follows.
        bundle: for density and loudness.
        seed: of every draw.
    """
    draw = np.random.default_rng(seed)
    song = None if draw.random() < INVENTED else songs[int(draw.integers(len(songs)))]
    stretch = float(draw.uniform(0.6, 1.5))
    spans = _spans(draw, _invented(draw) if song is None else _excerpt(draw, song), seen, stretch)
    cue = _cue(draw, spans, seen, bundle, 60 / stretch)
    performance = arrange(cue)
    quiet = {"bass"} if draw.random() < 0.12 else set()
    parts = [part for part in performance.parts if part.notes and part.name not in quiet]
    if draw.random() < 0.5:
        parts.append(Part("voice", tuple(_voice(draw, spans))))
    if draw.random() < 0.45:
        parts.append(Part("drums", tuple(_drums(draw, spans[-1].end_s))))
    score = Score(cue, replace(performance, parts=tuple(parts)), cue.tempo_map)
    return Practice(score, _programs(draw))


def _invented(draw: np.random.Generator) -> list[tuple[Chord, int]]:
    count = int(draw.integers(40, 60))
    scale = draw.choice([0, 2, 4, 5, 7, 9, 11], count)
    roots = np.where(draw.random(count) < 0.7, scale, draw.integers(0, len(ROOTS), count))
    qualities = draw.choice(QUALITIES, count, p=_RARE)
    seconds = 1 + draw.binomial(2, 0.45, count)
    return [
        (Chord(int(root), str(quality)), int(length))
        for root, quality, length in zip(roots, qualities, seconds, strict=True)
    ]


def _excerpt(draw: np.random.Generator, song: NDArray[np.int64]) -> list[tuple[Chord, int]]:
    chords = song[song > N]
    first = int(draw.integers(0, max(1, len(chords) - 60)))
    runs = groupby(chords[first:].tolist())
    return [(Chord.from_token(token), len(list(run))) for token, run in runs]


def _spans(
    draw: np.random.Generator,
    runs: Sequence[tuple[Chord, int]],
    seen: VideoFeatures,
    stretch: float,
) -> list[ChordSpan]:
    """The chords in any key at any pace, joined where one repeats; the last lasts to the end."""
    shift, end_s = int(draw.integers(0, len(ROOTS))), seen.film.duration_s
    spans: list[ChordSpan] = []
    at_s = 0.0
    for chord, seconds in runs:
        if at_s >= end_s - _LAST_S:
            break
        until_s = at_s + seconds * stretch
        moved = chord.transposed(shift)
        if spans and spans[-1].chord == moved:
            spans[-1] = replace(spans[-1], end_s=until_s)
        else:
            spans.append(ChordSpan(at_s, until_s, moved))
        at_s = until_s
    spans[-1] = replace(spans[-1], end_s=end_s)
    return spans


def _cue(
    draw: np.random.Generator,
    spans: Sequence[ChordSpan],
    seen: VideoFeatures,
    bundle: Bundle,
    bpm: float,
) -> Cue:
    tonic = ROOTS[draw.integers(len(ROOTS))]
    key = Key.parse(f"{tonic} {'minor' if draw.random() < 0.3 else 'major'}")
    (cue,) = begin(seen, bundle, [ComposeSettings(key=key)])
    density, loudness = cue.dynamics.density, cue.dynamics.loudness
    dynamics = Dynamics(
        (density * np.float32(draw.uniform(0.4, 1.8))).clip(1, 40),
        (loudness * np.float32(draw.uniform(0.6, 1.6))).clip(0.02, 0.8),
    )
    style = tuple(Style)[draw.integers(len(Style))]
    return replace(
        cue,
        chords=tuple(spans),
        dynamics=dynamics,
        playing=Playing(style=style, seed=int(draw.integers(1 << 30))),
        tempo_map=TempoMap.steady(bpm if bpm > 60 else 2 * bpm),
    )


def _programs(draw: np.random.Generator) -> dict[str, int]:
    """One of the bands that listening is measured by, or any instruments."""
    voice = int(draw.choice(_VOICES))
    if draw.random() < 0.5:
        band = dict(tuple(BANDS.values())[draw.integers(len(BANDS))])
    else:
        band = {
            "chords": int(draw.integers(0, 96)),
            "bass": int(draw.choice(_BASSES)),
            "pattern": int(draw.integers(0, 112)),
            "drone": int(draw.choice([89, 91, 48, 19])),
        }
    return band | {"voice": voice, "drums": 0}


def _voice(draw: np.random.Generator, spans: Sequence[ChordSpan]) -> Iterator[Note]:
    """A melody: mostly chord notes, a third of them others, with rests."""
    at_s, pitch, last_s = float(draw.uniform(0, 3)), int(draw.integers(60, 76)), spans[-1].end_s
    while at_s < last_s - 1:
        chord = next(span.chord for span in spans if span.start_s <= at_s < span.end_s)
        classes: Sequence[int] = chord.pitch_classes
        if draw.random() < 0.35:
            classes = [(chord.root + step) % 12 for step in (2, 9, 5, 7)]
        near = range(max(55, pitch - 7), min(84, pitch + 7) + 1)
        pitch = int(draw.choice([other for other in near if other % 12 in classes] or [pitch]))
        length_s = float(draw.choice([0.2, 0.25, 0.4, 0.5, 0.8, 1.2]))
        yield Note(at_s, 0.9 * length_s, pitch, int(draw.integers(60, 115)), _VOICE)
        at_s += length_s
        if draw.random() < 0.12:
            at_s += float(draw.uniform(0.5, 3))


def _drums(draw: np.random.Generator, end_s: float) -> Iterator[Note]:
    """Eighths on the hat, kick on one and before three, snare on two and four."""
    eighth_s = 30 / float(draw.uniform(80, 140))
    for eighth in range(int(end_s / eighth_s)):
        at_s = eighth * eighth_s
        yield Note(at_s, 0.05, _HAT, int(draw.integers(40, 90)), _DRUMS)
        if eighth % 8 in (0, 3, 4):
            yield Note(at_s, 0.1, _KICK, 100, _DRUMS)
        if eighth % 4 == 2:
            yield Note(at_s, 0.1, _SNARE, 100, _DRUMS)
