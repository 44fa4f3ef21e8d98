"""The bench of a cold start runs the real command; how fast is the bench's to say."""

import os
import sys

import pytest

from scorelock.bridge.bench_start import measure
from scorelock.bridge.clock import MonotonicClock
from scorelock.engine.errors import MissingPart


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python finds what this one does."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.mark.usefixtures("path")
def test_it_starts_each_way() -> None:
    result = measure(MonotonicClock().now, rounds=1)
    assert 0 < result["python_s"] < result["help_s"] < result["live_s"]
    assert result["ours"] == result["live_s"]
    assert result["other"] == result["watching_s"]
    assert result["ratio"] == result["other"] / result["ours"]


@pytest.mark.usefixtures("path")
def test_a_command_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "no number")
    with pytest.raises(MissingPart, match="PYTHONHASHSEED"):
        measure(MonotonicClock().now, rounds=1)
