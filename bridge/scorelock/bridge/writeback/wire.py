"""The socket through which a host is written to: it answers to where it was asked from."""

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects.contract import Peer
from scorelock.bridge.osc import BadPacket, decode, encode
from scorelock.bridge.osc_in import parse_address
from scorelock.bridge.writeback.conversation import Conversation, Host, HostError, Written
from scorelock.engine.errors import BadSetting, PortError

LISTEN: Final = {"reaper": 9000, "drivenbymoss": 9000, "live": 11_001, "ardour": 0}
"""The hosts that can be written to, and the port at which each answers; 0 for any."""
_LARGEST: Final = 65_535
_SHORTEST_S: Final = 0.001


class Wire(Protocol):
    """Datagrams to a host and from it."""

    def send(self, packet: bytes) -> None:
        """Send one; whether it arrives is not known."""
        ...

    def receive(self, until_s: float) -> bytes | None:
        """The next one, or None when the time has come."""
        ...


class UdpWire:
    """A socket at an address of ours, to one host.

    Attributes:
        address: where it listens.

    Raises:
        BadSetting: no such host, or no such address of ours.
        PortError: another program listens there.
    """

    def __init__(self, listen: str, host: Peer, clock: Clock) -> None:
        self._clock = clock
        self._host = _resolved(host)
        family = socket.AF_INET6 if ":" in self._host[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self._socket.bind(parse_address(listen))
        except OSError as err:
            self._socket.close()
            raise PortError(
                f"expected UDP {listen} to be free (of another Scorelock, or of another OSC "
                f"tool), got: {err.strerror or err}; choose another with --listen, and set the "
                "host to answer there"
            ) from err
        self.address: Peer = self._socket.getsockname()[:2]

    def send(self, packet: bytes) -> None:
        """Send one; a host that is not there does not answer, which is found out elsewhere."""
        with suppress(OSError):
            self._socket.sendto(packet, self._host)

    def receive(self, until_s: float) -> bytes | None:
        """The next one that the host sent; what others send is not heard."""
        while (rest_s := until_s - self._clock.now()) > 0:
            self._socket.settimeout(max(_SHORTEST_S, rest_s))
            # Windows tells so that a datagram of ours found no taker.
            with suppress(TimeoutError, ConnectionResetError):
                packet, sender = self._socket.recvfrom(_LARGEST)
                if sender[0] == self._host[0]:
                    return packet
        return None

    def close(self) -> None:
        """Give the port back."""
        self._socket.close()


def converse(
    host: Host, wire: Wire, clock: Clock, watch: Callable[[Written], None] | None = None
) -> Written:
    """Talk a host's script through. Ctrl-C lets it put the playhead back first.

    Args:
        host: whose script.
        wire: to it and from it.
        clock: the time.
        watch: is shown how far it has come, again and again.

    Raises:
        HostError: it could not be done; says how far it came.
    """
    conversation = Conversation(host)
    while not conversation.over:
        try:
            _turn(conversation, wire, clock)
            if watch is not None:
                watch(host.written)
        except KeyboardInterrupt:
            conversation.stop()
    if conversation.failure is not None:
        marks = host.written
        far = f"; {marks.there} of {marks.marks} marks are there" if marks.marks else ""
        raise HostError(f"{conversation.failure}{far}") from conversation.failure
    return host.written


def _turn(conversation: Conversation, wire: Wire, clock: Clock) -> None:
    for said in conversation.advance(clock.now()):
        wire.send(encode(*said))
    if conversation.over:
        return
    packet = wire.receive(conversation.wake_s)
    with suppress(BadPacket):
        for said in decode(packet) if packet is not None else ():
            conversation.hear(said)


def _resolved(host: Peer) -> Peer:
    try:
        address = socket.getaddrinfo(*host, type=socket.SOCK_DGRAM)[0][4]
    except (OSError, UnicodeError) as err:
        raise BadSetting(f"expected a host that can be found, got {host[0]!r}: {err}") from err
    return str(address[0]), int(address[1])


def ours(host: str) -> str:
    """Where to listen for a host: on this machine alone if it is here."""
    if ":" in host:
        return "[::1]" if host == "::1" else "[::]"
    return "127.0.0.1" if host == "localhost" or host.startswith("127.") else "0.0.0.0"
