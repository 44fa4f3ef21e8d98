"""The film's own player, a browser's, as a time line: somebody else hears it and hands it on."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.timelines.timeline import Receiver
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)

OLDEST_S: Final = 0.5
"""What a player says may have been on its way for so long; a time before that is a slip."""
SILENT_S: Final = 1.0
"""A player that was silent for so long is not believed to roll still."""


class FilmMemory:
    """What a film's player said, and what of it holds."""

    def __init__(self) -> None:
        self._state: Roll | Stop | Pause | None = None
        self._position: Position | None = None
        self._rate: Rate | None = None
        self._loop: LoopRange | None = None
        self._repeat: Repeat | None = None
        self._at_s = float("-inf")

    def hear(self, events: Sequence[TransportEvent], now_s: float) -> list[TransportEvent]:
        """Take in what arrived at now_s, in order; gives it with times that can be.

        None of them is in the future, long ago, or before one that was heard.
        """
        heard: list[TransportEvent] = []
        for event in events:
            self._at_s = min(max(event.at_s, now_s - OLDEST_S, self._at_s), now_s)
            heard.append(replace(event, at_s=self._at_s))
            self._remember(heard[-1])
        return heard

    def _remember(self, event: TransportEvent) -> None:
        match event:
            case Roll() | Stop() | Pause():
                self._state = event
            case Position():
                self._position = event
            case Rate():
                self._rate = event
            case LoopRange():
                self._loop = event
            case Repeat():
                self._repeat = event

    def recall(self, now_s: float) -> list[TransportEvent]:
        """All that holds, as of now_s; nothing where nothing was said."""
        known = [each for each in (self._rate, self._loop, self._repeat) if each is not None]
        events: list[TransportEvent] = [replace(each, at_s=now_s) for each in known]
        state, position = self._state, self._position
        rolls = isinstance(state, Roll) and now_s - self._at_s < SILENT_S
        if state is not None:
            events.append(replace(state, at_s=now_s) if rolls else _standing(state, now_s))
        if position is not None:
            rate = 1.0 if self._rate is None else self._rate.rate
            ran_s = rate * (now_s - position.at_s) if rolls else 0.0
            events.append(Position(now_s, position.position_s + ran_s))
        return events


def _standing(state: Roll | Stop | Pause, now_s: float) -> Stop | Pause:
    return Pause(now_s) if isinstance(state, Pause) else Stop(now_s)


class FilmTimeline:
    """Follows a film's player by what `hear` is told of it, in film seconds.

    It says nothing of itself, and so needs no thread.

    Args:
        name: its address.
        clock: the time.
        film_start_s: what is added to film seconds.
    """

    def __init__(self, name: str, clock: Clock, film_start_s: float) -> None:
        self.address = name
        self.ignored: Counter[str] = Counter()
        self._clock = clock
        self._start_s = film_start_s
        self._memory = FilmMemory()
        self._telling = threading.Lock()  # in the order in which it was heard
        self._receiver: Receiver | None = None

    def start(self, receiver: Receiver) -> None:
        """Hand on what is heard from now on."""
        self._receiver = receiver

    def close(self) -> None:
        """Hand on nothing more."""
        self._receiver = None

    def hear(self, events: Sequence[TransportEvent]) -> None:
        """Take in what the player did, in film seconds; from any thread."""
        with self._telling:
            now_s = self._clock.now()
            self._tell(self._memory.hear(events, now_s), now_s)

    def retell(self) -> None:
        """Hand on what holds now; from any thread."""
        with self._telling:
            now_s = self._clock.now()
            self._tell(self._memory.recall(now_s), now_s)

    def _tell(self, events: Sequence[TransportEvent], now_s: float) -> None:
        receiver = self._receiver
        if receiver is not None and events:
            receiver([shifted(event, self._start_s) for event in events], now_s)


def shifted(event: TransportEvent, by_s: float) -> TransportEvent:
    """The event with its places so much later on the time line."""
    match event:
        case Position():
            return replace(event, position_s=event.position_s + by_s)
        case LoopRange():
            return replace(event, start_s=event.start_s + by_s, end_s=event.end_s + by_s)
    return event
