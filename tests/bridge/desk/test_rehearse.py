"""`scorelock rehearse` as a conductor and two players use it: the real command, real sockets."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec
import pytest
from fakes import python_path
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.desk.messages import (
    Ask,
    Count,
    CueIs,
    Halt,
    Locate,
    MarkTake,
    Now,
    OpenRoom,
    Ping,
    Play,
    Pong,
    Room,
    SetMarker,
    Tell,
    Trouble,
    Welcome,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

CLOCK = MonotonicClock()
PATIENCE_S = 60.0  # on a machine that has much else to do
M = TypeVar("M", bound=Tell)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short film; what is seen in it is kept beside it from the first test on."""
    path = tmp_path_factory.mktemp("rehearsal") / "film.mp4"
    draw_demo_film(path, seconds=8, size=(320, 180))
    return path


class Rehearsal:
    """The command, once it has said where it is."""

    def __init__(self, film: Path, port: int = 0) -> None:
        words = "rehearse", str(film), "--local", "--no-browser", "--port", str(port)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scorelock.bridge.cli", *words, "--listen", "127.0.0.1:0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**python_path(), "OMP_NUM_THREADS": "1"},
            text=True,
        )
        assert self.process.stderr is not None
        found: list[str] = []
        for line in self.process.stderr:
            found += re.findall(r"http://\S+", line)
            if len(found) == 2:
                break
        self.address, self.link = sorted(found, key=len)  # the link has the token in it
        self.port = int(self.address.rstrip("/").rpartition(":")[2])

    def end(self) -> tuple[int, str]:
        """Ctrl-C: the exit code, and what was said since the link."""
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, said


@contextmanager
def rehearsing(film: Path, port: int = 0) -> Iterator[Rehearsal]:
    """The command, ended whatever comes."""
    rehearsal = Rehearsal(film, port)
    try:
        yield rehearsal
    finally:
        rehearsal.process.kill()
        rehearsal.process.communicate()


class Page:
    """A browser's end of a socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._newest: dict[object, Tell] = {}

    def ask(self, ask: Ask) -> None:
        """Say this."""
        self._socket.send(msgspec.json.encode(ask), text=True)

    def hear(self, kind: type[M], such: Callable[[M], bool] = lambda _: True) -> M:
        """The newest message of a kind, or a later one, that is such."""
        until_s = CLOCK.now() + PATIENCE_S
        while CLOCK.now() < until_s:
            newest = self._newest.get(kind)
            if isinstance(newest, kind) and such(newest):
                return newest
            message = msgspec.json.decode(self._socket.recv(PATIENCE_S), type=Tell)
            self._newest[type(message)] = message
        raise AssertionError(f"no such {kind.__name__} came, the newest: {self._newest.get(kind)}")


@contextmanager
def page(url: str) -> Iterator[Page]:
    """A page that is open."""
    origin = Origin("/".join(url.split("/")[:3]))
    where = url.replace("http", "ws", 1) + "socket"
    with connect(where, origin=origin, max_size=None, ping_interval=None) as socket:
        yield Page(socket)


def test_players_come_in_by_the_link_and_follow_the_conductor(film: Path) -> None:
    with rehearsing(film) as rehearsal, ExitStack() as stack:
        desk = stack.enter_context(page(rehearsal.address))
        players = [stack.enter_context(page(rehearsal.link)) for _ in range(2)]
        assert [one.hear(Welcome).role for one in players] == ["player", "player"]
        desk.hear(CueIs, lambda cue: cue.version > 0 and not cue.draft)
        assert desk.hear(Room, lambda room: room.players == 2).link == rehearsal.link
        desk.ask(SetMarker(2.0, "B"))
        desk.ask(Locate(2.0))
        asked_s = CLOCK.now()
        desk.ask(Play(count_in_bars=1))
        for player in players:
            room = player.hear(Room, lambda room: bool(room.markers))
            assert (room.link, room.markers[0].name) == (None, "B")
            count = player.hear(Count)
            assert count.beats_s == sorted(count.beats_s)
            assert count.beats_s[0] > asked_s + 0.25, "it comes in time to be heard"
        for player in players:
            count = player.hear(Count)
            now = player.hear(Now, lambda now: now.rate == 1.0 and now.position_s is not None)
            assert now.position_s is not None
            assert now.leads == "house"
            assert now.position_s - 2.0 == pytest.approx(now.at_s - count.rolls_s, abs=0.01)
        CLOCK.sleep_until(CLOCK.now() + 0.5)
        desk.ask(Halt())
        stopped = desk.hear(Now, lambda now: now.rate == 0.0 and (now.position_s or 0) > 2.3)
        desk.ask(MarkTake("once more"))
        take = desk.hear(Room, lambda room: bool(room.takes)).takes[0]
        assert stopped.position_s is not None
        assert (take.start_s, take.end_s) == pytest.approx((2.0, stopped.position_s), abs=0.05)
        code, said = rehearsal.end()
    assert code == 0
    assert "2 players are there" in said


def test_players_may_look_but_not_edit(film: Path) -> None:
    with rehearsing(film) as rehearsal, page(rehearsal.link) as player:
        score = httpx.get(f"{rehearsal.link}score.json").json()
        assert score["notes"] == []
        assert httpx.get(f"{rehearsal.link}film").status_code == 404
        player.ask(SetMarker(1.0, "mine"))
        player.hear(Trouble)
        before_s = CLOCK.now()
        player.ask(Ping(7))
        assert before_s <= player.hear(Pong, lambda pong: pong.number == 7).at_s <= CLOCK.now()
        for _ in range(5):
            player.ask(OpenRoom(False))
        with pytest.raises(ConnectionClosed):
            player.hear(Room, lambda room: not room.open)


def test_a_wrong_token_finds_nothing(film: Path) -> None:
    with rehearsing(film) as rehearsal:
        address, token, _ = rehearsal.link.rsplit("/", 2)
        for wrong in ("x" * 22, "%2e%2e/%2e%2e", "A" * 5000):
            for name in ("", "score.json"):
                assert httpx.get(f"{address}/{wrong}/{name}").status_code == 404
            with pytest.raises(InvalidStatus), page(f"{address}/{wrong}/"):
                pass
        assert httpx.get(f"{address}/{token}/").status_code == 200


def test_killed_and_started_again_it_is_the_same_room(film: Path) -> None:
    with rehearsing(film) as first, page(first.address) as desk:
        run = desk.hear(Welcome).run
        desk.ask(SetMarker(3.0, "Coda"))
        desk.hear(Room, lambda room: any(each.name == "Coda" for each in room.markers))
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
    with rehearsing(film, first.port) as second, page(first.link) as player:
        assert second.link == first.link
        assert player.hear(Welcome).run != run
        room = player.hear(Room)
        assert "Coda" in [each.name for each in room.markers]
