"""What may change in a show while it plays: each is made by the sender, between two turns."""

from collections.abc import Callable
from dataclasses import dataclass

from scorelock.bridge.ports import MidiOut
from scorelock.bridge.reel import Reel


@dataclass(frozen=True, slots=True)
class OtherOut:
    """Another output in the place of the first: what sounds there goes on here.

    Attributes:
        out: the new one.
        asks: what it is sent before any note.
        retire: takes the old one, which has been released. It is called by the sender, which it
            must not hold up.
    """

    out: MidiOut
    asks: tuple[bytes, ...]
    retire: Callable[[MidiOut], None]


@dataclass(frozen=True, slots=True)
class Asks:
    """Messages that are no notes, for the first output."""

    messages: tuple[bytes, ...]


Change = Reel | OtherOut | Asks
"""A reel takes the place of the one before, as `Player.load` has it."""
