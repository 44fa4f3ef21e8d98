"""A stage in a process of its own: it plays, survives, and leaves nothing sounding."""

import os
import queue
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

import pytest
from fakes import FILM_RATE, Keyboard, note
from jackd import Listener, running_jack

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.stage.orders import (
    FILM,
    HOUSE,
    Failed,
    HouseHalts,
    HouseLocates,
    HouseRolls,
    Load,
    Moment,
    OutIs,
    Ready,
    Said,
    Setting,
    Struck,
    Told,
    Wished,
)
from scorelock.bridge.stage.process import StageProcess
from scorelock.bridge.transport import Lead

T = TypeVar("T")
CLOCK = MonotonicClock()
PLAIN = Setting(FILM_RATE, lead=HOUSE)
PATIENCE_S = 60.0  # a busy machine starts a process late
LONG = Load(tuple(note(0, 50, pitch) for pitch in range(60, 70)), 60.0, {})

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Heard:
    """A stage in another process, and what it told."""

    def __init__(self, setting: Setting) -> None:
        self.lines: list[str] = []
        self._told: queue.Queue[Told] = queue.Queue()
        self.stage = StageProcess(setting, self.lines.append)
        self.stage.start(self._told.put)

    def until(self, kind: type[T], is_it: Callable[[T], bool] = lambda told: True) -> T:
        """Wait for something that is told."""
        ends_s = CLOCK.now() + PATIENCE_S
        while True:
            told = self._told.get(timeout=max(0.01, ends_s - CLOCK.now()))
            if isinstance(told, kind) and is_it(told):
                return told


@pytest.fixture
def begin() -> Iterator[Callable[[Setting], Heard]]:
    """Begins stages, and ends them."""
    begun: list[Heard] = []

    def start(setting: Setting) -> Heard:
        begun.append(Heard(setting))
        return begun[-1]

    yield start
    for each in begun:
        each.stage.close()
        each.stage.close()


def test_it_plays_what_was_ordered_before_it_was_there(
    begin: Callable[[Setting], Heard],
) -> None:
    heard = begin(replace(PLAIN, lead=FILM))
    heard.stage.order(LONG)
    heard.stage.order(Wished(Lead(CLOCK.now(), HOUSE)))
    heard.stage.order(HouseLocates(7.0))
    heard.stage.order(HouseRolls(CLOCK.now()))
    assert heard.until(Ready) == Ready(None, None)
    assert len(heard.until(Struck).notes) == 10
    now = heard.until(Moment, lambda told: told.rate == 1.0)
    assert now.film_s is not None
    assert now.film_s > 7.0
    assert now.at_s == pytest.approx(CLOCK.now(), abs=PATIENCE_S)
    heard.stage.order(HouseHalts())
    assert heard.until(Moment, lambda told: told.rate == 0.0).leads == HOUSE


def test_a_taken_port_is_told_and_it_plays_without_hosts(
    begin: Callable[[Setting], Heard],
) -> None:
    with OscIn("127.0.0.1:0", CLOCK) as taken:
        heard = begin(replace(PLAIN, listen=f"127.0.0.1:{taken.address[1]}", follow="mpv:"))
        said = heard.until(Said).words
        assert "without a host" in said
        assert "is in use" in said
        assert "without mpv:" in heard.until(Said).words
        assert heard.until(Ready).listens is None
    heard.stage.order(LONG)
    heard.stage.order(HouseRolls(CLOCK.now()))
    assert len(heard.until(Struck).notes) == 10


def test_it_tells_where_it_listens(begin: Callable[[Setting], Heard]) -> None:
    told = begin(replace(PLAIN, listen="127.0.0.1:0")).until(Ready)
    assert told.listens is not None
    assert told.listens.startswith("127.0.0.1:")


def test_an_interrupt_of_the_whole_group_does_not_end_it(
    begin: Callable[[Setting], Heard],
) -> None:
    heard = begin(PLAIN)
    heard.until(Ready)
    assert heard.stage.pid is not None
    os.kill(heard.stage.pid, signal.SIGINT)
    heard.until(Moment)
    heard.stage.order(LONG)
    heard.stage.order(HouseRolls(CLOCK.now()))
    assert len(heard.until(Struck).notes) == 10
    assert heard.lines == []


def test_killed_while_notes_sound_it_leaves_none_and_goes_on_where_it_was(
    begin: Callable[[Setting], Heard],
) -> None:
    with running_jack("scorelock-stage"):
        heard = begin(replace(PLAIN, out="virtual:stage"))
        assert heard.until(OutIs) == OutIs("stage")
        listener = Listener("stage")
        heard.stage.order(LONG)
        heard.stage.order(HouseRolls(CLOCK.now()))
        first = heard.until(Moment, lambda told: told.rate == 1.0)
        assert heard.stage.pid is not None
        os.kill(heard.stage.pid, signal.SIGKILL)
        assert "goes on where it was" in heard.until(Said).words
        keyboard = Keyboard()
        for data in listener.heard():
            keyboard.hear(data)
        assert keyboard.down == set()
        assert heard.until(OutIs) == OutIs("stage")
        again = heard.until(Moment, lambda told: told.rate == 1.0)
        assert first.film_s is not None
        assert again.film_s == pytest.approx(first.film_s + again.at_s - first.at_s, abs=0.6)
        listener = Listener("stage")
        heard.stage.close()
        ended = listener.heard()
    assert {data[1] for data in ended if data[0] & 0xF0 == 0x80} == set(range(60, 70))
    assert heard.lines == ["the player had ended; it goes on where it was"]


def test_a_player_that_dies_again_and_again_is_given_up(
    begin: Callable[[Setting], Heard],
) -> None:
    heard = begin(PLAIN)
    for _ in range(3):
        heard.until(Ready)
        assert heard.stage.pid is not None
        os.kill(heard.stage.pid, signal.SIGKILL)
    assert "again and again" in heard.until(Failed).words
    heard.stage.order(LONG)  # nobody hears it
