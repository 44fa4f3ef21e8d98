"""Which of several hosts is followed: the first one heard, until the user says another.

Two hosts on one clock would be a locate to and fro at every report, and a pause of the one must not
hand the show to the other: switching is the user's. A host is known by where it speaks from. Its
next run speaks from another port, so that one which used its port steadily is replaced by its like
once it is silent; a sender that opens a port for every message is one host all the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scorelock.bridge.transport import Latency, Lead, TransportEvent, Wish

RESTARTED_S: Final = 1.0
"""After which the same dialect from the same machine is the host that was restarted."""
FORGOTTEN_S: Final = 10.0
"""After which a host that is silent is not shown any more."""

Peer = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Host:
    """A dialect or time line, and where it speaks from; None for what has no such place."""

    source: str
    peer: Peer | None

    def __str__(self) -> str:
        return self.source if self.peer is None else f"{self.source}@{self.peer[0]}:{self.peer[1]}"

    def is_called(self, name: str) -> bool:
        """Whether a user may mean it: "reaper", "reaper@10.0.0.5" or "reaper@10.0.0.5:51000"."""
        place = () if self.peer is None else (f"{self.source}@{self.peer[0]}",)
        return name in (self.source, *place, str(self))


class Leader:
    """Lets the events of one host through, and the user's wishes.

    Args:
        wanted: who is to lead, as `Host.is_called` has it; None for the first heard.
        latencies: how much later than their reports hosts are heard, by such names, in seconds.

    Attributes:
        host: who leads; None for nobody yet.
    """

    def __init__(
        self, wanted: str | None = None, latencies: Mapping[str, float] | None = None
    ) -> None:
        self._latencies = latencies or {}
        self.host: Host | None = None
        self._wanted = wanted
        self._reports = 0  # of the leader from where it speaks now
        self._heard_s: dict[Host, float] = {}

    def led(
        self,
        source: str,
        peer: Peer | None,
        at_s: float,
        events: Sequence[TransportEvent],
    ) -> Sequence[TransportEvent]:
        """The events if this host leads, or leads from now on, else the wishes among them."""
        wishes = [event for event in events if isinstance(event, Wish)]
        for wish in wishes:
            if isinstance(wish, Lead):
                self._switch(wish.host)
        if len(wishes) == len(events):
            return wishes
        host, before = Host(source, peer), self.host
        leads = self._leads(host, at_s)
        self._heard_s[host] = at_s
        self._heard_s = {h: s for h, s in self._heard_s.items() if at_s - s < FORGOTTEN_S}
        if leads and (before is None or before.source != source):
            return [*self._latency(host, at_s), *events]
        return events if leads else wishes

    def _latency(self, host: Host, at_s: float) -> list[Latency]:
        """What was told of a host that leads from now on."""
        told = [s for name, s in self._latencies.items() if host.is_called(name)]
        return [Latency(at_s, told[-1])] if told else []

    def others(self) -> tuple[Host, ...]:
        """Who else was heard of late, the longest known first."""
        return tuple(host for host in list(self._heard_s) if host != self.host)

    def _switch(self, name: str) -> None:
        """Let another lead, when it is heard next."""
        others = self.others()
        self._wanted = name or (str(others[0]) if others else self._wanted)
        self.host = None

    def _leads(self, host: Host, at_s: float) -> bool:
        if self.host is None:
            if self._wanted is not None and not host.is_called(self._wanted):
                return False
            self.host, self._reports = host, 0
        elif host.peer != self.host.peer or (host.peer is None and host != self.host):
            if not self._is_next_run(host, self.host, at_s):
                return False
            self._heard_s.pop(self.host, None)
            self._reports = 0
        self.host = host  # the same place may have been taken for another dialect at first
        self._reports += 1
        return True

    def _is_next_run(self, host: Host, leader: Host, at_s: float) -> bool:
        if host.peer is None or leader.peer is None or host.peer[0] != leader.peer[0]:
            return False
        silent = at_s - self._heard_s.get(leader, at_s) >= RESTARTED_S
        return self._reports < 2 or (host.source == leader.source and silent)
