"""A real Ardour, followed over OSC: what is played when it plays, locates, loops, stops and dies.

Ardour tells where it is ten times a second, so where it jumps is heard of up to a tenth of a second
late: which notes are struck, and that each is released, is tested here, not how exactly.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from ardour import running_ardour
from fakes import FILM_RATE, Keyboard, note, performance

from scorelock.bridge.asking import question
from scorelock.bridge.chaser import State
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.headless_ardour import HeadlessArdour
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Show

CLOCK = MonotonicClock()
LOWEST, STEP_S = 20, 0.25
SCALE = performance(*(note(i * STEP_S, i * STEP_S + 0.2, LOWEST + i) for i in range(100)))
"""A note every quarter of a second, each half a tone higher: a note is a place."""
SAMPLES_A_NOTE = 12_000


class Following:
    """A live session that follows the host, and what it sends."""

    def __init__(self, live: LiveSession, out: RecordingOut) -> None:
        self.live = live
        self._out = out

    @property
    def steps(self) -> list[int]:
        """The notes that were struck so far, from 0."""
        return [data[1] - LOWEST for _, data in self._out.sent if data[0] == 0x90]

    @property
    def keyboard(self) -> Keyboard:
        """One that has heard all that was sent so far."""
        keyboard = Keyboard()
        for _, data in self._out.sent:
            keyboard.hear(data)
        return keyboard

    def wait_for(self, what: Callable[[], bool], within_s: float = 15.0) -> None:
        """Until it is so."""
        until_s = CLOCK.now() + within_s
        while not what():
            assert CLOCK.now() < until_s, (self.live.snapshot(), self.steps)
            CLOCK.sleep_until(CLOCK.now() + 0.02)

    def wait_for_state(self, state: State, within_s: float = 15.0) -> None:
        """Until that is what is known of the host."""
        self.wait_for(lambda: self.live.snapshot().state is state, within_s)


@pytest.fixture(scope="module")
def ardour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeadlessArdour]:
    """It takes some seconds to start: one for all tests of this file."""
    with running_ardour(tmp_path_factory.mktemp("ardour")) as host:
        yield host


@contextmanager
def following(ardour: HeadlessArdour) -> Iterator[Following]:
    """A session that asked Ardour to speak, which stands at its start."""
    out, osc = RecordingOut(CLOCK), OscIn("127.0.0.1:0", CLOCK)
    host, port = ardour.osc
    dialect = hosts(FILM_RATE, osc.address[1])
    with LiveSession(Show(SCALE), None, [out], osc, dialect, CLOCK) as live:
        osc.greet(*question(f"ardour@{host}:{port}", FILM_RATE, osc.address[1]))
        session = Following(live, out)
        session.wait_for(lambda: live.snapshot().host_s == 0)
        yield session
    ardour.stop()
    ended = session.keyboard
    assert (ended.down, ended.double_ons, ended.loose_offs) == (set(), 0, 0)


def test_every_note_is_played_once_until_it_stops(ardour: HeadlessArdour) -> None:
    with following(ardour) as session:
        ardour.send("/transport_play")
        session.wait_for(lambda: len(session.steps) == 8)
        ardour.send("/transport_stop")
        session.wait_for_state(State.STOPPED)
        assert not session.keyboard.down
        assert session.steps == [*range(len(session.steps))]
        stopped_s = session.live.snapshot().host_s
        assert stopped_s is not None
        stands = int(stopped_s / STEP_S)
        assert session.steps[-1] in (stands, stands + 1)
        ardour.send("/transport_play")
        before = session.steps
        session.wait_for(lambda: len(session.steps) == len(before) + 4)
        resumed = session.steps[len(before) :]
    assert resumed[0] in (stands, stands + 1)  # a busy Ardour may stop a little behind its clock
    assert resumed == [*range(resumed[0], resumed[0] + len(resumed))]


@pytest.mark.parametrize("place", [40, 3])
def test_a_locate_while_rolling_goes_on_there(ardour: HeadlessArdour, place: int) -> None:
    """Its second argument tells Ardour to roll on."""
    with following(ardour) as session:
        ardour.send("/transport_play")
        session.wait_for(lambda: len(session.steps) == 10)
        ardour.send("/locate", place * SAMPLES_A_NOTE, 1)
        session.wait_for(lambda: len(session.steps) == 16)
    jumps = [index for index, (a, b) in enumerate(pairwise(session.steps), 1) if b != a + 1]
    assert len(jumps) == 1
    assert session.steps[0] == 0
    assert jumps[0] in (10, 11)
    assert session.steps[jumps[0]] in (place, place + 1, place + 2)
    assert session.live.report().locates == 1


def test_a_locate_that_stops_it_without_a_word_is_noticed(ardour: HeadlessArdour) -> None:
    with following(ardour) as session:
        ardour.send("/transport_play")
        session.wait_for(lambda: len(session.steps) == 4)
        ardour.send("/locate", 0, 0)
        session.wait_for_state(State.STOPPED)
        assert not session.keyboard.down


def test_a_loop_is_played_round_and_round(ardour: HeadlessArdour) -> None:
    """Ardour tells no one where its loop is: a wrap is a locate, heard of with the next report."""
    start, end = 8, 16
    with following(ardour) as session:
        ardour.send("/loop_location", start * SAMPLES_A_NOTE, end * SAMPLES_A_NOTE)
        ardour.send("/locate", start * SAMPLES_A_NOTE, 0)
        session.wait_for(lambda: session.live.snapshot().host_s == start * STEP_S)
        ardour.send("/loop_toggle")
        session.wait_for(lambda: session.steps.count(end - 3) == 3)
        ardour.send("/loop_toggle")
        ardour.send("/transport_stop")
        session.wait_for_state(State.STOPPED)
    seams = [index for index, (a, b) in enumerate(pairwise(session.steps), 1) if b <= a]
    passes = [session.steps[a:b] for a, b in pairwise([0, *seams])]
    assert len(passes) >= 2
    for each in passes:
        assert each == [*range(each[0], each[-1] + 1)]
        assert each[0] in (start, start + 1, start + 2)
        assert each[-1] in (end - 1, end)


def test_a_host_that_is_killed_leaves_silence_and_is_followed_when_it_is_back(
    ardour: HeadlessArdour,
) -> None:
    with following(ardour) as session:
        ardour.send("/transport_play")
        session.wait_for(lambda: len(session.steps) == 6)
        before = len(session.steps)
        ardour.kill()
        session.wait_for_state(State.LOST, 3.0)
        assert not session.keyboard.down
        ardour.start()
        session.wait_for_state(State.STOPPED)
        session.wait_for(lambda: session.live.snapshot().host_s == 0)
        ardour.send("/transport_play")
        session.wait_for(lambda: len(session.steps) >= before + 6)
    again = session.steps[-3:]
    assert again == [*range(again[0], again[0] + 3)]
