"""OSC 1.0 packets to messages (Wright 2002, "The Open Sound Control 1.0 Specification").

Strict, because a datagram comes from anybody: python-osc 1.10.2, which we send with, reads a
`/time` whose float was cut off as 0.0, which would be a locate to the start, and reads for ever in
a bundle that holds an element of size -4. Time tags are not honoured: senders' clocks are not ours.
"""

import struct
from typing import Final, NamedTuple

from pythonosc.osc_message_builder import OscMessageBuilder

Argument = int | float | str | bytes | bool | None

_FIXED: Final = {
    tag: struct.Struct(f">{code}") for tag, code in zip("ifhdtcrm", "ifqdQiII", strict=True)
}
_CONSTANT: Final[dict[str, Argument]] = {"T": True, "F": False, "N": None, "I": float("inf")}
_BUNDLE: Final = b"#bundle\0"
_HEADER: Final = len(_BUNDLE) + 8  # the time tag
_DEEPEST: Final = 8  # bundles within bundles


class BadPacket(ValueError):
    """The datagram is not OSC 1.0, or was cut short."""


class OscMessage(NamedTuple):
    """An address and its arguments; arrays are flattened."""

    address: str
    args: tuple[Argument, ...]


def decode(packet: bytes, depth: int = 0) -> list[OscMessage]:
    """The messages of a packet, those of a bundle in their order.

    Raises:
        BadPacket: any part of the packet is malformed; then nothing of it counts.
    """
    if not packet.startswith(_BUNDLE):
        return [_message(packet)]
    if depth == _DEEPEST or len(packet) < _HEADER:
        raise BadPacket("a bundle that is too deep or too short")
    messages: list[OscMessage] = []
    at = _HEADER
    while at < len(packet):
        size = int(_number("i", packet, at))
        at += 4
        if size < 0 or at + size > len(packet):
            raise BadPacket(f"an element of {size} bytes")
        messages += decode(packet[at : at + size], depth + 1)
        at += size
    return messages


def encode(address: str, args: tuple[Argument, ...]) -> bytes:
    """A message; whole numbers as int32, others as float32, truth as T and F."""
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    packet: bytes = builder.build().dgram
    return packet


def _message(packet: bytes) -> OscMessage:
    if not packet.startswith(b"/"):
        raise BadPacket("neither a message nor a bundle")
    address, at = _string(packet, 0)
    if at == len(packet):  # old senders leave the type tags out
        return OscMessage(address, ())
    tags, at = _string(packet, at)
    if not tags.startswith(","):
        raise BadPacket("no type tags")
    args: list[Argument] = []
    for tag in tags[1:].replace("[", "").replace("]", ""):
        if tag in _FIXED:
            args.append(_number(tag, packet, at))
            at += _FIXED[tag].size
        elif tag in "sS":
            text, at = _string(packet, at)
            args.append(text)
        elif tag == "b":
            blob, at = _blob(packet, at)
            args.append(blob)
        elif tag in _CONSTANT:
            args.append(_CONSTANT[tag])
        else:
            raise BadPacket(f"unknown type tag {tag!r}")
    if at != len(packet):
        raise BadPacket(f"{len(packet) - at} bytes too many")
    return OscMessage(address, tuple(args))


def _number(tag: str, packet: bytes, at: int) -> int | float:
    try:
        value: int | float = _FIXED[tag].unpack_from(packet, at)[0]
    except struct.error as err:
        raise BadPacket("cut short") from err
    return value


def _string(packet: bytes, at: int) -> tuple[str, int]:
    """A string that ends in 1 to 4 zero bytes at a multiple of 4."""
    end = packet.find(b"\0", at)
    after = end + 4 - (end - at) % 4
    if end < 0 or after > len(packet):
        raise BadPacket("a string without its end")
    try:
        return packet[at:end].decode(), after
    except UnicodeDecodeError as err:
        raise BadPacket("a string that is not UTF-8") from err


def _blob(packet: bytes, at: int) -> tuple[bytes, int]:
    size = int(_number("i", packet, at))
    at += 4
    after = at + size + -size % 4
    if size < 0 or after > len(packet):
        raise BadPacket(f"a blob of {size} bytes")
    return packet[at : at + size], after
