"""Hosts that are silent until asked are asked, where the user says they are."""

import socket
from fractions import Fraction

import pytest
from pythonosc.osc_message import OscMessage

from scorelock.bridge.asking import ASKED, question
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.osc_in import OscIn
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

RATE = FrameRate(Fraction(25))


@pytest.mark.parametrize(
    ("wanted", "peer"),
    [
        ("ardour", ("127.0.0.1", 3819)),
        ("ardour@10.0.0.5", ("10.0.0.5", 3819)),
        ("live@10.0.0.5:12000", ("10.0.0.5", 12000)),
        ("digital-performer@[::1]:7000", ("::1", 7000)),
    ],
)
def test_whom_to_ask(wanted: str, peer: tuple[str, int]) -> None:
    found, requests = question(wanted, RATE, 9000)
    assert found == peer
    assert requests


@pytest.mark.parametrize(
    "wanted", ["", "winamp", "resolume", "ardour@:x", "ardour@10.0.0.5:99999", "digital-performer"]
)
def test_what_cannot_be_asked_is_one_line(wanted: str) -> None:
    with pytest.raises(BadSetting, match="expected") as caught:
        question(wanted, RATE, 9000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [name for name in ASKED if name != "digital-performer"])
def test_the_question_arrives_and_tells_where_to_answer(name: str) -> None:
    """Read by python-osc at the host's end."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.bind(("127.0.0.1", 0))
        host.settimeout(5)
        with OscIn("127.0.0.1:0", MonotonicClock()) as osc:
            osc.start(lambda datagram, at_s: None)
            peer, requests = question(f"{name}@127.0.0.1:{host.getsockname()[1]}", RATE, 9000)
            osc.greet(peer, requests)
            told = [host.recvfrom(4096) for _ in requests]
    assert [OscMessage(data).address for data, _ in told] == [r.address for r in requests]
    assert {sender for _, sender in told} == {osc.address}
