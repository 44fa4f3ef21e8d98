"""The network door: what it lets in and when, and what a user is told where it cannot open."""

import socket
import struct
from collections.abc import Iterator
from queue import Queue

import pytest
from fakes import message
from pythonosc import slip

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import Request
from scorelock.bridge.osc import decode
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


def test_says_who_sent_what_is_received(host: socket.socket) -> None:
    came: Queue[object] = Queue()
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda data, at_s: came.put(osc.peer))
        host.bind(("127.0.0.1", 0))
        host.sendto(b"one", osc.address)
        assert came.get(timeout=10) == host.getsockname()


def test_greets_a_host_from_where_it_listens_and_again_when_due(host: socket.socket) -> None:
    host.bind(("127.0.0.1", 0))
    host.settimeout(10)
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda data, at_s: None)
        osc.greet(host.getsockname(), [Request("/hello", (1,)), Request("/more", (), 0.02)])
        came = [host.recvfrom(100) for _ in range(4)]
        assert [decode(data)[0].address for data, _ in came] == ["/hello", *3 * ["/more"]]
        assert {peer for _, peer in came} == {osc.address}
        osc.greet(host.getsockname(), [Request("/other")])
        while decode(host.recv(100))[0].address == "/more":
            pass
        host.settimeout(0.1)
        with pytest.raises(TimeoutError):
            host.recv(100)


def test_a_greeting_that_finds_no_host_is_no_error(host: socket.socket) -> None:
    came: Queue[bytes] = Queue()
    for scheme in ("", "tcp:"):
        with OscIn(f"{scheme}127.0.0.1:0", CLOCK) as osc:
            osc.start(lambda data, at_s: came.put(data))
            osc.greet(("127.0.0.1", 9), [Request("/hello", (), 0.01)])
            CLOCK.sleep_until(CLOCK.now() + 0.05)
            if not scheme:
                host.sendto(b"still here", osc.address)
                assert came.get(timeout=10) == b"still here"


def test_hosts_that_come_and_go_are_not_greeted_for_ever(host: socket.socket) -> None:
    host.bind(("127.0.0.1", 0))
    host.settimeout(0.3)
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.greet(host.getsockname(), [Request("/first", (), 0.01)])
        for port in range(1, 65):
            osc.greet(("127.0.0.1", port), [Request("/later", (), 60.0)])
        osc.start(lambda data, at_s: None)
        with pytest.raises(TimeoutError):
            host.recv(100)


@pytest.fixture
def packets() -> Iterator[tuple[tuple[str, int], Queue[tuple[bytes, float]]]]:
    """A TCP door's address, and what came through it."""
    came: Queue[tuple[bytes, float]] = Queue()
    with OscIn("tcp:127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda data, at_s: came.put((data, at_s)))
        yield osc.address, came


Door = tuple[tuple[str, int], Queue[tuple[bytes, float]]]


def counted(packet: bytes) -> bytes:
    """OSC 1.0: its length, then the packet."""
    return struct.pack(">i", len(packet)) + packet


def test_two_connections_may_frame_differently(packets: Door) -> None:
    address, came = packets
    play, stop = message("/play", 1.0), message("/stop", 1.0)
    with socket.create_connection(address) as one, socket.create_connection(address) as two:
        for stream, frame, packet in ((one, counted, play), (two, slip.encode, stop)) * 2:
            framed = frame(packet)
            stream.sendall(framed[:5])  # half of it
            left_s = CLOCK.now()
            stream.sendall(framed[5:])
            data, at_s = came.get(timeout=10)
            assert data == packet
            assert left_s <= at_s <= CLOCK.now()


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x7f\xff\xff\xff", struct.pack(">i", 1 << 24)]
)
def test_a_connection_of_garbage_is_dropped_and_no_other(packets: Door, garbage: bytes) -> None:
    address, came = packets
    with socket.create_connection(address) as bad, socket.create_connection(address) as good:
        bad.settimeout(10)
        bad.sendall(garbage)
        assert bad.recv(1) == b"", "the other end has closed"
        good.sendall(counted(message("/play", 1.0)))
        assert came.get(timeout=10)[0] == message("/play", 1.0)


def test_a_connection_that_ends_in_the_middle_is_forgotten(packets: Door) -> None:
    address, came = packets
    with socket.create_connection(address) as stream:
        stream.sendall(counted(message("/play", 1.0))[:7])
    with socket.create_connection(address) as stream:
        stream.sendall(slip.encode(message("/stop", 1.0)))
        assert came.get(timeout=10)[0] == message("/stop", 1.0)
    assert came.empty()


def test_many_connections_push_out_the_oldest(packets: Door) -> None:
    address, came = packets
    streams = [socket.create_connection(address) for _ in range(40)]
    try:
        streams[-1].sendall(counted(b"/new"))
        assert came.get(timeout=10)[0] == b"/new"
        streams[0].settimeout(10)
        assert streams[0].recv(1) == b""
    finally:
        for stream in streams:
            stream.close()


def test_a_host_that_serves_over_tcp_is_called_and_heard() -> None:
    """Digital Performer listens; its answers come on the connection that we made."""
    came: Queue[bytes] = Queue()
    with socket.create_server(("127.0.0.1", 0)) as server, OscIn("tcp:127.0.0.1:0", CLOCK) as osc:
        server.settimeout(10)
        osc.start(lambda data, at_s: came.put(data))
        osc.greet(server.getsockname(), [Request("/Get_Time", (6,))])
        stream, _ = server.accept()
        with stream:
            assert stream.recv(100) == counted(message("/Get_Time", 6))
            stream.sendall(counted(message("/Get_Time", 0.5)))
            assert came.get(timeout=10) == message("/Get_Time", 0.5)


def test_a_tcp_port_in_use_is_named_with_the_next_step() -> None:
    with OscIn("tcp:127.0.0.1:0", CLOCK) as first:
        host, port = first.address
        with pytest.raises(PortError, match=f"TCP {host}:{port}.*--listen tcp:"):
            OscIn(f"tcp:{host}:{port}", CLOCK)
