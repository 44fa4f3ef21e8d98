"""A show run again from its log: the same reading, the same follower, the same times.

Nothing here waits, and no clock runs: the moments at which the sender woke are in the log, and the
follower is told them. What it would do is held against what was done, line after line.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from scorelock.bridge.dialects import Dialect, hosts, read
from scorelock.bridge.follower import Follower
from scorelock.bridge.show_log import (
    Begun,
    Decided,
    Ended,
    Gap,
    Header,
    Heard,
    Record,
    Sent,
    Turn,
)
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.errors import BadSetting


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay goes another way: the moment, what it does now, and what the log has."""

    at_s: float
    now: str
    then: str


@dataclass(frozen=True, slots=True)
class Replay:
    """How a replay went.

    Attributes:
        messages: that were sent and would be sent again, byte for byte at the same wanted times.
        datagrams: that were read again.
        seconds: from the show's beginning to the last record that was compared.
        difference: the first, if any.
        missing: records that the log lacks, because the disk could not keep up; nothing after
            the first gap can be compared.
        ended: the log goes on to the show's end; False where the show was killed.
        error: what ended the show, if not the user.
        made_by: the versions that made the log.
    """

    messages: int
    datagrams: int
    seconds: float
    difference: Difference | None
    missing: int
    ended: bool
    error: str | None
    made_by: dict[str, str]

    @property
    def same(self) -> bool:
        """Whether all that was done would be done again."""
        return self.difference is None and not self.missing


def replay(records: Iterable[Record]) -> Replay:
    """Run a log's records again.

    Raises:
        BadSetting: the log ends before the show began.
    """
    coming = iter(records)
    header, begun = next(coming, None), next(coming, None)
    if not isinstance(header, Header) or not isinstance(begun, Begun):
        raise BadSetting("expected a log of a show, it ends before the show began; take another")
    show = _Show(begun, hosts(header.rate, learned=header.words))
    missing, ended, error, last_s = 0, False, None, begun.at_s
    difference: Difference | None = None
    for record in coming:
        if isinstance(record, Gap):
            missing = record.dropped
            break
        if not isinstance(record, Header | Begun):
            last_s = record.at_s
            difference = show.follow(record)
        if isinstance(record, Ended):
            ended, error = True, record.error
        if difference is not None:
            break
    missing += sum(record.dropped for record in coming if isinstance(record, Gap))
    return Replay(
        messages=show.messages,
        datagrams=show.datagrams,
        seconds=last_s - begun.at_s,
        difference=difference,
        missing=missing,
        ended=ended,
        error=error,
        made_by=header.versions,
    )


@dataclass(frozen=True, slots=True)
class _Message:
    """A message as it is compared; wanted_s is None at the show's end."""

    wanted_s: float | None
    data: bytes
    port: int

    def __str__(self) -> str:
        wanted = "at the end" if self.wanted_s is None else f"for {self.wanted_s:.6f} s"
        return f"sends {self.data.hex(' ')} to output {self.port + 1} {wanted}"


class _Show:
    """The show as it would go now, one record of the log at a time."""

    def __init__(self, begun: Begun, dialect: Dialect) -> None:
        self.messages = 0
        self.datagrams = 0
        self._dialect = dialect
        self._follower = Follower(begun.show)
        self._told = self._follower.decided(self._follower.chaser.fix(begun.at_s))
        self._events: deque[TransportEvent] = deque()
        self._next: deque[Decided | _Message] = deque()  # what this turn does
        self._releasing = False

    def follow(self, record: Heard | Turn | Decided | Sent | Ended) -> Difference | None:
        """Do what the record tells of; gives how it went another way, if it did."""
        match record:
            case Heard():
                return self._hear(record)
            case Turn():
                return self._left_over(record.at_s) or self._turn(record)
            case Decided():
                return self._compare(record.at_s, record)
            case Sent():
                return self._send(record)
            case Ended():
                return self._left_over(record.at_s)

    def _hear(self, heard: Heard) -> Difference | None:
        led = self._follower.leader.led
        if heard.data is None:
            self._events.extend(led(heard.source, heard.peer, heard.at_s, heard.events))
            return None
        self.datagrams += 1
        reading = read(self._dialect, heard.data, heard.at_s, heard.peer)
        events = reading.events
        self._events.extend(led(reading.source, heard.peer, heard.at_s, events))
        if events == heard.events:
            return None
        return Difference(
            heard.at_s, f"reads {events or 'nothing'}", f"{heard.events or 'nothing'}"
        )

    def _turn(self, turn: Turn) -> Difference | None:
        for part in turn.parts:
            self._follower.add(part)
        if turn.events > len(self._events):
            heard = f"has heard {len(self._events)} events by then"
            return Difference(turn.at_s, heard, f"took in {turn.events}")
        events = [self._events.popleft() for _ in range(turn.events)]
        due, fix, _ = self._follower.advance(events, turn.at_s)
        decided = self._follower.decided(fix)
        if decided.news != self._told.news:
            self._next.append(decided)
            self._told = decided
        self._next.extend(_Message(each.at_s, each.data, each.port) for each in due)
        return None

    def _send(self, sent: Sent) -> Difference | None:
        if sent.wanted_s is None and not self._releasing:
            self._releasing = True
            if left := self._left_over(sent.at_s):
                return left
            self._next.extend(_Message(None, m.data, m.port) for m in self._follower.end())
            self._next.extend(
                _Message(None, data, port)
                for port, ledger in enumerate(self._follower.ledgers)
                for data in ledger.release()
            )
        difference = self._compare(sent.at_s, _Message(sent.wanted_s, sent.data, sent.port))
        if difference is None:
            self.messages += not sent.refused
        if sent.refused and not self._releasing:  # it ended the show: the turn's rest never went
            self._next.clear()
        return difference

    def _compare(self, at_s: float, then: Decided | _Message) -> Difference | None:
        now = self._next.popleft() if self._next else None
        return None if now == then else Difference(at_s, str(now or "nothing"), str(then))

    def _left_over(self, at_s: float) -> Difference | None:
        """What the last turn would have done besides."""
        return Difference(at_s, str(self._next[0]), "nothing") if self._next else None
