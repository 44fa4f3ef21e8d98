"""The house transport: a time line of our own, for whoever has none, with exact stamps."""

import math
import threading
from collections import Counter
from collections.abc import Callable
from typing import Final

from scorelock.bridge.chaser import SHORTEST_LOOP_S
from scorelock.bridge.clock import Clock
from scorelock.bridge.timelines.film import shifted
from scorelock.bridge.timelines.timeline import Receiver
from scorelock.bridge.transport import (
    LoopRange,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)

EVERY_S: Final = 0.1
"""Between two reports while it rolls."""
OLDEST_S: Final = 0.5
"""An order to roll may have been on its way for so long."""
SLOWEST, FASTEST = 0.25, 2.0
_LONGEST_SLEEP_S: Final = 3600.0


class House:
    """A transport that rolls, halts, locates, goes round and has a speed: in film seconds.

    Pure: what happens at a moment gives the events that tell of it. Times must not go back.

    Args:
        end_s: of the film: it halts there, and rolls from the beginning if it is told to.
    """

    def __init__(self, end_s: float = math.inf) -> None:
        self._end_s = end_s
        self._rate = 1.0
        self._loop_s: tuple[float, float] | None = None
        self._at_s = 0.0  # it was there then, or will roll from there
        self._place_s = 0.0
        self._rolling = False
        self._rolls_s = math.inf  # when it begins to
        self._next_s = math.inf  # the next report

    @property
    def rate(self) -> float:
        """Film seconds a second, while it rolls."""
        return self._rate

    @property
    def loop_s(self) -> tuple[float, float] | None:
        """Where it goes round."""
        return self._loop_s

    @property
    def rolls_s(self) -> float:
        """Since when it has rolled, or when it will; inf where it stands."""
        return self._at_s if self._rolling else self._rolls_s

    @property
    def due_s(self) -> float:
        """When it has something to tell of itself; inf for never."""
        return min(self._next_s, self._ends_s) if self._rolling else self._rolls_s

    @property
    def _ends_s(self) -> float:
        """When it comes to the film's end; inf where a loop leads it back before."""
        loop = self._loop_s
        if loop is not None and self._place_s < loop[1] <= self._end_s:
            return math.inf
        return self._at_s + (self._end_s - self._place_s) / self._rate

    def place_s(self, now_s: float) -> float:
        """Where it is."""
        if not self._rolling:
            return self._place_s
        return moved(self._place_s, self._rate * (now_s - self._at_s), self._loop_s)

    def advance(self, now_s: float) -> list[TransportEvent]:
        """What it tells of itself up to now, each as of the very moment."""
        events: list[TransportEvent] = []
        if self._rolls_s <= now_s and not self._rolling:
            self._at_s = self._next_s = self._rolls_s
            self._rolling, self._rolls_s = True, math.inf
            if self._place_s >= self._end_s:
                self._place_s = 0.0
            events.append(Roll(self._at_s))
        if self._rolling and self._ends_s <= now_s:
            return [*events, *self.halt(max(self._ends_s, self._at_s))]
        if self._rolling and self._next_s <= now_s:
            # Of reports that nobody asked for in time only the newest says anything.
            passed = math.floor((now_s - self._next_s) / EVERY_S)
            at_s = min(self._next_s + passed * EVERY_S, now_s)
            events.append(Position(at_s, self.place_s(at_s)))
            self._next_s = at_s + EVERY_S
        return events

    def roll(self, at_s: float, now_s: float) -> list[TransportEvent]:
        """Roll from then on; a transport that rolls goes on."""
        if not self._rolling:
            self._rolls_s = max(at_s, now_s - OLDEST_S)
        return self.advance(now_s)

    def halt(self, now_s: float) -> list[TransportEvent]:
        """Stand, where it is; nor will it roll."""
        rolled, self._rolls_s = self._rolling, math.inf
        if not rolled:
            return []
        self._moor(now_s)
        self._rolling = False
        return [Stop(now_s), Position(now_s, self._place_s)]

    def locate(self, place_s: float, now_s: float) -> list[TransportEvent]:
        """Be there, rolling or not."""
        self._moor(now_s)
        self._place_s = place_s
        return self.tell(now_s)

    def loop(self, span_s: tuple[float, float] | None, now_s: float) -> list[TransportEvent]:
        """Go round there; it begins where it runs into the end. None, or a span shorter than
        `SHORTEST_LOOP_S`, ends it.
        """
        self._moor(now_s)
        long = span_s is not None and span_s[1] - span_s[0] >= SHORTEST_LOOP_S
        self._loop_s = span_s if long else None
        return self._tell_loop(now_s)

    def speed(self, rate: float, now_s: float) -> list[TransportEvent]:
        """Roll so fast, 0.25 to 2."""
        self._moor(now_s)
        self._rate = min(FASTEST, max(SLOWEST, rate))
        return [Rate(now_s, self._rate)]

    def tell(self, now_s: float) -> list[TransportEvent]:
        """All that holds now, to somebody who may believe something else."""
        here = Position(now_s, self.place_s(now_s))
        if not self._rolling:
            return [Rate(now_s, self._rate), *self._tell_loop(now_s), Stop(now_s), here]
        self._next_s = now_s + EVERY_S
        # It stops and rolls again: by its reports alone a short way might be taken for jitter.
        moved = (Stop(now_s), Roll(now_s), here)
        return [Rate(now_s, self._rate), *self._tell_loop(now_s), *moved]

    def _tell_loop(self, now_s: float) -> list[TransportEvent]:
        if self._loop_s is None:
            return [Repeat(now_s, False)]
        return [LoopRange(now_s, *self._loop_s), Repeat(now_s, True)]

    def _moor(self, now_s: float) -> None:
        """Reckon from here on."""
        if self._rolling:
            self._place_s = self.place_s(now_s)
            self._at_s = now_s


def moved(place_s: float, by_s: float, loop_s: tuple[float, float] | None) -> float:
    """Where that way leads, if a loop's end that is run into leads to its start."""
    there_s = place_s + by_s
    if loop_s is None or place_s >= loop_s[1] or there_s < loop_s[1]:
        return there_s
    start_s, end_s = loop_s
    return start_s + (there_s - end_s) % (end_s - start_s)


class HouseTimeline:
    """The house transport as a time line, with the thread that lets it speak.

    Without `start` it can be driven on a manual clock, by `turn`.

    Args:
        name: its address.
        clock: the time.
        film_start_s: what is added to film seconds.
        end_s: of the film.
    """

    def __init__(
        self, name: str, clock: Clock, film_start_s: float, end_s: float = math.inf
    ) -> None:
        self.address = name
        self.ignored: Counter[str] = Counter()
        self.receiver: Receiver | None = None
        self._clock = clock
        self._start_s = film_start_s
        self._house = House(end_s)
        self._changed = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Hand on what it does from now on."""
        self.receiver = receiver
        self._thread = threading.Thread(target=self._run, name="house", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def do(self, what: Callable[[House, float], list[TransportEvent]]) -> None:
        """Have something done with the transport at this moment; from any thread."""
        with self._changed:
            now_s = self._clock.now()
            self._tell([*self._house.advance(now_s), *what(self._house, now_s)], now_s)
            self._changed.notify()

    def retell(self) -> None:
        """Hand on all that holds now; from any thread."""
        self.do(House.tell)

    def turn(self) -> float:
        """Tell what is due; gives when more is."""
        with self._changed:
            now_s = self._clock.now()
            self._tell(self._house.advance(now_s), now_s)
            return self._house.due_s

    def _tell(self, events: list[TransportEvent], now_s: float) -> None:
        if self.receiver is not None and events:
            self.receiver([shifted(event, self._start_s) for event in events], now_s)

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                due_s = self.turn()
                self._clock.wait(self._changed, min(due_s, self._clock.now() + _LONGEST_SLEEP_S))
