"""The contract of all that speaks while a host is followed: notes, controllers, timecode, OSC."""

from dataclasses import dataclass
from typing import Protocol

from scorelock.bridge.chaser import State, SyncFix


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message's bytes, when on our clock it should have gone out, and at which output."""

    at_s: float
    data: bytes
    port: int = 0


class Voice(Protocol):
    """Says what is due, fix after fix; fixes come in the order of their times."""

    def advance(self, fix: SyncFix) -> list[DueMessage]:
        """All that is due at the fix and was not said before."""
        ...

    def wake_s(self, fix: SyncFix) -> float:
        """When on our clock more is due, or fix.until_s, when it changes by itself."""
        ...


def sounds(fix: SyncFix) -> bool:
    """Whether the host plays forwards at a known place; backwards and standing it is silent."""
    known = fix.position_s is not None
    return known and fix.state in (State.LOCKED, State.FLYWHEEL) and fix.rate > 0
