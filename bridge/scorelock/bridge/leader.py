"""Which of several hosts is followed: the first one heard, until it has been silent for long.

Two hosts on one clock would be a locate to and fro at every report. A host is known by what it
speaks and the machine that it speaks from: a restart gives it another port.
"""

from collections.abc import Sequence
from typing import Final

from scorelock.bridge.transport import TransportEvent

SILENT_S: Final = 5.0
"""After which another may lead: longer than the gap of any host that still rolls."""

Host = tuple[str, str | None]


class Leader:
    """Lets the events of one host through."""

    def __init__(self) -> None:
        self.host: Host | None = None
        self._heard_s = 0.0

    def led(
        self,
        source: str,
        peer: tuple[str, int] | None,
        at_s: float,
        events: Sequence[TransportEvent],
    ) -> Sequence[TransportEvent]:
        """The events if this host leads, or leads from now on, else none."""
        if not events:
            return events
        host = (source, peer[0] if peer else None)
        if self.host is None or at_s - self._heard_s >= SILENT_S:
            self.host = host
        if host != self.host:
            return ()
        self._heard_s = at_s
        return events
