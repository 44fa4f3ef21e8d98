"""The UDP socket that hosts send to: one thread that stamps the arrival before anything else."""

import errno
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

from scorelock.bridge.clock import Clock
from scorelock.engine.errors import BadSetting, PortError

Receiver = Callable[[bytes, float], None]
"""Takes a datagram and its arrival time on our clock."""

DEFAULT_LISTEN: Final = "127.0.0.1:9000"
_BUFFER: Final = 1 << 18  # a host's refresh is thousands of packets at once
_LARGEST: Final = 65_535
_LOOK_UP_S: Final = 0.25  # how often the thread looks whether it should end


def parse_address(text: str) -> tuple[str, int]:
    """Read "HOST:PORT", "[::1]:PORT" or ":PORT", which is this machine only.

    Raises:
        BadSetting: not an address, or no such port.
    """
    host, colon, port = text.strip().rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65_535:
        raise BadSetting(f"expected an address such as {DEFAULT_LISTEN}, got {text!r}")
    return host.strip("[]") or "127.0.0.1", int(port)


class OscIn:
    """Listens at an address from construction on; receives between enter and exit.

    Raises:
        BadSetting: listen is no address, or not one of this machine.
        PortError: another program listens there.
    """

    def __init__(self, listen: str, clock: Clock) -> None:
        self._clock = clock
        self._socket = _bind(listen)
        host, port = self._socket.getsockname()[:2]
        self.address: tuple[str, int] = (host, port)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Hand every datagram from now on to the receiver, in order and from one thread."""
        self._forget()
        self._thread = threading.Thread(target=self._run, args=(receiver,), name="osc", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop receiving and give the port back."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
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
        self._socket.setblocking(False)
        with suppress(BlockingIOError, ConnectionResetError):
            while True:
                self._socket.recv(_LARGEST)
        self._socket.settimeout(_LOOK_UP_S)

    def _run(self, receiver: Receiver) -> None:
        while not self._ending.is_set():
            # A time-out, or Windows telling that a datagram of ours found no taker.
            with suppress(TimeoutError, ConnectionResetError):
                datagram = self._socket.recv(_LARGEST)
                receiver(datagram, self._clock.now())


def _bind(listen: str) -> socket.socket:
    host, port = parse_address(listen)
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_DGRAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as err:
        raise BadSetting(f"expected an address of this machine, got {listen!r}: {err}") from err
    udp = socket.socket(family, kind, protocol)
    try:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        udp.settimeout(_LOOK_UP_S)
        udp.bind(address)
    except OSError as err:
        udp.close()
        raise _refused(listen, host, port, err) from err
    return udp


def _refused(listen: str, host: str, port: int, err: OSError) -> BadSetting | PortError:
    if err.errno in (errno.EADDRINUSE, errno.EACCES):
        taken = "in use" if err.errno == errno.EADDRINUSE else "reserved by the system"
        other = f"127.0.0.1:{port + 1 if 1024 <= port < 65_535 else 9001}"
        return PortError(
            f"expected UDP {host}:{port} to be free, it is {taken} (by REAPER, another OSC tool or "
            f"another Scorelock?); choose another, such as --listen {other}, and send there"
        )
    return BadSetting(f"expected an address of this machine, got {listen!r}: {err.strerror}")
