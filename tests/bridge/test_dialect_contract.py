"""All dialects keep one contract: a story is told, late comers follow, noise is counted."""

import gzip
import json
from collections.abc import Iterable
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from fakes import message
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.commands.simulate import HOSTS
from scorelock.bridge.dialects import DIALECTS, Dialect, Reading, Setup, hosts, read
from scorelock.bridge.osc import Argument, OscMessage, encode
from scorelock.bridge.simulate import HostState, TimedDatagram, host_at, osc_bundle, script
from scorelock.bridge.simulated_hosts import FRAMES, SIMULATED, STORY, STORY_S
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    Tempo,
    TransportEvent,
)
from scorelock.engine.timebase import FrameRate

AT_S = 7.0
SETUP = Setup(FRAMES)
SPEAKS = {name: {"reatc": "timecode"}.get(name, name) for name in SIMULATED}
"""Which dialect a simulated host speaks."""
NO_FLAGS = {"timecode", "reatc", "resolume"}
"""Hosts that never say whether they roll."""
LOOPS = {"reaper", "live"}
"""Hosts that say where their loop is."""


def heard(
    dialect: Dialect, stream: Iterable[TimedDatagram], peer: tuple[str, int] = ("here", 1)
) -> list[Reading]:
    """What a peer's datagrams say."""
    return [read(dialect, data, at_s, peer) for at_s, data in stream]


def events(readings: Iterable[Reading]) -> list[TransportEvent]:
    """All their events."""
    return [event for reading in readings for event in reading.events]


def story(name: str, seed: int = 0) -> list[TimedDatagram]:
    """Play, run, seek, loop, stop."""
    return list(script(SIMULATED[name], STORY, STORY_S, seed=seed))


def assert_true(position: Position, slack_s: float) -> None:
    """It is where the simulated host is, or was a delay, a frame and a tick ago."""
    at_s = position.at_s
    near = [host_at(STORY, max(0.0, at_s - ago_s)).reported_s for ago_s in (0.0, slack_s)]
    jumps = not -0.001 <= near[0] - near[1] <= slack_s + 0.001
    assert jumps or near[1] - 0.045 <= position.position_s <= near[0] + 0.045


def test_every_simulated_host_has_its_dialect_and_its_command() -> None:
    assert set(SPEAKS.values()) == set(DIALECTS)
    assert list(SIMULATED) == HOSTS


@pytest.mark.parametrize("name", SIMULATED)
def test_the_story_is_told(name: str) -> None:
    stream = story(name)
    told = events(heard(hosts(FRAMES), stream))
    positions = [event for event in told if isinstance(event, Position)]
    assert len(positions) > 50
    for position in positions:
        assert_true(position, 0.12)
    modes = [type(event) for event in told if isinstance(event, Roll | Stop)]
    turns = [mode for mode, _ in groupby(modes)]
    assert turns[-2:] == ([] if name in NO_FLAGS else [Roll, Stop])
    jumps = [b.position_s - a.position_s for a, b in pairwise(positions)]
    assert max(jumps) > 28, "the seek"
    assert sum(jump < -3.5 for jump in jumps) >= 2, "back to the loop, and its wrap"
    ranges = {(event.start_s, event.end_s) for event in told if isinstance(event, LoopRange)}
    assert ((8.0, 12.0) in ranges) == (name in LOOPS)
    if name in LOOPS | {"ardour", "drivenbymoss"}:
        assert [e.on for e in told if isinstance(e, Repeat)][-1] is True


@pytest.mark.parametrize("name", SIMULATED)
def test_all_of_it_is_one_source(name: str) -> None:
    readings = heard(hosts(FRAMES), story(name))
    assert {reading.source for reading in readings} <= {SPEAKS[name], ""}
    assert readings[-1].source == SPEAKS[name]


@pytest.mark.parametrize("name", SIMULATED)
def test_who_comes_late_follows_from_what_the_greeting_brings(name: str) -> None:
    joins_s = 2.0
    answers: list[TimedDatagram] = []
    if DIALECTS[SPEAKS[name]](SETUP).greeting() or name == "resolume":
        lights = SIMULATED[name].lights(host_at(STORY, joins_s))
        answers = [TimedDatagram(joins_s, encode(*words)) for words in lights.items()]
    stream = [*answers, *(each for each in story(name) if each.at_s > joins_s)]
    positions = [e for e in events(heard(hosts(FRAMES), stream)) if isinstance(e, Position)]
    assert positions[0].at_s < joins_s + 1.5
    for position in positions:
        assert_true(position, 0.12)


@pytest.mark.parametrize(
    ("first", "second"),
    [("reaper", "drivenbymoss"), ("ardour", "live"), ("live", "live"), ("mitti", "timecode")],
)
def test_two_hosts_at_once_are_not_mixed(first: str, second: str) -> None:
    streams = {("here", 1): story(first), ("here", 2): story(second, seed=5)[40:]}
    mixed = hosts(FRAMES)
    both = sorted((at_s, peer, data) for peer, each in streams.items() for at_s, data in each)
    readings = [(peer, read(mixed, data, at_s, peer)) for at_s, peer, data in both]
    for peer, stream in streams.items():
        # Sorted alike, since two datagrams of one moment may change their order.
        alone = heard(hosts(FRAMES), sorted(stream), peer)
        assert [reading for who, reading in readings if who == peer] == alone


def test_what_several_hosts_say_is_told_apart() -> None:
    dialect = hosts(FRAMES)

    def source(*words: bytes, peer: int) -> str:
        return [read(dialect, each, AT_S, ("here", peer)).source for each in words][-1]

    assert source(message("/play", 1), peer=1) == "drivenbymoss"  # by type tags
    assert source(message("/play", 1.0), peer=2) == "reaper"
    both = osc_bundle({"/tempo/raw": 90.0, "/update": 1.0})
    assert source(both, peer=3) == "drivenbymoss"  # by its companion
    assert source(osc_bundle({"/tempo/raw": 90.0, "/time": 1.0}), peer=4) == "reaper"
    assert source(message("/play", 1.0), peer=3) == "reaper"  # a light of DrivenByMoss is an int
    known = message("/timecode", "00:00:01:00")
    assert source(known, message("/play", 1.0), peer=5) == "timecode"  # by what was heard before
    assert source(message("/sing", 1.0), peer=6) == ""


def test_a_sender_with_a_new_socket_for_every_message_is_understood() -> None:
    dialect = hosts(FRAMES)
    for port in range(1000):
        (event,) = read(dialect, message("/time", port), AT_S, ("here", port)).events
        assert event == Position(AT_S, port)


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("reaper", [("/loop/start/time", 8.0), ("/loop/end/time", 16.0), ("/repeat", 1.0)],
         [LoopRange(AT_S, 8, 16), Repeat(AT_S, True)]),
        ("reaper", [("/repeat", 1.0), ("/loop/start/time", 8.0), ("/loop/end/time", 8.0)],
         [Repeat(AT_S, True), Repeat(AT_S, False)]),
        ("reaper", [("/playrate/raw", 0.5), ("/tempo/raw", 96.0)],
         [Rate(AT_S, 0.5), Tempo(AT_S, 96)]),
        ("reaper", [("/frames/str", "00:00:02:05")], [Position(AT_S, 2.2)]),
        ("reaper", [("/time", 2.25), ("/frames/str", "00:00:02:05")], [Position(AT_S, 2.25)]),
        ("ardour", [("/position/time", "00:00:01.200")], [Position(AT_S, 1.2)]),
        ("ardour", [("/position/time", "00:00:02.922"), ("/position/samples", "140288")],
         [Position(AT_S, 2.922), Position(AT_S, 140_288 / 48_000)]),
        ("ardour", [("/transport_play", 0.0), ("/transport_stop", 0.0), ("/ffwd", 1.0)],
         [Roll(AT_S)]),
        ("ardour", [("/transport_stop", 0.0), ("/rewind", 1.0)], [Roll(AT_S), Rate(AT_S, -1)]),
        ("ardour", [("/transport_speed", 0.5)], [Rate(AT_S, 0.5)]),
        ("ardour", [("/transport_stop", 0.0), ("/heartbeat", 1.0), ("/heartbeat", 0.0)],
         [Roll(AT_S), Stop(AT_S)]),
        ("ardour", [("/position/time", " "), ("/position/samples", " ")], []),
        ("live", [("/live/song/get/tempo", 120.0), ("/live/song/get/is_playing", True),
                  ("/live/song/get/current_song_time", 64.0)],
         [Tempo(AT_S, 120), Roll(AT_S), Position(AT_S, 32)]),
        ("live", [("/live/song/get/loop_start", 16.0), ("/live/song/get/loop_length", 8.0),
                  ("/live/song/get/loop", True), ("/live/song/get/tempo", 60.0)],
         [Repeat(AT_S, True), Tempo(AT_S, 60), LoopRange(AT_S, 16, 24), Repeat(AT_S, True)]),
        ("live", [("/live/song/get/current_song_time", 64.0)], []),
        ("drivenbymoss", [("/tempo/raw", 120.0), ("/beat/str", "3.03.03:00")],
         [Tempo(AT_S, 120), Position(AT_S, 5.25)]),
        ("drivenbymoss", [("/tempo/raw", 60.0), ("/time/signature", "6 / 8"),
                          ("/beat/str", "2.01.01:00")],
         [Tempo(AT_S, 60), Position(AT_S, 3)]),
        ("timecode", [("/tc", 0, 0, 10, 12, 1)], [Position(AT_S, 10.48)]),
        ("timecode", [("/tc", 1, 0, 0, 0, 2)], [Position(AT_S, 107_892 * 1001 / 30000)]),
        ("timecode", [("/tc", 0, 0, 1, 15, 3)], [Position(AT_S, 1.5)]),
        ("timecode", [("/tc", 0, 0, 10, 12)], [Position(AT_S, 10.48)]),
        ("timecode", [("/ltc/status-running", "x"), ("/ltc/decode", "00:00:10:12"),
                      ("/ltc/status-stopped", "x")],
         [Roll(AT_S), Position(AT_S, 10.48), Stop(AT_S)]),
        ("timecode", [("/mtc", "00:00:10:12")], [Position(AT_S, 10.48)]),
        ("timecode", [("/tc", 0, 0, 10, 12, 9), ("/tc", 0, 0, 99, 0), ("/tc", 1.0, 2, 3, 4)], []),
        ("qlab", [("/reply/cue/active/valuesForKeys",
                   '{"status": "ok", "data": {"uniqueID": "C", "isRunning": 1, "isPaused": false,'
                   ' "actionElapsed": 12.34, "rate": 1}}')],
         [Roll(AT_S), Rate(AT_S, 1), Position(AT_S, 12.34)]),
        ("qlab", [("/qlab/event/workspace/cue/start", "5", "a", "C", "Audio"),
                  ("/qlab/event/workspace/cue/start", "6", "b", "D", "Video"),
                  ("/reply/workspace/W/cue_id/D/actionElapsed", '{"status":"ok","data":1}'),
                  ("/qlab/event/workspace/pauseAll", "", "", "", "")],
         [Roll(AT_S), Pause(AT_S)]),
        ("qlab", [("/reply/workspace/W/cue_id/C/actionElapsed", '{"status":"error"}'),
                  ("/reply/workspace/W/cue_id/C/actionElapsed", "[" * 100_000),
                  ("/reply/workspace/W/cue_id/C/actionElapsed",
                   '{"status":"ok","data":1' + "0" * 400 + "}")], []),
        ("mitti", [("/mitti/cueTimeElapsed", "00:00:05"), ("/mitti/cueTimeElapsed", "00:00:05"),
                   ("/mitti/cueTimeElapsed", "-"), ("/mitti/togglePlay", 0)],
         [Position(AT_S, 5), Stop(AT_S)]),
        ("millumin", [("/millumin/layer:bg/mediaStarted", 1, "new.mov", 180.0),
                      ("/millumin/layer:bg/mediaStopped", 0, "old.mov", 90.0),
                      ("/millumin/layer:fg/media/time", 9.0, 20.0),
                      ("/millumin/layer:bg/media/time", 0.25, 180.0)],
         [Roll(AT_S), Position(AT_S, 0.25)]),
        ("resolume", [("/composition/layers/1/position", 0.5)], []),
        ("disguise", [("/d3/showcontrol/playmode", "HoldSection"), ("/d3/showcontrol/bpm", 90.0),
                      ("/d3/showcontrol/playmode", "?")],
         [Pause(AT_S), Tempo(AT_S, 90)]),
        ("digital-performer", [("/Get_Time", 57_600.0), ("/TransportState/Get", 4)],
         [Roll(AT_S)]),
    ],
)  # fmt: skip
def test_words_and_what_they_mean(
    name: str, words: list[tuple[Argument, ...]], expected: list[TransportEvent]
) -> None:
    """The sequences of the hosts' own documentation."""
    dialect = DIALECTS[name](SETUP)
    told = [read(dialect, message(str(each[0]), *each[1:]), AT_S) for each in words]
    assert events(told) == expected
    assert all(reading.source == name for reading in told)


def test_23_976_has_the_code_of_24() -> None:
    (slow,) = read(
        hosts(FrameRate(Fraction(24000, 1001))), message("/tc", 0, 1, 0, 0, 0), AT_S
    ).events
    (exact,) = read(hosts(FRAMES), message("/tc", 0, 1, 0, 0, 0), AT_S).events
    assert (slow, exact) == (Position(AT_S, 60.06), Position(AT_S, 60.0))


def test_seconds_go_on_evenly_through_a_change_of_tempo() -> None:
    """Ten seconds at 120, then at 60 from beat 20 on; before it, the old tempo holds."""
    dialect = DIALECTS["live"](SETUP)
    get = "/live/song/get/"
    words = [("tempo", 120.0), ("is_playing", True), ("current_song_time", 20.0), ("tempo", 60.0)]
    words += [("current_song_time", beat) for beat in (21.0, 30.0, 10.0)]
    told = events(read(dialect, message(get + name, value), AT_S) for name, value in words)
    positions = [event.position_s for event in told if isinstance(event, Position)]
    assert positions == [10.0, 11.0, 20.0, 5.0]


def test_a_tempo_that_is_changed_while_it_stands_is_the_whole_time_lines() -> None:
    dialect = DIALECTS["drivenbymoss"](SETUP)
    words: list[tuple[str, Argument]] = [
        ("/tempo/raw", 120.0),
        ("/beat/str", "6.01.01:00"),
        ("/tempo/raw", 60.0),
    ]
    told = events(read(dialect, message(*each), AT_S) for each in [*words, words[1]])
    assert [e.position_s for e in told if isinstance(e, Position)] == [10.0, 20.0]


def test_resolume_is_asked_for_the_lengths_of_what_plays() -> None:
    dialect, peer = hosts(FRAMES), ("here", 7001)
    clip = "/composition/layers/1/clips/2/transport/position"
    first = read(dialect, message(clip, 0.5), AT_S, peer)
    (request,) = first.greeting
    assert (request.address, request.args) == (f"{clip}/behaviour/duration", ("?",))
    assert first.ignored == ("length not known yet",)
    read(dialect, message(request.address, 180 / 604_800), AT_S, peer)
    (event,) = read(dialect, message(clip, 0.5), AT_S, peer).events
    assert isinstance(event, Position)
    assert event.position_s == pytest.approx(90.0)


def test_a_host_that_is_recognised_is_greeted_once() -> None:
    dialect = hosts(FRAMES, reply_port=9001)
    peer = ("here", 3819)
    readings = [read(dialect, message("/heartbeat", 1.0), AT_S, peer) for _ in range(3)]
    first, *others = readings
    assert first.greeting[0].address == "/set_surface"
    assert first.greeting[0].args == (0, 0, 3192, 0, 0, 0, 9001)
    assert not any(reading.greeting for reading in others)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_greeting_can_be_sent(name: str) -> None:
    for request in DIALECTS[name](SETUP).greeting():
        assert encode(request.address, request.args)
        assert request.every_s is None or request.every_s > 0


MADE = [
    "/millumin/layer:bg/media/time",
    "/millumin/layer:bg/mediaStarted",
    "/millumin/layer:bg/mediaStopped",
    "/composition/layers/1/position",
    "/composition/layers/1/clips/2/transport/position",
    "/composition/layers/1/clips/2/transport/position/behaviour/duration",
    "/reply/workspace/W/cue_id/C/actionElapsed",
    "/reply/cue/active/valuesForKeys",
]
ADDRESSES = sorted({a for make in DIALECTS.values() for a in make(SETUP).words} | set(MADE))
ARGUMENT = st.one_of(
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, 0.5, 1e-308, 1e308, True, False, None, b"", "", " ", "-"]),
    st.from_regex(r"\A[0-9]{1,3}[:.|][0-9]{1,3}[:.][0-9]{1,3}[:;.,][0-9]{1,4}\Z"),
    st.from_regex(r'\A\{"status": ?"ok", ?"data": ?(-?[0-9]{1,3}|NaN|1e999|\[\]|null|"x")\}\Z'),
    st.text(max_size=8),
)
MESSAGES = st.lists(
    st.builds(OscMessage, st.sampled_from(ADDRESSES), st.lists(ARGUMENT, max_size=5).map(tuple)),
    max_size=12,
)


@given(MESSAGES)
def test_whatever_a_host_says_nothing_is_raised_and_no_number_is_none(
    messages: list[OscMessage],
) -> None:
    dialect = hosts(FRAMES)
    for each in messages:
        reading = dialect.hear([each], AT_S, ("here", 1))
        assert not (reading.events and reading.ignored)
        assert all(reading.ignored), "a reason has words"
        for event in reading.events:
            assert event.at_s == AT_S
            if isinstance(event, Position):
                assert 0 <= event.position_s < float("inf")
            if isinstance(event, LoopRange):
                assert 0 <= event.start_s < event.end_s < float("inf")
            if isinstance(event, Tempo):
                assert 0 < event.bpm < float("inf")


@given(st.sampled_from(sorted(SIMULATED)), st.data())
def test_a_host_on_a_bad_line_never_raises(name: str, data: st.DataObject) -> None:
    dialect = hosts(FRAMES)
    for at_s, datagram in story(name)[:12]:
        changed = bytearray(datagram)
        for _ in range(data.draw(st.integers(0, 2))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.sampled_from([len(changed), len(changed) - 1, len(changed) // 2]))
        reading = read(dialect, bytes(changed[:cut]), at_s, ("here", 1))
        assert all(event.at_s == at_s for event in reading.events)


@pytest.mark.parametrize("name", DIALECTS)
def test_text_that_is_not_utf_8_is_not_osc(name: str) -> None:
    datagram = message("/timecode", "ab:00:10:12").replace(b"ab", b"\xff\xfe")
    assert read(DIALECTS[name](SETUP), datagram, AT_S).ignored == ("not OSC",)


CAPTURE = Path(__file__).parents[2] / ".." / "shared" / "hosts" / "ardour_osc.log.gz"


@pytest.mark.skipif(not CAPTURE.exists(), reason="needs the capture of Ardour 7.3")
def test_a_real_ardour_is_understood() -> None:
    """Registered, played for 12 s, stopped, located, looped from 1 s to 3 s, run backwards."""
    dialect = hosts(FRAMES)
    told: dict[str, list[TransportEvent]] = {}
    chapter: list[TransportEvent] = []
    with gzip.open(CAPTURE, "rt") as lines:
        for line in lines:
            at, _, words = line.partition("\t")
            if line.startswith("#"):
                chapter = told.setdefault(line[1:].strip(), [])
            elif words.startswith("RECV"):
                _, address, _, args = words.split("\t")
                values = json.loads(args.replace("'", '"'))
                chapter += read(dialect, message(address, *values), float(at)).events
    played = told["play 12 s"]
    assert {type(event) for event in played} == {Roll, Position, Rate, Repeat}
    offsets = [e.position_s - e.at_s for e in played if isinstance(e, Position)]
    assert max(offsets) - min(offsets) < 0.0125, "no cut milliseconds: the samples are read"
    stopped = [type(event) for event in told["stop"]]
    assert stopped.count(Stop) == 1
    loop = told["loop 48000..144000 (1s..3s)"]
    assert Repeat in map(type, loop)
    rates = {event.rate for event in told["varispeed 0.5 / -1 / 1"] if isinstance(event, Rate)}
    assert rates == {1.0, -1.0}


def test_a_wrap_is_where_the_loop_says() -> None:
    """The simulated host against plain arithmetic."""
    state = HostState(0.0, 8.0, 8.0, Roll, loop_s=(8.0, 12.0), repeats=True)
    assert (state.at(3.0).playhead_s, state.at(3.0).wraps) == (11.0, 0)
    assert (state.at(5.0).playhead_s, state.at(5.0).wraps) == (9.0, 1)
    assert (state.at(13.0).playhead_s, state.at(13.0).wraps) == (9.0, 3)
