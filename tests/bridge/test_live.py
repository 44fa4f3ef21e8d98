"""`scorelock live` and `scorelock ports` as a user runs them, with the composing left out."""

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FILM_RATE, FakeRtMidi, message, note
from scores import cue

from scorelock.bridge import cue_store
from scorelock.bridge.chaser import State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.commands import live, ports
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.ports import open_port
from scorelock.bridge.simulate import HostSimulator, TimedDatagram, reaper
from scorelock.bridge.status import status_line
from scorelock.bridge.transport import Position, Roll
from scorelock.bridge.views import Snapshot
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import BadSetting, PortError, ScorelockError
from scorelock.engine.history import History
from scorelock.engine.key import Key

CLOCK = MonotonicClock()
CUE = cue("C C Am F", key="A minor")
NOTES = [note(i / 10, i / 10 + 0.09, 60 + i) for i in range(40)]
PARTS = [
    Arranged(span, tuple(n for n in NOTES if span.start_s <= n.onset_s < span.end_s), (), ())
    for span in CUE.chords
]


def arguments(module: object, *words: str) -> argparse.Namespace:
    """A command's arguments, as its parser reads them."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(words)


def free_address() -> tuple[str, int]:
    """One that nobody listens at."""
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        return osc.address


@pytest.fixture
def rtmidi(monkeypatch: pytest.MonkeyPatch) -> Callable[[FakeRtMidi], FakeRtMidi]:
    """Gives what puts a machine's MIDI in place of this one's."""

    def install(machine: FakeRtMidi) -> FakeRtMidi:
        monkeypatch.setitem(sys.modules, "rtmidi", machine)
        monkeypatch.setattr(live, "PortProcess", lambda wanted, clock, say: open_port(wanted))
        return machine

    return install


def follow(datagrams: list[TimedDatagram], address: tuple[str, int], seconds: float) -> None:
    """Play a host to the command from a thread once it runs, then press Ctrl-C."""
    host = HostSimulator(iter(datagrams), [address], CLOCK)
    before = signal.getsignal(signal.SIGINT)

    def run() -> None:
        for _ in range(100):
            CLOCK.sleep_until(CLOCK.now() + 0.05)
            if signal.getsignal(signal.SIGINT) is not before:
                host.start(CLOCK.now())
                CLOCK.sleep_until(CLOCK.now() + seconds)
                if signal.getsignal(signal.SIGINT) is not before:  # else it would end the tests
                    os.kill(os.getpid(), signal.SIGINT)
                return

    threading.Thread(target=run).start()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_follows_until_ctrl_c_and_reports(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rtmidi: Callable[[FakeRtMidi], FakeRtMidi],
) -> None:
    machine = rtmidi(FakeRtMidi(LINUX_ALSA=[]))
    monkeypatch.setattr(live, "stream_of", lambda args: (CUE, iter(PARTS)))
    host, port = free_address()
    stream = [*reaper([Position(0, 10.0), Roll(0.1)], 1.0), TimedDatagram(1.0, message("/x", 1))]
    follow(stream, (host, port), 1.1)
    words = ("film.mp4", "--listen", f"{host}:{port}", "--film-start", "00:00:10:00", "--json")
    assert live.run(arguments(live, *words)) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert 8 <= report["notes_sent"] <= 12
    assert report["notes_left_on"] == 0
    assert report["ignored"] == {"other address": 1}
    (counts,) = report["sources"].values()
    assert counts == {"datagrams": report["datagrams"], "other address": 1}
    assert machine.opened == ["virtual:Scorelock", "closed"]
    assert f"listening on {host}:{port}" in err
    assert re.search(r"locked    00:00:10:0\d  C      next Am     in  [12]\.\d s", err)


def test_without_midi_it_goes_on_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rtmidi: Callable[[FakeRtMidi], FakeRtMidi],
) -> None:
    rtmidi(FakeRtMidi(LINUX_ALSA=None, UNIX_JACK=None))
    monkeypatch.setattr(live, "stream_of", lambda args: (CUE, iter(PARTS)))
    follow([], free_address(), 0.1)
    assert live.run(arguments(live, "film.mp4", "--listen", "127.0.0.1:0")) == 0
    out, err = capsys.readouterr()
    assert "0 left on" in out
    assert len([line for line in err.splitlines() if "without sound" in line]) == 1


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--midi-out", "Moog"), PortError),
        (("--listen", "nowhere"), BadSetting),
        (("--film-start", "one hour"), BadSetting),
        (("--film-start", "01:00"), BadSetting),
        (("--film-start", "-1"), BadSetting),
        (("--film-start", "nan"), BadSetting),
        (("--part", "drums=1"), BadSetting),
        (("--latency", "nan"), BadSetting),
        (("--latency=-5000",), BadSetting),
        (("--latency", "reaper=x"), BadSetting),
        (("--expression", "64"), BadSetting),
        (("--expression", "loud"), BadSetting),
        (("--bpm", "nan"), BadSetting),
        (("--osc-out", "127.0.0.1"), BadSetting),
        (("--part", "bass=2@"), BadSetting),
        (("--host", "winamp"), BadSetting),
        (("--host", "resolume"), BadSetting),
        (("--host", "ardour@:x"), BadSetting),
    ],
)
def test_what_is_wrong_shows_before_the_long_work(
    monkeypatch: pytest.MonkeyPatch,
    rtmidi: Callable[[FakeRtMidi], FakeRtMidi],
    words: tuple[str, ...],
    error: type[ScorelockError],
) -> None:
    rtmidi(FakeRtMidi(LINUX_ALSA=None, UNIX_JACK=None))
    monkeypatch.setattr(live, "stream_of", lambda args: pytest.fail("it composed"))
    with pytest.raises(error):
        live.run(arguments(live, "film.mp4", "--listen", "127.0.0.1:0", *words))


def test_the_status_line_is_one_line_a_state(capsys: pytest.CaptureFixture[str]) -> None:
    chord, coming, _ = CUE.chords
    with status_line(Key.parse("Bb major"), FILM_RATE) as show:
        show(Snapshot(State.STOPPED, None, None, None, None, None, 0.0, 0.0))
        for host_s in (1.0, 1.1):
            show(Snapshot(State.LOCKED, host_s, host_s, chord, coming, 2 - host_s, 0.31, 1.0))
        heard = (12.5, "reaper@127.0.0.1:8000", ("live@10.0.0.2:11000",))
        show(Snapshot(State.LOCKED, 1.2, 1.2, chord, coming, 0.8, 0.31, 1.0, *heard))
        show(Snapshot(State.LOST, 61.0, 61.0, None, None, None, 0.31, 0.0))
    assert [line.rstrip() for line in capsys.readouterr().err.splitlines()] == [
        "stopped   waiting for the host's position",
        "locked    00:00:01:00  C      next Am     in  1.0 s   late 0.3 ms",
        "locked    00:00:01:05  C      next Am     in  0.8 s   late 0.3 ms  latency 12.5 ms  "
        "also heard: live@10.0.0.2:11000",
        "lost      00:01:01:00  -                              late 0.3 ms",
    ]


def test_ports_lists_each_api_with_its_ports_or_its_reason(
    capsys: pytest.CaptureFixture[str], rtmidi: Callable[[FakeRtMidi], FakeRtMidi]
) -> None:
    rtmidi(FakeRtMidi(LINUX_ALSA=None, UNIX_JACK=["synth:in"])).inputs = ["keys:out"]
    assert ports.run(arguments(ports)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "ALSA: the kernel offers no ALSA sequencer (/dev/snd/seq)",
        "JACK outputs:",
        '  "synth:in"',
        "  virtual:NAME makes a new one",
        "JACK inputs:",
        '  "keys:out"',
        "  virtual:NAME makes a new one",
    ]
    assert ports.run(arguments(ports, "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["available"] == "JACK"
    assert told["apis"][1]["ports"] == ["synth:in"]
    assert told["apis"][1]["inputs"] == ["keys:out"]


def test_the_edited_score_of_a_film_is_played(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rtmidi: Callable[[FakeRtMidi], FakeRtMidi],
) -> None:
    """Its own chords, whatever would be composed; --anew composes."""
    rtmidi(FakeRtMidi(LINUX_ALSA=[]))
    film = tmp_path / "film.mp4"
    film.write_bytes(b"seen before")
    store = CueStore.of(film)
    store.write(History.begin(CUE))
    monkeypatch.setattr(cue_store, "features_of", lambda path, seeing: CUE.features)
    monkeypatch.setattr(live, "stream_of", lambda args: pytest.fail("it composed"))
    host, port = free_address()
    follow([*reaper([Position(0, 0.0), Roll(0.1)], 1.5)], (host, port), 1.6)
    assert live.run(arguments(live, str(film), "--listen", f"{host}:{port}", "--json")) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["notes_sent"] > 0
    assert "playing take A" in err
    monkeypatch.setattr(live, "stream_of", lambda args: (CUE, iter(PARTS)))
    follow([], free_address(), 0.1)
    assert live.run(arguments(live, str(film), "--listen", "127.0.0.1:0", "--anew")) == 0
