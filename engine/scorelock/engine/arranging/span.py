"""One span, from its chord to the notes of all parts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from scorelock.engine.arranging.accents import broken, moments, near, stung
from scorelock.engine.arranging.bass import rooted, walked
from scorelock.engine.arranging.drone import drone
from scorelock.engine.arranging.figures import figure
from scorelock.engine.arranging.metre import NEAR_S, PHRASE_BARS, STRONG, Phrase
from scorelock.engine.arranging.phrasing import Player, Voice
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.strokes import Stroke, heard
from scorelock.engine.arranging.styles import MANNERS, style_of
from scorelock.engine.arranging.sustained import held, strikes
from scorelock.engine.arranging.voicing import Hand, led, placed
from scorelock.engine.score import ChordSpan, Note

CHORDS: Final = Voice(0, (0, -2, -4, -8))
BASS: Final = Voice(1, (0, -2, -4, -8))
PATTERN: Final = Voice(2, (-4, -7, -10, -15, -18), swells=True)
DRONE: Final = Voice(3, (-20,))
"""Each part's channel, and its velocity on the bar line, the strong beat, a beat, and finer."""

_KEPT: Final = -8
"""Velocity of a tone that is held over from the chord before: every note belongs to one span, so
it is struck again, but softly, and a slow sound runs on."""
_CLOSING: Final = -6
"""Velocity of the last chord."""
_CLOSE_S: Final = 2.0
"""The last chord holds without a pattern for so long, and a bar, where it is as long as that."""


@dataclass(frozen=True, slots=True)
class Played:
    """The notes of a span by part, and what the next span has to know."""

    chords: tuple[Note, ...]
    bass: tuple[Note, ...]
    pattern: tuple[Note, ...]
    drone: tuple[Note, ...]
    hand: Hand
    low: tuple[int, ...]
    phrase: Phrase


def play(scene: Scene, span: ChordSpan, before: Played | None, *, closes: bool) -> Played:
    """Write the notes of a span after another one; the film's last closes."""
    phrase = scene.metre.phrase(span.start_s)
    manner = MANNERS[style_of(scene, span, phrase)]
    accents = near(scene.accents, span)
    hits = moments(accents, span)
    stop_s = _closing(scene, span) if closes else span.end_s
    low = drone(scene, phrase, span.chord)
    chords, bass, voices = strikes(scene, span, manner, hits, stop_s, len(low))
    arrives = closes or any(accent.meets(span.start_s) for accent in accents)
    hand = _hand(span, phrase, voices, before, arrives=arrives)

    kept = before.hand.heard if before and not manner.struck else ()
    sustained = [
        [_touch(stroke, span, stop_s, kept, closes=closes) for stroke in strokes]
        for strokes, kept in (
            (chords.strokes(hand.heard), kept),
            (bass.strokes((hand.bass,)), ()),
            (held(span).strokes(low), before.low if before else ()),
        )
    ]
    pool, sounding = manner.pitches(span.chord, hand), sum(map(heard, sustained))
    pattern = list(figure(scene, span, stop_s, phrase, manner, pool, sounding))
    pattern = stung(accents, pattern, span, [pitch + 12 for pitch in hand.voicing])

    player = Player(scene, span, phrase, accents)
    chord_notes, bass_notes, drone_notes = (
        player.notes(broken(accents, strokes, resumes=True), voice)
        for strokes, voice in zip(sustained, (CHORDS, BASS, DRONE), strict=True)
    )
    return Played(
        chords=chord_notes,
        bass=bass_notes,
        pattern=player.notes(broken(accents, pattern, resumes=False), PATTERN),
        drone=drone_notes,
        hand=hand,
        low=low,
        phrase=phrase,
    )


def _hand(
    span: ChordSpan, phrase: Phrase, voices: int, before: Played | None, *, arrives: bool
) -> Hand:
    """Set anew where a phrase begins, else led from the span before."""
    if before is None or before.phrase != phrase:
        return placed(span.chord, rooted(span.chord), voices)
    bass = walked(span.chord, before.hand.bass, arrives=arrives, voices=voices)
    return led(span.chord, bass, voices, before.hand)


def _touch(
    stroke: Stroke, span: ChordSpan, stop_s: float, kept: Collection[int], *, closes: bool
) -> Stroke:
    """Softer where it goes on from the chord before, and at the close."""
    goes_on = stroke.onset_s == span.start_s and stroke.pitch in kept
    is_last = closes and stroke.end_s > stop_s
    return replace(stroke, louder=(_KEPT if goes_on else 0) + (_CLOSING if is_last else 0))


def _closing(scene: Scene, span: ChordSpan) -> float:
    """Where the pattern stops in the film's last span: on a strong beat, or as it begins."""
    phrase = scene.metre.phrase(span.end_s)
    bar_s = (phrase.end_s - phrase.start_s) / PHRASE_BARS
    latest_s = span.end_s - max(_CLOSE_S, bar_s) + NEAR_S
    strong = (b.start_s for b in scene.metre.beats(span.start_s, span.end_s) if b.level <= STRONG)
    return max((at_s for at_s in strong if span.start_s < at_s <= latest_s), default=span.start_s)
