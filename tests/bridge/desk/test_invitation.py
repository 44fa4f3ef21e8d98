"""How players are asked in: a link that phones read, and where this machine is found."""

import io
import re
import socket

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.desk.addresses import address
from scorelock.bridge.desk.audience import Audience, Role
from scorelock.bridge.desk.invitation import drawn, invite
from scorelock.engine.errors import PortError

LINK = "http://192.168.1.5:8766/r/Zk9q1bU3M5o0aH3v2Q7x1w/"
BLOCKS = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
"""Upper and lower half: 1 is lit."""


class Page:
    """A player's browser."""

    role: Role = "player"

    def send(self, data: bytes) -> None:
        """Not looked at here."""


class Terminal(io.StringIO):
    """A screen."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def read(text: str) -> str:
    """What OpenCV, another program's reader, sees on the terminal."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    rows = [[BLOCKS[block][half] for block in line] for line in lines for half in (0, 1)]
    picture: NDArray[np.uint8] = np.array(rows, np.uint8) * 255
    large = cv2.resize(picture, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    found, *_ = cv2.QRCodeDetector().detectAndDecode(large)
    return found


def test_a_phone_reads_the_link_off_the_terminal() -> None:
    assert read(drawn(LINK)) == LINK


def test_a_terminal_shows_the_link_the_code_and_who_is_there() -> None:
    said, terminal, audience = list[str](), Terminal(), Audience(ManualClock())
    invite(LINK, audience, said.append, terminal)
    assert said == [f"players come in at {LINK}"]
    assert read(terminal.getvalue()) == LINK
    first, second = Page(), Page()
    for page in (first, second):
        audience.join(page)
    audience.leave(first)
    counts = re.findall(r"(\d+) players? (?:is|are) there", terminal.getvalue())
    assert counts == ["1", "2", "1"]


def test_elsewhere_it_is_lines() -> None:
    said, audience = list[str](), Audience(ManualClock())
    invite(LINK, audience, said.append, io.StringIO())
    audience.join(Page())
    assert said == [f"players come in at {LINK}", "1 player is there"]


def test_this_machine_is_found_at_its_own_address() -> None:
    """A socket can be bound to none but our own."""
    try:
        found = address()
    except PortError:
        pytest.skip("needs a network")
    with socket.create_server((found, 0)):
        assert not found.startswith("127.")


def test_without_a_network_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", none)
    monkeypatch.setattr(socket, "socket", none)
    with pytest.raises(PortError, match="--address"):
        address()


def test_no_name_service_is_asked_where_the_way_out_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Probe(socket.socket):
        def connect(self, there: object) -> None:
            pass

        def getsockname(self) -> tuple[str, int]:
            return "10.1.2.3", 9

    def hangs(*_: object) -> None:
        raise AssertionError("the loop would wait for it")

    monkeypatch.setattr(socket, "socket", Probe)
    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    assert address() == "10.1.2.3"
