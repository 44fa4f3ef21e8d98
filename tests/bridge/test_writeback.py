"""Whatever the network loses: the host holds our marks and the user's own, and so it stays."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lossy_wire import FATES, MarkingHost, write
from marking_hosts import ArdourHost, LiveHost, MossHost, ReaperHost
from scores import cue

from scorelock.bridge.writeback.ableton import LiveMarks
from scorelock.bridge.writeback.ardour import ArdourMarks
from scorelock.bridge.writeback.conversation import Host, HostError, Rolls, Written
from scorelock.bridge.writeback.marks import KINDS, Mark, marks_of
from scorelock.bridge.writeback.reaper import FIRST, ReaperMarks
from scorelock.bridge.writeback.tempo import MossTempo
from scorelock.engine.features import Cut

PORT = 12345
MARKS = (
    Mark(0.0, "C", 2.0),
    Mark(1.5, "cut"),
    Mark(2.0, "Am", 1.0),
    Mark(2.0, "hit"),
    Mark(3.0, "F", 1.0),
)
NEWER = (Mark(0.0, "C", 2.0), Mark(2.0, "Dm", 2.0), Mark(2.5, "cut"))

SCORES = st.lists(
    st.tuples(st.integers(0, 80), st.sampled_from(["C", "Am", "cut", "hit"])),
    max_size=5,
    unique_by=lambda row: row[0],
).map(
    lambda rows: tuple(
        Mark(quarter / 4, name, 0.25 if name[0].isupper() else None)
        for quarter, name in sorted(rows)
    )
)
DOUBLED = 40 * ["ok", "twice"]
LOSSES = st.lists(st.sampled_from(["ok", *FATES]), max_size=60)


def reaper(host: ReaperHost) -> tuple[set[tuple[float, str]], set[tuple[float, str, float]]]:
    """What of ours is in use, to a millisecond."""
    markers = {(round(s, 3), name) for i, (s, name) in host.markers.items() if i >= FIRST and name}
    regions = {
        (round(s, 3), name, round(length_s, 3))
        for i, (s, name, length_s) in host.regions.items()
        if i >= FIRST and name
    }
    return markers, regions


def wanted_of_reaper(
    marks: tuple[Mark, ...],
) -> tuple[set[tuple[float, str]], set[tuple[float, str, float]]]:
    """The same of what was to be written."""
    return (
        {(m.at_s, m.name) for m in marks if m.length_s is None},
        {(m.at_s, m.name, m.length_s) for m in marks if m.length_s is not None},
    )


def by_place(marks: tuple[Mark, ...], per_s: float) -> set[tuple[str, float]]:
    """Names with our prefix, places in the host's unit; what happens at once is one."""
    names: dict[float, list[str]] = {}
    for mark in marks:
        names.setdefault(mark.at_s * per_s, []).append(mark.name)
    return {(f"SL: {', '.join(each)}", place) for place, each in names.items()}


def test_a_score_makes_chords_cuts_and_hits() -> None:
    score = cue("C C Am Bb", key="F")
    cuts = (Cut(0.5, 10.0), Cut(1.0, 90.0), Cut(2.0, 10.0), Cut(3.0, 20.0))
    score = replace(score, features=replace(score.features, cuts=cuts))
    chords = [Mark(10.0, "C", 2.0), Mark(12.0, "Am", 1.0), Mark(13.0, "Bb", 1.0)]
    assert list(marks_of(score, ["chords"], 10.0)) == chords
    assert [(m.at_s, m.name) for m in marks_of(score, ["cuts", "hits"], 0.0)] == [
        *((0.5, "cut"), (1.0, "hit"), (2.0, "cut"), (3.0, "hit")),
    ]
    assert [m.at_s for m in marks_of(score, ["hits"], 0.0)] == [1.0, 3.0]
    assert {m.name for m in marks_of(score, ["cuts"], 0.0)} == {"cut"}
    assert marks_of(replace(score, features=replace(score.features, cuts=())), ["hits"], 0.0) == ()
    assert len(marks_of(score, KINDS, 0.0)) == 7


@settings(max_examples=150, deadline=None)
@given(SCORES, SCORES, LOSSES)
def test_reaper_holds_what_was_written_last(
    first: tuple[Mark, ...], second: tuple[Mark, ...], losses: list[str]
) -> None:
    host = ReaperHost(markers={1: (5.0, "mine"), 7: (2.0, "")}, regions={3: (1.0, "verse", 9.0)})
    for marks in (first, second):
        write(ReaperMarks(marks), host, losses)
        assert reaper(host) == wanted_of_reaper(marks)
    assert [host.markers[1], host.markers[7]] == [(5.0, "mine"), (2.0, "")]
    assert host.regions[3] == (1.0, "verse", 9.0)
    host.written.clear()
    again = write(ReaperMarks(second), host, losses)
    assert (again.before, again.removed, host.written.total()) == (len(second), 0, 0)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, LOSSES)
def test_ardour_holds_what_was_written_last(
    first: tuple[Mark, ...], second: tuple[Mark, ...], losses: list[str]
) -> None:
    user = [("mine", 123_456), ("mine", 123_456), ("SLow", 700)]
    host = ArdourHost(marks=list(user), playhead=4_321)
    for marks in (first, second):
        write(ArdourMarks(marks, PORT), host, losses)
        assert sorted(host.marks) == sorted([*user, *by_place(marks, host.rate)])
        assert host.playhead == 4_321
    host.written.clear()
    again = write(ArdourMarks(second, PORT), host, losses)
    assert (again.before, again.removed, host.written.total()) == (len(second), 0, 0)


@settings(max_examples=60, deadline=None)
@given(SCORES, SCORES, LOSSES)
@example(MARKS, (), DOUBLED)
@example(MARKS, NEWER, DOUBLED)
def test_live_holds_what_was_written_last(
    first: tuple[Mark, ...], second: tuple[Mark, ...], losses: list[str]
) -> None:
    user = [("9", 1000.0), ("verse", 2.3), ("SLow", 3.1)]
    host = LiveHost(cues=list(user), beat=7.5, bpm=90.0)
    for marks in (first, second):
        write(LiveMarks(marks), host, losses)
        assert sorted(host.cues) == sorted([*user, *by_place(marks, 90 / 60)])
        assert host.beat == 7.5
    host.written.clear()
    again = write(LiveMarks(second), host, losses)
    assert (again.before, again.removed, host.written.total()) == (len(second), 0, 0)


def test_reaper_keeps_useless_ones_unnamed_at_the_end_and_uses_them_again() -> None:
    host = ReaperHost()
    assert write(ReaperMarks(MARKS), host) == Written(5, 0, 5, 0)
    assert write(ReaperMarks(NEWER), host) == Written(3, 1, 3, 2)
    assert host.markers == {9001: (2.5, "cut"), 9002: (4.0, "")}
    assert [host.regions[i][:2] for i in sorted(host.regions)] == [
        *((0.0, "C"), (2.0, "Dm"), (4.0, "")),
    ]
    assert write(ReaperMarks(MARKS), host).there == 5
    assert sorted(host.markers) == [9001, 9002]


def test_reaper_tells_no_markers_once_it_is_done() -> None:
    host = ReaperHost()
    write(ReaperMarks(MARKS), host)
    told = host.told
    host.hear("/marker_id/1/name", ["mine"], 99.0)
    assert host.told == told


def test_reaper_with_more_markers_than_were_asked_for() -> None:
    host = ReaperHost(markers={i: (i / 10, f"m{i}") for i in range(1, 200)})
    write(ReaperMarks(MARKS), host)
    assert reaper(host) == wanted_of_reaper(MARKS)


def test_ardour_with_the_users_own_marker_in_the_place() -> None:
    """Ours goes a sample beside it, and stays there."""
    host = ArdourHost(marks=[("mine", 96_000), ("mine, too", 96_001), ("start", 0)])
    for before in (0, 4):
        assert write(ArdourMarks(MARKS, PORT), host).before == before
        assert {name: at for name, at in host.marks if name.startswith("SL: ")} == {
            **{"SL: C": 1, "SL: cut": 72_000},
            **{"SL: Am, hit": 96_002, "SL: F": 144_000},
        }


def test_ardour_without_its_window_parks_what_it_cannot_remove() -> None:
    host = ArdourHost(has_window=False, rate=44_100)
    write(ArdourMarks(MARKS, PORT), host)
    for removed in (3, 0):
        assert write(ArdourMarks(NEWER, PORT), host).removed == removed
    assert dict(host.marks) == {
        **{"SL: C": 0, "SL: Dm": 88_201, "SL: cut": 110_250},
        **{f"SL: -{at}": at for at in (66_150, 88_200, 132_300)},
    }


@pytest.mark.parametrize("rate", [44_100, 48_000, 88_200, 96_000, 176_400, 192_000])
def test_ardour_at_any_sample_rate(rate: int) -> None:
    host = ArdourHost(rate=rate)
    write(ArdourMarks(MARKS, PORT), host)
    assert set(host.marks) == by_place(MARKS, rate)


def test_a_place_that_ardour_cannot_be_sent_to_is_said() -> None:
    host = ArdourHost()
    with pytest.raises(HostError, match=r"44739 s.*--film-start"):
        write(ArdourMarks((Mark(45_000.0, "C", 1.0),), PORT), host)
    assert host.marks == []


def test_live_with_the_users_own_locator_in_the_place() -> None:
    host = LiveHost(cues=[("1", 4.0)])
    for _ in range(2):
        write(LiveMarks(MARKS), host)
        assert dict(host.cues) == {
            **{"1": 4.0, "SL: Am, hit": 4 + 1 / 32},
            **{"SL: C": 0.0, "SL: cut": 3.0, "SL: F": 6.0},
        }


@pytest.mark.parametrize(
    ("script", "host"),
    [
        (ArdourMarks(MARKS, PORT), ArdourHost(marks=[("mine", 5)], rolls_at_s=0.0)),
        (ArdourMarks(MARKS, PORT), ArdourHost(marks=[("mine", 5)], rolls_at_s=2.0)),
        (LiveMarks(MARKS), LiveHost(plays_at_s=0.0)),
        (LiveMarks(MARKS), LiveHost(plays_at_s=3.0)),
    ],
)
def test_a_host_that_rolls_is_left_alone(
    script: ArdourMarks | LiveMarks, host: ArdourHost | LiveHost
) -> None:
    with pytest.raises(HostError, match=r"expected .* to stand") as caught:
        write(script, host)
    assert isinstance(caught.value.__cause__, Rolls)
    assert host.written["move while it plays"] == host.written["locate while it rolls"] == 0
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("script", "host", "dies_at_s"),
    [
        (partial(ReaperMarks, MARKS), ReaperHost(), 0.1),
        (partial(ArdourMarks, MARKS, PORT), ArdourHost(), 2.5),
        (partial(LiveMarks, MARKS), LiveHost(), 5.0),
    ],
)
def test_a_host_that_goes_away_is_given_up_in_one_line_and_done_with_later(
    script: Callable[[], Host], host: MarkingHost, dies_at_s: float
) -> None:
    with pytest.raises(HostError, match=r"expected .*; \d of \d marks are there") as caught:
        write(script(), host, dies_at_s=dies_at_s)
    told = re.search(r"(\d) of", str(caught.value))
    assert told is not None
    assert 0 < int(told[1]) <= host.written.total() if dies_at_s > 1 else int(told[1]) == 0
    assert "\n" not in str(caught.value)
    written = write(script(), host)
    assert written.there == written.marks


def test_what_nobody_answers_names_the_next_step() -> None:
    with pytest.raises(HostError, match="scorelock setup reaper"):
        write(ReaperMarks(MARKS), ReaperHost(has_patterns=False))
    with pytest.raises(HostError, match="Control Surfaces"):
        write(ArdourMarks(MARKS, PORT), ArdourHost(), dies_at_s=0.0)


def test_a_live_that_does_not_rename_is_given_up() -> None:
    with pytest.raises(HostError, match="to name a locator"):
        write(LiveMarks(MARKS), LiveHost(names=False, beat=3.0))


@settings(max_examples=50, deadline=None)
@given(LOSSES)
def test_the_tempo_is_set_once_and_read_back(losses: list[str]) -> None:
    hosts: tuple[tuple[ReaperHost | LiveHost | MossHost, Callable[[], Host]], ...] = (
        (ReaperHost(), partial(ReaperMarks, None, 96.5)),
        (LiveHost(), partial(LiveMarks, None, 96.5)),
        (MossHost(), partial(MossTempo, 96.5)),
    )
    for host, script in hosts:
        written = write(script(), host, losses)
        assert (written.tempo_before, written.tempo, host.bpm) == (120.0, 96.5, 96.5)
        host.written.clear()
        assert write(script(), host, losses).tempo_before == 96.5
        assert host.written.total() == 0


def test_live_places_marks_by_the_tempo_that_is_written_with_them() -> None:
    host = LiveHost()
    write(LiveMarks((Mark(2.0, "C", 1.0),), 60.0), host)
    assert host.cues == [("SL: C", 2.0)]
