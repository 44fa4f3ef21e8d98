"""How the parts are played: mute, solo, channel, program, octave; and what that makes of notes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from scorelock.bridge.desk.messages import Part, PartName, SetPart
from scorelock.bridge.routing import USUAL, Route, Routing
from scorelock.bridge.show import Lane
from scorelock.engine.score import Note, Performance

NAMES: Final[tuple[PartName, ...]] = ("chords", "bass", "pattern", "drone")
OCTAVE: Final = 12
HIGHEST: Final = 127

Parts = tuple[Part, ...]
"""One for each of `NAMES`, in that order."""


def parts_of(routing: Routing) -> Parts:
    """All of them, as --part routes them."""
    return tuple(_part(name, routing.routes[name]) for name in NAMES)


def _part(name: PartName, route: Route) -> Part:
    program = None if route.program is None else route.program + 1
    return Part(name, False, False, route.channel + 1, program, 0)


def with_part(parts: Parts, ask: SetPart) -> Parts:
    """The parts, one of them as it is asked for."""
    fresh = Part(ask.part, ask.mute, ask.solo, ask.channel, ask.program, ask.octave)
    return tuple(fresh if part.part == ask.part else part for part in parts)


def sounding(parts: Parts) -> frozenset[str]:
    """Names of those that are heard: where any plays solo those, else all that are not mute."""
    solo = frozenset(part.part for part in parts if part.solo)
    return solo or frozenset(part.part for part in parts if not part.mute)


def lanes(parts: Parts) -> Mapping[int, Lane]:
    """Where the notes of each part's channel go."""
    return {USUAL[part.part]: Lane(0, part.channel - 1) for part in parts}


def asks(parts: Iterable[Part]) -> tuple[bytes, ...]:
    """The messages that choose their sounds."""
    routes = (
        Route(part.channel - 1, None if part.program is None else part.program - 1)
        for part in parts
    )
    return tuple(data for route in routes for data in route.asks())


def programs(parts: Parts) -> dict[str, int]:
    """The sounds that are chosen, 0..127, by part."""
    return {part.part: part.program - 1 for part in parts if part.program is not None}


def played(performance: Performance, parts: Parts) -> dict[str, Sequence[Note]]:
    """The notes of each part as it is played: none of one that is not heard."""
    heard, octaves = sounding(parts), {part.part: part.octave for part in parts}
    return {
        part.name: _shifted(part.notes, octaves[part.name]) if part.name in heard else ()
        for part in performance.parts
        if part.name in octaves
    }


def part_of(parts: Parts, channel: int) -> PartName:
    """Whose notes go out on a channel, 0..15: the first of those that are heard there."""
    there = [part for part in parts if part.channel == channel + 1] or list(parts)
    heard = [part for part in there if part.part in sounding(parts)] or there
    return heard[0].part


def _shifted(notes: Sequence[Note], octaves: int) -> Sequence[Note]:
    if not octaves:
        return notes
    return tuple(replace(note, pitch=_in_reach(note.pitch + OCTAVE * octaves)) for note in notes)


def _in_reach(pitch: int) -> int:
    """The nearest pitch of that name that MIDI has."""
    while pitch > HIGHEST:
        pitch -= OCTAVE
    while pitch < 0:
        pitch += OCTAVE
    return pitch
