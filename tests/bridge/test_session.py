"""A session in real time: its threads, its signals, its failures, its report."""

import random
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator

import pytest
from fakes import (
    FILM_RATE,
    LONG_NOTES,
    FailingOut,
    Keyboard,
    long_chord,
    note,
    off,
    on,
    performance,
    python_path,
    silence,
)
from scores import cue

from scorelock.bridge.changes import OtherOut
from scorelock.bridge.chaser import State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.log_writer import NoLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.reel import Reel
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import ClockTo, OscTo, Show
from scorelock.bridge.simulate import HostSimulator, Move, osc_bundle, reaper
from scorelock.bridge.transport import Position, Roll, Stop
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import BadBundle, PortError
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, Cue, Performance
from scorelock.engine.vocabulary import Chord

CLOCK = MonotonicClock()


def session(
    score: Performance,
    out: RecordingOut,
    chords: Cue | None = None,
    coming: Iterable[Arranged] = (),
) -> LiveSession:
    """One that listens at a free port."""
    osc = OscIn("127.0.0.1:0", CLOCK)
    return LiveSession(Show(score), chords, [out], osc, hosts(FILM_RATE), CLOCK, coming=coming)


def play(live: LiveSession, *moves: Move, until_s: float) -> float:
    """Let a host play these moves to the session; gives the clock's time of its start."""
    host = HostSimulator(reaper(moves, until_s), [live.address], CLOCK)
    host.start(CLOCK.now() + 0.05)
    host.join()
    CLOCK.sleep_until(host.start_s + until_s)
    return host.start_s


@pytest.fixture
def out() -> RecordingOut:
    """An output that keeps what it is sent."""
    return RecordingOut(CLOCK)


def test_notes_go_out_on_the_hosts_time_and_a_stop_makes_silence(out: RecordingOut) -> None:
    """How soon is the bench's to say; here nothing may come early, twice or out of order."""
    score = performance(*(note(i / 10, i / 10 + 0.05) for i in range(12)), note(0.2, 9, 40))
    with session(score, out) as live:
        start_s = play(live, Position(0, 0.0), Roll(0.2), Stop(1.17), until_s=1.4)
    ons = [at_s - start_s for at_s, data in out.sent if data == on()]
    assert len(ons) == 10
    assert all(at_s > 0.2 + i / 10 - 0.001 for i, at_s in enumerate(ons))
    assert [data for _, data in out.sent[-3:]] == [off(40), *silence()]
    assert out.sent[-3][0] - start_s > 1.17
    report = live.report()
    assert (report.notes_sent, report.notes_left_on) == (11, 0)
    assert report.send_error_ms is not None
    assert 0 <= report.send_error_ms.p50 <= report.send_error_ms.p99 <= report.send_error_ms.max


def part(start_s: float, end_s: float, *pitches: int) -> Arranged:
    """A span and its notes, which sound throughout."""
    span = ChordSpan(start_s, end_s, Chord.parse("C"))
    return Arranged(span, tuple(note(start_s, end_s, pitch) for pitch in pitches), (), ())


def test_a_score_is_played_while_it_is_composed(out: RecordingOut) -> None:
    """The second chord comes after its time has begun: it is struck all the same, the rest ends."""
    asked = threading.Event()

    def composing() -> Iterator[Arranged]:
        yield part(0.0, 0.3, 60)
        asked.wait(5)
        yield part(0.3, 0.9, 64)
        yield part(0.9, 1.5, 67)

    with session(Performance((), 1.5), out, coming=composing()) as live:
        host = HostSimulator(
            reaper((Position(0, 0.0), Roll(0.1), Stop(1.9)), 2.1), [live.address], CLOCK
        )
        host.start(CLOCK.now() + 0.05)
        CLOCK.sleep_until(host.start_s + 0.6)
        assert [data for _, data in out.sent] == [on(60), off(60)]
        asked.set()
        host.join()
        CLOCK.sleep_until(host.start_s + 2.1)
        shown = live.snapshot()
    struck = [data for _, data in out.sent if data[0] & 0xF0 == 0x90]
    assert struck == [on(60), on(64), on(67)]
    assert (live.report().notes_late, live.report().notes_left_on) == (1, 0)
    assert shown.film_s is not None


def test_what_fails_while_composing_ends_the_show_in_silence(out: RecordingOut) -> None:
    def composing() -> Iterator[Arranged]:
        yield part(0.0, 5.0, 60)
        CLOCK.sleep_until(CLOCK.now() + 0.4)
        raise BadBundle("torn")

    live = session(Performance((), 5.0), out, coming=composing())
    with live:
        host = HostSimulator(reaper((Position(0, 0.0), Roll(0.05)), 1.0), [live.address], CLOCK)
        host.start(CLOCK.now())
        with pytest.raises(BadBundle, match="torn"):
            live.run()
    host.join()
    assert [data for _, data in out.sent][:2] == [on(60), off(60)]
    assert live.report().notes_left_on == 0


def test_a_show_that_is_logged_goes_on_as_it_began(out: RecordingOut) -> None:
    """Its log has one score and one set of outputs."""
    live = LiveSession(Show(long_chord()), None, [out], None, hosts(FILM_RATE), CLOCK, log=NoLog())
    with pytest.raises(ValueError, match="logged"):
        live.change(Reel.of((), 1.0, {}))


def test_an_output_that_came_too_late_is_closed_at_the_end(out: RecordingOut) -> None:
    late, retired = FailingOut(CLOCK, ()), list[MidiOut]()
    with session(long_chord(), out) as live:
        pass
    live.change(OtherOut(late, (), retired.append))
    live.silence()
    assert (late.closed, late.sent, retired) == (True, [], [])


def test_leaving_releases_what_sounds_note_by_note(out: RecordingOut) -> None:
    with session(long_chord(), out) as live:
        play(live, Position(0, 0.0), Roll(0.1), until_s=0.3)
    assert [data for _, data in out.sent] == [
        *(on(*each) for each in LONG_NOTES),
        *(off(*each) for each in sorted(LONG_NOTES, key=lambda each: each[::-1])),
        *silence(0),
        *silence(1),
    ]


@pytest.mark.parametrize(("refused", "stuck"), [([4], set()), ([4, 5], {(0, 60)})])
def test_an_output_that_fails_ends_the_session_and_releases_what_it_can(
    refused: list[int], stuck: set[tuple[int, int]]
) -> None:
    """Four notes sound, and the fifth fails; one off that fails too does not stop the others."""
    out, keyboard = FailingOut(CLOCK, refused), Keyboard()
    with session(long_chord(), out) as live:
        play(live, Position(0, 0.0), Roll(0.0), until_s=0.2)
        with pytest.raises(PortError, match="cable"):
            live.run()
    for _, data in out.sent:
        keyboard.hear(data)
    assert (keyboard.down, out.closed) == (stuck, True)
    assert [data for _, data in out.sent[-4:]] == [*silence(0), *silence(1)]


def test_a_snapshot_shows_where_the_host_is_and_what_comes(out: RecordingOut) -> None:
    with session(performance(note(0, 9)), out, cue("C C Am F")) as live:
        before = live.snapshot()
        play(live, Position(0, 0.5), Roll(0.1), until_s=0.4)
        now = live.snapshot()
    assert (before.state, before.film_s, before.chord) == (State.STOPPED, None, None)
    assert now.state is State.LOCKED
    assert now.film_s is not None
    assert now.film_s > 0.75
    assert now.chord is not None
    assert now.next_chord is not None
    assert now.to_next_s == pytest.approx(2.0 - now.film_s)
    assert (now.chord.chord.symbol(), now.next_chord.chord.symbol()) == ("C", "Am")


def test_ten_thousand_pieces_of_noise_while_playing(
    out: RecordingOut, capfd: pytest.CaptureFixture[str]
) -> None:
    noise = random.Random(2)
    stream = [
        osc_bundle({"/time": 1.0}),
        osc_bundle({"/play": 1.0, "/stop": 0.0}),
        b"/timecode\0\0\0,s\0\0",
    ]
    with session(long_chord(), out) as live:
        play(live, Position(0, 0.0), Roll(0.0), until_s=0.1)
        for _ in range(10_000):
            piece = bytearray(noise.choice([*stream, noise.randbytes(32)]))
            piece[noise.randrange(len(piece))] ^= 1 << noise.randrange(8)
            live.receive(bytes(piece[: noise.randrange(len(piece) + 1)]), CLOCK.now())
    assert live.report().notes_left_on == 0
    assert sum(live.report().ignored.values()) > 5000
    assert capfd.readouterr().err == ""


CHILD = """
from fakes import FILM_RATE, long_chord
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show

class Out:
    name, api = "stdout", None
    def send(self, data): print(data.hex(), flush=True)
    def alive(self): return True
    def close(self): print("closed", flush=True)

clock = MonotonicClock()
osc = OscIn("127.0.0.1:0", clock)
with LiveSession(Show(long_chord()), None, [Out()], osc, hosts(FILM_RATE), clock) as live:
    print(live.address[1], flush=True)
    live.run()
print(live.report().notes_left_on)
"""


@pytest.fixture
def child() -> Iterator["subprocess.Popen[str]"]:
    """A session in a process of its own that prints what it sends."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        env=python_path(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_releases_what_sounds(child: "subprocess.Popen[str]", name: str) -> None:
    assert child.stdout is not None
    address = ("127.0.0.1", int(child.stdout.readline()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
        host.sendto(osc_bundle({"/time": 0.0, "/stop": 0.0, "/play": 1.0}), address)
    keyboard = Keyboard()
    for _ in LONG_NOTES:
        keyboard.hear(bytes.fromhex(child.stdout.readline()))
    assert len(keyboard.down) == len(LONG_NOTES)
    child.send_signal(getattr(signal, name))
    *rest, closed, left_on = child.stdout.read().split()
    for line in rest:
        keyboard.hear(bytes.fromhex(line))
    assert (keyboard.down, closed, left_on) == (set(), "closed", "0")
    assert child.wait(5) == 0


def test_who_follows_us_is_told_that_the_show_is_over() -> None:
    """A sequencer on our clock stops, and lights hear of it, though the host still rolls."""
    notes, beats, osc = (RecordingOut(CLOCK) for _ in range(3))
    show = Show(
        long_chord(),
        ports=3,
        clock_out=ClockTo(120.0, 1),
        osc_out=OscTo(Key.parse("C major"), (), 2),
    )
    heard = OscIn("127.0.0.1:0", CLOCK)
    with LiveSession(show, None, [notes, beats, osc], heard, hosts(FILM_RATE), CLOCK) as live:
        play(live, Position(0, 0.0), Roll(0.02), until_s=0.4)
    assert [data[0] for _, data in beats.sent if data[0] != 0xF8] == [0xFA, 0xFC]
    assert osc.sent[-1][1].startswith(b"/scorelock/state\0\0\0\0,s\0\0stopped")
    keyboard = Keyboard()
    for _, data in notes.sent:
        keyboard.hear(data)
    assert keyboard.down == set()
