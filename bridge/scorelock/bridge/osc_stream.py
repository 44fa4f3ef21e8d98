"""OSC packets out of a stream of bytes, in either framing.

OSC 1.0 puts an int32 of the length before each packet; OSC 1.1 frames them as SLIP does (RFC 1055),
with END before and after. The first byte tells: a length begins with 0, a SLIP frame with END, or
with what a packet begins with.
"""

from typing import Final

from scorelock.bridge.osc import BadPacket

LARGEST: Final = 1 << 20
"""Bytes of a packet; QLab's answers reach 131 KB."""
_END: Final = 0xC0
_ESCAPED_END: Final = b"\xdb\xdc"
_ESCAPED_ESCAPE: Final = b"\xdb\xdd"


class Deframer:
    """Takes bytes as they come, gives whole packets.

    Attributes:
        slip: the framing; None until the first byte.
    """

    def __init__(self, slip: bool | None = None) -> None:
        self.slip = slip
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that these bytes complete.

        Raises:
            BadPacket: neither of the framings, or a packet larger than `LARGEST`.
        """
        self._rest += data
        if self.slip is None and self._rest:
            first = self._rest[0]
            if first not in (0, _END, *b"/#"):
                raise BadPacket("neither a length nor a SLIP frame")
            self.slip = first != 0
        packets = self._slipped() if self.slip else self._counted()
        if len(self._rest) > LARGEST + 4:
            raise BadPacket(f"a packet larger than {LARGEST} bytes")
        return packets

    def frame(self, packet: bytes) -> bytes:
        """The bytes to send for a packet; counted, unless the peer is known to slip."""
        if not self.slip:
            return len(packet).to_bytes(4) + packet
        escaped = packet.replace(b"\xdb", _ESCAPED_ESCAPE).replace(b"\xc0", _ESCAPED_END)
        return bytes((_END,)) + escaped + bytes((_END,))

    def _slipped(self) -> list[bytes]:
        *frames, self._rest = self._rest.split(bytes((_END,)))
        return [
            bytes(frame).replace(_ESCAPED_END, b"\xc0").replace(_ESCAPED_ESCAPE, b"\xdb")
            for frame in frames
            if frame
        ]

    def _counted(self) -> list[bytes]:
        packets = []
        at = 0
        while len(self._rest) >= at + 4:
            size = int.from_bytes(self._rest[at : at + 4])
            if size > LARGEST:
                raise BadPacket(f"a packet of {size} bytes")
            if len(self._rest) < at + 4 + size:
                break
            packets.append(bytes(self._rest[at + 4 : at + 4 + size]))
            at += 4 + size
        del self._rest[:at]
        return [packet for packet in packets if packet]
