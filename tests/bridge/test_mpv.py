"""The player mpv: its lines as its manual has them, and the program where it is installed."""

import json
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from films import flat, write_film
from hypothesis import given
from hypothesis import strategies as st
from wires import WireRig

from scorelock.bridge.chaser import Chaser, State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.timelines.mpv import COMMANDS, OBSERVED, MpvReader, MpvTimeline
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)
from scorelock.engine.errors import BadSetting

CLOCK = MonotonicClock()
needs_sockets = pytest.mark.skipif(sys.platform == "win32", reason="needs Unix sockets")
needs_mpv = pytest.mark.skipif(
    shutil.which("mpv") is None, reason="needs mpv: the program is not installed"
)


def line(**fields: object) -> bytes:
    """As mpv writes it."""
    return json.dumps(fields).encode()


def changed(name: str, data: object = None) -> bytes:
    """A property has changed; without data it has none now."""
    fields = {} if data is None else {"data": data}
    return line(event="property-change", id=1, name=name, **fields)


JOINED = [
    line(request_id=0, error="success"),
    changed("time-pos", 5.0),
    changed("speed", 1.0),
    changed("pause", False),
    changed("seeking", False),
    changed("core-idle", False),
    changed("ab-loop-a", "no"),
    changed("ab-loop-b", "no"),
    changed("loop-file", False),
    changed("duration", 60.0),
]
"""What a player that plays says at once."""


def told(*lines: bytes, reader: MpvReader | None = None) -> list[TransportEvent]:
    """What the reader makes of them, all at 1 s."""
    reader = MpvReader() if reader is None else reader
    return [event for each in lines for event in reader.hear(each, 1.0)]


def joined() -> MpvReader:
    """A reader that knows the player."""
    reader = MpvReader()
    told(*JOINED, reader=reader)
    return reader


def test_who_joins_late_is_told_all() -> None:
    assert told(*JOINED) == [Position(1.0, 5.0), Rate(1.0, 1.0), Roll(1.0)]


@pytest.mark.parametrize(
    ("lines", "events"),
    [
        ([changed("pause", True), changed("core-idle", True)], [Pause(1.0)]),
        ([changed("core-idle", True), changed("core-idle", False)], [Pause(1.0), Roll(1.0)]),
        ([changed("speed", 2.0)], [Rate(1.0, 2.0)]),
        ([changed("time-pos", 5.04)], [Position(1.0, 5.04)]),
        (
            [
                line(event="seek"),
                changed("time-pos", 10.0),
                changed("seeking", True),
                changed("core-idle", True),
                line(event="playback-restart"),
                changed("seeking", False),
                changed("core-idle", False),
                changed("time-pos", 10.04),
            ],
            [Pause(1.0), Position(1.0, 10.0), Roll(1.0), Position(1.0, 10.04)],
        ),
        (
            [changed("ab-loop-a", 8.0), changed("ab-loop-b", 16.0), changed("ab-loop-a", "no")],
            [LoopRange(1.0, 8.0, 16.0), Repeat(1.0, True), Repeat(1.0, False)],
        ),
        (
            [changed("ab-loop-a", 16.0), changed("ab-loop-b", 8.0)],
            [LoopRange(1.0, 8.0, 16.0), Repeat(1.0, True)],
        ),
        (
            [changed("loop-file", "inf"), changed("loop-file", False)],
            [LoopRange(1.0, 0.0, 60.0), Repeat(1.0, True), Repeat(1.0, False)],
        ),
        (
            [
                changed("time-pos"),
                line(event="end-file", reason="eof"),
                line(event="start-file"),
                line(event="playback-restart"),
            ],
            [Stop(1.0), Roll(1.0)],
        ),
    ],
)
def test_what_a_player_that_plays_says(lines: list[bytes], events: list[object]) -> None:
    assert told(*lines, reader=joined()) == events


def test_a_film_is_followed_frame_by_frame_at_double_speed_too() -> None:
    """25 frames a second of film, shown 50 a second."""
    frames = [(2 + i / 50, changed("time-pos", 5 + i / 25)) for i in range(100)]
    start = [(1.9, each) for each in (*JOINED[:2], changed("speed", 2.0), *JOINED[3:])]
    rig = WireRig(Deaf(MpvReader())).hear([*start, *frames], 4.0)
    fix = rig.follower.chaser.fix(4.0)
    assert (fix.state, fix.rate) == (State.LOCKED, 2.0)
    assert fix.position_s == pytest.approx(9.0, abs=0.001)


class Deaf:
    """Silence means nothing to mpv's reader; the rig asks all the same."""

    def __init__(self, reader: MpvReader) -> None:
        self.ignored = reader.ignored
        self.hear = reader.hear

    def expire(self, now_s: float) -> list[TransportEvent]:
        """Nothing."""
        return []


values: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just([])
)
events_of_mpv = st.sampled_from(("seek", "playback-restart", "end-file")) | st.text()


@given(
    st.lists(
        st.binary()
        | st.builds(changed, st.sampled_from(OBSERVED) | st.text(), values)
        | st.builds(lambda name: line(event=name), events_of_mpv)
    )
)
def test_no_line_raises_and_only_finite_positions_are_told(lines: list[bytes]) -> None:
    reader = MpvReader()
    for event in told(*lines, b"[" * 100_000, b"9" * 5_000, b'{"event":[]}', reader=reader):
        if isinstance(event, Position):
            assert 0 <= event.position_s < float("inf")
    assert reader.ignored["not JSON of mpv"] >= 2


def test_numbers_without_end_are_no_positions() -> None:
    reader = MpvReader()
    assert told(changed("time-pos", 10**400), changed("time-pos", -1), reader=reader) == []
    assert reader.ignored == {"no position": 2}


class Heard:
    """What a time line told so far, and waiting for more of it."""

    def __init__(self) -> None:
        self.events: list[TransportEvent] = []
        self._news = threading.Condition()

    def receive(self, events: Sequence[TransportEvent], at_s: float) -> None:
        """Keep them."""
        with self._news:
            self.events += events
            self._news.notify()

    def wait_for(self, kind: type[TransportEvent], count: int = 1) -> None:
        """Until that many of them were told."""
        with self._news:
            assert self._news.wait_for(
                lambda: sum(isinstance(event, kind) for event in self.events) >= count, 10
            ), self.events


@needs_sockets
def test_a_player_that_starts_later_ends_and_comes_again(tmp_path: Path) -> None:
    heard, path, asked = Heard(), tmp_path / "mpv", b""
    timeline = MpvTimeline(str(path), CLOCK)
    timeline.start(heard.receive)
    for count in (1, 2):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(path))
            server.listen()
            player, _ = server.accept()
        with player:
            asked = b""
            while len(asked) < len(COMMANDS):
                asked += player.recv(4096)
            whole = b"".join(each + b"\n" for each in JOINED)
            player.sendall(whole[:101])  # lines are not parted where reads are
            player.sendall(whole[101:] + changed("time-pos", 6.0))
            heard.wait_for(Roll, count)
        path.unlink()
        heard.wait_for(Stop, count)
    timeline.close()
    kinds = [Position, Rate, Roll, Stop]
    assert [type(event) for event in heard.events] == kinds * 2
    names = [json.loads(each)["command"][2] for each in asked.splitlines()]
    assert names == list(OBSERVED)


@needs_sockets
def test_a_player_that_never_ends_its_line_is_left(tmp_path: Path) -> None:
    path = tmp_path / "mpv"
    timeline = MpvTimeline(str(path), CLOCK)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        timeline.start(Heard().receive)
        player, _ = server.accept()
        with player, suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                player.sendall(b"x" * 65_536)
            pytest.fail("6 MB without an end were taken")
    timeline.close()


def test_a_place_where_no_socket_can_be_is_told_at_once() -> None:
    with pytest.raises(BadSetting, match="--input-ipc-server"):
        MpvTimeline("/nowhere/at/all", CLOCK)


@pytest.fixture
def mpv(tmp_path: Path) -> Iterator[Path]:
    """The socket of an mpv that is paused at the start of ten seconds of film."""
    film = write_film(tmp_path / "film.mp4", flat(250, (0, 0, 0)), 25.0, codec="mp4v")
    path = tmp_path / "mpv"
    quiet = ("--no-config", "--no-terminal", "--vo=null", "--ao=null")
    words = ("mpv", *quiet, "--pause", f"--input-ipc-server={path}", film)
    with subprocess.Popen(words) as player:
        yield path
        player.terminate()


def tell(path: Path, *command: object) -> None:
    """Give mpv a command."""
    with socket.socket(socket.AF_UNIX) as wire:
        wire.connect(str(path))
        wire.sendall(json.dumps({"command": command}).encode() + b"\n")
        wire.recv(4096)


@needs_mpv
def test_the_real_player_plays_seeks_loops_pauses_and_quits(mpv: Path) -> None:
    heard, chaser = Heard(), Chaser()
    timeline = MpvTimeline(str(mpv), CLOCK)
    timeline.start(heard.receive)
    heard.wait_for(Position)
    tell(mpv, "set_property", "ab-loop-a", 1.0)
    tell(mpv, "set_property", "ab-loop-b", 2.0)
    heard.wait_for(Repeat)
    tell(mpv, "set_property", "ab-loop-b", "no")
    heard.wait_for(Repeat, 2)
    tell(mpv, "set_property", "pause", False)
    heard.wait_for(Position, 20)
    tell(mpv, "set_property", "pause", True)
    heard.wait_for(Pause)
    tell(mpv, "seek", 6.0, "absolute+exact")
    tell(mpv, "set_property", "pause", False)
    heard.wait_for(Roll, 2)
    count = len(heard.events)
    heard.wait_for(Position, sum(isinstance(e, Position) for e in heard.events) + 20)
    tell(mpv, "set_property", "speed", 2.0)
    heard.wait_for(Rate, 2)
    tell(mpv, "quit")
    heard.wait_for(Stop)
    timeline.close()
    first = next(event for event in heard.events if isinstance(event, Position))
    assert first.position_s < 0.1
    for event in heard.events[: count + 20]:
        chaser.observe(event)
    last = heard.events[count + 19]
    fix = chaser.fix(last.at_s)
    assert isinstance(last, Position)
    assert fix.state is State.LOCKED
    assert fix.position_s == pytest.approx(last.position_s, abs=0.05)
    assert last.position_s > 6.5
    loop = next(event for event in heard.events if isinstance(event, LoopRange))
    assert (loop.start_s, loop.end_s) == (1.0, 2.0)
