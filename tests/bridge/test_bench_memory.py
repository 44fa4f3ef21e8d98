"""A desk left open does not fill the memory: some minutes of what the bench has hours of."""

import pytest

from scorelock.bridge import bench_memory, session
from scorelock.bridge.desk.desk import Desk
from scorelock.bridge.stage.orders import Told


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hours of two minutes, in which what is remembered on purpose is full from the first on."""
    monkeypatch.setattr(bench_memory, "_HOUR_S", 120)
    monkeypatch.setattr(session, "REMEMBERED", 256)


@pytest.mark.usefixtures("minutes")
def test_it_stays_as_it_is() -> None:
    result = bench_memory.measure(hours=3)
    assert result["messages"] > 1000, "it plays, and says so"
    assert len(result["hours_mib"]) == 3
    assert result["grown_mib"] < 0.05
    ((name, ours, other, *_),) = bench_memory.rows(result)
    assert (name, ours) == ("memory", f"{result['hours_mib'][-1]:.2f} MiB")
    assert other == f"{result['hours_mib'][0]:.2f} MiB"


@pytest.mark.usefixtures("minutes")
def test_a_desk_that_keeps_what_it_is_told_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Told] = []
    told = Desk.told

    def hoard(desk: Desk, what: Told) -> None:
        kept.append(what)
        told(desk, what)

    monkeypatch.setattr(Desk, "told", hoard)
    assert bench_memory.measure(hours=2)["grown_mib"] > 0.05
