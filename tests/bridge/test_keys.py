"""Keys at a terminal are wishes of the show that runs."""

import os
import sys
from collections.abc import Iterator

import pytest
from fakes import FILM_RATE, note, performance

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.keys import keys, press
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show
from scorelock.bridge.transport import Position, Roll

CLOCK = MonotonicClock()


@pytest.fixture
def session() -> LiveSession:
    show = Show(performance(note(0, 50)))
    return LiveSession(show, None, [RecordingOut(CLOCK)], None, hosts(FILM_RATE), CLOCK)


def test_latency_goes_in_steps_and_not_beyond_what_makes_sense(session: LiveSession) -> None:
    for key in "]]}[x":
        press(key, session, CLOCK.now())
        session.turn()
    assert session.latency_s == pytest.approx(0.011)
    for _ in range(300):
        press("}", session, CLOCK.now())
        session.turn()
    assert session.latency_s == 2.0


def test_p_is_silence_and_l_the_next_host(session: LiveSession) -> None:
    def hear(host: str, *events: Position | Roll) -> None:
        from scorelock.bridge.show_log import Heard

        session.hear(Heard(CLOCK.now(), host, (host, 1), None, events))
        session.turn()

    now_s = CLOCK.now()
    hear("one", Position(now_s, 1.0), Roll(now_s))
    hear("two", Position(now_s, 9.0))
    hear("one", Position(CLOCK.now(), 1.0))
    assert (session.snapshot().leads, session.snapshot().others) == ("one@one:1", ("two@two:1",))
    assert session.report().notes_left_on == 1
    press("p", session, CLOCK.now())
    session.turn()
    assert session.report().notes_left_on == 0
    press("l", session, CLOCK.now())
    hear("one", Position(CLOCK.now(), 3.0))
    hear("two", Position(CLOCK.now(), 9.5))
    assert (session.snapshot().leads, session.snapshot().host_s) == ("two@two:1", 9.5)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Puts a terminal in the place of standard input; gives the end that a user types at."""
    pty = pytest.importorskip("pty", reason="needs pseudo-terminals, which this system lacks")
    typed, read = pty.openpty()
    with os.fdopen(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield typed
    os.close(typed)


def test_a_terminal_is_read_key_by_key_and_left_as_it_was(
    session: LiveSession, terminal: int
) -> None:
    termios = pytest.importorskip("termios", reason="needs termios, which this system lacks")
    before = termios.tcgetattr(terminal)
    with keys(session, CLOCK):
        assert termios.tcgetattr(terminal) != before
        os.write(terminal, b"]]q")
        session.run()  # until q
        session.turn()
    assert termios.tcgetattr(terminal) == before
    assert session.latency_s == pytest.approx(0.002)


def test_without_a_terminal_nothing_is_read(session: LiveSession) -> None:
    with keys(session, CLOCK):
        pass
