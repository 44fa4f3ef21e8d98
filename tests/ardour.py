"""A real Ardour on a JACK server of its own, both without hardware."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from jackd import running_jack

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.headless_ardour import HeadlessArdour, installed
from scorelock.engine.errors import MissingPart


@contextmanager
def running_ardour(folder: Path, server: str = "scorelock-ardour") -> Iterator[HeadlessArdour]:
    """Ardour that stands at its session's start, in an empty folder; skips where there is none."""
    try:
        installed()
    except MissingPart as err:
        pytest.skip(f"needs Ardour: {err}")
    with running_jack(server), HeadlessArdour(folder, MonotonicClock()) as ardour:
        yield ardour
