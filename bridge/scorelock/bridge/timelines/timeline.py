"""What every time line is: it stamps what arrives, reads it, and hands on transport events."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

from scorelock.bridge.transport import TransportEvent

Receiver = Callable[[Sequence[TransportEvent], float], None]
"""Takes the events of one arrival, in order, and its time on our clock."""


class Timeline(Protocol):
    """A host that can be followed, connected or waited for from construction on."""

    @property
    def address(self) -> str:
        """Where it comes from, in a user's words."""
        ...

    @property
    def ignored(self) -> Counter[str]:
        """How much of what came says nothing, by reason."""
        ...

    def start(self, receiver: Receiver) -> None:
        """Hand on what comes from now on, from one thread."""
        ...

    def close(self) -> None:
        """Stop, and give back what was opened."""
        ...


@runtime_checkable
class Retelling(Protocol):
    """A time line that can say again where it is, rather than at its next report."""

    def retell(self) -> None:
        """Hand on, as of now, all that still holds of what was told; from any thread."""
        ...


class Reader(Protocol):
    """Bytes in, events out: all that a time line knows of its format, without the wire."""

    ignored: Counter[str]

    def hear(self, data: bytes, at_s: float) -> Sequence[TransportEvent]:
        """Read one message or line that arrived at at_s. Whatever the bytes, nothing is raised."""
        ...

    def expire(self, now_s: float) -> Sequence[TransportEvent]:
        """What it means that nothing has come until now."""
        ...
