"""The bench of live sending receives what was planned; how exactly is the bench's to say.

The machine that runs tests may be busy: what is held here is what that does not change.
"""

import argparse
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from fakes import FILM_RATE
from jackd import running_jack

from scorelock.bridge import bench_ardour, bench_live
from scorelock.bridge.bench_feeds import FLOOD_HZ, SPIKE_S, flooded, over_wifi
from scorelock.bridge.bench_moves import HEARD_S
from scorelock.bridge.commands import bench
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.simulate import TimedDatagram
from scorelock.bridge.transport import Position, Roll
from scorelock.engine.errors import MissingPart

FEEDS = ("reaper15", "live10", "wifi")
SECONDS = 2.0


def no_ardour(seconds: float) -> dict[str, Any]:
    """What the bench of a real Ardour does where there is none; it has tests of its own."""
    raise MissingPart("expected Ardour, found none")


class Run(NamedTuple):
    """What a run of the bench gave, and what it said meanwhile."""

    result: dict[str, Any]
    said: list[str]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A short run of all of it."""
    said: list[str] = []
    with (
        running_jack("scorelock-tests-bench"),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(bench_ardour, "measure", no_ardour)
        patch.setattr(bench_live, "say", said.append)
        yield Run(bench_live.measure(SECONDS, storms=20), said)


@pytest.fixture
def result(run: Run) -> dict[str, Any]:
    """Its numbers."""
    return run.result


@pytest.mark.parametrize("name", FEEDS)
def test_each_feed_is_heard_whole_and_closer_than_the_naive_way(
    result: dict[str, Any], name: str
) -> None:
    feed = result[name]
    assert feed["received"] == feed["planned"] > 15
    assert feed["left_on"] == 0
    assert 0 <= feed["ours_ms"]["median"] <= feed["ours_ms"]["p99"]
    assert feed["ours_ms"]["median"] < feed["naive_ms"]["median"]


def test_every_move_is_heard(result: dict[str, Any]) -> None:
    """What did not come would count as late as can be."""
    for name in ("locate_ms", "stop_ms", "wrap_ms", "seam_ms"):
        assert 0 < result[name] < 1000 * HEARD_S / 2, name
    assert result["wrapped"] == 1


def test_a_flood_loses_nothing(result: dict[str, Any]) -> None:
    assert result["flood_received"] == result["planned"]
    assert result["flood_lost_sync"] == 0
    assert result["flood_datagrams"] > 0.9 * FLOOD_HZ * SECONDS
    assert result["flood_p99_ms"] > 0


def test_the_first_feed_is_the_one_that_is_told_in_short(result: dict[str, Any]) -> None:
    assert result["storm_faults"] == 0
    assert result["midi_api"] == "JACK"
    assert result["ratio"] == result["other"]["p99"] / result["ours"]["p99"]
    first = result["reaper15"]
    assert first["ours_ms"] == {"median": result["ours"]["p50"], "p99": result["ours"]["p99"]}
    for name in ("planned", "received", "left_on"):
        assert result[name] == first[name]


def test_a_missing_ardour_is_told_and_left_out(run: Run) -> None:
    assert "ardour" not in run.result
    assert any("expected Ardour, found none" in line for line in run.said)


@pytest.mark.parametrize("as_json", [True, False])
def test_the_command_prints_every_feed_and_measure(
    result: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    as_json: bool,
) -> None:
    monkeypatch.setattr(bench_live, "measure", lambda seconds: result | {"seconds": seconds})
    parser = argparse.ArgumentParser()
    bench.add_arguments(parser)
    words = ["live", "--seconds", "2", *(["--json"] if as_json else [])]
    assert bench.run(parser.parse_args(words)) == 0
    told = capsys.readouterr().out
    if as_json:
        assert json.loads(told) == {"live": result}
    else:
        for row in (*FEEDS, "locate", "stop", "wrap", "flood", "storms"):
            assert f"live {row}" in told


def test_wifi_keeps_the_order_is_never_early_and_has_its_spikes() -> None:
    sent = [TimedDatagram(i / 15, b"%d" % i) for i in range(20_000)]
    came = list(over_wifi(sent, seed=1))
    assert [data for _, data in came] == [data for _, data in sent]
    assert all(a.at_s <= b.at_s for a, b in pairwise(came))
    late_s = np.array([a.at_s - b.at_s for a, b in zip(came, sent, strict=True)])
    assert late_s.min() > 0
    assert np.median(late_s) < 0.005
    assert 0.01 < np.mean(late_s > SPIKE_S) < 0.03


def test_the_flood_is_as_dense_as_it_says_and_its_positions_are_true() -> None:
    flood = list(flooded([Position(0, 0.0), Roll(0.5)], 2.0, 0))
    assert len(flood) == pytest.approx(2 * FLOOD_HZ, rel=0.01)
    assert all(a.at_s <= b.at_s for a, b in pairwise(flood))
    dialect = hosts(FILM_RATE)
    told = [event for at_s, data in flood for event in read(dialect, data, at_s).events]
    positions = [e for e in told if isinstance(e, Position) and e.at_s > 0.5]
    assert len(positions) > 1000
    for event in positions:
        assert -1e-6 < event.at_s - 0.5 - event.position_s < 0.016 + 1e-6
