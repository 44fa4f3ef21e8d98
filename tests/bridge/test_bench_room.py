"""The bench of a rehearsal runs the real command with a real crowd; how exact is its to say."""

import os
import sys

import pytest

from scorelock.bridge import bench_room
from scorelock.engine.errors import MissingPart


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python finds what this one does."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))


@pytest.mark.usefixtures("path")
def test_it_plays_with_and_without_players() -> None:
    result = bench_room.measure(seconds=6.0, players=3)
    assert (result["players"], result["lost"]) == (3, 0)
    notes = result["notes"]
    assert notes["alone"] > 3
    assert notes["crowd"] > 3
    assert result["ours"] == result["crowd_ms"]["p99"] > 0
    assert result["other"] == result["alone_ms"]["p99"] > 0
    assert result["more_ms"] == result["ours"] - result["other"]
    (send, words) = bench_room.rows(result)
    assert "3 players" in send[-1]
    assert "p99" in words[1]


@pytest.mark.usefixtures("path")
def test_a_command_that_cannot_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "no number")
    with pytest.raises(MissingPart, match="PYTHONHASHSEED"):
        bench_room.measure(seconds=2.0, players=1)
