"""The UDP door: what it lets in and when, and what a user is told where it cannot open."""

import socket
from collections.abc import Iterator
from queue import Queue

import pytest

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.osc_in import OscIn, parse_address
from scorelock.engine.errors import BadSetting, PortError

CLOCK = MonotonicClock()


@pytest.fixture
def host() -> Iterator[socket.socket]:
    """A socket to send from."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        yield udp


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:9000", ("127.0.0.1", 9000)),
        ("0.0.0.0:9000", ("0.0.0.0", 9000)),
        (":9001", ("127.0.0.1", 9001)),
        ("[::1]:9000", ("::1", 9000)),
    ],
)
def test_reads_an_address(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text", ["9000", "", "localhost", "127.0.0.1:", "a:b", "a:99999", "a:-1", "a:²"]
)
def test_refuses_what_is_no_address(text: str) -> None:
    with pytest.raises(BadSetting, match=r"127\.0\.0\.1:9000"):
        parse_address(text)


def test_refuses_an_address_of_another_machine() -> None:
    with pytest.raises(BadSetting, match=r"192\.0\.2\.1"):
        OscIn("192.0.2.1:9000", CLOCK)


def test_a_port_in_use_is_named_with_the_next_step() -> None:
    with OscIn("127.0.0.1:0", CLOCK) as first:
        host, port = first.address
        with pytest.raises(PortError, match=f"{host}:{port}.*REAPER.*--listen") as err:
            OscIn(f"{host}:{port}", CLOCK)
    assert "\n" not in str(err.value)


def test_stamps_each_datagram_before_anything_is_done_with_it(host: socket.socket) -> None:
    came: Queue[tuple[bytes, float, float]] = Queue()
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda data, at_s: came.put((data, at_s, CLOCK.now())))
        for data in (b"one", b"two", b"three"):
            left_s = CLOCK.now()
            host.sendto(data, osc.address)
            got, at_s, begun_s = came.get(timeout=10)
            assert got == data
            assert left_s <= at_s <= begun_s


def test_what_came_before_anybody_listened_is_forgotten(host: socket.socket) -> None:
    """It waits in the system's buffer, and would be stamped with the wrong time."""
    came: list[bytes] = []
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        host.sendto(b"old", osc.address)
        osc.start(lambda data, _: came.append(data))
        host.sendto(b"new", osc.address)
        CLOCK.sleep_until(CLOCK.now() + 0.05)
    assert came == [b"new"]
