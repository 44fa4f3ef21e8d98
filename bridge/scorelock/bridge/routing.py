"""Which output and channel each part goes to, and which sound it asks for there.

Channels and programs count from 1, as instruments show them; bank numbers from 0 (MIDI 1.0: bank
select is controllers 0 and 32, and takes effect with the next program change).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from scorelock.engine.arrange import (
    BASS_CHANNEL,
    CHORDS_CHANNEL,
    DRONE_CHANNEL,
    PATTERN_CHANNEL,
)
from scorelock.engine.errors import BadSetting

USUAL: Final = {
    "chords": CHORDS_CHANNEL,
    "bass": BASS_CHANNEL,
    "pattern": PATTERN_CHANNEL,
    "drone": DRONE_CHANNEL,
}
"""The channel of each part's notes."""
_CHANGE, _CONTROL = 0xC0, 0xB0
_BANK_HIGH, _BANK_LOW = 0, 32


@dataclass(frozen=True, slots=True)
class Route:
    """Where a part goes.

    Attributes:
        channel: 0..15.
        program: 0..127, or None for whatever is there.
        bank: 0..16383, or None likewise.
        port: an output by the user's words; None for the usual one.
    """

    channel: int
    program: int | None = None
    bank: int | None = None
    port: str | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "CHANNEL[:PROGRAM[:BANK]][@PORT]".

        Raises:
            ValueError: another form, or a number out of its range.
        """
        numbers, at, port = text.partition("@")
        channel, *sound = map(int, numbers.split(":"))
        if len(sound) > 2 or not 1 <= channel <= 16 or (at and not port):
            raise ValueError(text)
        program, bank = [*sound, None, None][:2]
        if program is not None and not 1 <= program <= 128:
            raise ValueError(text)
        if bank is not None and not 0 <= bank < 1 << 14:
            raise ValueError(text)
        return cls(channel - 1, None if program is None else program - 1, bank, port or None)

    def asks(self) -> Iterator[bytes]:
        """The messages that choose the sound."""
        if self.bank is not None:
            yield bytes((_CONTROL | self.channel, _BANK_HIGH, self.bank >> 7))
            yield bytes((_CONTROL | self.channel, _BANK_LOW, self.bank & 0x7F))
        if self.program is not None:
            yield bytes((_CHANGE | self.channel, self.program))


@dataclass(frozen=True, slots=True)
class Routing:
    """A route for each part."""

    routes: Mapping[str, Route]

    @classmethod
    def parse(cls, words: Iterable[str]) -> Self:
        """Read "PART=CHANNEL[:PROGRAM[:BANK]][@PORT]" of some parts; the others stay.

        Raises:
            BadSetting: no such part, or no such channel, program or bank; it is named.
        """
        routes = {part: Route(channel) for part, channel in USUAL.items()}
        for word in words:
            part, _, route = word.partition("=")
            try:
                routes[_known(part)] = Route.parse(route)
            except ValueError as err:
                raise BadSetting(
                    "expected --part with PART=CHANNEL[:PROGRAM[:BANK]][@PORT], a part of "
                    f"{', '.join(USUAL)}, a channel of 1 to 16, a program of 1 to 128 and a bank "
                    f"of 0 to 16383, got {word!r}"
                ) from err
        return cls(routes)

    def asks(self) -> list[tuple[str | None, bytes]]:
        """What is sent to which output before the first note; one message only once."""
        asked = ((route.port, data) for route in self.routes.values() for data in route.asks())
        return list(dict.fromkeys(asked))


def _known(part: str) -> str:
    if part not in USUAL:
        raise ValueError(part)
    return part
