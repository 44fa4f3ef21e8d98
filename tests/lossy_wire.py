"""A network that loses, doubles and delays datagrams, on a manual clock."""

import heapq
import struct
from collections import Counter
from collections.abc import Iterable
from itertools import chain, count, repeat
from typing import Protocol

from fakes import message
from pythonosc.osc_message import OscMessage

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.osc import Argument
from scorelock.bridge.writeback.conversation import Host, Written
from scorelock.bridge.writeback.wire import converse

Reply = tuple[str, *tuple[Argument, ...]]
"""An address and arguments."""

DELAY_S = 0.0002  # on one machine
AGAIN_S = 0.02  # how much later the second of two comes
LATE_S = 0.08
FATES = ("ok", "lost", "twice", "late")
"""What may become of a datagram."""

REAPER_PACKET = 1024
_BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)  # to be heeded at once


class MarkingHost(Protocol):
    """One end of the wire: how often it speaks, what was written, and until when it has run."""

    period_s: float
    written: Counter[str]
    now_s: float

    def hear(self, address: str, args: list[Argument], now_s: float) -> list[Reply]:
        """A message has come; gives the answers."""
        ...

    def tick(self, now_s: float) -> list[Reply]:
        """What it says by itself, once a period."""
        ...


class LossyWire:
    """To a simulated host and from it. Satisfies `Wire`.

    Args:
        host: the other end.
        fates: what becomes of each datagram, whichever way; all others arrive.
        dies_at_s: when the host goes away.
    """

    def __init__(
        self,
        host: MarkingHost,
        clock: ManualClock,
        fates: Iterable[str] = (),
        dies_at_s: float = float("inf"),
    ) -> None:
        self._host, self._clock = host, clock
        self._fates = chain(fates, repeat("ok"))
        self._dies_at_s = dies_at_s
        self._order = count()
        self._under_way: list[tuple[float, int, bool, bytes]] = []
        self._next_tick_s = clock.now()

    def send(self, packet: bytes) -> None:
        """To the host."""
        self._post(packet, to_host=True)

    def receive(self, until_s: float) -> bytes | None:
        """From the host; the time goes on to its arrival, or until_s."""
        while True:
            comes_s = self._under_way[0][0] if self._under_way else float("inf")
            if min(comes_s, self._next_tick_s) > until_s:
                self._clock.sleep_until(until_s)
                return None
            if self._next_tick_s <= comes_s:
                self._clock.sleep_until(self._next_tick_s)
                self._next_tick_s += self._host.period_s
                self._answer(self._host.tick(self._clock.now()))
                continue
            at_s, _, to_host, packet = heapq.heappop(self._under_way)
            self._clock.sleep_until(at_s)
            if not to_host:
                return packet
            said = OscMessage(packet)
            self._answer(self._host.hear(said.address, list(said), self._clock.now()))

    def _answer(self, replies: list[Reply]) -> None:
        if self._clock.now() < self._dies_at_s:
            for packet in _packets(replies):
                self._post(packet, to_host=False)

    def _post(self, packet: bytes, *, to_host: bool) -> None:
        delays = {"ok": [0.0], "lost": [], "twice": [0.0, AGAIN_S], "late": [LATE_S]}
        for delay_s in delays[next(self._fates)]:
            arrives_s = self._clock.now() + DELAY_S + delay_s
            if not to_host or arrives_s < self._dies_at_s:
                heapq.heappush(self._under_way, (arrives_s, next(self._order), to_host, packet))


def _packets(replies: list[Reply]) -> list[bytes]:
    """REAPER's many small values share bundles; others' answers are few."""
    packets = [message(*reply) for reply in replies]
    if len(packets) < 4:
        return packets
    bundles = [_BUNDLE]
    for packet in packets:
        if len(bundles[-1]) + len(packet) > REAPER_PACKET:
            bundles.append(_BUNDLE)
        bundles[-1] += struct.pack(">i", len(packet)) + packet
    return bundles


def write(
    script: Host,
    host: MarkingHost,
    fates: Iterable[str] = (),
    dies_at_s: float = float("inf"),
) -> Written:
    """Talk a script through with a simulated host."""
    clock = ManualClock(host.now_s)
    wire = LossyWire(host, clock, fates, dies_at_s)
    try:
        return converse(script, wire, clock)
    finally:
        while wire.receive(clock.now() + 2 * LATE_S) is not None:
            pass  # what was sent last arrives, too
        host.now_s = clock.now()
