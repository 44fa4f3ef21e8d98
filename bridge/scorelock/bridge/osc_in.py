"""The socket that hosts send to: one thread that stamps the arrival before anything else.

UDP, or TCP in both framings of OSC ("tcp:HOST:PORT"). What hosts must be sent to speak to us goes
out of the same socket and the same thread, each when it is due.
"""

import errno
import selectors
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects.contract import Peer, Request
from scorelock.bridge.osc import BadPacket, encode
from scorelock.bridge.osc_stream import Deframer
from scorelock.bridge.realtime import prefer_this_thread
from scorelock.engine.errors import BadSetting, PortError

Receiver = Callable[[bytes, float], None]
"""Takes a datagram and its arrival time on our clock; `OscIn.peer` has who sent it."""

DEFAULT_LISTEN: Final = "127.0.0.1:9000"
TCP: Final = "tcp:"
MOST_CONNECTIONS: Final = 32
MOST_GREETED: Final = 64
"""Hosts that are sent something; the newest replace the oldest."""
_BUFFER: Final = 1 << 18  # a host's refresh is thousands of packets at once
_LARGEST: Final = 65_535
_LOOK_UP_S: Final = 0.25  # how often the thread looks whether it should end
_CONNECT_S: Final = 0.25


def parse_address(text: str) -> tuple[str, int]:
    """Read "HOST:PORT", "[::1]:PORT" or ":PORT", which is this machine only.

    Raises:
        BadSetting: not an address, or no such port.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65_535:
        raise BadSetting(f"expected an address such as {DEFAULT_LISTEN}, got {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


@dataclass(slots=True)
class _Due:
    """A request to a host and when it goes out next."""

    host: Peer
    request: Request
    at_s: float


@dataclass(slots=True)
class _Connection:
    """A TCP peer and what it has not finished saying."""

    peer: Peer
    frames: Deframer = field(default_factory=Deframer)


class OscIn:
    """Listens at an address from construction on; receives between start and exit.

    Attributes:
        address: where it listens.
        peer: who sent what the receiver is being given.

    Raises:
        BadSetting: listen is no address, or not one of this machine.
        PortError: another program listens there.
    """

    def __init__(self, listen: str, clock: Clock) -> None:
        self._clock = clock
        self._is_tcp = listen.strip().startswith(TCP)
        self._socket = _bind(listen.strip().removeprefix(TCP), self._is_tcp)
        host, port = self._socket.getsockname()[:2]
        self.address: Peer = (host, port)
        self.peer: Peer | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._connections: dict[socket.socket, _Connection] = {}
        self._due: list[_Due] = []
        self._arranging = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Hand every datagram from now on to the receiver, in order and from one thread."""
        self._socket.setblocking(False)
        if not self._is_tcp:
            self._forget()
        self._thread = threading.Thread(target=self._run, args=(receiver,), name="osc", daemon=True)
        self._thread.start()

    def greet(self, host: Peer, greeting: Sequence[Request]) -> None:
        """Send these at once and again whenever due, instead of what that host was sent so far.

        Over TCP a connection is made, and made again when it was lost. A host that is not there is
        asked again at each turn. From any thread.
        """
        now_s = self._clock.now()
        with self._arranging:
            greeted = dict.fromkeys(due.host for due in self._due if due.host != host)
            kept = set(list(greeted)[-MOST_GREETED + 1 :])
            self._due = [due for due in self._due if due.host in kept]
            self._due += [_Due(host, request, now_s) for request in greeting]

    def close(self) -> None:
        """Stop receiving and give the port back."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._selector.close()
        for connection in self._connections:
            connection.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _forget(self) -> None:
        """Drop what came before anybody listened: its arrival was not stamped."""
        with suppress(BlockingIOError, ConnectionResetError):
            while True:
                self._socket.recv(_LARGEST)

    def _run(self, receiver: Receiver) -> None:
        prefer_this_thread()  # it stamps what arrives, and must not sleep while others wait for it
        while not self._ending.is_set():
            wait_s = self._send_due()
            for key, _ in self._selector.select(wait_s):
                ready = key.fileobj
                assert isinstance(ready, socket.socket)
                if ready in self._connections:
                    self._receive_stream(ready, receiver)
                elif self._is_tcp:
                    self._accept()
                else:
                    self._receive_datagram(receiver)

    def _receive_datagram(self, receiver: Receiver) -> None:
        # Nothing there after all, or Windows telling that a datagram of ours found no taker.
        with suppress(BlockingIOError, ConnectionResetError):
            datagram, peer = self._socket.recvfrom(_LARGEST)
            at_s = self._clock.now()
            self.peer = peer[:2]
            receiver(datagram, at_s)

    def _receive_stream(self, stream: socket.socket, receiver: Receiver) -> None:
        try:
            data = stream.recv(_LARGEST)
            at_s = self._clock.now()
            packets = self._connections[stream].frames.feed(data)
        except BlockingIOError:
            return
        except (OSError, BadPacket):
            self._drop(stream)
            return
        self.peer = self._connections[stream].peer
        for packet in packets:
            receiver(packet, at_s)
        if not data:
            self._drop(stream)

    def _accept(self) -> None:
        with suppress(OSError):  # it has gone again
            stream, peer = self._socket.accept()
            self._keep(stream, peer[:2])

    def _keep(self, stream: socket.socket, peer: Peer) -> None:
        if len(self._connections) >= MOST_CONNECTIONS:
            self._drop(next(iter(self._connections)))
        stream.setblocking(False)
        self._connections[stream] = _Connection(peer)
        self._selector.register(stream, selectors.EVENT_READ)

    def _drop(self, stream: socket.socket) -> None:
        self._selector.unregister(stream)
        del self._connections[stream]
        stream.close()

    def _send_due(self) -> float:
        """Send what is due; gives how long nothing more is."""
        now_s = self._clock.now()
        with self._arranging:
            due = [each for each in self._due if each.at_s <= now_s]
            for each in due:
                each.at_s = now_s + (each.request.every_s or 0.0)
            self._due = [e for e in self._due if e not in due or e.request.every_s is not None]
            next_s = min((each.at_s for each in self._due), default=now_s + _LOOK_UP_S)
        for each in due:
            self._send(encode(each.request.address, each.request.args), each.host)
        return min(_LOOK_UP_S, max(0.0, next_s - self._clock.now()))

    def _send(self, packet: bytes, to: Peer) -> None:
        """A host that cannot be reached is asked again later: nothing is raised."""
        with suppress(OSError):
            if not self._is_tcp:
                self._socket.sendto(packet, to)
                return
            stream = next((s for s, c in self._connections.items() if c.peer == to), None)
            if stream is None:
                stream = socket.create_connection(to, timeout=_CONNECT_S)
                self._keep(stream, to)
            stream.sendall(self._connections[stream].frames.frame(packet))


def _bind(listen: str, is_tcp: bool) -> socket.socket:
    host, port = parse_address(listen)
    wanted = socket.SOCK_STREAM if is_tcp else socket.SOCK_DGRAM
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=wanted, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as err:
        raise BadSetting(f"expected an address of this machine, got {listen!r}: {err}") from err
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        bound.bind(address)
        if is_tcp:
            bound.listen()
    except OSError as err:
        bound.close()
        raise _refused(listen, host, port, err, is_tcp) from err
    return bound


def _refused(
    listen: str, host: str, port: int, err: OSError, is_tcp: bool
) -> BadSetting | PortError:
    if err.errno in (errno.EADDRINUSE, errno.EACCES):
        taken = "in use" if err.errno == errno.EADDRINUSE else "reserved by the system"
        scheme = TCP if is_tcp else ""
        other = f"{scheme}127.0.0.1:{port + 1 if 1024 <= port < 65_535 else 9001}"
        return PortError(
            f"expected {'TCP' if is_tcp else 'UDP'} {host}:{port} to be free, it is {taken} (by "
            "REAPER, another OSC tool or another Scorelock?); choose another, such as "
            f"--listen {other}, and send there"
        )
    return BadSetting(f"expected an address of this machine, got {listen!r}: {err.strerror}")
