"""The thread that takes frames in: it stamps them as they come, and waits for a camera that has
gone.
"""

import threading
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Self

from scorelock.bridge.camera.arrivals import Arrivals, Ended, Frame, Lost
from scorelock.bridge.camera.source import NoCamera, Source
from scorelock.bridge.clock import Clock

AGAIN_S: Final = 1.0
"""Between two tries to open it."""
_CLOSING_S: Final = 2.0


class Capture:
    """Puts what a camera gives into a queue. Enter it to begin.

    Attributes:
        fps: frames a second, as it tells.
        failure: why it ended, if what came was no picture.

    Raises:
        NoCamera: on entering, where there is none.
    """

    def __init__(self, source: Source, arrivals: Arrivals, clock: Clock) -> None:
        self.fps = 0.0
        self.failure: NoCamera | None = None
        self._source = source
        self._arrivals = arrivals
        self._clock = clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def __enter__(self) -> Self:
        self.fps = self._source.open()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._arrivals.close()
        self._thread.join(_CLOSING_S)  # a driver that hangs goes with the process

    def _run(self) -> None:
        while not self._over.is_set():
            why, last_s = self._read_on()
            self._source.close()  # at once: who comes back must not speak to nobody
            if self._over.is_set():
                break
            if self._source.ends:
                self._arrivals.will_happen(Ended(last_s))
                break
            self._arrivals.happened(partial(Lost, why=why))
            self._open_again()

    def _read_on(self) -> tuple[str, float]:
        """Take in frames until there are none; gives why, and when that is."""
        begun_s: float | None = None
        last_s = self._clock.now()
        try:
            while (got := self._source.read(self._over.is_set)) is not None:
                place_s, image = got
                if place_s is None:
                    self._arrivals.happened(partial(Frame, image=image))
                    last_s = self._clock.now()
                else:
                    begun_s = self._clock.now() if begun_s is None else begun_s
                    last_s = begun_s + place_s
                    self._arrivals.will_happen(Frame(last_s, image))
        except NoCamera as err:
            self.failure = err if self._source.ends else None
            return str(err), last_s
        return "it gives no more pictures", last_s

    def _open_again(self) -> None:
        """Try every second until it is there."""
        while not self._over.wait(AGAIN_S):
            with suppress(NoCamera):
                self.fps = self._source.open()
                return
