"""`scorelock mark` as a user runs it: over the network, with the composing left out."""

import argparse
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from fakes import message
from lossy_wire import LossyWire, MarkingHost
from marking_hosts import ArdourHost, MossHost, ReaperHost
from pythonosc.osc_message import OscMessage
from scores import cue

from scorelock.bridge.clock import ManualClock, MonotonicClock
from scorelock.bridge.commands import mark
from scorelock.bridge.musical_time import host_tempo
from scorelock.bridge.writeback.ardour import ArdourMarks
from scorelock.bridge.writeback.conversation import HostError
from scorelock.bridge.writeback.marks import Mark
from scorelock.bridge.writeback.wire import LISTEN, UdpWire, converse
from scorelock.engine.errors import BadSetting, PortError
from scorelock.engine.score import Cue, Performance

CLOCK = MonotonicClock()
CUE = cue("C C Am F", key="C")
END = b"/end\0\0\0\0"


@contextmanager
def answering(host: MarkingHost) -> Iterator[str]:
    """The host at a port of its own."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind(("127.0.0.1", 0))

        def serve() -> None:
            while (received := udp.recvfrom(4096))[0] != END:
                said = OscMessage(received[0])
                for reply in host.hear(said.address, list(said), CLOCK.now()):
                    udp.sendto(message(*reply), received[1])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{udp.getsockname()[1]}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ending:
                ending.sendto(END, udp.getsockname())
            thread.join()


@pytest.fixture(autouse=True)
def composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A score at once."""

    def performance_of(args: argparse.Namespace) -> tuple[Cue, Performance]:
        return CUE, Performance((), CUE.features.film.duration_s)

    monkeypatch.setattr(mark, "performance_of", performance_of)


def run(*words: str) -> int:
    """The command with these arguments."""
    parser = argparse.ArgumentParser()
    mark.add_arguments(parser)
    return mark.run(parser.parse_args(["film.mp4", *words]))


def test_writes_once_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    host = ReaperHost(markers={1: (0.5, "mine")})
    told = []
    with answering(host) as address:
        for _ in range(2):
            words = ("--host", f"reaper@{address}", "--listen", "127.0.0.1:0")
            assert run(*words, "--film-start", "10", "--tempo", "96") == 0
            told.append(capsys.readouterr().out.splitlines())
    assert told == [
        [
            "reaper is at 96 beats a minute; it was at 120",
            "4 marks written to reaper and read back",
        ],
        ["reaper is at 96 beats a minute already", "4 marks are there already"],
    ]
    assert host.markers == {1: (0.5, "mine"), 9001: (11.5, "hit")}
    assert host.regions == {9001: (10, "C", 2), 9002: (12, "Am", 1), 9003: (13, "F", 1)}


def test_a_tempo_alone_needs_no_composing(capsys: pytest.CaptureFixture[str]) -> None:
    host = MossHost()
    with answering(host) as address:
        words = ("--host", f"drivenbymoss@{address}", "--listen", "127.0.0.1:0")
        assert run(*words, "--tempo", "101.5") == 0
    assert capsys.readouterr().out == "drivenbymoss is at 101.5 beats a minute; it was at 120\n"
    assert host.bpm == 101.5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--host", "qlab"], "reaper, drivenbymoss, live, ardour"),
        (["--host", "reaper@:x"], "address"),
        (["--host", "reaper", "--write", "cuts,beats"], "cuts,chords,hits,tempo"),
        (["--host", "reaper", "--write", ""], "--write"),
        (["--host", "ardour", "--write", "tempo", "--tempo", "96"], "cuts,chords,hits, which"),
        (["--host", "drivenbymoss"], "--write of tempo"),
        (["--host", "live", "--write", "tempo"], "expected --tempo where"),
        (["--host", "live", "--tempo", "5"], "20 to 999"),
        (["--host", "reaper", "--film-start", "soon"], "--film-start"),
        (["--host", "reaper", "--film-start", "nan"], "--film-start"),
    ],
)
def test_what_cannot_be_written_is_one_line(words: list[str], told: str) -> None:
    with pytest.raises(BadSetting, match=told) as caught:
        run(*words)
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_named_with_the_next_step() -> None:
    with closing(UdpWire("127.0.0.1:0", ("127.0.0.1", 8000), CLOCK)) as first:
        listen = f"127.0.0.1:{first.address[1]}"
        with pytest.raises(PortError, match=f"{listen}.*--listen"):
            UdpWire(listen, ("127.0.0.1", 8000), CLOCK)


def test_only_the_host_is_heard() -> None:
    """Whatever else sends to the port."""
    with (
        closing(UdpWire("0.0.0.0:0", ("127.0.0.2", 8000), CLOCK)) as wire,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        other.sendto(b"other", ("127.0.0.1", wire.address[1]))
        assert wire.receive(CLOCK.now() + 0.05) is None


def test_a_host_that_cannot_be_found_is_named() -> None:
    with pytest.raises(BadSetting, match=r"nowhere\.invalid"):
        UdpWire("127.0.0.1:0", ("nowhere.invalid", 8000), CLOCK)


def test_ctrl_c_puts_the_playhead_back() -> None:
    class Impatient(LossyWire):
        """Its user presses Ctrl-C after two seconds."""

        pressed = False

        def receive(self, until_s: float) -> bytes | None:
            if clock.now() > 2 and not self.pressed:
                self.pressed = True
                raise KeyboardInterrupt
            return super().receive(until_s)

    clock, host = ManualClock(), ArdourHost(playhead=4_321)
    marks = [Mark(float(i), "cut") for i in range(20)]
    with pytest.raises(HostError, match=r"stopped before all was written; \d+ of 20 marks"):
        converse(ArdourMarks(marks, 12345), Impatient(host, clock), clock)
    assert host.playhead == 4_321
    assert 0 < len(host.marks) < 20


def test_bytes_that_are_no_osc_do_no_harm() -> None:
    class Noisy(LossyWire):
        """Every other datagram is a wrong one."""

        turn = 0

        def receive(self, until_s: float) -> bytes | None:
            self.turn += 1
            noise = (b"noise", message("/marker"), message("/position/samples", 1.5))
            return noise[self.turn % 3] if self.turn % 2 else super().receive(until_s)

    clock, host = ManualClock(), ArdourHost()
    converse(ArdourMarks([Mark(1.0, "cut")], 12345), Noisy(host, clock), clock)
    assert host.marks == [("SL: cut", 48_000)]


def test_a_score_takes_the_tempo_of_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, host in (("reaper", ReaperHost()), ("drivenbymoss", MossHost())):
        monkeypatch.setitem(LISTEN, name, 0)
        with answering(host) as address:
            assert host_tempo(f"{name}@{address}") == 120.0
    with pytest.raises(BadSetting, match="reaper, live, drivenbymoss"):
        host_tempo("ardour")
