"""A stage under orders, on a manual clock: what sounds, on which output, and what is told."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from fakes import FILM_RATE, Keyboard, note, off, on
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.clock import ManualClock, MonotonicClock
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.show import Lane, OnStop
from scorelock.bridge.stage.manual import ManualStage
from scorelock.bridge.stage.memory import Memory
from scorelock.bridge.stage.orders import (
    FILM,
    HOUSE,
    Counts,
    FilmSaid,
    HouseHalts,
    HouseLocates,
    HouseLoops,
    HouseRolls,
    HouseSpeeds,
    Load,
    Moment,
    Order,
    OutIs,
    Ready,
    Send,
    Setting,
    Struck,
    TakeOut,
    Told,
    Wished,
)
from scorelock.bridge.stage.playing import FAR_S, is_news, moment_of
from scorelock.bridge.stage.process import StageProcess
from scorelock.bridge.stage.stage import Stage
from scorelock.bridge.transport import (
    Latency,
    Lead,
    LoopRange,
    Nudge,
    Panic,
    Position,
    Repeat,
    Roll,
    Stop,
)
from scorelock.engine.errors import PortError
from scorelock.engine.score import Note

PLAIN = Setting(FILM_RATE, lead=HOUSE, out="synth")
POOL = [note(i / 4, i / 4 + long / 4, 40 + i, i % 2) for i, long in enumerate([1, 5, 2, 9] * 8)]
"""Notes of different pitches, from which scores are made; ends and starts on quarter seconds."""
LANES = st.fixed_dictionaries(
    {}, optional={i: st.integers(0, 3).map(lambda c: Lane(0, c)) for i in (0, 1)}
)


class Rig:
    """A manual stage and all that it told."""

    def __init__(self, setting: Setting = PLAIN) -> None:
        self.told: list[Told] = []
        self.clock = ManualClock(100.0)
        self.stage = ManualStage(setting, self.clock)
        self.stage.start(self.told.append)

    def after(self, seconds: float, *orders: Order) -> "Rig":
        """Let the time pass, then give orders."""
        self.stage.advance_to(self.clock.now() + seconds)
        for order in orders:
            self.stage.order(order)
        return self

    def roll(self, *notes: Note) -> "Rig":
        """Load these notes and let the house roll."""
        return self.after(0.0, load(*notes), HouseRolls(self.clock.now()))

    @property
    def moment(self) -> Moment:
        """What was told last of where the film is."""
        return next(told for told in reversed(self.told) if isinstance(told, Moment))

    @property
    def film_s(self) -> float:
        """Where whoever moves the last word on would have the film by now."""
        told = self.moment
        assert told.film_s is not None
        return walk(told.film_s, told.rate * (self.clock.now() - told.at_s), told.loop_s)

    def sent(self, name: str = "synth") -> list[bytes]:
        """What went to an output."""
        return [data for _, data in self.stage.outs[name].sent]

    def down(self, name: str) -> set[tuple[int, int]]:
        """What sounds there, as an instrument has it, which was never confused."""
        keyboard = Keyboard()
        for data in self.sent(name):
            keyboard.hear(data)
        assert (keyboard.double_ons, keyboard.loose_offs) == (0, 0)
        return keyboard.down


def load(*notes: Note, lanes: Mapping[int, Lane] | None = None) -> Load:
    """An order to play these in a film of a minute."""
    return Load(tuple(sorted(notes)), 60.0, lanes or {})


def test_both_stages_are_stages() -> None:
    made: list[Stage] = [
        ManualStage(PLAIN, ManualClock()),
        StageProcess(PLAIN, print),
    ]
    assert len(made) == 2


# What sounds, whatever is ordered ----------------------------------------------------------------

ORDERS = st.one_of(
    st.builds(
        lambda chosen, lanes, duration: Load(
            tuple(n for n, is_in in zip(POOL, chosen, strict=True) if is_in), duration, lanes
        ),
        st.lists(st.booleans(), min_size=len(POOL), max_size=len(POOL)),
        LANES,
        st.sampled_from([3.0, 60.0]),
    ),
    st.just(HouseRolls(0.0)),
    st.just(HouseHalts()),
    st.integers(-4, 36).map(lambda n: HouseLocates(n / 4 + 0.03)),
    st.tuples(st.integers(0, 20), st.integers(1, 8)).map(
        lambda loop: HouseLoops((loop[0] / 4, (loop[0] + loop[1]) / 4))
    ),
    st.just(HouseLoops(None)),
    st.sampled_from([0.5, 1.0, 2.0]).map(HouseSpeeds),
    st.sampled_from(["synth", "piano", None]).map(TakeOut),
)


def walk(place_s: float, way_s: float, loop_s: tuple[float, float] | None) -> float:
    """Where a way leads, step by step round the loop."""
    if loop_s is None or place_s >= loop_s[1]:
        return place_s + way_s
    while place_s + way_s >= loop_s[1]:
        way_s -= loop_s[1] - place_s
        place_s = loop_s[0]
    return place_s + way_s


class Oracle:
    """What should sound, reckoned by hand."""

    def __init__(self) -> None:
        self.place_s, self.rate, self.rolls = 0.03, 1.0, False
        self.loop_s: tuple[float, float] | None = None
        self.score = load()
        self.out: str | None = "synth"

    def go(self, seconds: float) -> None:
        if self.rolls:
            self.place_s = walk(self.place_s, self.rate * seconds, self.loop_s)

    def obey(self, order: Order) -> None:
        match order:
            case Load():
                self.score = order
            case TakeOut():
                self.out = order.out
            case HouseRolls():
                self.rolls = True
            case HouseHalts():
                self.rolls = False
            case HouseLocates():
                self.place_s = order.position_s
            case HouseLoops():
                self.loop_s = order.span_s
            case HouseSpeeds():
                self.rate = order.rate

    @property
    def sounding(self) -> set[tuple[int, int]]:
        return {key for key, _ in self.notes}

    @property
    def notes(self) -> set[tuple[tuple[int, int], float]]:
        """Channel and pitch, and when it began: one whose end alone is another goes on."""
        if not self.rolls:
            return set()
        score, here_s = self.score, self.place_s
        return {
            (
                (score.lanes.get(n.channel, Lane(0, n.channel)).channel, n.pitch),
                n.onset_s,
            )
            for n in score.notes
            if n.onset_s <= here_s < min(n.end_s, score.duration_s)
        }


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 6), ORDERS), min_size=1, max_size=25))
def test_what_should_sound_sounds_and_what_is_common_goes_on(
    orders: list[tuple[int, Order]],
) -> None:
    """After every order, of another score, output, place, loop or speed; no note hangs."""
    rig, oracle = Rig(), Oracle()
    rig.after(0.0, HouseLocates(0.03))
    for quarters, order in orders:
        rig.after(quarters / 4)
        oracle.go(quarters / 4)
        before, old = oracle.notes, oracle.out
        assert old is None or rig.down(old) == oracle.sounding
        count = 0 if old is None else len(rig.sent(old))
        if isinstance(order, HouseRolls):
            order = HouseRolls(rig.clock.now())
        rig.after(0.0, order)
        oracle.obey(order)
        for name in rig.stage.outs:
            assert rig.down(name) == (oracle.sounding if name == oracle.out else set())
        if isinstance(order, Load) and old is not None:
            sent = rig.sent(old)[count:]
            lifted = {(data[0] & 0x0F, data[1]) for data in sent if data[0] & 0xF0 == 0x80}
            struck = {(data[0] & 0x0F, data[1]) for data in sent if data[0] & 0xF0 == 0x90}
            assert len(sent) == len(lifted) + len(struck)
            assert lifted == {key for key, _ in before - oracle.notes}
            assert struck == {key for key, _ in oracle.notes - before}
    rig.stage.close()
    assert not any(rig.down(name) for name in rig.stage.outs)


def test_what_a_panic_silenced_stays_silent_when_another_score_has_it_too() -> None:
    held, other = note(0, 9, 60), note(0, 9, 64)
    rig = Rig().roll(held)
    rig.after(1.0, Wished(Panic(rig.clock.now())), load(held, other))
    assert rig.down("synth") == {(0, 64)}


def test_a_score_of_notes_on_one_key_is_changed_without_a_hanging_one() -> None:
    """Two notes hold one key; one of them goes."""
    rig = Rig().roll(note(0, 3, 60), note(1, 5, 60))
    rig.after(2.0, load(note(1, 5, 60)))
    assert rig.down("synth") == {(0, 60)}
    rig.after(2.0)
    assert rig.down("synth") == {(0, 60)}, "the end of the one that went is none"
    rig.after(1.1)
    assert rig.down("synth") == set()


def test_a_chord_that_rings_where_the_film_stands_is_not_struck_again_by_another_score() -> None:
    rig = Rig(replace(PLAIN, on_stop=OnStop.CHORD))
    rig.after(0.0, load(note(0, 9, 60)), HouseLocates(1.0))
    rig.after(1.0, HouseLocates(2.0))
    assert rig.down("synth") == {(0, 60)}
    rig.after(0.1, load(note(0, 9, 60), note(0, 9, 64)))
    assert rig.down("synth") == {(0, 60)}
    rig.after(5.0)
    assert rig.down("synth") == set()
    assert rig.sent().count(on(60)) == 1


# Outputs -----------------------------------------------------------------------------------------


def test_another_output_gets_its_sounds_first_and_then_what_sounds() -> None:
    rig = Rig().roll(note(0, 9, 60))
    rig.after(0.0, Send((b"\xb0\x00\x01", b"\xc0\x05")), Send((b"\xc0\x07", b"\xc1\x02")))
    assert rig.sent() == [on(60), b"\xb0\x00\x01", b"\xc0\x05", b"\xc0\x07", b"\xc1\x02"]
    rig.after(1.0, TakeOut("piano"))
    assert rig.sent("piano") == [b"\xb0\x00\x01", b"\xc0\x07", b"\xc1\x02", on(60)]
    assert rig.sent()[5] == off(60)
    assert [told for told in rig.told if isinstance(told, OutIs)] == [
        *(OutIs("synth"), OutIs("piano"))
    ]


def test_an_output_that_cannot_be_opened_leaves_the_one_that_there_is() -> None:
    def opened(name: str) -> MidiOut:
        if name == "gone":
            raise PortError('expected "gone", found "synth"')
        outs.append(RecordingOut(clock))
        return outs[-1]

    outs: list[RecordingOut] = []
    told: list[Told] = []
    clock = ManualClock(100.0)
    stage = ManualStage(PLAIN, clock, opened)
    stage.start(told.append)
    for order in (load(note(0, 9, 60)), HouseRolls(100.0), TakeOut("gone"), TakeOut("synth")):
        stage.order(order)
    assert told[0] == Ready(None, None)
    said = [each for each in told if isinstance(each, OutIs)]
    there, why = OutIs("recording"), OutIs("recording", 'expected "gone", found "synth"')
    assert said == [there, why, there]
    assert [data for _, data in outs[0].sent] == [on(60)]
    assert len(outs) == 1, "it is open already"


@pytest.mark.parametrize("wanted", ["a\0b", "no more processes"])
def test_what_keeps_an_output_from_being_opened_is_told_whatever_it_is(wanted: str) -> None:
    def opened(name: str) -> MidiOut:
        if name == "no more processes":
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return PortProcess(name, MonotonicClock(), said.append)

    told: list[Told] = []
    said: list[str] = []
    stage = ManualStage(replace(PLAIN, out=None), ManualClock(100.0), opened)
    stage.start(told.append)
    stage.order(TakeOut(wanted))
    answer = [each for each in told if isinstance(each, OutIs)][-1]
    assert answer.why is not None
    assert answer.why.startswith("expected to open")


# What is told ------------------------------------------------------------------------------------


def test_notes_are_told_with_their_time_in_the_film_and_as_they_were_sent() -> None:
    rig = Rig(replace(PLAIN, film_start_s=3600.0))
    rig.after(0.0, load(note(0.5, 1, 60), note(1, 2, 64, 1), lanes={1: Lane(0, 9)}))
    rig.after(0.0, HouseRolls(101.0)).after(3.0)
    struck = [each for told in rig.told if isinstance(told, Struck) for each in told.notes]
    wanted = [(0.5, 60, 80, 0, 101.5), (1.0, 64, 80, 9, 102.0)]
    assert struck == [pytest.approx(each, abs=1e-5) for each in wanted]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 6), ORDERS), min_size=1, max_size=12))
def test_whoever_moves_the_last_word_on_knows_where_the_film_is(
    orders: list[tuple[int, Order]],
) -> None:
    rig, oracle = Rig(replace(PLAIN, film_start_s=10.0)), Oracle()
    rig.after(0.0, HouseLocates(0.03))
    for quarters, order in orders:
        rig.after(quarters / 4)
        oracle.go(quarters / 4)
        if isinstance(order, HouseRolls):
            order = HouseRolls(rig.clock.now())
        rig.after(0.0, order)
        oracle.obey(order)
        now_s, told = rig.clock.now(), rig.moment
        assert now_s - told.at_s <= 1.0
        assert rig.film_s == pytest.approx(oracle.place_s, abs=1.1 * FAR_S)
        assert (told.leads, told.state is State.LOCKED) == (HOUSE, oracle.rolls)


def test_while_nothing_is_new_a_word_a_second_is_enough() -> None:
    rig = Rig().roll()
    rig.after(0.5)
    rig.told.clear()
    rig.after(10.0)
    assert 10 <= sum(isinstance(told, Moment) for told in rig.told) <= 11
    assert sum(isinstance(told, Counts) for told in rig.told) == 10


def test_what_is_counted() -> None:
    rig = Rig().roll(note(0, 2, 60), note(0.5, 9, 64))
    rig.stage.host_says("reaper", [Position(100.0, 7.0)])
    rig.after(3.0)
    counts = next(told for told in reversed(rig.told) if isinstance(told, Counts))
    assert (counts.leads, counts.others) == (HOUSE, ("reaper@127.0.0.1:9",))
    assert (counts.notes_sent, counts.notes_left_on, counts.notes_late) == (2, 1, 0)
    assert counts.sources[HOUSE]["datagrams"] >= 20
    assert counts.late_ms == pytest.approx(0.0, abs=0.01)


def test_a_place_that_is_not_known_is_told_as_that() -> None:
    fix = SyncFix(5.0, None, 1.0, State.LOCATING, 0.0, 1, 5.0, 9.0)
    assert moment_of(fix, "x", 0.0, 6.0) == Moment(6.0, None, 0.0, State.LOCATING, "x")
    known = replace(fix, position_s=3.0, state=State.LOCKED, loop_s=(2.0, 4.0))
    there = moment_of(known, "x", 1.0, 6.5)
    assert there == Moment(6.5, 1.5, 1.0, State.LOCKED, "x", (1.0, 3.0))
    assert is_news(there, moment_of(fix, "x", 0.0, 6.5))
    assert not is_news(moment_of(known, "x", 1.0, 6.9), there)


# Who leads ---------------------------------------------------------------------------------------


def test_a_film_that_stands_is_known_at_once_when_it_leads_again() -> None:
    rig = Rig(replace(PLAIN, lead=FILM, film_start_s=3600.0))
    rig.after(0.0, FilmSaid((Stop(100.0), Position(100.0, 42.0))))
    assert (rig.moment.leads, rig.moment.film_s) == (FILM, 42.0)
    rig.after(0.0, Wished(Lead(100.0, HOUSE)), HouseRolls(100.0))
    rig.after(600.0)
    assert (rig.moment.leads, rig.moment.rate) == (HOUSE, 1.0)
    rig.after(0.0, Wished(Lead(rig.clock.now(), FILM)))
    now = rig.moment
    assert (now.at_s, now.leads, now.film_s) == (rig.clock.now(), FILM, 42.0)
    assert (now.state, now.rate) == (State.STOPPED, 0.0)


def test_a_house_that_rolls_is_heard_at_once_when_it_leads_again() -> None:
    rig = Rig().roll(note(0, 30, 60))
    rig.after(1.0, Wished(Lead(101.0, FILM)), FilmSaid((Stop(101.0), Position(101.0, 5.0))))
    assert (rig.moment.leads, rig.down("synth")) == (FILM, set())
    rig.after(2.04, Wished(Lead(103.04, HOUSE)))
    assert rig.moment.film_s == pytest.approx(3.04)
    assert rig.down("synth") == {(0, 60)}


def test_a_host_leads_by_its_name_and_the_others_are_passed_over() -> None:
    rig = Rig().roll(note(0, 30, 60))
    rig.after(1.0, Wished(Lead(101.0, "reaper")))
    assert rig.down("synth") == set()
    loop = (LoopRange(101.0, 4.0, 8.0), Repeat(101.0, True))
    rig.stage.host_says("reaper", (*loop, Roll(101.0), Position(101.0, 5.0)))
    assert rig.down("synth") == {(0, 60)}
    now = rig.moment
    assert (now.leads, now.film_s, now.loop_s) == ("reaper@127.0.0.1:9", 5.0, (4.0, 8.0))


# A fresh stage in the place of another -----------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 6), ORDERS), max_size=12),
    st.integers(0, 6),
    st.sampled_from([FILM, HOUSE]),
    st.integers(0, 16),
)
def test_a_fresh_stage_goes_on_where_the_one_before_was(
    orders: list[tuple[int, Order]], quarters: int, lead: str, ordered: int
) -> None:
    """It may have been on its way into life since any of the orders."""
    rig = Rig()
    memory = Memory(PLAIN)
    settings = [memory.setting]
    film = FilmSaid((Stop(0.0), Position(0.0, 2.03)))
    first: list[tuple[int, Order]] = [
        (0, film),
        (0, Wished(Latency(0.0, 0.05))),
        (0, HouseLocates(0.03)),
    ]
    sounds = Send((b"\xc0\x05",))
    last: list[tuple[int, Order]] = [(quarters, sounds), (0, Wished(Lead(0.0, lead)))]
    for wait, order in (*first, *orders, *last):
        rig.after(wait / 4)
        now_s = rig.clock.now()
        match order:
            case HouseRolls():
                order = HouseRolls(now_s)
            case Wished():
                order = Wished(replace(order.wish, at_s=now_s))
        memory.note(order, now_s)
        settings.append(memory.setting)
        rig.after(0.0, order)
    begun = settings[min(ordered, len(settings) - 1)]
    fresh = Rig(begun)
    fresh.stage.advance_to(rig.clock.now())
    fresh.after(0.0, *memory.orders(rig.clock.now(), begun))
    for each in (rig, fresh):
        each.after(0.5)
    assert fresh.film_s == pytest.approx(rig.film_s, abs=1e-6)
    assert replace(fresh.moment, at_s=0, film_s=0) == replace(rig.moment, at_s=0, film_s=0)
    for name in ("synth", "piano"):
        was = rig.down(name) if name in rig.stage.outs else set()
        assert (fresh.down(name) if name in fresh.stage.outs else set()) == was
    if memory.setting.out is not None:
        assert b"\xc0\x05" in fresh.sent(memory.setting.out)


def test_wishes_of_a_moment_are_not_remembered() -> None:
    memory = Memory(PLAIN)
    for wish in (Panic(1.0), Nudge(1.0, 0.1), Lead(1.0, "")):
        memory.note(Wished(wish), 1.0)
    assert (memory.orders(2.0, PLAIN), memory.setting) == ([], PLAIN)
