"""A host that nobody knows is learned from what it sends, and then followed where it truly is."""

import argparse
import json
import re
import socket
import threading
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from fakes import message
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.commands.learn import STEPS, add_arguments, guided, hand_written, run, summary
from scorelock.bridge.dialects import Setup, hosts, read
from scorelock.bridge.dialects.learned import Learned, clock_s
from scorelock.bridge.dialects.mapping import (
    Mapping,
    Unit,
    Word,
    dump,
    from_plain,
    load,
    to_plain,
)
from scorelock.bridge.learning import Findings, Said, learn
from scorelock.bridge.osc import Argument, OscMessage, decode
from scorelock.bridge.transport import (
    Pause,
    Position,
    Rate,
    Roll,
    Stop,
    Tempo,
    TransportEvent,
)
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

RATE = FrameRate(Fraction(25))
AT_S = 7.0
ROLLS = ((1.0, 10.0, 3.0), (14.5, 20.0, 77.25))
"""When the host rolls, and from where; between, it stands there."""
END_S = 24.0


def true_s(at_s: float) -> float:
    """Where the host is, by plain arithmetic; it stands where it stopped until it is located."""
    if at_s < ROLLS[0][1]:
        return ROLLS[0][2] + max(0.0, at_s - ROLLS[0][0])
    if at_s < 13.0:
        return ROLLS[0][2] + ROLLS[0][1] - ROLLS[0][0]
    return ROLLS[1][2] + max(0.0, min(at_s, ROLLS[1][1]) - ROLLS[1][0])


def rolls_at(at_s: float) -> bool:
    """Whether it rolls."""
    return any(start_s <= at_s < end_s for start_s, end_s, _ in ROLLS)


Words = Callable[[float], tuple[Argument, ...]]


def split(seconds: float, per_s: int) -> tuple[int, int, int, int]:
    """Hours, minutes, seconds and parts of them."""
    total = int(seconds * per_s + 1e-6)
    whole = total // per_s
    return whole // 3600, whole // 60 % 60, whole % 60, total % per_s


def timecode(fps: int) -> Words:
    """A text."""
    return lambda s: ("{:02}:{:02}:{:02}:{:02}".format(*split(s, fps)),)


def counted(per_s: int) -> Words:
    """A whole number."""
    return lambda s: (int(s * per_s),)


class Form(NamedTuple):
    """A way to write a position, how exact it is in seconds, and what its unit should be called."""

    words: Words
    exact_s: float
    unit: str
    also: tuple[tuple[str, Argument], ...] = ()


LENGTH_S = 181.5
FORMS = [
    Form(lambda s: (s,), 1e-5, "seconds"),
    Form(lambda s: (int(s),), 1.0, "seconds"),
    Form(lambda s: (f"{s:.3f}",), 0.001, "seconds"),
    Form(lambda s: (int(s * 1000),), 0.001, "milliseconds"),
    *(Form(counted(r), 1e-4, f"samples@{r}") for r in (44_100, 48_000, 96_000)),
    Form(lambda s: (str(int(s * 48_000)),), 1e-4, "samples@48000"),
    *(Form(counted(r), 1 / r, f"frames@{r}") for r in (24, 25, 30, 50, 60)),
    *(Form(timecode(r), 1 / r, f"timecode@{r}") for r in (24, 25, 30, 50, 60)),
    Form(lambda s: split(s, 25), 0.04, "timecode@25"),
    Form(lambda s: ("{}:{:02}:{:02}.{:03}".format(*split(s, 1000)),), 0.001, "clock"),
    Form(lambda s: ("{1:02}:{2:02}".format(*split(s, 1000)),), 1.0, "clock"),
    Form(lambda s: (s * 97.5 / 60,), 1e-4, "beats", (("/my/pace", 97.5),)),
    Form(lambda s: (s / LENGTH_S,), 1e-3, "share", (("/how/long", LENGTH_S),)),
]

PLAYS: dict[str, tuple[str, float | str, str, float | str]] = {
    "numbers": ("/x/rolling", 1, "/x/rolling", 0),
    "floats": ("/x/rolling", 1.0, "/x/rolling", 0.0),
    "truth": ("/x/rolling", True, "/x/rolling", False),
    "text": ("/x/what", "Playing", "/x/what", "Halted"),
    "inverse": ("/x/halt", 0, "/x/halt", 1),
    "presence": ("/x/started", "song", "/x/stopped", "song"),
    "zeros": ("/x/started", 0, "/x/stopped", 0),
}
NONE = "none"


class Host(NamedTuple):
    """One that is made up."""

    form: Form
    address: str = "/my/place"
    which: int = 0
    plays: str = NONE
    hz: float = 20.0
    late_s: float = 0.015
    silent: bool = False  # while it stands
    again: bool = False  # whether it repeats what has not changed
    seed: int = 0

    def sends(self) -> list[tuple[float, float, bytes]]:
        """When each datagram arrives, when it was true, and its bytes."""
        noise = np.random.default_rng(self.seed)
        told: list[tuple[float, str, tuple[Argument, ...]]] = []
        told += [(at_s, a, (v,)) for a, v in self.form.also for at_s in (0.01, 14.0)]
        if self.plays != NONE:
            on, lit, off, dark = PLAYS[self.plays]
            told += [(s, on, (lit,)) for s, _, _ in ROLLS] + [
                (e, off, (dark,)) for _, e, _ in ROLLS
            ]
        last: tuple[Argument, ...] = ()
        for tick in range(int(END_S * self.hz)):
            at_s = tick / self.hz
            words = self.form.words(true_s(at_s))
            if (self.again or words != last) and not (self.silent and not rolls_at(at_s)):
                told.append((at_s, self.address, (*("left", 7, 0.5)[: self.which], *words)))
                last = words
            told.append((at_s, "/meters/1", (float(noise.uniform()), float(noise.uniform()))))
            if tick % 20 == 0:
                told.append((at_s, "/alive", (tick // 20 % 2,)))
        sent: list[tuple[float, float, bytes]] = []
        arrived_s = 0.0
        for at_s, address, args in sorted(told, key=lambda each: each[0]):
            arrived_s = max(arrived_s, at_s + float(noise.uniform(0, self.late_s)))
            sent.append((arrived_s, at_s, message(address, *args)))
        return sent

    def said(self, until_s: float = END_S) -> list[Said]:
        """What it says, as it is heard."""
        return [Said(a, *m) for a, _, d in self.sends() if a <= until_s for m in decode(d)]


def found_of(host: Host) -> Mapping:
    """What is learned of it."""
    found = learn(host.said(), END_S)
    assert found.mapping is not None, found
    return found.mapping


def followed(host: Host, mapping: Mapping) -> list[TransportEvent]:
    """All that it says once it is known."""
    dialect = hosts(RATE, learned=mapping)
    return [e for at_s, _, data in host.sends() for e in read(dialect, data, at_s).events]


def assert_followed(host: Host, mapping: Mapping) -> None:
    """Every position is the true one, within what its form can tell; play and stop likewise."""
    dialect = hosts(RATE, learned=mapping)
    positions = 0
    modes: list[type[TransportEvent]] = []
    for at_s, was_s, data in host.sends():
        for event in read(dialect, data, at_s).events:
            if isinstance(event, Position):
                positions += 1
                behind_s = true_s(was_s) - event.position_s
                assert -1e-3 <= behind_s <= host.form.exact_s + 1e-3
            elif isinstance(event, Roll | Stop | Pause):
                modes.append(type(event))
    assert positions > 10
    assert [mode for mode, _ in groupby(modes)] == ([] if host.plays == NONE else [Roll, Stop] * 2)


NAME = st.from_regex(r"\A(/[a-z]{1,6}){1,3}\Z").filter(lambda name: not name.startswith("/x/"))


@settings(deadline=None, max_examples=40)
@given(
    st.builds(
        Host,
        form=st.sampled_from(FORMS),
        address=NAME,
        which=st.integers(0, 3),
        plays=st.sampled_from([NONE, *PLAYS]),
        hz=st.sampled_from([10.0, 15.0, 25.0, 30.0]),
        late_s=st.sampled_from([0.0, 0.005, 0.03]),
        silent=st.booleans(),
        again=st.booleans(),
        seed=st.integers(0, 1000),
    )
)
def test_a_host_is_learned_and_then_followed(host: Host) -> None:
    mapping = found_of(host)
    assert str(mapping.unit) == host.form.unit
    assert mapping.position == Word(host.address, host.which)
    assert from_plain(json.loads(dump(mapping))) == mapping
    assert_followed(host, mapping)


@pytest.mark.parametrize("plays", PLAYS)
def test_what_says_play_and_stop(plays: str) -> None:
    mapping = found_of(Host(FORMS[0], plays=plays))
    on, lit, off, dark = PLAYS[plays]
    shown = plays in ("presence", "zeros")
    assert mapping.play == (Word(on, None) if shown else Word(on, 0, lit),)
    assert mapping.stop == (Word(off, None) if shown else Word(off, 0, dark),)


def test_a_pause_is_told_from_a_stop_where_it_is_called_so() -> None:
    """As REAPER does it: the first rest is a pause, the second a stop."""
    told = [(1.0, "/pause", 0), (1.0, "/play", 1), (10.0, "/pause", 1), (10.0, "/play", 0)]
    told += [(14.5, "/pause", 0), (14.5, "/play", 1), (20.0, "/pause", 0), (20.0, "/play", 0)]
    lights = [Said(at_s, address, (value,)) for at_s, address, value in told]
    mapping = learn(sorted([*Host(FORMS[0]).said(), *lights]), END_S).mapping
    assert mapping is not None
    assert (mapping.play, mapping.stop) == ((Word("/play", 0, 1),), (Word("/play", 0, 0),))
    states = [(1.0, "Play"), (10.0, "Paused"), (14.5, "Play"), (20.0, "Stop")]
    words = [Said(at_s, "/mode", (value,)) for at_s, value in states]
    mapping = learn(sorted([*Host(FORMS[0]).said(), *words]), END_S).mapping
    assert mapping is not None
    assert mapping.stop == (Word("/mode", 0, "Stop"),)
    assert mapping.pause == (Word("/mode", 0, "Paused"),)


def test_two_positions_the_finest_is_taken_and_both_are_told() -> None:
    coarse = Host(FORMS[9], "/frames", hz=10.0).said()
    found = learn(sorted([*coarse, *Host(FORMS[0], "/fine", hz=10.0).said()]), END_S)
    assert found.mapping is not None
    assert found.mapping.position == Word("/fine")
    assert any("/frames" in remark and "frames@25" in remark for remark in found.remarks)


def test_a_clock_of_the_day_is_no_position() -> None:
    """It moves as time does, but goes on when the host stands."""
    day = [Said(tick / 20, "/now", (40_000 + tick / 20,)) for tick in range(int(END_S * 20))]
    mapping = learn(sorted([*day, *Host(FORMS[9], hz=10.0).said()]), END_S).mapping
    assert mapping is not None
    assert mapping.position == Word("/my/place")
    found = learn(day, END_S)
    assert found.mapping is not None
    assert any("never stood still" in remark for remark in found.remarks)


def test_the_beat_within_the_bar_is_no_position() -> None:
    """At 60 a minute it moves for 4 s, as time does, and falls back."""
    bar = [
        Said(tick / 20, "/bar", (true_s(tick / 20) % 4,))
        for tick in range(int(END_S * 20))
        if rolls_at(tick / 20)
    ]
    mapping = learn(sorted([*bar, *Host(FORMS[9], hz=10.0).said()]), END_S).mapping
    assert mapping is not None
    assert mapping.position == Word("/my/place")


def test_a_stop_that_is_also_said_at_the_beginning_is_a_stop() -> None:
    """As Millumin does it: a message for each, whatever its arguments."""
    told = [(0.0, "/stopped"), (1.0, "/started"), (10.0, "/stopped"), (14.5, "/started")]
    told += [(20.0, "/stopped"), (0.1, "/hello")]
    said = [*Host(FORMS[0]).said(), *(Said(at_s, address, (1, "a.mov")) for at_s, address in told)]
    mapping = learn(sorted(said), END_S).mapping
    assert mapping is not None
    assert mapping.play == (Word("/started", None),)
    assert mapping.stop == (Word("/stopped", None),)


@pytest.mark.parametrize(("form", "unit"), [(21, "beats@"), (22, "share@")])
def test_without_its_tempo_or_length_the_unit_is_a_guess_and_said_to_be(
    form: int, unit: str
) -> None:
    host = Host(FORMS[form]._replace(also=()))
    found = learn(host.said(), END_S)
    assert found.mapping is not None
    assert str(found.mapping.unit).startswith(unit)
    assert float(found.mapping.unit.per or 0) == pytest.approx(97.5 if form == 21 else 181.5, 0.01)
    assert any("guess" in remark for remark in found.remarks)


def test_tempo_and_rate_are_known_by_their_names() -> None:
    told = [Said(0.5, "/tempo/raw", (97.5,)), Said(0.5, "/playrate", (1.0,))]
    mapping = learn([*told, *Host(FORMS[0]).said()], END_S).mapping
    assert mapping is not None
    assert (mapping.tempo, mapping.rate) == (Word("/tempo/raw"), Word("/playrate"))


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Said,
            st.floats(0, 30),
            st.sampled_from(["/a", "/b"]),
            st.lists(
                st.one_of(st.floats(), st.integers(), st.text(max_size=5), st.none(), st.binary()),
                max_size=3,
            ).map(tuple),
        ),
        max_size=60,
    ).map(lambda said: sorted(said, key=lambda each: each.at_s))
)
def test_noise_raises_nothing(said: list[Said]) -> None:
    assert isinstance(learn(said, 30.0), Findings)


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 10.0, 30.0]))
def test_random_numbers_are_no_position(seed: int, hz: float) -> None:
    noise = np.random.default_rng(seed)
    said = [Said(n / hz, "/meter", (float(noise.uniform()),)) for n in range(int(20 * hz))]
    assert learn(said, 20.0).mapping is None


# What a mapping means.

SECONDS = Mapping(Word("/foo"), Unit("seconds"))
LIT = Word("/bar")


@pytest.mark.parametrize(
    ("mapping", "words", "expected"),
    [
        (SECONDS, [("/foo", 2.5)], [Position(AT_S, 2.5)]),
        (SECONDS, [("/foo", "2.5")], [Position(AT_S, 2.5)]),
        (SECONDS, [("/foo",), ("/foo", "x"), ("/foo", -1.0), ("/foo", True), ("/other", 1)], []),
        (Mapping(Word("/foo", 1), Unit("frames")), [("/foo", 0, 50)], [Position(AT_S, 2.0)]),
        (Mapping(Word("/foo"), Unit("timecode")), [("/foo", "00:00:02:05")],
         [Position(AT_S, 2.2)]),
        (Mapping(Word("/foo", 1), Unit("timecode")), [("/foo", "x", 0, 0, 2, 5, "y")],
         [Position(AT_S, 2.2)]),
        (Mapping(Word("/foo"), Unit("clock")), [("/foo", "1:00:02.25"), ("/foo", "1:00:60")],
         [Position(AT_S, 3602.25)]),
        (Mapping(Word("/foo"), Unit("beats", Fraction(60))), [("/foo", 8)], [Position(AT_S, 8)]),
        (Mapping(Word("/foo"), Unit("beats"), tempo=Word("/bpm")),
         [("/foo", 8.0), ("/bpm", 120), ("/foo", 8.0)], [Tempo(AT_S, 120), Position(AT_S, 4)]),
        (Mapping(Word("/foo"), Unit("share"), length=Word("/foo", 1)), [("/foo", 0.5, 60.0)],
         [Position(AT_S, 30)]),
        (Mapping(Word("/foo"), Unit("seconds"), (LIT,)), [("/bar", 1), ("/bar", 0.0), ("/bar",)],
         [Roll(AT_S), Stop(AT_S), Roll(AT_S)]),
        (Mapping(Word("/foo"), Unit("seconds"), (), (LIT,)), [("/bar", False), ("/bar", True)],
         [Stop(AT_S)]),
        (Mapping(Word("/foo"), Unit("seconds"), (Word("/foo", 1, "Play"),),
                 pause=(Word("/foo", 1, "hold"),), rate=Word("/foo", 2)),
         [("/foo", 1.0, "play ", 0.5), ("/foo", 2.0, "HOLD", 1), ("/foo", 3.0, "?", "?")],
         [Roll(AT_S), Rate(AT_S, 0.5), Position(AT_S, 1), Pause(AT_S), Rate(AT_S, 1),
          Position(AT_S, 2), Position(AT_S, 3)]),
    ],
)  # fmt: skip
def test_words_and_what_they_mean(
    mapping: Mapping, words: list[tuple[Argument, ...]], expected: list[TransportEvent]
) -> None:
    dialect = Learned(Setup(RATE), mapping)
    told = [read(dialect, message(str(each[0]), *each[1:]), AT_S) for each in words]
    assert [event for reading in told for event in reading.events] == expected
    assert all(reading.events or reading.ignored or reading.source for reading in told)


def test_23_976_counts_as_24_and_the_setting_decides() -> None:
    film = Setup(FrameRate(Fraction(24000, 1001)))
    mapping = Mapping(Word("/foo"), Unit.parse("timecode@24"))
    (event,) = read(Learned(film, mapping), message("/foo", "00:01:00:00"), AT_S).events
    assert event == Position(AT_S, 60.06)
    (event,) = read(Learned(Setup(RATE), mapping), message("/foo", "00:01:00:00"), AT_S).events
    assert event == Position(AT_S, 60.0)


def test_its_words_win_over_all_others() -> None:
    """/time and /play are REAPER's words, but here they are a host's own; panic stays panic."""
    mapping = from_plain(hand_written(["position=/time:milliseconds", "play=/go"]))
    dialect, peer = hosts(RATE, learned=mapping), ("here", 1)
    assert read(dialect, message("/playrate/raw", 2.0), AT_S, peer).source == "reaper"
    reading = read(dialect, message("/time", 2500), AT_S, peer)
    assert (reading.events, reading.source) == ((Position(AT_S, 2.5),), "learned")
    assert read(dialect, message("/playrate/raw", 2.0), AT_S, peer).events == ()
    assert read(dialect, message("/scorelock/panic"), AT_S, peer).source == "scorelock"
    reaper = read(dialect, message("/playrate/raw", 2.0), AT_S, ("here", 2))
    assert reaper.events == (Rate(AT_S, 2.0),)


ARGUMENTS = st.lists(
    st.one_of(
        st.floats(),
        st.integers(-(2**63), 2**63 - 1),
        st.sampled_from([0, 1, 1e308, True, None, b"", "", " ", "1:2:3", "9" * 19]),
        st.from_regex(r"\A[0-9]{1,3}[:.][0-9]{1,3}[:.][0-9]{1,3}[:;.,][0-9]{1,4}\Z"),
    ),
    max_size=4,
).map(tuple)


@settings(deadline=None)
@given(
    st.sampled_from([*(form.unit for form in FORMS), "timecode@29.97df", "beats@1", "share@1e9"]),
    st.lists(st.tuples(st.sampled_from(["/foo", "/bar"]), ARGUMENTS), max_size=8),
)
def test_whatever_a_host_says_nothing_is_raised_and_no_number_is_none(
    unit: str, words: list[tuple[str, tuple[Argument, ...]]]
) -> None:
    parsed = Unit.parse(unit) if unit != "share@1e9" else Unit("share", Fraction(10) ** 9)
    word = Word("/foo")
    dialect = Learned(
        Setup(RATE), Mapping(word, parsed, (LIT,), tempo=word, rate=LIT, length=Word("/foo", 1))
    )
    for address, args in words:
        reading = dialect.hear([OscMessage(address, args)], AT_S)
        assert not (reading.events and reading.ignored)
        for event in reading.events:
            if isinstance(event, Position):
                assert 0 <= event.position_s < float("inf")


def test_a_clock_has_as_many_parts_as_it_has() -> None:
    assert [clock_s(each) for each in ("1:02:03.250", "62:03,25"[1:], " 0:04 ")] == [
        3723.25,
        123.25,
        4.0,
    ]


# The file.


def test_a_file_keeps_a_mapping_and_can_be_read_by_people(tmp_path: Path) -> None:
    mapping = Mapping(
        *(Word("/a", 1), Unit.parse("share"), (Word("/p", 0, 1), Word("/q", None))),
        stop=(Word("/p", 0, "Halt"),),
        pause=(Word("/p", 0, 0.5),),
        tempo=Word("/t"),
        rate=Word("/r"),
        length=Word("/l", 2),
    )
    path = tmp_path / "host.json"
    path.write_text(dump(mapping))
    assert load(path) == mapping
    assert from_plain(to_plain(mapping)) == mapping
    assert '"play": [\n    {"address": "/p", "argument": 0, "is": 1},\n' in path.read_text()


def test_the_file_that_the_page_shows_is_one() -> None:
    page = (Path(__file__).parents[2] / "examples" / "hosts" / "other.md").read_text()
    (shown,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    assert dump(from_plain(json.loads(shown))) == shown


GOOD: dict[str, Any] = to_plain(SECONDS)
PLACE = {"address": "/foo", "argument": 0}


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        ([], "format"),
        (GOOD | {"format": "song"}, "format"),
        (GOOD | {"version": 2}, "version 1 of a mapping, got 2"),
        (GOOD | {"positon": {}}, "'positon'"),
        ({key: value for key, value in GOOD.items() if key != "position"}, "position"),
        (GOOD | {"position": PLACE}, "unit"),
        (GOOD | {"position": PLACE | {"unit": "parsecs"}}, "parsecs"),
        (GOOD | {"position": PLACE | {"unit": "frames@0"}}, "frames@0"),
        (GOOD | {"position": PLACE | {"unit": "samples"}}, "sample rate"),
        (GOOD | {"position": PLACE | {"unit": "beats"}}, "tempo"),
        (GOOD | {"position": PLACE | {"unit": "share"}}, "length"),
        (GOOD | {"position": PLACE | {"unit": "seconds", "is": 1}}, "'is'"),
        (GOOD | {"position": {"address": "foo", "unit": "seconds"}}, "'foo'"),
        (GOOD | {"position": PLACE | {"unit": "seconds", "argument": True}}, "True"),
        (GOOD | {"play": PLACE}, "list"),
        (GOOD | {"play": [PLACE | {"is": [1]}]}, "[1]"),
        (GOOD | {"play": [PLACE | {"argument": None, "is": 1}]}, "argument"),
        (GOOD | {"tempo": PLACE | {"argument": -1}}, "-1"),
        (GOOD | {"tempo": "/bpm"}, "/bpm"),
    ],
)
def test_a_file_that_is_no_mapping_says_where(tmp_path: Path, plain: object, said: str) -> None:
    path = tmp_path / "host.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(BadSetting, match=re.escape(said)) as failure:
        load(path)
    assert str(path) in str(failure.value)
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"is": NaN'])
def test_a_broken_file_is_one_line(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(data)
    with pytest.raises(BadSetting, match=r"in JSON at .*host\.json"):
        load(path)
    with pytest.raises(BadSetting, match="scorelock learn"):
        load(tmp_path / "none.json")


# The command.


def test_each_step_is_asked_for_when_the_one_before_was_seen() -> None:
    clock, host = ManualClock(), Host(FORMS[3], plays="text").said()
    lines: list[tuple[float, str]] = []

    def said() -> Sequence[Said]:
        return [each for each in host if each.at_s <= clock.now()]

    found = guided(said, clock, lambda line: lines.append((clock.now(), line)))
    assert found.mapping is not None
    assert summary(found.mapping) == [
        "position  /my/place in milliseconds",
        "play      /x/what = Playing",
        "stop      /x/what = Halted",
    ]
    asked = [at_s for at_s, line in lines if line in {step.ask for step in STEPS}]
    assert len(asked) == 4
    # The host rolls from 1 s to 10 s and from 14.5 s to 20 s.
    assert 9.0 <= asked[1] < 10.0
    assert 10.8 <= asked[2] < 12.0
    assert 17.5 <= asked[3] < 18.5
    assert 20.8 <= clock.now() < 22.0


def test_a_step_that_never_comes_is_not_waited_for_for_ever() -> None:
    clock = ManualClock()
    found = guided(lambda: [], clock, lambda line: None)
    assert found == Findings(None)
    assert clock.now() < 100


def learn_command(*words: str) -> int:
    """Run it as the command line does."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(words))


def test_what_is_set_by_hand_needs_no_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "host.json"
    words = ["--map", "position=/layer:1/pos[1]:samples@44100", "--map", "play=/bar"]
    words += ["--map", "stop=/state=Stop", "--map", "stop=/state[2]=0", "--map", "tempo=/bpm"]
    assert learn_command("-o", str(path), *words) == 0
    assert load(path) == Mapping(
        *(Word("/layer:1/pos", 1), Unit("samples", Fraction(44_100)), (Word("/bar"),)),
        *((Word("/state", 0, "Stop"), Word("/state", 2, 0.0)), (), Word("/bpm")),
    )
    assert str(path) in capsys.readouterr().out
    before = path.read_bytes()
    with pytest.raises(BadSetting, match="--force"):
        learn_command("-o", str(path), *words[:3], "play=/other")
    assert path.read_bytes() == before
    assert learn_command("-o", str(path), *words[:3], "play=/other", "--force") == 0
    assert load(path).play == (Word("/other"),)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--map", "position=/foo"], "position=/foo:seconds"),
        (["--map", "position=/foo:parsecs"], "parsecs"),
        (["--map", "position=foo:seconds", "--map", "play=/p"], "foo:seconds"),
        (["--map", "place=/foo:seconds"], "place=/foo"),
        (["--map", "tempo=/foo=3"], "tempo=/foo=3"),
        (["--map", "position=/foo:beats", "--map", "play=/p"], "tempo"),
        (["--seconds", "-1"], "--seconds"),
        (["--seconds", "nan"], "--seconds"),
        (["--listen", "nowhere"], "expected an address"),
        (["-o", "no/such/folder/x.json", "--map", "position=/a:seconds", "--map", "play=/p"],
         "no/such/folder"),
    ],
)  # fmt: skip
def test_errors_are_one_line(tmp_path: Path, words: list[str], said: str) -> None:
    with pytest.raises(BadSetting, match=re.escape(said)) as failure:
        learn_command("-o", str(tmp_path / "host.json"), *words)
    assert "\n" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


def free_port() -> int:
    """One that nobody uses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", 0))
        port: int = udp.getsockname()[1]
        return port


def heard_over_udp(tmp_path: Path, datagrams: Sequence[bytes]) -> str:
    """What the command says to these, sent again and again while it listens."""
    port, over = free_port(), threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            while not over.wait(0.02):
                for data in datagrams:
                    udp.sendto(data, ("127.0.0.1", port))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        words = ["--listen", f"127.0.0.1:{port}", "--seconds", "0.3"]
        with pytest.raises(BadSetting) as failure:
            learn_command("-o", str(tmp_path / "host.json"), *words)
    finally:
        over.set()
        sender.join()
    return str(failure.value)


def test_says_what_came_where_nothing_is_a_position(tmp_path: Path) -> None:
    assert "nothing arrived;" in heard_over_udp(tmp_path, [])
    said = heard_over_udp(tmp_path, [b"\xff\xfe", message("/a", "x").replace(b"x", b"\xff")])
    assert re.search(r"nothing arrived but \d+ datagrams that are not OSC", said)
    said = heard_over_udp(tmp_path, [message(f"/m/{n}", 0.5) for n in range(10)])
    assert "/m/0, /m/1" in said
    assert "and 2 more" in said
    assert "--map position=ADDRESS:UNIT" in said
