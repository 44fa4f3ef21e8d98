"""What a live process asks of the interpreter and the system: signals that end it in order, quick
thread switches, no sudden clearing up, and a thread that goes first.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

SWITCH_INTERVAL_S: Final = 0.0005  # how long the drawing thread may hold the sender up


@contextmanager
def on_signals(end: Callable[[], None]) -> Iterator[None]:
    """Let signals that mean "finish" call `end` instead of tearing the process down."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return

    def handle(number: int, frame: FrameType | None) -> None:
        end()

    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [signal.signal(number, handle) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def tuned() -> Iterator[None]:
    """Keep the interpreter from holding the sender up: quick thread switches, no old garbage."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval_s)


def prefer_this_thread() -> None:
    """Ask for real-time scheduling of the calling thread, where the system has it and allows."""
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
