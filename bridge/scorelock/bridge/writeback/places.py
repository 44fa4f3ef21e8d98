"""Which marks to write and which to take away, on hosts whose marks have a place and a name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

PREFIX: Final = "SL: "
"""Marks whose names begin so are ours."""
PARKED: Final = "SL: -"
"""And these are ours that are of no use any more and could not be taken away."""


class Found(NamedTuple):
    """What a host has at a place; `alone` is false where several share it, of which one is seen."""

    place: int
    name: str
    alone: bool = True

    @property
    def is_ours(self) -> bool:
        """Whether it may be changed: ours, and nobody else's with it."""
        return self.alone and self.name.startswith(PREFIX) and not self.name.startswith(PARKED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, and how many are there already."""

    there: int
    stale: tuple[Found, ...]
    missing: tuple[tuple[int, str], ...]

    @property
    def is_done(self) -> bool:
        """Whether the host holds what it should."""
        return not self.stale and not self.missing


def plan(found: Iterable[Found], wanted: Sequence[tuple[int, str]], beside: int) -> Plan:
    """Compare what a host has with what is wanted.

    Args:
        found: all its marks, one a place.
        wanted: places, each once and in order, and names without the prefix.
        beside: how far from a place that is the user's own ours goes, again and again until there
            is room. So the same marks always lead to the same places.
    """
    there = {each.place: each for each in found}
    targets: dict[int, str] = {}
    for wish, bare in wanted:
        place, name = wish, PREFIX + bare
        while place in targets or not _has_room(there.get(place), name):
            place += beside
        targets[place] = name
    held = {
        place for place, name in targets.items() if place in there and there[place].name == name
    }
    return Plan(
        len(held),
        tuple(each for each in there.values() if each.is_ours and each.place not in held),
        tuple((place, name) for place, name in targets.items() if place not in held),
    )


def _has_room(there: Found | None, name: str) -> bool:
    return there is None or there.name == name or there.is_ours
