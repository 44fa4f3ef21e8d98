"""OSC packets: what python-osc writes is read, and nothing else is taken for OSC."""

import struct

import pytest
from fakes import message
from hypothesis import given
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from scorelock.bridge.osc import Argument, BadPacket, OscMessage, decode

BUNDLE = b"#bundle\0" + bytes(7) + b"\1"
ARGS = st.lists(
    st.one_of(
        st.integers(-(2**31), 2**31 - 1),
        st.floats(width=32, allow_nan=False),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        st.binary(min_size=1),
        st.booleans(),
        st.none(),
    ),
    max_size=6,
)


def element(packet: bytes, size: int | None = None) -> bytes:
    """A bundle's element, of a size that may lie."""
    return struct.pack(">i", len(packet) if size is None else size) + packet


@given(ARGS)
def test_reads_what_another_library_writes(args: list[Argument]) -> None:
    assert decode(message("/any/thing", *args)) == [OscMessage("/any/thing", tuple(args))]


def test_reads_a_message_by_its_bytes() -> None:
    packet = bytes.fromhex(
        "2f 74 69 6d 65 00 00 00"  # /time, padded to a multiple of four
        "2c 66 00 00"  # ,f
        "41 48 00 00"  # 12.5
    )
    assert decode(packet) == [OscMessage("/time", (12.5,))]


def test_reads_a_message_without_type_tags() -> None:
    assert decode(b"/play\0\0\0") == [OscMessage("/play", ())]


def test_reads_a_bundle_in_its_order_whatever_its_time_tags() -> None:
    inner = OscBundleBuilder(2_000_000_000)
    outer = OscBundleBuilder(IMMEDIATELY)
    for bundle, address in ((inner, "/a"), (outer, "/b")):
        builder = OscMessageBuilder(address)
        builder.add_arg(1)
        bundle.add_content(builder.build())
    packet = BUNDLE + element(inner.build().dgram) + element(outer.build().dgram)
    assert [m.address for m in decode(packet)] == ["/a", "/b"]


@given(ARGS, st.data())
def test_a_packet_that_was_cut_short_counts_for_nothing(
    args: list[Argument], data: st.DataObject
) -> None:
    """A float that was cut off must not become 0.0, a locate to the start."""
    packet = message("/time", 1.5, *args)
    cut = data.draw(st.integers(len("/time\0\0\0") + 1, len(packet) - 1))
    with pytest.raises(BadPacket):
        decode(packet[:cut])


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"time\0\0\0\0",
        b"/time\0\0\0f\0\0\0",  # type tags without their comma
        b"/time\0\0\0,Q\0\0",  # a tag that nobody knows
        b"/\xff\xfe\0,\0\0\0",  # not UTF-8
        message("/time", 1.5) + bytes(4),
        BUNDLE + element(b"", -4),  # would be read for ever
        BUNDLE + element(message("/time", 1.5), 400),
        BUNDLE + element(b"/time\0\0\0,b\0\0" + struct.pack(">i", -8)),
    ],
)
def test_refuses_what_is_not_osc(packet: bytes) -> None:
    with pytest.raises(BadPacket):
        decode(packet)


def test_refuses_bundles_without_an_end() -> None:
    packet = BUNDLE
    for _ in range(1000):
        packet = BUNDLE + element(packet)
    with pytest.raises(BadPacket):
        decode(packet)
