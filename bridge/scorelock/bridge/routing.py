"""Which channel each part goes to, and which sound it asks for there.

Channels and programs count from 1, as instruments show them; bank numbers from 0 (MIDI 1.0: bank
select is controllers 0 and 32, and takes effect with the next program change).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

from scorelock.engine.arrange import BASS_CHANNEL, CHORDS_CHANNEL, PATTERN_CHANNEL, Arranged
from scorelock.engine.errors import BadSetting
from scorelock.engine.score import Note, Part, Performance

USUAL: Final = {"chords": CHORDS_CHANNEL, "bass": BASS_CHANNEL, "pattern": PATTERN_CHANNEL}
_CHANGE, _CONTROL = 0xC0, 0xB0
_BANK_HIGH, _BANK_LOW = 0, 32


@dataclass(frozen=True, slots=True)
class Route:
    """A channel 0..15, a program 0..127 or None for whatever is there, a bank 0..16383 or None."""

    channel: int
    program: int | None = None
    bank: int | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "CHANNEL", "CHANNEL:PROGRAM" or "CHANNEL:PROGRAM:BANK".

        Raises:
            ValueError: another form, or a number out of its range.
        """
        channel, *sound = map(int, text.split(":"))
        if len(sound) > 2 or not 1 <= channel <= 16:
            raise ValueError(text)
        program, bank = [*sound, None, None][:2]
        if program is not None and not 1 <= program <= 128:
            raise ValueError(text)
        if bank is not None and not 0 <= bank < 1 << 14:
            raise ValueError(text)
        return cls(channel - 1, None if program is None else program - 1, bank)

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
        """Read "PART=CHANNEL[:PROGRAM[:BANK]]" of some parts; the others stay where they are.

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
                    "expected --part with PART=CHANNEL[:PROGRAM[:BANK]], a part of "
                    f"{', '.join(USUAL)}, a channel of 1 to 16, a program of 1 to 128 and a bank "
                    f"of 0 to 16383, got {word!r}"
                ) from err
        return cls(routes)

    def asks(self) -> list[bytes]:
        """What is sent before the first note; one message only once."""
        return list(dict.fromkeys(data for route in self.routes.values() for data in route.asks()))

    def performance(self, score: Performance) -> Performance:
        """The score with every part on its channel."""
        parts = (Part(p.name, self._moved(p.name, p.notes)) for p in score.parts)
        return replace(score, parts=tuple(parts))

    def arranged(self, spans: Iterable[Arranged]) -> Iterator[Arranged]:
        """Spans as they come, with every part on its channel."""
        for span in spans:
            yield Arranged(
                span.span,
                chords=self._moved("chords", span.chords),
                bass=self._moved("bass", span.bass),
                pattern=self._moved("pattern", span.pattern),
            )

    def _moved(self, part: str, notes: Sequence[Note]) -> tuple[Note, ...]:
        channel = self.routes[part].channel
        return tuple(replace(note, channel=channel) for note in notes)


def _known(part: str) -> str:
    if part not in USUAL:
        raise ValueError(part)
    return part
