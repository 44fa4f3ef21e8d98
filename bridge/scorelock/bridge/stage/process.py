"""A stage in a process of its own, so that nothing that a desk does can hold the sender up.

When that process dies, what it played to is released by the output's own process (see
`scorelock.bridge.port_child`), and another takes its place and goes on where it was.
"""

import multiprocessing
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.stage.child import play
from scorelock.bridge.stage.memory import Memory
from scorelock.bridge.stage.orders import Failed, Load, Order, Ready, Said, Setting, Told
from scorelock.bridge.stage.playing import reel_of
from scorelock.bridge.stage.stage import Hearer

HUNG_S: Final = 10.0
"""A process that tells nothing for so long is ended; one that plays tells something every second,
and one that starts may have to wait for a busy machine.
"""
AGAIN_S: Final = 0.2
CLOSING_S: Final = 5.0
MOST_DEATHS, WITHIN_S = 3, 30.0
"""A process that dies so often in that time would die again."""


class StageProcess:
    """Plays in another process. Satisfies `scorelock.bridge.stage.stage.Stage`.

    Args:
        setting: how it begins.
        say: takes a line for whoever watches the terminal, when the process had to be replaced.
    """

    def __init__(self, setting: Setting, say: Callable[[str], None]) -> None:
        self._say = say
        self._clock = MonotonicClock()
        self._memory = Memory(setting)
        self._orders: deque[Order | None] = deque()
        self._changed = threading.Condition()
        self._pipe: Connection | None = None  # while it can be ordered
        self._closing = False
        self._over = False
        self._process: SpawnProcess | None = None
        self._hearer: Hearer = lambda told: None
        self._keeper = threading.Thread(target=self._keep, name="stage keeper", daemon=True)
        self._writer = threading.Thread(target=self._write, name="stage orders", daemon=True)

    def start(self, hearer: Hearer) -> None:
        """Begin; what is told goes to the hearer from now on, from one thread."""
        self._hearer = hearer
        self._keeper.start()
        self._writer.start()

    def order(self, order: Order) -> None:
        """Have something done; from any thread. Returns at once."""
        with self._changed:
            self._memory.note(order, self._clock.now())
            if self._pipe is not None:  # else the memory tells it when there is one
                self._orders.append(order)
                self._changed.notify_all()

    def close(self) -> None:
        """End: what sounds is released. Closing again does nothing."""
        if self._keeper.ident is None:  # it was never started
            return
        with self._changed:
            self._closing = True
            self._orders.append(None)
            self._changed.notify_all()
        self._keeper.join(CLOSING_S)
        if self._process is not None and self._keeper.is_alive():
            self._process.kill()
        self._keeper.join()
        self._writer.join()

    @property
    def pid(self) -> int | None:
        """Of the process that plays; None while there is none."""
        return None if self._process is None else self._process.pid

    def _keep(self) -> None:
        """The keeper's thread: have a process, hear it, and have another when it dies."""
        died_s: deque[float] = deque(maxlen=MOST_DEATHS)
        while not self._over:
            self._live()
            died_s.append(self._clock.now())
            again = len(died_s) == MOST_DEATHS and died_s[-1] - died_s[0] < WITHIN_S
            with self._changed:
                closing = self._changed.wait_for(lambda: self._closing, AGAIN_S)
                self._over = closing or again
                self._changed.notify_all()
            if closing:
                return
            words = "the player had ended; it goes on where it was"
            told = Failed("the player ended again and again; start scorelock again")
            self._say(told.words if again else words)
            self._hearer(told if again else Said(words))

    def _live(self) -> None:
        """One life of the process."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        begun = self._memory.setting
        self._process = context.Process(
            target=play, args=(begun, theirs), name="stage", daemon=True
        )
        self._process.start()
        theirs.close()  # so that the end of the process ends the pipe
        with suppress(EOFError, OSError):
            while ours.poll(HUNG_S):
                self._hear(ours, ours.recv(), begun)
        with self._changed:
            self._pipe = None
            self._orders.clear()
        if self._closing:
            self._process.join(CLOSING_S)
        self._process.kill()
        self._process.join()
        ours.close()

    def _hear(self, pipe: Connection, told: Told, begun: Setting) -> None:
        match told:
            case Ready():
                with self._changed:
                    self._pipe = pipe
                    orders = self._memory.orders(self._clock.now(), begun)
                    self._orders.extendleft(reversed(orders))
                    self._changed.notify_all()
            case Failed():
                told = Said(f"the player has failed: {told.words}")
        self._hearer(told)

    def _write(self) -> None:
        """The writer's thread: hand the orders over. Only it makes reels and waits for the pipe."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._over or (self._pipe and self._orders))
                if self._pipe is None or not self._orders:
                    return
                pipe, order = self._pipe, self._orders.popleft()
            with suppress(OSError):  # it has died: the memory has the order
                pipe.send(reel_of(order) if isinstance(order, Load) else order)
