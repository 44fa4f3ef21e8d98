"""What a host's transport can tell us, and what the user may wish while it plays.

Each event carries its arrival time on our clock.
"""

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


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast the host rolls: seconds of its time line in a second; negative is backwards.

    A host that never says it rolls at 1.
    """

    at_s: float
    rate: float


@dataclass(frozen=True, slots=True)
class LoopRange:
    """Where the host's loop begins and ends, in seconds of its time line."""

    at_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Repeat:
    """Whether the host goes back to its loop's start when it comes to its end."""

    at_s: float
    on: bool


@dataclass(frozen=True, slots=True)
class Tempo:
    """Quarter notes a minute at the host's position."""

    at_s: float
    bpm: float


@dataclass(frozen=True, slots=True)
class Latency:
    """From now on the host is heard so many seconds later than it reports."""

    at_s: float
    latency_s: float


@dataclass(frozen=True, slots=True)
class Nudge:
    """From now on the host is heard so many seconds later than it was."""

    at_s: float
    by_s: float


@dataclass(frozen=True, slots=True)
class Lead:
    """From now on the host of this name leads, and no other; "" is the next that was heard."""

    at_s: float
    host: str


@dataclass(frozen=True, slots=True)
class Panic:
    """Silence on every channel, now; what begins later sounds again."""

    at_s: float


Wish = Latency | Nudge | Lead | Panic
"""Of the user, whoever leads."""
TransportEvent = Roll | Stop | Pause | Position | Rate | LoopRange | Repeat | Tempo | Wish
