"""Every dialect keeps one contract: known words become events, all else is counted, none raises."""

import random
from fractions import Fraction

import pytest
from fakes import message
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.simulate import osc_bundle
from scorelock.bridge.transport import Pause, Position, Roll, Stop, TransportEvent
from scorelock.engine.timebase import FrameRate

DROP = FrameRate(Fraction(30000, 1001), drop=True)
HOSTS = hosts(FrameRate(Fraction(30000, 1001)))
AT_S = 7.0
STREAM = [  # a datagram of each kind that hosts send
    osc_bundle({"/stop": 0.0, "/play": 1.0}),
    osc_bundle({"/time": 12.064}),
    message("/time/str", "0:12.064"),
    message("/timecode", "01:00:12:05"),
]


@pytest.mark.parametrize(
    ("datagram", "events"),
    [
        (message("/play", 1.0), [Roll(AT_S)]),
        (message("/play", 1), [Roll(AT_S)]),
        (message("/play", True), [Roll(AT_S)]),
        (message("/play", 0.0), [Stop(AT_S)]),
        (message("/stop", 1.0), [Stop(AT_S)]),
        (message("/stop", 0.0), []),
        (message("/pause", 1.0), [Pause(AT_S)]),
        (message("/pause", 0.0), []),
        (message("/time", 12.5), [Position(AT_S, 12.5)]),
        (message("/time", 12), [Position(AT_S, 12.0)]),
        (message("/timecode", "00:00:10:15"), [Position(AT_S, 315 * 1001 / 30000)]),
        (message("/timecode", "01:00:00;00"), [Position(AT_S, 107_892 * 1001 / 30000)]),
        (
            osc_bundle({"/stop": 1.0, "/pause": 1.0, "/play": 0.0}),
            [Stop(AT_S), Pause(AT_S), Stop(AT_S)],
        ),
    ],
)
def test_what_hosts_say(datagram: bytes, events: list[TransportEvent]) -> None:
    reading = read(HOSTS, datagram, AT_S)
    assert list(reading.events) == events
    assert reading.ignored == ()


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (message("/time", float("nan")), "not finite"),
        (message("/time", float("inf")), "not finite"),
        (message("/time", -0.5), "negative time"),
        (message("/time", "12.5"), "not one number"),
        (message("/time", True), "not one number"),
        (message("/time", 1.0, 2.0), "not one number"),
        (message("/time"), "not one number"),
        (message("/play", "yes"), "not one number"),
        (message("/play", float("nan")), "not finite"),
        (message("/timecode", 12.5), "not one text"),
        (message("/timecode", "soon"), "not a timecode"),
        (message("/timecode", "00:00:61:00"), "not a timecode"),
        (message("/beat/str", "3.1.50"), "other address"),
        (b"GET / HTTP/1.1\r\n", "not OSC"),
    ],
)
def test_what_is_ignored_and_why(datagram: bytes, reason: str) -> None:
    reading = read(HOSTS, datagram, AT_S)
    assert reading.events == ()
    assert reading.ignored == (reason,)


def test_one_bad_message_does_not_spoil_its_bundle() -> None:
    reading = read(HOSTS, osc_bundle({"/time": float("nan"), "/tempo": 120.0, "/play": 1.0}), AT_S)
    assert reading.events == (Roll(AT_S),)
    assert sorted(reading.ignored) == ["not finite", "other address"]


def test_drop_frame_is_a_property_of_the_rate_too() -> None:
    (event,) = read(hosts(DROP), message("/timecode", "01:00:00:00"), AT_S).events
    assert event == Position(AT_S, 107_892 * 1001 / 30000)


@given(st.sampled_from(STREAM), st.data())
def test_a_datagram_with_one_byte_changed_never_raises(
    datagram: bytes, data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(datagram) - 1))
    changed = bytearray(datagram)
    changed[index] = data.draw(st.integers(0, 255))
    assert all(event.at_s == AT_S for event in read(HOSTS, bytes(changed), AT_S).events)


def test_ten_thousand_pieces_of_noise_are_counted_and_ignored(
    caplog: pytest.LogCaptureFixture,
) -> None:
    noise = random.Random(1)
    ignored = 0
    for _ in range(10_000):
        datagram = noise.choice([*STREAM, noise.randbytes(40), b"#bundle\0" + noise.randbytes(40)])
        whole = read(HOSTS, datagram[: noise.randrange(len(datagram) - 1)], AT_S)
        ignored += len(whole.ignored)
        assert all(type(event) is Roll or type(event) is Stop for event in whole.events)
    assert ignored > 9_000
    assert caplog.records == []
