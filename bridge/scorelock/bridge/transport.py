"""What a host's transport can tell us. Each event carries its arrival time on our clock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Roll:
    """The host plays, or records."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The host stands; it will play from its edit cursor."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Pause:
    """The host stands; it will go on from where it was, wherever its edit cursor is."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Position:
    """A report of the playhead while rolling, of the edit cursor while not: seconds from 0."""

    at_s: float
    position_s: float


TransportEvent = Roll | Stop | Pause | Position
