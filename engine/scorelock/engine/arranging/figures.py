"""The pattern: as many notes as the density asks beyond what is held, beat by beat.

The beat is divided evenly, so that the rhythm is steady; strong steps are filled first, and when
all have a note, strong ones have two. What one beat owes the density the next one pays.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from scorelock.engine.arranging.metre import NEAR_S, Beat, Phrase, Step
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.strokes import SHORTEST_S, Stroke, touched
from scorelock.engine.arranging.styles import Manner
from scorelock.engine.score import ChordSpan

SHORTEST_STEP_S: Final = 0.09
"""Faster notes blur (London 2004, Hearing in Time, chapter 2: about 100 ms)."""
_LAYERS: Final = (0, 2, 1, 3)
"""Ranks above the contour's that sound together with it, in the order they join."""
_DEBT: Final = 3.0
"""Notes that are carried from one beat to the next at most."""
_GOLDEN: Final = 0.6180339887498949
_SPARE: Final = 1.2
"""Steps for each note that is wanted, at most: a figure with holes has no rhythm."""
_UNLIKE: Final = 1.6
"""A chord this much denser than its phrase, or thinner, divides the beat by itself."""


def figure(
    scene: Scene,
    span: ChordSpan,
    stop_s: float,
    phrase: Phrase,
    manner: Manner,
    pool: Sequence[int],
    held: int,
) -> Iterator[Stroke]:
    """The pattern of a span until it stops, where chords, bass and drone are heard so often."""
    rate = held / (span.end_s - span.start_s)
    # Rounded from another place in each span, else a density of 2.4 would always be heard as 2.
    debt = span.start_s * _GOLDEN % 1 - 0.5
    for beat in scene.metre.beats(span.start_s, stop_s):
        start_s, end_s = max(beat.start_s, span.start_s), min(beat.end_s, stop_s)
        debt += (scene.density(start_s, end_s) - rate) * (end_s - start_s)
        depth = _depth(scene, span, phrase, beat, manner, rate)
        for step, layer in _filling(beat, depth, start_s, end_s):
            onset_s = max(step.onset_s, span.start_s)
            until_s = min(onset_s + (step.end_s - step.onset_s) * manner.gate, span.end_s)
            cost = touched(onset_s, until_s)
            if debt < cost / 2:
                break
            debt -= cost
            rank = manner.contour[step.index % len(manner.contour)] + _LAYERS[layer]
            yield Stroke(onset_s, until_s, pool[rank % len(pool)], step.level)
        debt = min(max(debt, -_DEBT), _DEBT)


def _filling(beat: Beat, depth: int, start_s: float, end_s: float) -> Iterator[tuple[Step, int]]:
    """The steps of a beat that lie between, strong ones first, then again for each layer."""
    steps = [
        step
        for step in beat.steps(depth)
        if start_s - NEAR_S <= step.onset_s and step.onset_s + SHORTEST_S < end_s
    ]
    steps.sort(key=lambda step: (step.level, step.onset_s))
    for layer in range(len(_LAYERS)):
        yield from ((step, layer) for step in steps)


def _depth(
    scene: Scene, span: ChordSpan, phrase: Phrase, beat: Beat, manner: Manner, rate: float
) -> int:
    """How finely the beat is divided, alike through the phrase where the chord is like it."""
    usual = scene.density(max(0.0, phrase.start_s), phrase.end_s) - rate
    here = scene.density(span.start_s, span.end_s) - rate
    notes = usual if here / _UNLIKE <= usual <= here * _UNLIKE else here
    length_s, depth = beat.end_s - beat.start_s, manner.depth
    while (
        beat.division(depth + 1) <= _SPARE * notes * length_s
        and length_s / beat.division(depth + 1) >= SHORTEST_STEP_S
    ):
        depth += 1
    return depth
