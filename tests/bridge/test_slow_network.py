"""The network that stands in for a bad one: it delays, keeps the order, and can be cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.slow_network import slow_network

HOST = "127.0.0.1"


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says what it hears."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while said := connection.recv(1 << 16):
                    connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _hear(page: socket.socket, count: int) -> bytes:
    heard = b""
    while len(heard) < count:
        heard += page.recv(1 << 16)
    return heard


def test_each_message_is_delayed_and_none_overtakes(echo: int) -> None:
    now = MonotonicClock().now
    took = []
    with (
        slow_network(echo, jitter_s=0.03) as network,
        socket.create_connection((HOST, network.port)) as page,
    ):
        for number in range(40):
            began = now()
            page.sendall(b"%4d" % number)
            assert _hear(page, 4) == b"%4d" % number
            took.append(now() - began)
        page.sendall(b"".join(b"%4d" % number for number in range(1000)))
        assert _hear(page, 4000) == b"".join(b"%4d" % number for number in range(1000))
    assert min(took) < 0.02 < max(took)
    assert sum(took) / len(took) == pytest.approx(0.03, abs=0.012)


def test_what_is_said_while_it_is_cut_comes_later(echo: int) -> None:
    with (
        slow_network(echo) as network,
        socket.create_connection((HOST, network.port)) as page,
    ):
        page.sendall(b"one")
        assert _hear(page, 3) == b"one"
        network.cut()
        page.sendall(b"two")
        page.settimeout(0.2)
        with pytest.raises(TimeoutError):
            page.recv(1)
        network.mend()
        page.settimeout(5.0)
        assert _hear(page, 3) == b"two"


def test_a_request_bears_the_address_behind_it(echo: int) -> None:
    with (
        slow_network(echo) as network,
        socket.create_connection((HOST, network.port)) as page,
    ):
        head = "GET / HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\n\r\n"
        page.sendall(head.format(network.port).encode())
        wanted = head.format(echo).encode()
        assert _hear(page, len(wanted)) == wanted


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.create_server((HOST, 0)) as gone:
        port = gone.getsockname()[1]
    with (
        slow_network(port) as network,
        socket.create_connection((HOST, network.port)) as page,
    ):
        page.settimeout(5.0)
        assert page.recv(1) == b""
