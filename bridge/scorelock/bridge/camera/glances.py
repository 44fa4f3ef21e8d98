"""CLIP beside the camera: it sees a frame when it can, and nobody waits for it."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, Queue
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.onlooker import Glance
from scorelock.engine.semantics import PictureModel
from scorelock.engine.video import Image

_KEPT: Final = 4
"""Glances: a chord may be chosen by the one before the newest."""
_NICENESS: Final = 10
_GREY: Final = np.full((36, 64, 3), 128, np.uint8)


class Glances:
    """What CLIP saw, frame by frame; of those that wait for it the newest is all that it is shown.

    Attributes:
        blank: (W,), its embedding of a grey picture, for as long as it has seen no other.
    """

    def __init__(self, blank: NDArray[np.float32]) -> None:
        self.blank = blank
        self._waiting: Queue[tuple[float, Image] | None] = Queue(1)
        self._seen: tuple[Glance, ...] = ()
        self._failure: BaseException | None = None

    def show(self, at_s: float, frame: Image) -> None:
        """Let CLIP see a frame as soon as it can, instead of one that waits still."""
        self._put((at_s, frame))

    def before(self, end_s: float) -> Glance | None:
        """Of what was shown before a moment the newest that it has seen.

        Raises:
            BaseException: why it sees no more.
        """
        if self._failure is not None:
            raise self._failure
        return next((glance for glance in reversed(self._seen) if glance.at_s < end_s), None)

    def close(self) -> None:
        """Let `look` come to its end."""
        self._put(None)

    def look(self, model: PictureModel) -> None:
        """See what is shown, until it is closed; in a thread of its own."""
        try:
            while (shown := self._waiting.get()) is not None:
                at_s, frame = shown
                semantic, emotion = model.see([frame])
                self._seen = (*self._seen, Glance(at_s, semantic[0], emotion[0]))[-_KEPT:]
        except BaseException as err:  # told by `before`
            self._failure = err

    def _put(self, shown: tuple[float, Image] | None) -> None:
        with suppress(Empty):
            self._waiting.get_nowait()
        self._waiting.put(shown)


@contextmanager
def beside(open_model: Callable[[], PictureModel | None]) -> Iterator[Glances | None]:
    """Have CLIP look on, if there is one, in a thread that leaves the processor to all others. The
    end waits for the frame that it is seeing.

    Raises:
        ScorelockError: it cannot be opened.
    """
    with ThreadPoolExecutor(1, "clip", initializer=_stand_back) as pool:
        # Opened there, for the threads that it computes in are as modest as the one that makes them
        model = pool.submit(open_model).result()
        if model is None:
            yield None
            return
        ((blank,), _) = pool.submit(model.see, [_GREY]).result()
        glances = Glances(blank)
        pool.submit(glances.look, model)
        try:
            yield glances
        finally:
            glances.close()


def _stand_back() -> None:
    """Give way to frames, chords and notes; Linux has it thread by thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
