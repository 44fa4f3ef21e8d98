"""The rehearsal on a manual clock: what pages hear, what the stage is ordered, what is kept."""

from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.chaser import State
from scorelock.bridge.clock import ManualClock
from scorelock.bridge.desk import messages, rehearsal
from scorelock.bridge.desk.audience import Audience
from scorelock.bridge.desk.messages import (
    Ask,
    Count,
    Halt,
    Locate,
    Loop,
    MarkTake,
    OpenRoom,
    Panic,
    Play,
    RemoveTake,
    SetMarker,
    Speed,
    Tell,
)
from scorelock.bridge.desk.room import MOST, READY_S, Room
from scorelock.bridge.stage.orders import (
    FILM,
    HOUSE,
    HouseHalts,
    HouseLocates,
    HouseLoops,
    HouseRolls,
    HouseSpeeds,
    Moment,
    Order,
    Wished,
)
from scorelock.bridge.stage.stage import Hearer
from scorelock.bridge.transport import Lead
from scorelock.engine.errors import BadSetting, PortError, ScorelockError
from scorelock.engine.tempo_map import TempoMap

DURATION_S = 100.0
T = TypeVar("T")
ADDRESS = "http://192.168.1.5:8766"


class Orders:
    """A stage that only keeps what it is ordered."""

    def __init__(self) -> None:
        self.orders: list[Order] = []

    def start(self, hearer: Hearer) -> None:
        """Nothing is told here."""

    def order(self, order: Order) -> None:
        """Keep it."""
        self.orders.append(order)

    def close(self) -> None:
        """Nothing sounds."""


class Browser:
    """A page that reads everything."""

    def __init__(self, role: Literal["desk", "player"]) -> None:
        self.role: Literal["desk", "player"] = role
        self.heard: list[Tell] = []

    def send(self, data: bytes) -> None:
        """Read it, as strictly as the schema is."""
        self.heard.append(msgspec.json.decode(data, type=Tell))

    def last(self, kind: type[T]) -> T:
        """The newest of a kind."""
        return [message for message in self.heard if isinstance(message, kind)][-1]


class Rig:
    """A room with one desk page and one player's page, the film at 120 in four."""

    def __init__(self, folder: Path) -> None:
        self.clock, self.stage = ManualClock(1000.0), Orders()
        self.audience = Audience(self.clock)
        self.said: list[str] = []
        self.opened: list[bool] = []
        self.room = Room(
            folder,
            self.audience,
            self.stage,
            self.clock,
            lambda: (TempoMap.steady(120), DURATION_S),
            self._open,
            self.said.append,
            lambda: "2026-05-01 19:30",
        )
        self.desk, self.player = Browser("desk"), Browser("player")
        self.audience.join(self.desk)
        self.audience.join(self.player)
        self.room.start()

    def _open(self, on: bool) -> str | None:
        self.opened.append(on)
        return ADDRESS if on else None

    def ask(self, *asks: Ask) -> list[Order]:
        """Ask this, and give what the stage is ordered of it."""
        before = len(self.stage.orders)
        for ask in asks:
            assert self.room.heard(ask)
        return self.stage.orders[before:]

    def tell(
        self, film_s: float | None, rate: float = 0.0, leads: str = FILM, **more: object
    ) -> None:
        """The stage says where the film is now."""
        state = State.LOCKED if rate else State.STOPPED
        moment = Moment(self.clock.now(), film_s, rate, state, leads)
        self.room.told(replace(moment, **more))  # type: ignore[arg-type]

    def after(self, seconds: float) -> "Rig":
        """Time passes."""
        self.clock.sleep_until(self.clock.now() + seconds)
        return self

    def take(self) -> tuple[float, float]:
        """Mark one now: its span."""
        self.ask(MarkTake())
        take = self.desk.last(messages.Room).takes[-1]
        return round(take.start_s, 6), round(take.end_s, 6)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "film.mp4.cue")


# The house transport -----------------------------------------------------------------------------


def test_play_takes_the_lead_and_goes_on_from_where_the_film_is(rig: Rig) -> None:
    rig.tell(10.0, 1.0)
    orders = rig.after(2.0).ask(Play())
    now_s = rig.clock.now()
    assert orders == [Wished(Lead(now_s, HOUSE)), HouseLocates(12.0), HouseRolls(now_s)]
    assert not any(isinstance(message, Count) for message in rig.player.heard)


def test_a_count_in_is_told_to_all_and_the_transport_rolls_on_its_one(rig: Rig) -> None:
    rig.tell(8.0, leads=HOUSE)
    orders = rig.ask(Play(count_in_bars=1))
    rolls_s = rig.clock.now() + READY_S + 2.0
    for page in (rig.desk, rig.player):
        count = page.last(Count)
        assert orders == [HouseLocates(8.0), HouseRolls(count.rolls_s)]
        assert count.rolls_s == pytest.approx(rolls_s)
        assert count.beats_s == pytest.approx([rolls_s - beat for beat in (2.0, 1.5, 1.0, 0.5)])


def test_play_while_it_rolls_changes_nothing_unless_it_is_to_be_counted_in(rig: Rig) -> None:
    rig.tell(0.0, leads=HOUSE)
    rig.ask(Play())
    rig.after(1.0).tell(1.0, 1.0, HOUSE)
    assert rig.ask(Play()) == []
    assert rig.ask(Locate(20.0), Play(count_in_bars=1))[:3] == [
        HouseLocates(20.0),
        HouseHalts(),
        HouseLocates(20.0),
    ]
    assert rig.player.last(Count).beats_s


def test_halt_locate_and_play_in_one_breath(rig: Rig) -> None:
    """The stage has not told yet that it stands, nor where it went."""
    rig.tell(0.0, leads=HOUSE)
    rig.ask(Play())
    rig.after(1.0).tell(1.0, 1.0, HOUSE)
    assert rig.ask(Halt(), Locate(50.0), Play())[-2:] == [
        HouseLocates(50.0),
        HouseRolls(rig.clock.now()),
    ]


def test_halt_ends_the_count(rig: Rig) -> None:
    rig.tell(0.0, leads=HOUSE)
    rig.ask(Play(count_in_bars=2))
    assert rig.after(1.0).ask(Halt()) == [HouseHalts()]
    assert rig.player.last(Count).beats_s == []
    heard = len(rig.player.heard)
    rig.ask(Halt())
    assert len(rig.player.heard) == heard, "there is no count to end any more"


@pytest.mark.parametrize(
    ("ask", "order", "first_s"),
    [(Speed(0.5), HouseSpeeds(0.5), 4.0), (Locate(9.0), HouseLocates(9.0), 3.0)],
)
def test_another_place_or_speed_in_the_count_counts_anew(
    rig: Rig, ask: Ask, order: Order, first_s: float
) -> None:
    rig.tell(8.0, leads=HOUSE)
    rig.ask(Play(count_in_bars=1))
    orders = rig.after(1.0).ask(ask)
    count = rig.player.last(Count)
    assert orders[0] == order
    assert isinstance(orders[-1], HouseRolls)
    assert count.rolls_s == orders[-1].at_s == pytest.approx(rig.clock.now() + READY_S + first_s)


def test_what_was_located_while_another_led_is_where_play_starts(rig: Rig) -> None:
    rig.tell(10.0)
    rig.ask(Locate(60.0))
    rig.after(5.0).tell(10.0)
    assert HouseLocates(60.0) in rig.ask(Play())


def test_unless_the_film_was_played_since(rig: Rig) -> None:
    rig.tell(10.0)
    rig.ask(Locate(60.0))
    rig.after(5.0).tell(10.0, 1.0)
    rig.after(5.0).tell(15.0)
    assert HouseLocates(15.0) in rig.ask(Play())


def test_loops_and_speeds_are_ordered_told_and_kept_for_the_next_time(
    rig: Rig, tmp_path: Path
) -> None:
    assert rig.ask(Loop((10.0, 20.0)), Speed(0.5)) == [HouseLoops((10.0, 20.0)), HouseSpeeds(0.5)]
    told = rig.player.last(messages.Room)
    assert (told.loop_s, told.rate) == ((10.0, 20.0), 0.5)
    again = Rig(tmp_path / "film.mp4.cue")
    assert again.stage.orders == [HouseSpeeds(0.5), HouseLoops((10.0, 20.0))]
    assert again.ask(Loop(None)) == [HouseLoops(None)]


@pytest.mark.parametrize("span_s", [(20.0, 10.0), (10.0, 10.05), (200.0, 300.0)])
def test_a_loop_that_is_none_is_refused(rig: Rig, span_s: tuple[float, float]) -> None:
    with pytest.raises(BadSetting, match="expected a loop"):
        rig.room.heard(Loop(span_s))
    assert rig.stage.orders == []


def test_places_beyond_the_film_are_its_end(rig: Rig) -> None:
    assert rig.ask(Locate(1e6)) == [HouseLocates(DURATION_S)]


def test_what_is_not_for_the_room_is_left_to_others(rig: Rig) -> None:
    assert not rig.room.heard(Panic())


# Sections ----------------------------------------------------------------------------------------


def test_sections_are_set_renamed_removed_and_kept(rig: Rig, tmp_path: Path) -> None:
    rig.ask(SetMarker(20.0, "B"), SetMarker(5.0, "A"), SetMarker(40.0, "C"))
    rig.ask(SetMarker(20.0004, " Bridge "), SetMarker(5.0, ""))
    named = [(marker.position_s, marker.name) for marker in rig.player.last(messages.Room).markers]
    assert named == [(20.0004, "Bridge"), (40.0, "C")]
    again = Rig(tmp_path / "film.mp4.cue")
    assert again.desk.last(messages.Room).markers == rig.desk.last(messages.Room).markers


def test_there_is_an_end_to_sections(tmp_path: Path) -> None:
    full = tuple(messages.Marker(index / 100, "x") for index in range(MOST))
    rehearsal.write(tmp_path / rehearsal.NAME, rehearsal.Rehearsal(markers=full))
    rig = Rig(tmp_path)
    with pytest.raises(BadSetting, match="sections"):
        rig.room.heard(SetMarker(99.0, "one more"))
    rig.ask(SetMarker(full[0].position_s, "another name"))


# Takes -------------------------------------------------------------------------------------------


def test_a_take_is_from_where_it_rolled_last_until_now(rig: Rig) -> None:
    rig.tell(10.0, 1.0)
    rig.after(5.0).tell(15.0)
    rig.after(5.0).tell(30.0)
    rig.after(5.0).tell(30.0, 1.0)
    assert rig.after(4.0).take() == (30.0, 34.0)
    rig.after(1.0).tell(35.0)
    assert rig.after(60.0).take() == (30.0, 35.0), "it stands since"


def test_whoever_leads_and_however_fast(rig: Rig) -> None:
    rig.tell(10.0, 0.5, "reaper@127.0.0.1:9000")
    for second in range(1, 5):
        rig.after(1.0).tell(10.0 + second / 2 + 0.01, 0.5, "reaper@127.0.0.1:9000")
    assert rig.take() == (10.0, 12.01)


def test_a_locate_while_it_rolls_begins_another_take(rig: Rig) -> None:
    rig.tell(10.0, 1.0)
    rig.after(2.0).tell(60.0, 1.0)
    assert rig.after(3.0).take() == (60.0, 63.0)


def test_of_a_loop_all_is_played_once_it_went_round(rig: Rig) -> None:
    rig.tell(15.0, 1.0, loop_s=(10.0, 20.0))
    assert rig.after(4.0).take() == (15.0, 19.0)
    for _ in range(3):
        rig.after(1.0).tell(9.0 + (rig.clock.now() - 1004.0), 1.0, loop_s=(10.0, 20.0))
    assert rig.take() == (10.0, 20.0)


def test_a_short_silence_of_the_host_does_not_end_it(rig: Rig) -> None:
    rig.tell(10.0, 1.0)
    rig.after(2.0).tell(12.0, 1.0, state=State.FLYWHEEL)
    rig.after(2.0).tell(14.05, 1.0)
    assert rig.after(1.0).take() == (10.0, 15.05)


def test_nothing_played_is_no_take(rig: Rig) -> None:
    rig.tell(10.0)
    with pytest.raises(BadSetting, match="play first"):
        rig.room.heard(MarkTake("good"))


def test_takes_are_numbered_once_said_and_kept(rig: Rig, tmp_path: Path) -> None:
    rig.tell(0.0, 1.0)
    rig.after(3.0).ask(MarkTake(" too fast "), MarkTake("better"), RemoveTake(2), MarkTake())
    takes = [(t.number, t.word, t.when) for t in rig.player.last(messages.Room).takes]
    assert takes == [(1, "too fast", "2026-05-01 19:30"), (3, "", "2026-05-01 19:30")]
    again = Rig(tmp_path / "film.mp4.cue")
    assert again.desk.last(messages.Room).takes == rig.desk.last(messages.Room).takes


ROLLING = st.tuples(st.floats(0.05, 20), st.sampled_from(["go on", "locate", "stop", "flywheel"]))


@given(steps=st.lists(ROLLING, max_size=30), places=st.randoms(use_true_random=False))
def test_a_take_is_what_a_tape_would_have_of_the_last_run(
    steps: list[tuple[float, str]], places: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The oracle writes down each run as (from, to) while it goes, in steps."""
    rig = Rig(tmp_path_factory.mktemp("film"))
    film_s, rolling, run = 0.0, False, None
    for index, (seconds, what) in enumerate(steps):
        if what in ("go on", "flywheel"):
            if not rolling:
                run = (film_s, film_s)
            rolling = True
        elif what == "locate":
            film_s = (film_s + 40.0 + index) % 80.0
            run = (film_s, film_s) if rolling else run
        else:
            rolling = False
        state = {"state": State.FLYWHEEL} if what == "flywheel" else {}
        rig.tell(film_s, 1.0 if rolling else 0.0, **state)
        rig.after(seconds)
        if rolling:
            assert run is not None
            film_s += seconds
            run = (run[0], film_s)
    if run is None:
        with pytest.raises(BadSetting):
            rig.take()
    else:
        wanted = tuple(min(place_s, DURATION_S) for place_s in run)
        assert rig.take() == pytest.approx(wanted, abs=1e-5)


# Who is let in -----------------------------------------------------------------------------------


def test_the_room_is_closed_until_it_is_opened(rig: Rig) -> None:
    assert (rig.room.link, rig.room.qr_svg(), rig.opened) == (None, None, [])
    assert not rig.room.admits("")
    rig.ask(OpenRoom(True))
    link = rig.desk.last(messages.Room).link
    assert link is not None
    assert link == rig.room.link
    address, token = link.rsplit("/", 2)[:2]
    assert address == f"{ADDRESS}/r"
    assert len(token) >= 20
    assert rig.room.admits(token)
    assert (rig.room.qr_svg() or b"").startswith(b"<svg")
    rig.ask(OpenRoom(True), OpenRoom(False))
    assert rig.opened == [True, False]
    assert not rig.room.admits(token)
    assert rig.desk.last(messages.Room).link is None


def test_players_do_not_see_the_link(rig: Rig) -> None:
    rig.ask(OpenRoom(True))
    told = rig.player.last(messages.Room)
    assert (told.open, told.link) == (True, None)
    late = Browser("player")
    rig.audience.join(late)
    assert late.last(messages.Room).link is None


@given(token=st.text())
def test_a_wrong_token_is_not_admitted(
    token: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    rig = Rig(tmp_path_factory.mktemp("film"))
    rig.ask(OpenRoom(True))
    assert not rig.room.admits(token)


def test_the_token_is_the_same_after_a_restart_and_another_for_another_film(
    rig: Rig, tmp_path: Path
) -> None:
    rig.ask(OpenRoom(True))
    again, other = Rig(tmp_path / "film.mp4.cue"), Rig(tmp_path / "other.mp4.cue")
    for one in (again, other):
        assert not one.room.is_open, "a restart opens nothing by itself"
        one.ask(OpenRoom(True))
    assert again.room.link == rig.room.link != other.room.link


def test_a_network_that_cannot_be_opened_is_said_and_the_room_stays_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(on: bool) -> str | None:
        raise PortError("no network")

    monkeypatch.setattr(Rig, "_open", lambda self, on: fail(on))
    rig = Rig(tmp_path / "film.mp4.cue")
    with pytest.raises(PortError):
        rig.room.heard(OpenRoom(True))
    assert not rig.desk.last(messages.Room).open


def test_five_hundred_who_come_at_once_are_one_piece_of_news(rig: Rig) -> None:
    rig.after(2.0)
    before = len(rig.desk.heard)
    for _ in range(500):
        rig.audience.join(Browser("player"))
    rig.after(1.1).tell(0.0)
    assert rig.desk.last(messages.Room).players == 501
    assert len(rig.desk.heard) - before == 2


# What goes wrong ---------------------------------------------------------------------------------


def test_what_cannot_be_kept_is_not_told(rig: Rig, tmp_path: Path) -> None:
    (tmp_path / "film.mp4.cue").write_text("a file where the folder should be")
    with pytest.raises(ScorelockError, match="as it was before"):
        rig.room.heard(SetMarker(1.0, "A"))
    assert rig.desk.last(messages.Room).markers == []


def test_a_damaged_file_is_said_and_put_aside(tmp_path: Path) -> None:
    folder = tmp_path / "film.mp4.cue"
    folder.mkdir()
    (folder / rehearsal.NAME).write_text("{")
    rig = Rig(folder)
    (line,) = rig.said
    assert "rehearsal.damaged-1.json" in line
    rig.ask(SetMarker(1.0, "A"))
    assert (folder / "rehearsal.damaged-1.json").read_text() == "{"
