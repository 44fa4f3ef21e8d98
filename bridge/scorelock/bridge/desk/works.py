"""What takes its time: done in threads of its own, with its progress told, and ended on demand.

What changes the score is done one after the other in one thread; exports and the like go on beside
it. A work learns that it is to end where it reports its progress.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from scorelock.bridge.clock import Clock
from scorelock.bridge.desk.messages import Work

T = TypeVar("T")

EVERY_S: Final = 0.1
"""How often progress is told at most."""
BESIDE: Final = 3
"""Works beside those that change the score."""


class Cancelled(Exception):
    """The user does not want it any more."""


class Progress:
    """Of one work; called in its thread with the share done, 0..1, None where it cannot be said.

    Attributes:
        cancelled: set when the work is to end; calling raises `Cancelled` then.
    """

    def __init__(self, work: str, words: str, say: Callable[[Work], None], clock: Clock) -> None:
        self.cancelled = Event()
        self._work, self._words, self._say, self._clock = work, words, say, clock
        self._told_s = clock.now()

    def __call__(self, share: float | None) -> None:
        """So much is done; what follows another within `EVERY_S` is not told."""
        if self.cancelled.is_set():
            raise Cancelled
        now_s = self._clock.now()
        if now_s - self._told_s >= EVERY_S:
            self._told_s = now_s
            self._say(Work(self._work, self._words, None if share is None else round(share, 4)))


class Works:
    """All that goes on. Made and asked on the event loop's thread.

    Args:
        tell: takes each piece of news, on the loop's thread.
        clock: by which news are spaced.
    """

    def __init__(self, tell: Callable[[Work], None], clock: Clock) -> None:
        self._tell, self._clock = tell, clock
        self._loop = asyncio.get_running_loop()
        self._score = ThreadPoolExecutor(1, "score")
        self._beside = ThreadPoolExecutor(BESIDE, "beside")
        self._going: dict[str, Progress] = {}
        self._closing = False

    async def on_score(self, job: Callable[[], T]) -> T:
        """Do something in the thread that changes the score, after what was asked before."""
        return await self._loop.run_in_executor(self._score, job)

    async def beside(self, job: Callable[[], T]) -> T:
        """Do something beside it."""
        return await self._loop.run_in_executor(self._beside, job)

    def begin(self, work: str, words: str, *, shown: bool = True) -> Progress:
        """A work of that name begins; `done` ends it. Unless it is shown at once, it is told only
        when it lasts.
        """
        progress = self._going[work] = Progress(work, words, self._say, self._clock)
        if self._closing:
            progress.cancelled.set()
        elif shown:
            self._say(Work(work, words, 0.0))
        return progress

    def going(self, work: str) -> bool:
        """Whether it goes on."""
        return work in self._going

    def done(self, work: str) -> None:
        """It has ended, however."""
        if self._going.pop(work, None) is not None:
            self._say(Work(work, "", 1.0, done=True))

    def cancel(self, work: str) -> None:
        """Have it end where it reports next; nothing where it does not go on."""
        if (progress := self._going.get(work)) is not None:
            progress.cancelled.set()

    def close(self) -> None:
        """End all of it, and wait for that."""
        self._closing = True
        for progress in list(self._going.values()):  # copied at once: others begin meanwhile
            progress.cancelled.set()
        for pool in (self._score, self._beside):
            pool.shutdown(cancel_futures=True)

    def _say(self, work: Work) -> None:
        """In its turn on the loop's thread, so that what is done is told last."""
        self._loop.call_soon_threadsafe(self._tell, work)
