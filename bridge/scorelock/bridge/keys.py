"""What a player does at the terminal while a show runs: one key a wish.

[ ]  the host is heard 1 ms earlier, later       { }  10 ms
l    the next host leads                         p    silence, now
q    end
"""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.console import say
from scorelock.bridge.session import LiveSession
from scorelock.bridge.transport import Lead, Nudge, Panic

HELP: Final = "keys: [ ] latency 1 ms, { } 10 ms, l next host leads, p silence, q end"
NUDGES_S: Final = {"[": -0.001, "]": 0.001, "{": -0.01, "}": 0.01}
_LOOK_UP_S: Final = 0.25


def press(key: str, session: LiveSession, now_s: float) -> None:
    """Do what a key means; others do nothing."""
    if key in NUDGES_S:
        session.wish(Nudge(now_s, NUDGES_S[key]))
    elif key == "l":
        session.wish(Lead(now_s, ""))
    elif key == "p":
        session.wish(Panic(now_s))
    elif key == "q":
        session.end()


@contextmanager
def keys(session: LiveSession, clock: Clock) -> Iterator[None]:
    """Heed the keys of the terminal until the block ends; without a terminal do nothing."""
    if not sys.stdin.isatty():
        yield
        return
    ending = threading.Event()
    say(HELP)
    with _key_by_key(sys.stdin) as read:

        def run() -> None:
            while not ending.is_set():
                for key in read():
                    press(key, session, clock.now())

        listener = threading.Thread(target=run, name="keys", daemon=True)
        listener.start()
        try:
            yield
        finally:
            ending.set()
            listener.join()


@contextmanager
def _key_by_key(terminal: IO[str]) -> Iterator[Callable[[], str]]:
    """Gives what waits a moment for keys, without echo; Ctrl-C stays what it is."""
    if sys.platform == "win32":
        yield _windows_keys
        return
    import os
    import select
    import termios
    import tty

    number = terminal.fileno()
    before = termios.tcgetattr(number)

    def read() -> str:
        ready, _, _ = select.select([number], [], [], _LOOK_UP_S)
        return os.read(number, 64).decode(errors="ignore") if ready else ""

    tty.setcbreak(number)
    try:
        yield read
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)


def _windows_keys() -> str:
    if sys.platform == "win32":
        import msvcrt

        pressed = threading.Event()
        pressed.wait(_LOOK_UP_S / 5)
        return msvcrt.getwch() if msvcrt.kbhit() else ""
    return ""
