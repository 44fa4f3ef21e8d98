"""Which host is it? Told from what it says, for each that speaks on its own.

Most addresses are one host's alone: hearing one makes it clear who a peer is. Those that several
use (/play, /stop, /repeat, /tempo/raw, /frames/str) are told apart by the form of their arguments,
then by what the peer is known as, by their companions in the datagram, by the order of the
dialects. Each peer has dialects of its own, so that two hosts' tempos and loops never mix.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from scorelock.bridge.dialects.contract import Dialect, Peer, Reading, Request, Setup
from scorelock.bridge.osc import OscMessage

MOST_PEERS: Final = 64
"""Peers that are remembered: a sender that opens a new socket for every message is no flood."""


class AnyHost(Dialect):
    """All dialects at once.

    Args:
        setup: of all of them.
        makers: in the order in which they are asked.
        first: one whose words win over all others': a peer that uses one of them is that host.
    """

    name = "any"

    def __init__(
        self,
        setup: Setup,
        makers: Sequence[Callable[[Setup], Dialect]],
        first: Callable[[Setup], Dialect] | None = None,
    ) -> None:
        super().__init__(setup)
        self._makers = makers
        self._first = first
        self._peers: OrderedDict[Peer | None, _Speaker] = OrderedDict()

    def hear(
        self, messages: Sequence[OscMessage], at_s: float, peer: Peer | None = None
    ) -> Reading:
        """Find out who speaks, and let that dialect read."""
        speaker = self._peers.get(peer)
        if speaker is None:
            first = None if self._first is None else self._first(self.setup)
            speaker = _Speaker([make(self.setup) for make in self._makers], first)
            self._peers[peer] = speaker
            if len(self._peers) > MOST_PEERS:
                self._peers.popitem(last=False)
        self._peers.move_to_end(peer)
        dialect = speaker.of(messages)
        if dialect is None:
            return Reading((), ("other address",) * len(messages), speaker.name)
        return replace(dialect.hear(messages, at_s, peer), greeting=speaker.news())


class _Speaker:
    """Who a peer is, as far as it is clear."""

    def __init__(self, dialects: Sequence[Dialect], first: Dialect | None) -> None:
        self._dialects = dialects
        self._first = first
        self._clear: Dialect | None = None
        self._greeting: tuple[Request, ...] = ()

    @property
    def name(self) -> str:
        """Of its dialect, empty while that is not clear."""
        return "" if self._clear is None else self._clear.name

    def of(self, messages: Sequence[OscMessage]) -> Dialect | None:
        """Who says these; None where nobody would."""
        if self._first is not None and any(map(self._first.knows, messages)):
            self._dialects = [each for each in self._dialects if not each.is_host]
            self._clear = self._first
            return self._clear
        if self._clear is not None and messages and self._clear.knows(messages[0]):
            return self._clear
        guess: Dialect | None = None
        for message in messages:
            knowing = [dialect for dialect in self._dialects if dialect.knows(message)]
            if len(knowing) == 1:
                self._clear = knowing[0] if knowing[0].is_host else self._clear
                return knowing[0]
            if knowing and guess is None:
                guess = self._clear if self._clear in knowing else knowing[0]
        return guess

    def news(self) -> tuple[Request, ...]:
        """What a clear host must be sent, where it is not what it was."""
        wanted = () if self._clear is None else self._clear.greeting()
        if wanted == self._greeting:
            return ()
        self._greeting = wanted
        return wanted
