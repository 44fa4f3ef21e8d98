"""What every dialect keeps: messages go in, events or a reason come out, and it may ask to be told.

A dialect is a table from addresses to readers. It holds what its host says piecemeal (a tempo, a
loop's ends) and nothing else: no socket, no clock.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from scorelock.bridge.osc import Argument, OscMessage
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

Args = tuple[Argument, ...]
Events = tuple[TransportEvent, ...]
Reader = Callable[[Args, float], Events]
"""Reads the arguments of a message that arrived at a time; raises Ignored."""
Peer = tuple[str, int]
"""Host and port that a datagram came from."""


FOLLOWED_S: Final = 2.0
"""How long what is followed may be silent while others are not: the word of its end was lost."""


class Ignored(ValueError):
    """A message that says nothing we can use; its text is the reason that is counted."""


class Request(NamedTuple):
    """What to send to a host, at once and, where every_s is given, again after so many seconds."""

    address: str
    args: Args = ()
    every_s: float | None = None


class Setup(NamedTuple):
    """What a dialect cannot hear from its host.

    Attributes:
        rate: of timecode text.
        reply_port: where answers should go; 0 for where the question came from.
    """

    rate: FrameRate
    reply_port: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What one datagram said, and why the rest of it was ignored.

    Attributes:
        events: in their order.
        ignored: a reason for each message that was not used.
        source: name of the dialect that spoke; empty where none is known.
        greeting: what to send to the peer from now on, instead of what was; empty for no change.
    """

    events: Events
    ignored: tuple[str, ...]
    source: str = ""
    greeting: tuple[Request, ...] = ()


class Dialect:
    """One host's way to speak.

    Attributes:
        name: what users call it.
        port: where the host usually listens; None if it listens nowhere.
        is_host: whether hearing it tells what host a peer is.
        words: readers by address.
    """

    name = ""
    port: int | None = None
    is_host = True

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.words: dict[str, Reader] = {}

    def reader(self, address: str) -> Reader | None:
        """Who reads what comes to an address; None for an address that this host does not use."""
        return self.words.get(address)

    def knows(self, message: OscMessage) -> bool:
        """Whether this host may have sent it."""
        return self.reader(message.address) is not None

    def greeting(self) -> tuple[Request, ...]:
        """What the host must be sent to speak to us, and to say at once what it has said before."""
        return ()

    def hear(
        self, messages: Sequence[OscMessage], at_s: float, peer: Peer | None = None
    ) -> Reading:
        """Read a datagram's messages. Whatever they hold, nothing is raised."""
        events: list[TransportEvent] = []
        ignored: list[str] = []
        for address, args in messages:
            reader = self.reader(address)
            try:
                if reader is None:
                    raise Ignored("other address")
                events += map(_in_range, reader(args, at_s))
            except Ignored as err:
                ignored.append(str(err))
        return Reading(tuple(events), tuple(ignored), self.name)


def _in_range(event: TransportEvent) -> TransportEvent:
    """The event, unless what a host's own numbers make of each other is no number."""
    match event:
        case Position(position_s=position_s):
            _finite(position_s)
        case LoopRange(start_s=start_s, end_s=end_s):
            _finite(start_s + end_s)
    return event


class Loop:
    """A host's loop, which comes in pieces: two ends and a switch, in any order."""

    def __init__(self) -> None:
        self._start_s: float | None = None
        self._end_s: float | None = None
        self._on = False

    def switch(self, at_s: float, on: bool) -> Events:
        """The host says whether it repeats."""
        self._on = on
        return (Repeat(at_s, on and not self._is_empty),)

    def move(
        self, at_s: float, *, start_s: float | None = None, end_s: float | None = None
    ) -> Events:
        """The host says where the loop begins or ends; one that is empty does not repeat."""
        self._start_s = self._start_s if start_s is None else start_s
        self._end_s = self._end_s if end_s is None else end_s
        if self._start_s is None or self._end_s is None:
            return ()
        repeat = (Repeat(at_s, not self._is_empty),) if self._on else ()
        if self._is_empty:
            return repeat
        return LoopRange(at_s, self._start_s, self._end_s), *repeat

    @property
    def _is_empty(self) -> bool:
        return (
            self._start_s is not None and self._end_s is not None and self._end_s <= self._start_s
        )


class Lead:
    """Which of several things that play at once is followed: the first, until it ends or is silent.

    Attributes:
        name: of what is followed; None for nothing.
    """

    def __init__(self) -> None:
        self.name: str | None = None
        self._heard_s = -math.inf

    def hear(self, name: str, at_s: float) -> None:
        """One of them is heard.

        Raises:
            Ignored: another is followed.
        """
        if self.name not in (None, name) and at_s < self._heard_s + FOLLOWED_S:
            raise Ignored("another one is followed")
        self.name, self._heard_s = name, at_s

    def end(self) -> None:
        """What was followed has ended."""
        self.name = None


def number(args: Args) -> float:
    """The one finite number that the arguments are, or truth as 0 and 1."""
    if len(args) != 1 or not isinstance(args[0], int | float):
        raise Ignored("not one number")
    try:
        value = float(args[0])
    except OverflowError:  # JSON has whole numbers of any length
        value = math.inf
    return _finite(value)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise Ignored("not finite")
    return value


def measure(args: Args) -> float:
    """A number that is no truth value."""
    if args and isinstance(args[0], bool):
        raise Ignored("not one number")
    return number(args)


def seconds(args: Args) -> float:
    """A measure that is not negative."""
    value = measure(args)
    if value < 0:
        raise Ignored("negative time")
    return value


def positive(args: Args) -> float:
    """A measure above 0, as tempos are."""
    value = measure(args)
    if value <= 0:
        raise Ignored("not above 0")
    return value


def text(args: Args) -> str:
    """The one string that the arguments are."""
    if len(args) != 1 or not isinstance(args[0], str):
        raise Ignored("not one text")
    return args[0]


def timecode_s(words: str, rate: FrameRate) -> float:
    """Seconds of a timecode's text."""
    try:
        return Timecode.parse(words, rate).seconds
    except BadSetting as err:
        raise Ignored("not a timecode") from err


def flag(
    on: type[Roll | Stop | Pause] | None = None, off: type[Roll | Stop | Pause] | None = None
) -> Reader:
    """A button's light: lit says `on`, dark says `off`, or nothing."""

    def reader(args: Args, at_s: float) -> Events:
        meaning = on if number(args) else off
        return () if meaning is None else (meaning(at_s),)

    return reader


def one(make: Callable[[float, float], TransportEvent], read: Callable[[Args], float]) -> Reader:
    """A message that is one number, which with its arrival makes an event."""
    return lambda args, at_s: (make(at_s, read(args)),)
