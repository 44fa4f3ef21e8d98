"""The ledger of what sounds: every note that goes out is in it, so that silence is exact.

MIDI has one voice a pitch and channel, so overlapping notes of the same pitch are counted: the
second strikes the key again, and only the last release lifts it.
"""

from collections import Counter
from typing import Final

NOTE_OFF: Final = 0x80
NOTE_ON: Final = 0x90
CONTROL: Final = 0xB0
SUSTAIN: Final = 64
ALL_NOTES_OFF: Final = 123
ALL_SOUND_OFF: Final = (SUSTAIN, ALL_NOTES_OFF, 120)
"""Controllers that silence a channel whatever sounds on it (MIDI 1.0, channel mode messages)."""


class Ledger:
    """Notes by (channel 0..15, pitch 0..127) and how many of each are held."""

    def __init__(self) -> None:
        self._held: Counter[tuple[int, int]] = Counter()
        self._used: set[int] = set()

    @property
    def sounding(self) -> frozenset[tuple[int, int]]:
        """The (channel, pitch) of every note that sounds."""
        return frozenset(self._held)

    def strike(self, channel: int, pitch: int, velocity: int) -> list[bytes]:
        """What to send for a note's start: off first where the key is already down."""
        key = (channel, pitch)
        off = [_off(key)] if key in self._held else []
        self._held[key] += 1
        self._used.add(channel)
        return [*off, bytes((NOTE_ON | channel, pitch, velocity))]

    def lift(self, channel: int, pitch: int) -> list[bytes]:
        """What to send for the end of a note that was struck: nothing while another holds it."""
        key = (channel, pitch)
        if self._held[key] > 1:
            self._held[key] -= 1
            return []
        return [_off(key)] if self._held.pop(key, 0) else []

    def release(self) -> list[bytes]:
        """What makes silence: each note's off, then sustain up and all notes off a used channel.

        Individual offs come first because many synths do not know CC123 (MIDI 1.0, channel mode).
        """
        offs = [_off(key) for key in sorted(self._held)]
        modes = [
            bytes((CONTROL | channel, controller, 0))
            for channel in sorted(self._used)
            for controller in (SUSTAIN, ALL_NOTES_OFF)
        ]
        self._held.clear()
        self._used.clear()
        return offs + modes


def _off(key: tuple[int, int]) -> bytes:
    channel, pitch = key
    return bytes((NOTE_OFF | channel, pitch, 0))
