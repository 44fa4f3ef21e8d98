"""A host of the user's own: a mapping tells which of its words mean what, and in which unit."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from scorelock.bridge.dialects.beats import BeatTime
from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Reader,
    Setup,
    measure,
    number,
    positive,
    seconds,
    text,
    timecode_s,
)
from scorelock.bridge.dialects.mapping import Mapping, Unit, Word
from scorelock.bridge.osc import Argument
from scorelock.bridge.transport import Pause, Position, Rate, Roll, Stop, Tempo
from scorelock.engine.timebase import FrameRate

_CLOCK: Final = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,2}):([0-9]{1,2})(?:[.,]([0-9]{1,9}))?")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{1,18})?")


class Learned(Dialect):
    """A host as a mapping tells."""

    name = "learned"

    def __init__(self, setup: Setup, mapping: Mapping) -> None:
        super().__init__(setup)
        self._mapping = mapping
        self._rate = mapping.unit.rate(setup.rate)
        self._time = BeatTime()
        self._length_s: float | None = None
        per = mapping.unit.per
        if per is not None and mapping.unit.name == "beats":
            self._time.tell(float(per), None)
        if per is not None and mapping.unit.name == "share":
            self._length_s = float(per)
        self._beat: float | None = None  # while it plays
        self._plays = not (mapping.play or mapping.stop)  # a host that never says so
        readers: dict[str, list[Reader]] = {}
        for word, reader in self._readers():
            readers.setdefault(word.address, []).append(reader)
        self.words = {address: _all(each) for address, each in readers.items()}

    def _readers(self) -> Sequence[tuple[Word, Reader]]:
        """Who reads which word; in a message that says several, the position comes last."""
        told = self._mapping
        modes = {word.address: word for word in (*told.play, *told.stop, *told.pause)}
        numbers = ((told.length, self._length), (told.tempo, self._tempo), (told.rate, _rate))
        return (
            *((word, self._mode(address)) for address, word in modes.items()),
            *((word, _of(word, read)) for word, read in numbers if word is not None),
            (told.position, self._position),
        )

    def _mode(self, address: str) -> Reader:
        told = self._mapping
        rules = [
            (word, mode)
            for words, mode in ((told.play, Roll), (told.stop, Stop), (told.pause, Pause))
            for word in words
            if word.address == address
        ]

        def reader(args: Args, at_s: float) -> Events:
            answers = [(word.says(args), mode) for word, mode in rules]
            said = next((mode for answer, mode in answers if answer), None)
            if said is None and (False, Roll) in answers:
                said = Stop
            if said is None:
                raise Ignored("neither play nor stop")
            self._plays, self._beat = said is Roll, None
            return (said(at_s),)

        return reader

    def _tempo(self, value: Argument, at_s: float) -> Events:
        bpm = positive((value,))
        self._time.tell(bpm, self._beat)
        return (Tempo(at_s, bpm),)

    def _length(self, value: Argument, at_s: float) -> Events:
        self._length_s = positive((value,))
        return ()

    def _position(self, args: Args, at_s: float) -> Events:
        value = measured(self._mapping.unit, self._mapping.position, args, self._rate)
        if self._mapping.unit.name == "beats":
            position_s = self._time.seconds(value)
            self._beat = value if self._plays else None
        elif self._mapping.unit.name == "share":
            if self._length_s is None:
                raise Ignored("length not known yet")
            position_s = value * self._length_s
        else:
            position_s = value
        return (Position(at_s, number((position_s,))),)


def measured(unit: Unit, word: Word, args: Args, rate: FrameRate) -> float:
    """A position: in seconds, but beats and shares as they are.

    Raises:
        Ignored: the arguments hold none.
    """
    match unit.name:
        case "timecode":
            return timecode_s(_timecode(word, args), rate)
        case "clock":
            return clock_s(text((argument(word, args),)))
        case "milliseconds":
            per_s = Fraction(1000)
        case "frames":
            per_s = rate.fps
        case "samples":
            per_s = unit.per or Fraction(1)
        case _:
            per_s = Fraction(1)
    return seconds((numeral(argument(word, args)),)) / float(per_s)


def argument(word: Word, args: Args) -> Argument:
    """The one that the word names.

    Raises:
        Ignored: the message has fewer.
    """
    if word.argument is None or word.argument >= len(args):
        raise Ignored("too few arguments")
    return args[word.argument]


def numeral(arg: Argument) -> Argument:
    """The number of a text that is one, as some hosts send samples; else what it was."""
    if isinstance(arg, str) and _NUMBER.fullmatch(arg.strip()):
        return float(arg)
    return arg


def clock_s(words: str) -> float:
    """Seconds of "H:MM:SS.mmm" or "MM:SS", with as many decimals as there are.

    Raises:
        Ignored: it is no such text.
    """
    match = _CLOCK.fullmatch(words.strip())
    if match is None or int(match[2]) > 59 or int(match[3]) > 59:
        raise Ignored("not hours, minutes, seconds")
    whole = (int(match[1] or 0) * 60 + int(match[2])) * 60 + int(match[3])
    return whole + float(f"0.{match[4] or 0}")


def _timecode(word: Word, args: Args) -> str:
    """A text, or hours, minutes, seconds and frames from the argument on."""
    first = argument(word, args)
    if isinstance(first, str):
        return first
    numbers = args[word.argument or 0 :][:4]
    if [type(each) for each in numbers] != [int] * 4:
        raise Ignored("not four whole numbers")
    return ":".join(map(str, numbers))


def _rate(value: Argument, at_s: float) -> Events:
    return (Rate(at_s, measure((value,))),)


def _of(word: Word, read: Callable[[Argument, float], Events]) -> Reader:
    return lambda args, at_s: read(numeral(argument(word, args)), at_s)


def _all(readers: Sequence[Reader]) -> Reader:
    """All that a message says; it is ignored if none of them takes it."""

    def reader(args: Args, at_s: float) -> Events:
        events: Events = ()
        refused: Ignored | None = None
        for each in readers:
            try:
                events += each(args, at_s)
            except Ignored as err:
                refused = err
        if refused is not None and not events:
            raise refused
        return events

    return reader
