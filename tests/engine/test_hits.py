"""Which cuts are hits, and which hits there cannot be."""

from dataclasses import replace
from statistics import fmean, median
from time import process_time
from typing import Any

import pytest
from films_seen import film
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.edit_steps import MOST_HITS, hit_added
from scorelock.engine.compose import MAJOR, NO_DYNAMICS
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import Cut
from scorelock.engine.hits import KINDS, Hit, hits_at
from scorelock.engine.score import ComposeSettings, Cue

films = st.lists(st.builds(Cut, st.floats(0, 7200), st.floats(1, 255)), min_size=1, max_size=40)


@given(films)
def test_strong_cuts_are_those_over_the_median(cuts: list[Cut]) -> None:
    middle = median(cut.strength for cut in cuts)
    strong = sorted(cut.at_s for cut in cuts if cut.strength > middle)
    found = [hit.at_s for hit in hits_at(cuts, "strong")]
    assert found == (strong or sorted(cut.at_s for cut in cuts))


@given(films)
def test_all_cuts_weigh_what_they_are_strong(cuts: list[Cut]) -> None:
    hits = hits_at(cuts, "all")
    assert len(hits) == len(cuts)
    assert fmean(hit.weight for hit in hits) == pytest.approx(1)
    usual = fmean(cut.strength for cut in cuts)
    wanted = sorted((cut.at_s, cut.strength / usual) for cut in cuts)
    assert [(hit.at_s, hit.weight) for hit in hits] == wanted
    assert {hit.kind for hit in hits} == {"cut"}


def test_no_cuts_no_hits() -> None:
    assert hits_at(()) == ()


def test_kinds() -> None:
    assert [Hit(1.0, kind=kind).kind for kind in KINDS] == [
        *("cut", "mark", "stinger", "swell", "break")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_s": -0.1},
        {"at_s": float("nan")},
        {"at_s": 1.0, "weight": -1.0},
        {"at_s": 1.0, "weight": float("inf")},
        {"at_s": 1.0, "tolerance_frames": 0.0},
        {"at_s": 1.0, "kind": "bang"},
    ],
)
def test_no_such_hit(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no such hit"):
        Hit(**wrong)


def test_a_long_film_has_as_many_hits_as_can_be_and_no_more() -> None:
    cue = Cue(film(7200.0), MAJOR, (), NO_DYNAMICS, ComposeSettings(), "starter")
    hits = tuple(Hit(0.5 + 1.4 * number) for number in range(MOST_HITS))
    most = replace(cue, hits=hits)
    begun_s = process_time()
    edges_s = most.slots.edges_s
    assert process_time() - begun_s < 5  # all edges put in order for each hit takes twenty
    assert {hit.at_s for hit in hits} <= set(edges_s)
    assert list(edges_s) == sorted(set(edges_s))
    assert len(hit_added(replace(cue, hits=hits[1:]), 3.0, "mark").hits) == MOST_HITS
    with pytest.raises(BadSetting, match=f"at most {MOST_HITS} hits"):
        hit_added(most, 3.0, "mark")
