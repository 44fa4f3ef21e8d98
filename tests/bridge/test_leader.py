"""One host leads; another is heard only when the first has long been silent."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.leader import SILENT_S, Leader
from scorelock.bridge.transport import Position, Roll

REAPER, LIVE = ("reaper", ("10.0.0.1", 50000)), ("live", ("10.0.0.2", 50001))


def said(leader: Leader, host: tuple[str, tuple[str, int]], at_s: float) -> bool:
    return bool(leader.led(*host, at_s, [Position(at_s, 1.0)]))


def test_the_first_leads_and_the_second_does_not() -> None:
    leader = Leader()
    assert said(leader, REAPER, 0.0)
    assert not said(leader, LIVE, 0.1)
    assert said(leader, REAPER, 0.2)
    assert leader.host == ("reaper", "10.0.0.1")


def test_a_host_that_restarts_is_the_same() -> None:
    leader = Leader()
    assert said(leader, REAPER, 0.0)
    assert said(leader, ("reaper", ("10.0.0.1", 61234)), 1.0)


def test_a_long_silence_lets_another_lead() -> None:
    leader = Leader()
    assert said(leader, REAPER, 0.0)
    assert not said(leader, LIVE, SILENT_S - 0.1)
    assert said(leader, LIVE, SILENT_S)
    assert not said(leader, REAPER, SILENT_S + 0.1)


def test_who_says_nothing_that_counts_does_not_lead() -> None:
    leader = Leader()
    leader.led(*LIVE, 0.0, [])
    assert leader.host is None
    assert said(leader, REAPER, 0.1)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 4)), max_size=60))
def test_two_never_lead_within_the_silence(turns: list[tuple[bool, float]]) -> None:
    leader, now_s = Leader(), 0.0
    heard: list[tuple[str, float]] = []
    for first, gap_s in turns:
        now_s += gap_s
        source, peer = REAPER if first else LIVE
        if leader.led(source, peer, now_s, [Roll(now_s)]):
            heard.append((source, now_s))
    for (one, before_s), (other, after_s) in pairwise(heard):
        assert one == other or after_s - before_s >= SILENT_S
