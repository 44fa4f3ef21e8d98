"""A show that was logged goes the same way again, byte for byte; what differs is found."""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import (
    FILM_RATE,
    FailingOut,
    long_chord,
    message,
    note,
    performance,
    python_path,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scores import cue

from scorelock.bridge.clock import ManualClock, MonotonicClock
from scorelock.bridge.commands import live
from scorelock.bridge.commands import replay as command
from scorelock.bridge.dialects import hosts
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.replay import replay
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import (
    ClockTo,
    Expression,
    Lane,
    Late,
    OnStop,
    OscTo,
    Show,
    TimecodeTo,
)
from scorelock.bridge.show_log import Gap, Heard, Record, Sent, Turn, encode, read_log
from scorelock.bridge.simulate import HostSimulator, Move, TimedDatagram, osc_bundle, reaper
from scorelock.bridge.transport import Pause, Position, Roll, Stop
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import BadSetting, PortError
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, Performance
from scorelock.engine.vocabulary import Chord

CLOCK = MonotonicClock()
PEERS = (("192.0.2.7", 8000), ("192.0.2.8", 9000))
"""Two hosts, who speak in turns as chance will have it."""
SCORE = performance(
    *(
        note(i / 4, i / 4 + length_s, 60 + i % 3, channel)
        for i in range(80)
        for channel, length_s in enumerate((0.2, 0.6))
    )
)
EVERYTHING = Show(
    SCORE,
    film_start_s=0.5,
    latency_s=0.01,
    lanes={0: Lane(1, 4)},
    ports=3,
    late=Late.COUNT,
    on_stop=OnStop.CHORD,
    expression=Expression((0.1, 0.5, 0.2) * 7, (1, 11), (Lane(1, 4),)),
    timecode_out=TimecodeTo(FILM_RATE, 2),
    clock_out=ClockTo(100.0, 0),
    osc_out=OscTo(Key.parse("A minor"), (1.0, 2.5, 7.0), 2),
)
"""A show with all that can be chosen."""


@pytest.fixture(scope="module")
def osc() -> Iterator[OscIn]:
    """A socket for shows that are driven by hand; nobody sends to it."""
    with OscIn("127.0.0.1:0", CLOCK) as osc:
        yield osc


class ManualShow:
    """A live session whose threads do not run, on a manual clock: turn by turn as they would."""

    def __init__(self, path: Path, show: Show, osc: OscIn) -> None:
        self._osc = osc
        self.clock = ManualClock(100.0)
        self.out = RecordingOut(self.clock)
        self.log = ShowLog(path)
        self.log.begin("film.mp4", FILM_RATE)
        self.live = LiveSession(
            show, None, [self.out] * show.ports, osc, hosts(FILM_RATE), self.clock, log=self.log
        )
        self._wake_s = 0.0

    def hear(self, datagrams: Iterable[TimedDatagram], until_s: float) -> None:
        """Let these arrive, each at its time after the start, and the clock run on to until_s."""
        for at_s, data in datagrams:
            self._run_to(100.0 + at_s)
            self._osc.peer = PEERS[b"\0\0\0\0" in data]
            self.live.receive(data, 100.0 + at_s)
            self._turn()
        self._run_to(100.0 + until_s)
        self.log.close()

    def _run_to(self, at_s: float) -> None:
        while self._wake_s < at_s:
            self.clock.sleep_until(self._wake_s)
            self._turn()
        self.clock.sleep_until(at_s)

    def _turn(self) -> None:
        self._wake_s = max(self.live.turn(), self.clock.now() + 1e-6)


SECONDS = st.floats(0, 22)
BUTTONS = st.sampled_from([Roll(0), Stop(0), Pause(0)])
MOVES = st.lists(
    st.tuples(st.floats(0.01, 2.0), BUTTONS | SECONDS.map(lambda s: Position(0, s))), max_size=12
)
NOISE = st.lists(
    st.tuples(
        st.floats(0, 20),
        st.binary(max_size=24)
        | SECONDS.map(lambda s: osc_bundle({"/time": s}))
        | st.just(message("/time", float("nan")))
        | st.sampled_from(["reaper", ""]).map(lambda name: message("/scorelock/lead", name))
        | st.floats(-99, 99).map(lambda ms: message("/scorelock/latency", ms))
        | st.just(message("/scorelock/panic")),
    ),
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(MOVES, NOISE, st.integers(0, 99))
def test_any_storm_of_moves_replays_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory,
    osc: OscIn,
    moves: list[tuple[float, Move]],
    noise: list[tuple[float, bytes]],
    seed: int,
) -> None:
    path = tmp_path_factory.mktemp("storm") / "show.log"
    now_s, script = 0.0, []
    for wait_s, move in moves:
        now_s += wait_s
        script.append(replace(move, at_s=now_s))
    stream = [*reaper(script, now_s + 1.0, delay_s=0.016, seed=seed)]
    stream += [TimedDatagram(at_s, data) for at_s, data in noise]
    show = ManualShow(path, EVERYTHING, osc)
    show.hear(sorted(stream), now_s + 2.0)
    again = replay(read_log(path))
    assert again.difference is None
    assert (again.messages, again.datagrams) == (len(show.out.sent), len(stream))
    assert [
        (record.at_s, record.data) for record in read_log(path) if isinstance(record, Sent)
    ] == show.out.sent


@pytest.fixture
def logged(tmp_path: Path, osc: OscIn) -> Path:
    """A show with a locate that made a good many messages."""
    path = tmp_path / "show.log"
    show = ManualShow(path, Show(SCORE), osc)
    show.hear(reaper((Position(0, 0.0), Roll(0.2), Position(2.0, 9.1), Stop(3.0)), 4.0), 4.0)
    assert len(show.out.sent) > 30
    return path


def changed(path: Path, change: Callable[[list[Record]], None]) -> list[Record]:
    """A log's records after a change."""
    records = list(read_log(path))
    change(records)
    return records


def at(records: list[Record], kind: type[Record], number: int) -> int:
    """Where the record of that kind and number (from 0) stands."""
    return [index for index, record in enumerate(records) if isinstance(record, kind)][number]


def test_another_byte_is_found_where_it_is(logged: Path) -> None:
    def change(records: list[Record]) -> None:
        index = at(records, Sent, 10)
        sent = records[index]
        assert isinstance(sent, Sent)
        records[index] = replace(sent, data=sent.data[:2] + b"\x01")

    result = replay(changed(logged, change))
    assert (result.same, result.messages) == (False, 10)
    assert result.difference is not None
    assert result.difference.then.startswith("sends ")
    assert result.difference.then != result.difference.now


def test_another_wanted_time_is_found(logged: Path) -> None:
    def change(records: list[Record]) -> None:
        index = at(records, Sent, 3)
        sent = records[index]
        assert isinstance(sent, Sent)
        assert sent.wanted_s is not None
        records[index] = replace(sent, wanted_s=sent.wanted_s + 1e-9)

    assert replay(changed(logged, change)).messages == 3


@pytest.mark.parametrize("kind", [Sent, Turn, Heard])
def test_a_record_too_few_is_found(logged: Path, kind: type[Record]) -> None:
    """Without a datagram a turn takes in one event less than it did."""

    def change(records: list[Record]) -> None:
        del records[at(records, kind, 5)]

    result = replay(changed(logged, change))
    assert result.difference is not None


def test_what_a_datagram_says_now_is_held_against_what_it_said(logged: Path) -> None:
    def change(records: list[Record]) -> None:
        index = at(records, Heard, 4)
        heard = records[index]
        assert isinstance(heard, Heard)
        assert heard.source == "reaper"
        assert heard.peer in PEERS
        records[index] = replace(heard, data=message("/time", 77.0))

    difference = replay(changed(logged, change)).difference
    assert difference is not None
    assert difference.now.startswith("reads ")
    assert "77.0" in difference.now
    assert "77.0" not in difference.then


def test_nothing_is_compared_past_a_gap(logged: Path) -> None:
    def change(records: list[Record]) -> None:
        records[at(records, Sent, 8) :] = [Gap(5), *turns(), Gap(2)]

    result = replay(changed(logged, change))
    assert (result.same, result.difference, result.messages, result.missing) == (False, None, 8, 7)


def turns() -> list[Record]:
    """Some that cannot be."""
    return [Turn(0.0, 99, ())]


def test_a_log_cut_anywhere_replays_as_far_as_it_goes(logged: Path) -> None:
    whole = logged.read_bytes()
    header, begun, *_ = whole.splitlines(keepends=True)
    messages = []
    for size in range(len(header + begun), len(whole), 997):
        logged.write_bytes(whole[:size])
        result = replay(read_log(logged))
        assert (result.same, result.ended) == (True, False)
        messages.append(result.messages)
    assert messages == sorted(messages)
    assert messages[-1] > 20


def part(start_s: float, *pitches: int) -> Arranged:
    """A span of half a second and its notes."""
    span = ChordSpan(start_s, start_s + 0.5, Chord.parse("C"))
    return Arranged(span, tuple(note(start_s, start_s + 0.5, p) for p in pitches), (), ())


def show(
    path: Path,
    out: RecordingOut,
    *moves: Move,
    until_s: float,
    score: Performance | None = None,
    coming: Iterable[Arranged] = (),
) -> LiveSession:
    """A show in real time with all its threads."""
    with ShowLog(path) as log:
        log.begin("film.mp4", FILM_RATE)
        osc = OscIn("127.0.0.1:0", CLOCK)
        session = LiveSession(
            Show(score or SCORE), None, [out], osc, hosts(FILM_RATE), CLOCK, coming=coming, log=log
        )
        with session:
            host = HostSimulator(reaper(moves, until_s), [session.address], CLOCK)
            host.start(CLOCK.now())
            host.join()
            CLOCK.sleep_until(host.start_s + until_s)
    return session


def test_a_show_in_real_time_with_its_end(tmp_path: Path) -> None:
    """It is left while notes sound: their release is in the log and in the replay."""
    out = RecordingOut(CLOCK)
    session = show(tmp_path / "a.log", out, Position(0, 0.0), Roll(0.05), until_s=0.6)
    result = replay(read_log(tmp_path / "a.log"))
    assert (result.same, result.ended, result.error) == (True, True, None)
    assert result.messages == len(out.sent) > 6
    assert session.report().log_dropped == 0
    assert out.sent[-1][1][:2] == bytes((0xB1, 123))
    logged = [record for record in read_log(tmp_path / "a.log") if isinstance(record, Sent)]
    assert [sent.data for sent in logged] == [data for _, data in out.sent]
    assert all(sent.wanted_s is None or sent.at_s >= sent.wanted_s for sent in logged)


def test_what_is_composed_while_playing_is_in_the_log_as_it_came(tmp_path: Path) -> None:
    def composing() -> Iterator[Arranged]:
        yield part(0.0, 60)
        CLOCK.sleep_until(CLOCK.now() + 0.3)
        yield part(0.5, 64)

    out = RecordingOut(CLOCK)
    moves = (Position(0, 0.0), Roll(0.1), Stop(0.8))
    score = Performance((), 5.0)
    show(tmp_path / "a.log", out, *moves, until_s=1.0, score=score, coming=composing())
    assert {data[1] for _, data in out.sent if data[0] == 0x90} == {60, 64}
    result = replay(read_log(tmp_path / "a.log"))
    assert (result.same, result.messages) == (True, len(out.sent))


def test_a_show_whose_output_failed(tmp_path: Path) -> None:
    """The fifth message was refused; the rest of its turn never went, then came the release."""
    out = FailingOut(CLOCK, [4])
    with ShowLog(tmp_path / "a.log") as log:
        log.begin("film.mp4", FILM_RATE)
        osc = OscIn("127.0.0.1:0", CLOCK)
        session = LiveSession(
            Show(long_chord()), None, [out], osc, hosts(FILM_RATE), CLOCK, log=log
        )
        host = HostSimulator(reaper((Position(0, 0.0), Roll(0)), 0.5), [session.address], CLOCK)
        with session:
            host.start(CLOCK.now() + 0.1)  # not before anybody listens
            with pytest.raises(PortError, match="cable"):
                session.run()
    host.join()
    result = replay(read_log(tmp_path / "a.log"))
    assert (result.same, result.error) == (True, "PortError: the cable is out")
    assert result.messages == len(out.sent) == 4 + 10 + 4


CHILD = """
import sys
from pathlib import Path
from fakes import FILM_RATE, performance, note
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import SilentOut
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import (
    ClockTo,
    Expression,
    Lane,
    Late,
    OnStop,
    OscTo,
    Show,
    TimecodeTo,
)

clock = MonotonicClock()
score = performance(*(note(i / 50, i / 50 + 0.01) for i in range(2000)))
with ShowLog(Path(sys.argv[1])) as log:
    log.begin("film.mp4", FILM_RATE)
    osc = OscIn("127.0.0.1:0", clock)
    outs = [SilentOut()]
    with LiveSession(Show(score), None, outs, osc, hosts(FILM_RATE), clock, log=log) as live:
        print(live.address[1], flush=True)
        live.run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_show_that_is_killed_loses_at_most_its_last_second(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)],
        env=python_path(),
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        address = ("127.0.0.1", int(child.stdout.readline()))
        host = HostSimulator(reaper((Position(0, 0.0), Roll(0.0)), 2.0), [address], CLOCK)
        host.start(CLOCK.now())
        host.join()
        killed_s = CLOCK.now()
        child.send_signal(signal.SIGKILL)
    result = replay(read_log(path))
    assert (result.same, result.ended) == (True, False)
    last_s = [record for record in read_log(path) if isinstance(record, Sent)][-1].at_s
    assert killed_s - last_s < 1.0  # the machine's clock is the same for every process on it
    assert result.messages > 50


def arguments(module: object, *words: str) -> argparse.Namespace:
    """A command's arguments, as its parser reads them."""
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)  # type: ignore[attr-defined]
    return parser.parse_args(words)


def test_live_keeps_a_log_and_replay_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "show.log"
    chords = cue("C C Am F", key="A minor")
    parts = [part(i / 2, 60 + i, 72 + i) for i in range(8)]

    def play(self: LiveSession, view: object = None) -> None:
        host = HostSimulator(reaper((Position(0, 10.0), Roll(0)), 0.9), [self.address], CLOCK)
        host.start(CLOCK.now())
        host.join()

    monkeypatch.setattr(live, "stream_of", lambda args: (chords, iter(parts)))
    monkeypatch.setattr(live, "midi_out_or_none", lambda wanted, say, opened: RecordingOut(CLOCK))
    monkeypatch.setattr(LiveSession, "run", play)
    words = ("--listen", "127.0.0.1:0", "--film-start", "10", "--log", str(path))
    assert live.run(arguments(live, "film.mp4", *words)) == 0
    sent = sum(isinstance(record, Sent) for record in read_log(path))
    capsys.readouterr()
    assert command.run(arguments(command, str(path))) == 0
    assert f"the same {sent} messages" in capsys.readouterr().out
    assert sent > 4
    assert command.run(arguments(command, str(path), "--json")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["same"], told["messages"], told["ended"]) == (True, sent, True)


def test_the_command_shows_the_first_difference_and_exits_1(
    logged: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(records: list[Record]) -> None:
        del records[at(records, Sent, 5)]

    logged.write_bytes(b"".join(map(encode, changed(logged, change))))
    assert command.run(arguments(command, str(logged))) == 1
    first, now, then, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("another way after 5 same messages, at 1")
    assert now.startswith("  now:  sends ")
    assert then.startswith("  then: ")


def test_a_log_without_a_show_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    with ShowLog(path) as log:
        log.begin("film.mp4", FILM_RATE)
    with pytest.raises(BadSetting, match="before the show began"):
        command.run(arguments(command, str(path)))
