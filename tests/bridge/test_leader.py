"""One host leads until the user says another; a restart is the same host."""

from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.leader import RESTARTED_S, Leader
from scorelock.bridge.transport import Latency, Lead, Panic, Position, Roll, Stop, TransportEvent

REAPER, LIVE = ("reaper", ("10.0.0.1", 50000)), ("live", ("10.0.0.2", 50001))
Speaker = tuple[str, tuple[str, int]]


def said(leader: Leader, host: Speaker, at_s: float) -> bool:
    return bool(leader.led(*host, at_s, [Position(at_s, 1.0)]))


def names(leader: Leader) -> list[str]:
    return [str(host) for host in leader.others()]


def test_the_first_leads_and_the_second_is_shown() -> None:
    leader = Leader()
    assert said(leader, REAPER, 0.0)
    assert not said(leader, LIVE, 0.1)
    assert said(leader, REAPER, 0.2)
    assert (str(leader.host), names(leader)) == ("reaper@10.0.0.1:50000", ["live@10.0.0.2:50001"])


def test_a_pause_of_the_leader_hands_the_show_to_nobody() -> None:
    leader = Leader()
    assert said(leader, REAPER, 0.0)
    assert not any(said(leader, LIVE, at_s) for at_s in (1.0, 60.0, 3600.0))
    assert said(leader, REAPER, 7200.0)
    assert names(leader) == [], "what was silent for hours is not shown"


def test_a_host_that_restarts_is_the_same() -> None:
    leader, again = Leader(), ("reaper", ("10.0.0.1", 61234))
    assert said(leader, REAPER, 0.0)
    assert said(leader, REAPER, 0.1)
    assert said(leader, again, 0.1 + RESTARTED_S)
    assert (str(leader.host), names(leader)) == ("reaper@10.0.0.1:61234", [])


def test_two_of_one_dialect_on_one_machine_are_two() -> None:
    leader, other = Leader(), ("reaper", ("10.0.0.1", 61234))
    for turn in range(50):
        assert said(leader, REAPER, turn / 15)
        if turn:
            assert not said(leader, other, turn / 15 + 0.01)


@given(st.lists(st.sampled_from(["reaper", "timecode"]), min_size=1, max_size=30))
def test_a_port_for_every_message_is_one_host(sources: list[str]) -> None:
    """As oscsend has it; the first words may be taken for another dialect's."""
    leader = Leader()
    for turn, source in enumerate(sources):
        assert said(leader, (source, ("10.0.0.1", 40000 + turn)), turn / 25)


def test_who_says_nothing_that_counts_does_not_lead() -> None:
    leader = Leader()
    leader.led(*LIVE, 0.0, [])
    assert leader.host is None
    assert said(leader, REAPER, 0.1)


def test_two_time_lines_that_speak_from_nowhere_are_two() -> None:
    leader = Leader()
    film, house = ("film", None), ("house", None)
    assert leader.led(*film, 0.0, [Stop(0.0)])
    assert not leader.led(*house, 0.1, [Roll(0.1)])
    assert (str(leader.host), names(leader)) == ("film", ["house"])
    assert leader.led(*film, 0.2, [Roll(0.2)])


def test_the_user_switches_to_the_next_one_and_back() -> None:
    leader = Leader()
    said(leader, REAPER, 0.0)
    said(leader, LIVE, 0.1)
    switch = Lead(0.2, "")
    assert leader.led("user", None, 0.2, [switch]) == [switch]
    assert not said(leader, REAPER, 0.3)
    assert said(leader, LIVE, 0.4)
    leader.led("user", None, 0.5, [Lead(0.5, "reaper")])
    assert not said(leader, LIVE, 0.6)
    assert said(leader, REAPER, 0.7)


def test_who_is_wanted_may_come_last() -> None:
    for name in ("live", "live@10.0.0.2", "live@10.0.0.2:50001"):
        leader = Leader(name)
        assert not said(leader, REAPER, 0.0)
        assert said(leader, LIVE, 9.0)


def test_wishes_pass_whoever_leads_and_make_no_leader() -> None:
    leader = Leader()
    wishes: list[TransportEvent] = [Latency(0.0, 0.01), Panic(0.0)]
    assert leader.led("scorelock", ("10.0.0.9", 1), 0.0, wishes) == wishes
    assert leader.host is None
    said(leader, REAPER, 0.1)
    assert leader.led(*LIVE, 0.2, [Stop(0.2), wishes[1]]) == [wishes[1]]


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 4)), min_size=1, max_size=60))
def test_two_machines_never_both_lead(turns: list[tuple[bool, float]]) -> None:
    leader, now_s, heard = Leader(), 0.0, set()
    for first, gap_s in turns:
        now_s += gap_s
        source, peer = REAPER if first else LIVE
        if leader.led(source, peer, now_s, [Roll(now_s)]):
            heard.add(source)
    assert len(heard) == 1


def test_each_host_has_its_own_latency_when_it_leads() -> None:
    leader = Leader(latencies={"live@10.0.0.2": 0.03, "reaper": 0.01})
    first, second = Position(0.0, 1.0), Position(0.1, 1.0)
    assert leader.led(*REAPER, 0.0, [first]) == [Latency(0.0, 0.01), first]
    assert leader.led(*REAPER, 0.1, [second]) == [second]
    leader.led(*LIVE, 0.1, [second])
    leader.led("user", None, 0.2, [Lead(0.2, "live")])
    assert leader.led(*LIVE, 0.3, [first]) == [Latency(0.3, 0.03), first]
