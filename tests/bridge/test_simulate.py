"""`scorelock simulate`: what is sent is what the host would send, and errors are one line."""

import socket

import pytest

from scorelock.bridge import cli
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.simulated_hosts import FRAMES
from scorelock.bridge.transport import Position, Roll, Stop, TransportEvent


def test_sends_a_hosts_words(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port = udp.getsockname()[1]
        words = ["simulate", "mitti", "--to", f"127.0.0.1:{port}", "--seconds", "0.2"]
        assert cli.main(words) == 0
        udp.setblocking(False)
        dialect = hosts(FRAMES)
        told: list[TransportEvent] = []
        while True:
            try:
                told += read(dialect, udp.recv(1000), 0.0).events
            except BlockingIOError:
                break
    modes = [type(event) for event in told if not isinstance(event, Position)]
    assert modes == [Stop, Roll, Stop]
    assert max(e.position_s for e in told if isinstance(e, Position)) == pytest.approx(
        0.2, abs=0.05
    )
    assert str(port) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tape"], "invalid choice"),
        (["reaper", "--to", "nowhere"], "expected an address"),
        (["reaper", "--seconds", "-1"], "--seconds"),
        (["reaper", "--seconds", "nan"], "--seconds"),
    ],
)
def test_errors_are_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    try:
        code = cli.main(["simulate", *words])
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else -1
    err = capsys.readouterr().err
    assert code == 2
    assert said in err
    assert err.count("\n") == 1
