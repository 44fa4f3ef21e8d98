"""OSC over TCP: both framings, however the bytes are cut; python-osc's SLIP is the oracle."""

import struct

import pytest
from fakes import message
from hypothesis import given
from hypothesis import strategies as st
from pythonosc import slip

from scorelock.bridge.osc import BadPacket
from scorelock.bridge.osc_stream import LARGEST, Deframer

PACKETS = st.lists(st.binary(min_size=1, max_size=40).map(lambda rest: b"/" + rest), max_size=6)


def counted(packet: bytes) -> bytes:
    """OSC 1.0: its length, then the packet."""
    return struct.pack(">i", len(packet)) + packet


@given(PACKETS, st.sampled_from([counted, slip.encode]), st.data())
def test_packets_come_out_whole_however_the_stream_is_cut(
    packets: list[bytes], frame: object, data: st.DataObject
) -> None:
    assert callable(frame)
    stream = b"".join(frame(packet) for packet in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    deframer, came = Deframer(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        came += deframer.feed(stream[start:end])
    assert came == packets


@given(st.binary(max_size=40).map(lambda rest: b"/" + rest))
def test_what_is_framed_is_what_another_library_reads(packet: bytes) -> None:
    slipping = Deframer(slip=True)
    assert slip.decode(slipping.frame(packet)) == packet
    assert Deframer().frame(packet) == counted(packet)


def test_a_slip_frame_may_lack_its_first_end() -> None:
    packet = message("/play", 1.0)
    assert Deframer().feed(packet + b"\xc0") == [packet]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\xff\xff\xff\xff/play",
        struct.pack(">i", LARGEST + 1),
        b"\xc0" + bytes(LARGEST + 8),
    ],
)
def test_what_is_no_framing_is_refused(data: bytes) -> None:
    with pytest.raises(BadPacket):
        Deframer().feed(data)
