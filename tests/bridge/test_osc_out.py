"""OSC out: what python-osc reads, what liblo receives, and nobody there."""

import select
import shutil
import socket
import subprocess
from collections.abc import Sequence
from typing import Any, Final

import pytest
from hypothesis import given
from legs import Leg, exactly, gaps, roughly, ways
from pythonosc.osc_message import OscMessage

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.leading.osc_out import OscOut
from scorelock.bridge.osc_sender import OscSender
from scorelock.bridge.voice import DueMessage
from scorelock.engine.errors import BadSetting
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan
from scorelock.engine.vocabulary import Chord

START_S: Final = 10.0
NAMES: Final = ("C", "Am7", "Bb", "G7")
SPANS: Final = tuple(
    ChordSpan(2.0 * i, 2.0 * (i + 1), Chord.parse(name)) for i, name in enumerate(NAMES)
)
"""Two seconds each."""
HITS_S: Final = (1.5, 4.0, 5.25)

Told = tuple[float, str, list[Any]]


def voice(spans: Sequence[ChordSpan] = SPANS) -> OscOut:
    """A film of eight seconds at ten seconds of the host, in F major."""
    return OscOut(spans, HITS_S, Key.parse("F"), START_S, 4)


def told(said: Sequence[DueMessage], *only: str) -> list[Told]:
    """Times to a tenth of a millisecond, last names, and arguments, as python-osc reads them."""
    read = [(each.at_s, OscMessage(each.data)) for each in said]
    return [
        (round(at_s, 4), message.address.removeprefix("/scorelock/"), message.params)
        for at_s, message in read
        if not only or message.address.rpartition("/")[2] in only
    ]


def test_a_film_played_through_tells_chords_and_hits_on_their_time() -> None:
    said = exactly(voice(), [Leg(0, 10, START_S - 1)])
    assert told(said, "chord", "next", "hit", "state") == [
        (0, "state", ["locked"]),
        (0, "next", ["C", 1.0]),
        (1, "chord", ["C", 0.0, 2.0]),
        (1, "next", ["Am7", 2.0]),
        (2.5, "hit", [1.5]),
        (3, "chord", ["Am7", 2.0, 4.0]),
        (3, "next", ["Bb", 2.0]),
        (5, "chord", ["Bb", 4.0, 6.0]),
        (5, "next", ["G7", 2.0]),
        (5, "hit", [4.0]),
        (6.25, "hit", [5.25]),
        (7, "chord", ["G7", 6.0, 8.0]),
    ]
    assert {each.port for each in said} == {4}


def test_the_place_is_told_ten_times_a_second_and_where_it_stops() -> None:
    said = exactly(voice(), [Leg(0, 1, START_S + 3), Leg(1, 5, START_S + 4.05, 0)])
    places = told(said, "position")
    assert [at_s for at_s, *_ in places] == pytest.approx([i / 10 for i in range(12)], abs=1e-3)
    seconds = [args[0] for *_, args in places]
    assert seconds == pytest.approx([*(3 + i / 10 for i in range(11)), 4.05], abs=1e-3)


def test_a_jump_tells_the_chord_of_the_new_place_at_once_and_no_hit_between() -> None:
    legs = [Leg(0, 1, START_S), Leg(1, 1.5, START_S + 5, 1, 2), Leg(1.5, 1.9, START_S + 5.5, 1, 3)]
    after = [each for each in told(exactly(voice(), legs)) if each[0] >= 1]
    assert [each for each in after if each[1] != "position"] == [
        (1, "chord", ["Bb", 4.0, 6.0]),
        (1, "next", ["G7", 1.0]),
        (1.25, "hit", [5.25]),
        (1.5, "chord", ["Bb", 4.0, 6.0]),  # the same: who follows may have begun anew
        (1.5, "next", ["G7", 0.5]),
    ]
    assert (1, "position", [5.0]) in after


def test_a_hit_at_the_very_place_of_a_jump_is_told() -> None:
    assert told(exactly(voice(), [Leg(0, 0.05, START_S + 4)]), "hit") == [(0, "hit", [4.0])]


def test_a_small_correction_backwards_tells_nothing_twice() -> None:
    legs = [Leg(0, 1, START_S + 3.02), Leg(1, 2, START_S + 3.98)]
    said = told(exactly(voice(), legs), "chord", "hit")
    assert [args[0] for *_, args in said] == ["Am7", "Bb", 4.0]


def test_while_the_host_stands_the_cursor_tells_the_chord() -> None:
    legs = [Leg(0, 1, START_S + 1, 0), Leg(1, 2, START_S + 5.25, 0), Leg(2, 3, START_S + 9, 0)]
    assert told(exactly(voice(), legs)) == [
        (0, "state", ["stopped"]),
        *((0, "position", [1.0]), (0, "chord", ["C", 0.0, 2.0]), (0, "next", ["Am7", 1.0])),
        *((1, "position", [5.25]), (1, "chord", ["Bb", 4.0, 6.0]), (1, "next", ["G7", 0.75])),
        (2, "position", [9.0]),
    ]


def test_backwards_chords_go_with_the_place_and_hits_are_silent() -> None:
    said = exactly(voice(), [Leg(0, 5, START_S + 5, -1.0)])
    chords = [(at_s, args[0]) for at_s, _, args in told(said, "chord")]
    assert [name for _, name in chords] == ["Bb", "Am7", "C"]
    assert [at_s for at_s, _ in chords] == pytest.approx([0, 1, 3], abs=0.11)
    assert told(said, "hit") == []


def test_chords_that_are_composed_while_it_plays_are_told_when_they_are_known() -> None:
    out = voice(SPANS[:1])
    said = exactly(out, [Leg(0, 1, START_S)])
    out.add(SPANS[1:2])
    said += exactly(out, [Leg(1, 3, START_S + 1)])
    out.add(SPANS[2:])  # its time has come already
    said += exactly(out, [Leg(3, 4.5, START_S + 3)])
    assert told(said, "chord", "next") == [
        (0, "chord", ["C", 0.0, 2.0]),
        (1, "next", ["Am7", 1.0]),
        (2, "chord", ["Am7", 2.0, 4.0]),
        (3, "next", ["Bb", 1.0]),
        (4, "chord", ["Bb", 4.0, 6.0]),
        (4, "next", ["G7", 2.0]),
    ]


def test_where_the_host_is_not_known_only_that_is_told() -> None:
    out = voice()
    lost = SyncFix(0.0, None, 0.0, State.STOPPED, 0.0, 0, 0.0, 7.0)
    assert told(out.advance(lost)) == [(0, "state", ["stopped"])]
    assert out.wake_s(lost) == 7
    finding = Leg(1, 2, START_S, 1, 1, State.LOCATING)
    assert told(exactly(out, [finding])) == [(1, "state", ["locating"])]


@given(ways(), gaps)
def test_coming_at_any_times_tells_the_same(legs: list[Leg], gaps_s: list[float]) -> None:
    ends = told(exactly(voice(), legs)), told(roughly(voice(), legs, gaps_s))
    for name in ("state", "position", "chord", "next", "hit"):
        wanted, said = ([each for each in end if each[1] == name] for end in ends)
        assert len(said) == len(wanted)
        for (at_s, _, args), (wanted_s, _, wanted_args) in zip(said, wanted, strict=True):
            assert at_s == pytest.approx(wanted_s, abs=2e-4)
            for value, wanted_value in zip(args, wanted_args, strict=True):
                if isinstance(value, str):
                    assert value == wanted_value
                else:
                    assert value == pytest.approx(wanted_value, abs=1e-3)


@given(ways((1.0, 0.5, 2.3)), gaps)
def test_every_hit_that_is_played_over_is_told_once_on_its_time(
    legs: list[Leg], gaps_s: list[float]
) -> None:
    said = told(roughly(voice(), legs, gaps_s), "hit")
    wanted = sorted(
        (leg.from_s + (START_S + hit_s - leg.position_s) / leg.rate, hit_s)
        for leg in legs
        for hit_s in HITS_S
        if leg.position_s <= START_S + hit_s <= leg.at(leg.until_s)
    )
    assert [args[0] for *_, args in said] == [hit_s for _, hit_s in wanted]
    assert [at_s for at_s, *_ in said] == pytest.approx([at_s for at_s, _ in wanted], abs=1e-3)


@pytest.mark.parametrize("by_s", [-3.0, 3.0])
def test_a_host_that_is_moved_within_its_take_is_told_anew(by_s: float) -> None:
    legs = [Leg(0, 1, START_S + 3.5), Leg(1, 1.2, START_S + 4.5 + by_s)]
    after = [each for each in told(exactly(voice(), legs)) if each[0] >= 1]
    assert (1, "position", [pytest.approx(4.5 + by_s)]) in after
    assert len([each for each in after if each[1] == "hit"]) == (by_s < 0)  # that at 1.5


def test_packets_arrive_as_they_were_sent() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        out = OscSender(f"127.0.0.1:{receiver.getsockname()[1]}")
        sent = [each.data for each in exactly(voice(), [Leg(0, 1, START_S)])]
        for packet in sent:
            out.send(packet)
        assert [receiver.recv(1000) for _ in sent] == sent
        assert (out.alive(), out.api) == (True, None)
        out.close()
        out.close()


def test_nobody_there_is_no_error() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    out = OscSender(address)
    for _ in range(1000):
        out.send(bytes(1000))
    assert address in out.name
    out.close()
    out.send(b"late")


@pytest.mark.parametrize("address", ["", "9000", "127.0.0.1:0", "127.0.0.1:x", "no such host:9000"])
def test_an_address_that_is_none_is_one_line(address: str) -> None:
    with pytest.raises(BadSetting, match=r"address|port") as err:
        OscSender(address)
    assert "\n" not in str(err.value)


@pytest.mark.skipif(shutil.which("oscdump") is None, reason="needs liblo's oscdump")
def test_liblo_reads_it() -> None:
    said = exactly(voice(), [Leg(0, 0.01, START_S + 2)])
    packet = next(each.data for each in said if b"chord" in each.data)
    lines = [dumped(packet) for _ in range(3)]  # another program may have taken the port
    assert any('/scorelock/chord sff "Am7" 2.000000 4.000000' in line for line in lines)


def dumped(packet: bytes) -> str:
    """What liblo prints of a packet that is sent to it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    out = OscSender(f"127.0.0.1:{port}")
    with subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True) as dump:
        assert dump.stdout is not None
        for _ in range(250):  # it listens soon
            out.send(packet)
            if select.select([dump.stdout], [], [], 0.02)[0]:
                break
        line = dump.stdout.readline()
        dump.terminate()
    out.close()
    return line
