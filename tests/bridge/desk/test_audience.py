"""Who looks at the desk is told what there is to know, once encoded, and so is who joins late."""

import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.desk.audience import Audience, Role
from scorelock.bridge.desk.messages import Count, FilmIs, Now, Outs, Played, Tell, Trouble, Work


@dataclass(eq=False)
class FakePage:
    role: Role
    data: list[bytes] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        self.data.append(data)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(data) for data in self.data]


def now(position_s: float) -> Now:
    return Now(1.0, position_s, 1.0, "locked", "film")


def joined(audience: Audience, role: Role) -> FakePage:
    page = FakePage(role)
    audience.join(page)
    return page


def test_everybody_is_told_the_same_bytes() -> None:
    audience = Audience(ManualClock())
    pages = [joined(audience, role) for role in ("desk", "player", "player")]
    audience.tell(now(5.0))
    first, *others = (page.data for page in pages)
    assert len(first) == 1
    assert all(other[0] is first[0] for other in others)


@pytest.mark.parametrize(
    ("to", "told"),
    [("all", {"desk", "player"}), ("desk", {"desk"}), ("player", {"player"})],
)
def test_some_things_are_not_for_all(to: Literal["all", "desk", "player"], told: set[str]) -> None:
    audience = Audience(ManualClock())
    early = [joined(audience, "desk"), joined(audience, "player")]
    audience.tell(FilmIs("/film"), to=to)
    late = [joined(audience, "desk"), joined(audience, "player")]
    assert {page.role for page in early if page.data} == told
    assert {page.role for page in late if page.data} == told


def test_each_role_keeps_its_own_word() -> None:
    audience = Audience(ManualClock())
    audience.tell(FilmIs("/with-everything"), to="desk")
    audience.tell(FilmIs("/less"), to="player")
    assert joined(audience, "desk").told == [{"kind": "film_is", "url": "/with-everything"}]
    assert joined(audience, "player").told == [{"kind": "film_is", "url": "/less"}]


MESSAGES = st.one_of(
    st.builds(now, st.floats(0, 100)),
    st.builds(FilmIs, st.text(max_size=3)),
    st.builds(Outs, st.none(), st.lists(st.text(max_size=2), max_size=2), st.booleans()),
    st.builds(Work, st.sampled_from(["watching", "proxy"]), st.just(""), st.none(), st.booleans()),
    st.builds(Trouble, st.text(max_size=3)),
    st.builds(Played, st.just([])),
)


@given(st.lists(MESSAGES, max_size=20))
def test_who_joins_late_knows_the_newest_of_each_kind(messages: list[Tell]) -> None:
    audience = Audience(ManualClock())
    known: dict[object, Tell] = {}
    for message in messages:
        audience.tell(message)
        if isinstance(message, Work):
            known[message.work] = message
        elif not isinstance(message, Trouble | Played):
            known[type(message)] = message
    known = {k: m for k, m in known.items() if not (isinstance(m, Work) and m.done)}
    told = {json.dumps(each) for each in joined(audience, "desk").told}
    expected = Audience(ManualClock())
    page = joined(expected, "desk")
    for message in known.values():
        expected.tell(message)
    assert told == {json.dumps(each) for each in page.told}


def test_a_count_in_is_told_until_it_is_over() -> None:
    clock = ManualClock(10.0)
    audience = Audience(clock)
    audience.tell(Count([10.5, 11.0], 11.5))
    assert joined(audience, "player").told[0]["kind"] == "count"
    clock.sleep_until(11.5)
    assert joined(audience, "player").told == []


def test_players_are_counted_as_they_come_and_go() -> None:
    audience, counts = Audience(ManualClock()), list[int]()
    audience.watch(counts.append)
    joined(audience, "desk")
    one, two = joined(audience, "player"), joined(audience, "player")
    audience.leave(one)
    audience.leave(one)
    audience.leave(two)
    audience.tell(now(1.0))
    assert counts == [1, 2, 1, 0]
    assert one.data == two.data == []
