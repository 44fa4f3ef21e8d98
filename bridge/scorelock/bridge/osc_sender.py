"""OSC over UDP to a program that listens: nobody there is no error, as with every datagram."""

import socket
from contextlib import suppress
from typing import Any, Final

from scorelock.bridge.osc_in import parse_address
from scorelock.engine.errors import BadSetting

_BUFFER: Final = 1 << 16


class OscSender:
    """Sends packets to one address, or to all of a network at a broadcast address.

    Satisfies `MidiOut`, so that a session treats it as any other output.

    Args:
        address: "HOST:PORT".

    Raises:
        BadSetting: it is none, or the host is not known.
    """

    def __init__(self, address: str) -> None:
        host, port = parse_address(address)
        if port == 0:
            raise BadSetting(f"expected the port that the receiver listens at, got {address!r}")
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as err:
            raise BadSetting(f"expected the receiver's address, got {address!r}: {err}") from err
        family, kind, protocol, _, to = found[0]
        self._to: tuple[Any, ...] = to
        self.name = f"OSC {address.strip()}"
        self.api: str | None = None
        self._socket = socket.socket(family, kind, protocol)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._socket.setblocking(False)

    def send(self, data: bytes) -> None:
        """Send one packet, at once or not at all."""
        with suppress(OSError):  # no network, no route, a full buffer: the next may get through
            self._socket.sendto(data, self._to)

    def alive(self) -> bool:
        """Always: a receiver may come at any time."""
        return True

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()
