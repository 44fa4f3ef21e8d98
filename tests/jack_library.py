"""JACK-Client in tests, and its other end."""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from scorelock.bridge.timelines.jack_client import load_jack
from scorelock.bridge.transport import Position, TransportEvent
from scorelock.engine.errors import MissingPart


def jack_library() -> Any:  # noqa: ANN401 - the library has no types
    """JACK-Client; skips where it or libjack is not installed."""
    try:
        return load_jack()
    except MissingPart as err:
        pytest.skip(f"needs JACK: {err}")


class Told:
    """Another process that does what it is told, a line at a time.

    It says "ready" first, and after each line what came of it.
    """

    def __init__(self, program: str, *words: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._read() == "ready"

    def tell(self, words: str) -> str:
        """Give it a command, and wait for what it says to that."""
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().rstrip("\n")


class Heard:
    """What a time line told so far, and waiting for more of it."""

    def __init__(self) -> None:
        self.events: list[TransportEvent] = []
        self._news = threading.Condition()

    def receive(self, events: Sequence[TransportEvent], at_s: float) -> None:
        """Keep them."""
        with self._news:
            self.events += events
            self._news.notify()

    def count(self, kind: type[TransportEvent]) -> int:
        """How many of them were told."""
        return sum(isinstance(event, kind) for event in self.events)

    def wait_for(self, kind: type[TransportEvent], count: int = 1) -> None:
        """Until that many of them were told."""
        self._wait(lambda: self.count(kind) >= count)

    def wait_for_more(self, kind: type[TransportEvent], count: int) -> None:
        """Until that many more of them were told."""
        self.wait_for(kind, self.count(kind) + count)

    def wait_for_position(self, position_s: float) -> None:
        """Until just that was told."""
        self._wait(
            lambda: any(
                isinstance(event, Position) and event.position_s == position_s
                for event in self.events
            )
        )

    def _wait(self, come: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(come, 10), self.events
