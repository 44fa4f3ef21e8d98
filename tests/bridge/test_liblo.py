"""liblo, the OSC library that Ardour and most Linux programs use: its own tools at both ends."""

import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from fakes import FILM_RATE, note, off, on, performance

from scorelock.bridge.asking import question
from scorelock.bridge.chaser import State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import Request, hosts
from scorelock.bridge.osc import OscMessage, decode
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show

CLOCK = MonotonicClock()
PATIENCE_S = 5.0

pytestmark = pytest.mark.skipif(
    shutil.which("oscsend") is None or shutil.which("oscdump") is None,
    reason="needs liblo: oscsend and oscdump are not installed",
)


def oscsend(url: str, address: str, types: str = "", *values: str) -> None:
    """Let liblo send a message."""
    words = [types, *values] if types else []
    subprocess.run(["oscsend", url, address, *words], check=True, timeout=PATIENCE_S)


def wait_for(what: Callable[[], bool]) -> None:
    """Until it is so."""
    until_s = CLOCK.now() + PATIENCE_S
    while not what():
        assert CLOCK.now() < until_s
        CLOCK.sleep_until(CLOCK.now() + 0.01)


@contextmanager
def heard(listen: str) -> Iterator[tuple[str, "Queue[OscMessage]"]]:
    """A door, as a URL of liblo's, and what comes in by it."""
    came: Queue[OscMessage] = Queue()

    def receive(datagram: bytes, at_s: float) -> None:
        for message in decode(datagram):
            came.put(message)

    with OscIn(listen, CLOCK) as osc:
        osc.start(receive)
        scheme = "osc.tcp" if listen.startswith("tcp:") else "osc.udp"
        yield f"{scheme}://{osc.address[0]}:{osc.address[1]}", came


@pytest.mark.parametrize(
    ("types", "values", "args"),
    [
        ("i", ["-7"], (-7,)),
        ("h", ["1099511627776"], (2**40,)),
        ("f", ["1.5"], (1.5,)),
        ("d", ["0.1"], (0.1,)),
        ("s", ["00:00:02.922"], ("00:00:02.922",)),
        ("s", ["Fis-moll für Ännchen"], ("Fis-moll für Ännchen",)),
        ("s", [""], ("",)),
        ("S", ["symbol"], ("symbol",)),
        ("c", ["A"], (65,)),
        ("m", ["00903C50"], (0x00903C50,)),
        ("T", [], (True,)),
        ("F", [], (False,)),
        ("N", [], (None,)),
        ("I", [], (float("inf"),)),
        ("isTfFNd", ["3", "abc", "2.25", "-0.5"], (3, "abc", True, 2.25, False, None, -0.5)),
        ("", [], ()),
    ],
)
def test_every_type_that_liblo_sends_is_read(
    types: str, values: list[str], args: tuple[object, ...]
) -> None:
    with heard("127.0.0.1:0") as (url, came):
        oscsend(url, "/any/thing", types, *values)
        assert came.get(timeout=PATIENCE_S) == ("/any/thing", args)


def test_liblo_over_tcp_is_read() -> None:
    """liblo 0.31 frames a stream by lengths, as OSC 1.0 has it."""
    with heard("tcp:127.0.0.1:0") as (url, came):
        oscsend(url, "/time", "f", "2.5")
        assert came.get(timeout=PATIENCE_S) == ("/time", (2.5,))


def test_a_session_follows_what_liblo_sends() -> None:
    """A position and a button by hand, as one tries a show file; each from a port of its own."""
    out, osc = RecordingOut(CLOCK), OscIn("127.0.0.1:0", CLOCK)
    score = performance(note(2, 12, 64), note(30, 40, 65))
    with LiveSession(Show(score), None, [out], osc, hosts(FILM_RATE), CLOCK) as live:
        url = f"osc.udp://{osc.address[0]}:{osc.address[1]}"
        oscsend(url, "/time", "f", "5.0")
        oscsend(url, "/play", "f", "1")
        wait_for(lambda: bool(out.sent))
        oscsend(url, "/stop", "f", "1")
        wait_for(lambda: live.snapshot().state is State.STOPPED)
        assert [data for _, data in out.sent][:2] == [on(64), off(64)]
    assert live.report().notes_left_on == 0


@contextmanager
def oscdump() -> Iterator[tuple[int, "Queue[str]"]]:
    """liblo's listener at a free port, and the lines that it writes."""
    with OscIn("127.0.0.1:0", CLOCK) as free:
        port = free.address[1]
    lines: Queue[str] = Queue()
    with subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True) as dump:
        stdout = dump.stdout
        assert stdout is not None

        def read() -> None:
            for line in stdout:
                lines.put(line.strip())

        reader = threading.Thread(target=read)
        reader.start()
        yield port, lines
        dump.kill()
        reader.join()


def dumped(lines: "Queue[str]") -> str:
    """The next message, without the time that oscdump puts before it."""
    return lines.get(timeout=PATIENCE_S).partition(" ")[2]


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (Request("/refresh"), "/refresh"),
        (Request("/locate", (48_000, 1)), "/locate ii 48000 1"),
        (Request("/say", ("Am7", 0.5, True, False)), '/say sfTF "Am7" 0.500000 #T #F'),
    ],
)
def test_liblo_reads_what_is_sent(request_: Request, line: str) -> None:
    with oscdump() as (port, lines), OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda datagram, at_s: None)
        osc.greet(("127.0.0.1", port), [Request(request_.address, request_.args, 0.1)])
        assert dumped(lines) == line


def test_liblo_reads_how_ardour_is_asked() -> None:
    with oscdump() as (port, lines), OscIn("127.0.0.1:0", CLOCK) as osc:
        osc.start(lambda datagram, at_s: None)
        reply_port = osc.address[1]
        peer, greeting = question(f"ardour@127.0.0.1:{port}", FILM_RATE, reply_port)
        osc.greet(peer, [Request(each.address, each.args, 0.1) for each in greeting])
        said = {dumped(lines) for _ in range(4)}
    assert said == {f"/set_surface iiiiiii 0 0 3192 0 0 0 {reply_port}", "/transport_speed"}
