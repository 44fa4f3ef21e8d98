"""How much was heard, of whom, and how much of it was ignored and why."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from scorelock.bridge.dialects import Peer, Reading
from scorelock.bridge.timelines.timeline import Timeline

MOST_SOURCES: Final = 64  # that are counted apart


class Tally:
    """Counts what arrives.

    Attributes:
        datagrams: of OSC.
    """

    def __init__(self, timelines: Sequence[Timeline]) -> None:
        self.datagrams = 0
        self._timelines = timelines
        self._ignored: Counter[str] = Counter()
        self._sources: dict[str, Counter[str]] = {}

    def datagram(self, reading: Reading, peer: Peer | None) -> None:
        """A datagram came from a peer."""
        self.datagrams += 1
        self._ignored.update(reading.ignored)
        machine = "" if peer is None else f"@{peer[0]}"
        self._count(f"{reading.source or 'unknown'}{machine}", ("datagrams", *reading.ignored))

    def told(self, timeline: Timeline) -> None:
        """A time line that is no OSC told something."""
        self._count(timeline.address, ("datagrams",))

    def passed_over(self) -> None:
        """Something came of a host that does not lead."""
        self._ignored["another host leads"] += 1

    def _count(self, source: str, what: Iterable[str]) -> None:
        if source in self._sources or len(self._sources) < MOST_SOURCES:
            self._sources.setdefault(source, Counter()).update(what)

    @property
    def ignored(self) -> dict[str, int]:
        """How much of all that came was ignored, by reason."""
        total = Counter(dict(self._ignored))  # copied at once: it grows while it is read
        for timeline in self._timelines:
            total.update(dict(timeline.ignored))
        return dict(total)

    @property
    def sources(self) -> dict[str, dict[str, int]]:
        """By dialect and machine or time line: its datagrams, and how much of it was ignored."""
        sources = {source: dict(counts) for source, counts in list(self._sources.items())}
        for each in self._timelines:
            if each.address in sources:
                sources[each.address] |= dict(each.ignored)
        return sources
