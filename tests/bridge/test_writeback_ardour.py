"""Marks in a real Ardour, read from the session that it saves."""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import closing

import pytest
from ardour import running_ardour

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.headless_ardour import HeadlessArdour
from scorelock.bridge.osc import decode, encode
from scorelock.bridge.writeback.ardour import ArdourMarks
from scorelock.bridge.writeback.conversation import HostError, Written
from scorelock.bridge.writeback.marks import Mark
from scorelock.bridge.writeback.wire import UdpWire, converse

CLOCK = MonotonicClock()
SUPERCLOCK = 282_240_000  # Ardour's ticks a second
RATE = 48_000
MARKS = (Mark(0.0, "C", 2.0), Mark(1.5, "cut"), Mark(2.0, "Am", 1.0), Mark(2.0, "hit"))
NEWER = (Mark(0.0, "C", 2.0), Mark(1.5, "cut"), Mark(2.0, "Dm", 2.0))


@pytest.fixture(scope="module")
def ardour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HeadlessArdour]:
    """One that stands, with a marker of the user's."""
    with running_ardour(tmp_path_factory.mktemp("ardour"), "scorelock-writeback") as host:
        wait(0.5)
        place(host, 2 * RATE)
        host.send("/add_marker", "mine")
        wait(0.3)
        place(host, 777)
        yield host


def wait(seconds: float) -> None:
    """It takes in what it was sent."""
    CLOCK.sleep_until(CLOCK.now() + seconds)


def place(host: HeadlessArdour, sample: int) -> None:
    """Put its playhead somewhere."""
    host.send("/locate", sample, 0)
    wait(0.5)


def write(host: HeadlessArdour, marks: tuple[Mark, ...]) -> Written:
    """As `scorelock mark` does."""
    with closing(UdpWire("127.0.0.1:0", host.osc, CLOCK)) as wire:
        return converse(ArdourMarks(marks, wire.address[1]), wire, CLOCK)


def playhead(host: HeadlessArdour) -> object:
    """The sample where it is."""
    with closing(UdpWire("127.0.0.1:0", host.osc, CLOCK)) as wire:
        # It answers the port that was registered last.
        wire.send(encode("/set_surface", (0, 0, 0, 0, 0, 0, wire.address[1])))
        wire.send(encode("/transport_frame", ()))
        answer = wire.receive(CLOCK.now() + 5)
    assert answer is not None
    return decode(answer)[0].args[0]


def saved(host: HeadlessArdour) -> set[tuple[str, int]]:
    """Names and samples of the markers in the session's file."""
    (path,) = host.session.glob("*.ardour")
    before = path.stat().st_mtime_ns
    host.send("/save_state")
    for _ in range(100):
        wait(0.1)
        if path.stat().st_mtime_ns != before:
            break
    return {
        (mark.get("name", ""), int(mark.get("start", "a")[1:]) * RATE // SUPERCLOCK)
        for mark in ET.parse(path).iterfind("Locations/Location")
        if "IsMark" in mark.get("flags", "")
    }


def test_marks_are_written_read_back_and_parked(ardour: HeadlessArdour) -> None:
    """Beside the user's own; the second time nothing is written. Without its window Ardour removes
    nothing.
    """
    written = {("mine", 96_000), ("SL: C", 0), ("SL: cut", 72_000), ("SL: Am, hit", 96_001)}
    for before in (0, 3):
        assert write(ardour, MARKS) == Written(3, before, 3, 0)
        assert saved(ardour) == written
    assert write(ardour, NEWER) == Written(3, 2, 3, 1)
    parked = {("SL: -96001", 96_001), ("SL: Dm", 96_002)}
    assert saved(ardour) == written - {("SL: Am, hit", 96_001)} | parked
    assert playhead(ardour) == 777


def test_a_rolling_ardour_is_left_alone(ardour: HeadlessArdour) -> None:
    before = saved(ardour)
    ardour.send("/transport_play")
    wait(0.3)
    with pytest.raises(HostError, match="expected Ardour to stand"):
        write(ardour, MARKS)
    ardour.send("/transport_stop")
    wait(0.3)
    assert saved(ardour) == before
