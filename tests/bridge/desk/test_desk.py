"""What pages ask of the desk, and what comes of it: in the score, on the stage, on every page."""

import asyncio
import json
import shutil
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mido
import pytest
from clips import keep_clip
from desks import FakePage, Rig, a_desk
from films import flat, noise, write_film

from scorelock.bridge.cli import main
from scorelock.bridge.desk import messages as say
from scorelock.bridge.desk.audience import Role
from scorelock.bridge.desk.exports import WORDS
from scorelock.bridge.desk.film_player import FilmPlayer
from scorelock.bridge.stage import orders
from scorelock.bridge.transport import Latency, Lead, Panic, Position, Rate, Repeat, Roll, Stop
from scorelock.engine.errors import BadSetting
from scorelock.export.formats import FORMATS


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen seconds of four shots, with a cue."""
    one, other = noise(2)
    shots = (*flat(90, (40, 160, 240)), *[one] * 100, *flat(110, (60, 20, 0)), *[other] * 84)
    path = write_film(tmp_path_factory.mktemp("desk") / "film.avi", shots)
    assert main(["edit", str(path), "new", "--seed", "4"]) == 0
    return path


@pytest.fixture
def film(composed: Path, tmp_path: Path) -> Path:
    """The same, of this test's own."""
    shutil.copytree(f"{composed}.cue", tmp_path / f"{composed.name}.cue")
    return Path(shutil.copy2(composed, tmp_path))


def on_desk(film: Path, does: Callable[[Rig], Awaitable[None]]) -> None:
    """Open the desk, wait for the score, and do something."""

    async def done() -> None:
        async with a_desk(film) as rig:
            await rig.page.whole()
            await does(rig)

    asyncio.run(done())


def chords(score: dict[str, Any]) -> list[tuple[float, float, str]]:
    """From, to, name."""
    return [(chord[0], chord[1], chord[2]) for chord in score["chords"]]


def kept(film: Path) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads((film.parent / f"{film.name}.cue/cue.json").read_text())
    return plain


def test_a_page_that_joins_sees_the_score_that_is_kept(film: Path) -> None:
    async def does(rig: Rig) -> None:
        assert rig.desk.welcome("desk").film_url == "/film"
        assert rig.desk.welcome("player").film_url is None
        late = FakePage(rig.desk)
        assert {"cue_is", "parts", "outs", "room"} <= {m["kind"] for m in late.told}
        score = late.score()
        assert score["duration_s"] == pytest.approx(16)
        assert score["version"] == late.newest("cue_is")["version"] == 1
        assert len(score["notes"]) == len(rig.stage.load.notes) > 0
        player = FakePage(rig.desk, "player")
        assert {m["kind"] for m in player.told} == {"cue_is", "room"}
        assert not {"notes", "density", "emotion"} & {k for k, v in player.score().items() if v}
        assert chords(player.score()) == chords(score)

    on_desk(film, does)


EDITS: dict[str, tuple[say.Ask, str]] = {
    "chord": (say.SetChord(4, 6, "F#m7"), "SetChord"),
    "lock": (say.Lock(2, 4), "Lock"),
    "vary": (say.Vary(0, 16, 99), "Vary"),
    "regenerate": (say.Regenerate(8, 77), "Vary"),
    "density": (say.Draw("density", [(2, 1.0), (6, 9.0)]), "Draw"),
    "sad": (say.Draw("sad", [(2, 0.9), (12, 0.9)]), "Draw"),
    "hit": (say.AddHit(5.5, "stinger"), "SetHits"),
    "time": (say.SetTime(tempo="90", meter="3/4", rhythm="bar"), "SetTempo"),
    "find": (say.SetTime(tempo="find"), "SetTempo"),
    "playing": (say.SetPlaying("arpeggio", 0.0, False), "SetPlaying"),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_kept_played_and_shown_and_can_be_taken_back(film: Path, name: str) -> None:
    ask, kind = EDITS[name]

    async def does(rig: Rig) -> None:
        before, loaded = rig.page.score(), rig.stage.load.notes
        done = await rig.page.gets(ask)
        assert (done["version"], done["undo"], done["redo"]) == (2, True, False)
        assert kept(film)["steps"][-1]["edit"]["kind"] == kind
        after = rig.page.score()
        assert {**after, "version": 1} != before
        undone = await rig.page.gets(say.Undo())
        assert (undone["undo"], undone["redo"]) == (False, True)
        assert {**rig.page.score(), "version": 1} == before
        assert rig.stage.load.notes == loaded
        await rig.page.gets(say.Redo())
        assert {**rig.page.score(), "version": 2} == after
        assert not rig.page.of("trouble")

    on_desk(film, does)


def test_what_is_told_is_on_disk_already(film: Path) -> None:
    async def does(rig: Rig) -> None:
        told: list[int] = []

        class Checks(FakePage):
            def send(self, data: bytes) -> None:
                if json.loads(data)["kind"] == "cue_is":
                    told.append(len(kept(film)["steps"]))

        Checks(rig.desk)
        for start_s in (2, 4, 6):
            await rig.page.gets(say.SetChord(start_s, start_s + 2, "Dm"))
        assert told == [1, 2, 3, 4]

    on_desk(film, does)


def test_two_pages_edit_one_after_the_other_and_both_see_all(film: Path) -> None:
    async def does(rig: Rig) -> None:
        other = FakePage(rig.desk)
        names = ["Am", "F", "G7", "Cmaj7", "Dm", "E7", "Bdim", "Gsus4"]
        for index, name in enumerate(names):
            page = (rig.page, other)[index % 2]
            page.asks(say.SetChord(2.0 * index, 2.0 * index + 2, name))
        await other.until(lambda: other.newest("cue_is")["version"] == 9)
        assert [name for *_, name in chords(other.score())] == names
        assert [m["version"] for m in other.of("cue_is")] == list(range(1, 10))
        assert rig.page.of("cue_is")[1:] == other.of("cue_is")
        assert len(kept(film)["steps"]) == 9

    on_desk(film, does)


FAILING: dict[str, tuple[say.Ask, str]] = {
    "chord": (say.SetChord(4, 6, "H7"), "a chord such as"),
    "span": (say.Lock(40, 50), "inside the film"),
    "hit": (say.RemoveHit(3.3), "the place of a hit"),
    "take": (say.ChooseTake("Z"), "a take of A"),
    "undo": (say.Undo(), "an edit to undo"),
    "file": (say.SetTime(tempo="/etc/passwd.mid"), "a tempo such as 96"),
    "host": (say.SetTime(tempo="host:reaper"), "a tempo such as 96"),
    "rhythm": (say.SetTime(rhythm="waltz"), "a chord rhythm"),
    "style": (say.SetPlaying("polka", 0.3, True), "a style"),
    "key": (say.Compose(key="H minor"), "a key such as"),
    "curve": (say.Draw("loudness", [(1, 7.0)]), "loudness from 0 to 1"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_step_that_fails_says_why_to_who_asked_and_changes_nothing(film: Path, name: str) -> None:
    ask, words = FAILING[name]

    async def does(rig: Rig) -> None:
        other, before = FakePage(rig.desk), kept(film)
        trouble = await rig.page.gets(ask, "trouble")
        assert words in trouble["words"]
        assert "\n" not in trouble["words"]
        assert trouble["answers"] == type(ask).__struct_config__.tag
        assert not other.of("trouble")
        assert kept(film) == before
        assert rig.page.newest("cue_is")["version"] == 1

    on_desk(film, does)


def test_takes_are_begun_chosen_and_mixed(film: Path) -> None:
    async def does(rig: Rig) -> None:
        first = chords(rig.page.score())
        taken = await rig.page.gets(say.NewTake("B", 31))
        assert (taken["take"], taken["takes"]) == ("B", ["A", "B"])
        second = chords(rig.page.score())
        assert second != first
        await rig.page.gets(say.ChooseTake("A"))
        assert chords(rig.page.score()) == first
        await rig.page.gets(say.KeepTake("B", 0, 16))
        assert chords(rig.page.score()) == second

    on_desk(film, does)


def test_another_score_takes_its_place_and_the_old_one_is_kept_aside(film: Path) -> None:
    async def does(rig: Rig) -> None:
        await rig.page.gets(say.AddHit(5.5))
        before = kept(film)
        composed = await rig.page.gets(say.Compose("F# minor", 8, 0.2))
        assert (composed["key"], composed["undo"]) == ("F# minor", False)
        assert composed["settings"]["seed"] == 8
        assert composed["settings"]["affect"] == 0.2
        assert [hit[0] for hit in rig.page.score()["hits"]] == [5.5]
        aside = film.parent / f"{film.name}.cue" / "cue-1.json"
        assert json.loads(aside.read_text()) == before

    on_desk(film, does)


def test_what_another_program_does_is_seen_within_a_second_and_before_an_edit(film: Path) -> None:
    async def does(rig: Rig) -> None:
        command = ["edit", str(film), "chord", "2-4", "Bb7"]
        assert await asyncio.to_thread(main, command) == 0
        seen = asyncio.ensure_future(rig.page.hears("cue_is"))
        await asyncio.sleep(0)
        rig.stage.tell(counts())
        await seen
        assert (2.0, 4.0, "Bb7") in chords(rig.page.score())
        assert await asyncio.to_thread(main, ["edit", str(film), "chord", "6-8", "E"]) == 0
        rig.page.asks(say.SetChord(10, 12, "Gm"))
        await rig.page.until(lambda: rig.page.newest("cue_is")["version"] == 4)
        names = {name for *_, name in chords(rig.page.score())}
        assert {"Bb7", "E", "Gm"} <= names
        assert len(kept(film)["steps"]) == 4

    on_desk(film, does)


def test_what_another_program_composes_on_what_clip_sees_is_shown_and_edited_so(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    keep_clip(tmp_path / "models")

    async def does(rig: Rig) -> None:
        before = rig.page.score()["emotion"]
        command = ["edit", str(film), "new", "--again", "--features", "paper", "--device", "cpu"]
        assert await asyncio.to_thread(main, command) == 0
        rig.page.asks(say.SetChord(10, 12, "Gm"))
        await rig.page.until(lambda: rig.page.newest("cue_is")["version"] == 3)
        assert not rig.page.of("trouble")
        assert rig.page.score()["emotion"] != before
        assert kept(film)["extractor"].startswith("paper/1 ")
        assert len(kept(film)["steps"]) == 2

    on_desk(film, does)


def test_what_another_program_does_while_an_edit_is_composed_is_not_lost(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scorelock.bridge.desk import composer
    from scorelock.bridge.desk.editing import step

    others = [
        threading.Thread(target=main, args=(["edit", str(film), "chord", span, chord],))
        for span, chord in (("2-4", "Bb7"), ("6-8", "E"))
    ]

    def meanwhile(*args: Any) -> Any:  # noqa: ANN401
        for other in others:
            other.start()
        for other in others:
            other.join(0.2)  # they wait until the desk has kept its own
        return step(*args)

    monkeypatch.setattr(composer, "step", meanwhile)

    async def does(rig: Rig) -> None:
        rig.page.asks(say.SetChord(10, 12, "Gm"))
        await rig.page.until(lambda: len(kept(film)["steps"]) == 4)
        rig.stage.tell(counts())
        await rig.page.until(
            lambda: {"Bb7", "E", "Gm"} <= {name for *_, name in chords(rig.page.score())}
        )
        assert not rig.page.of("trouble")

    on_desk(film, does)


def test_a_cue_that_another_program_spoils_is_told_once_and_stays_as_it_was(film: Path) -> None:
    async def does(rig: Rig) -> None:
        path = film.parent / f"{film.name}.cue" / "cue.json"
        path.write_text("{")
        for _ in range(3):
            rig.stage.tell(counts())
            await asyncio.sleep(0.1)
        assert ["damaged" in each["words"] for each in rig.page.of("trouble")] == [True]
        await rig.page.gets(say.SetChord(10, 12, "Gm"))
        assert path.with_name("cue-1.json").read_text() == "{"
        assert kept(film)["steps"][-1]["edit"]["kind"] == "SetChord"

    on_desk(film, does)


def test_parts_change_what_is_played_and_are_as_they_were_when_it_opens_again(film: Path) -> None:
    async def does(rig: Rig) -> None:
        every = rig.stage.load.notes
        low = say.SetPart("bass", False, True, 7, 33, 1)
        rig.page.asks(low)
        await rig.page.hears("cue_is")
        load = rig.stage.load
        bass = [note for note in every if note.channel == 1]
        assert [note.pitch for note in load.notes] == [note.pitch + 12 for note in bass]
        assert load.lanes[1].channel == 6
        assert rig.stage.of(orders.Send)[-1].messages == (bytes((0xC6, 32)),)
        assert {note[4] for note in rig.page.score()["notes"]} == {1}
        (part,) = [p for p in rig.page.newest("parts")["parts"] if p["part"] == "bass"]
        assert (part["solo"], part["channel"], part["program"], part["octave"]) == (True, 7, 33, 1)

    on_desk(film, does)
    plain = json.loads((film.parent / f"{film.name}.cue/desk.json").read_text())
    assert plain["parts"][1] == {
        **{"part": "bass", "mute": False, "solo": True, "channel": 7, "program": 33, "octave": 1}
    }
    assert plain["open_at"] is None


def test_many_wishes_for_a_part_end_with_the_last(film: Path) -> None:
    async def does(rig: Rig) -> None:
        for octave in (-3, -2, -1, 0, 1, 2, 3):
            rig.page.asks(say.SetPart("chords", False, False, 1, None, octave))
        rig.page.asks(say.SetPart("chords", True, False, 1, None, 0))
        await rig.page.until(lambda: 0 not in {n.channel for n in rig.stage.load.notes})
        await asyncio.sleep(0.2)
        assert not {note.channel for note in rig.stage.load.notes} & {0}
        assert [part["mute"] for part in rig.page.newest("parts")["parts"]] == [True] + 3 * [False]

    on_desk(film, does)


def test_a_part_is_heard_otherwise_while_long_works_go_on(film: Path) -> None:
    async def does(rig: Rig) -> None:
        over = threading.Event()
        works = [asyncio.ensure_future(rig.desk.works.beside(over.wait)) for _ in range(8)]
        rig.page.asks(say.SetPart("chords", True, False, 1, None, 0))
        try:
            await rig.page.hears("cue_is")
            assert 0 not in {note.channel for note in rig.stage.load.notes}
        finally:
            over.set()
            await asyncio.gather(*works)

    on_desk(film, does)


def test_all_is_silent_before_a_long_work_has_ended(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scorelock.bridge.desk import exports

    begun, over = threading.Event(), threading.Event()

    def long(*_: object) -> Path:
        begun.set()
        assert over.wait(60)
        return film

    monkeypatch.setattr(exports, "write", long)

    async def does(rig: Rig) -> None:
        exporting = asyncio.ensure_future(rig.desk.export("film.mp4"))
        await asyncio.to_thread(begun.wait, 60)
        closing = asyncio.ensure_future(rig.desk.close())
        try:
            await rig.page.until(lambda: rig.stage.closed)
            assert not closing.done()
        finally:
            over.set()
            await asyncio.gather(closing, exporting)

    on_desk(film, does)


def test_an_output_that_is_away_for_a_day_is_not_forgotten(film: Path) -> None:
    def chosen() -> Any:  # noqa: ANN401
        return json.loads((film.parent / f"{film.name}.cue/desk.json").read_text())["out"]

    async def does(rig: Rig) -> None:
        await rig.page.gets(say.SetOut("virtual:Desk"), "outs")
        assert chosen() == "virtual:Desk"  # in the words that open it again
        rig.stage.tell(orders.OutIs("Desk"))
        rig.stage.tell(orders.Ready(None, None))
        rig.stage.tell(orders.OutIs(None, "expected an output, found none"))
        await rig.page.hears("outs")
        rig.page.asks(say.SetPart("bass", True, False, 2, None, 0))
        assert chosen() == "virtual:Desk"
        await rig.page.gets(say.SetOut(None), "outs")
        assert chosen() is None

    on_desk(film, does)


def test_wishes_go_to_the_stage_at_once(film: Path) -> None:
    async def does(rig: Rig) -> None:
        rig.clock.sleep_until(12.5)
        rig.page.asks(say.Panic(), say.Lead("reaper@10.0.0.5"), say.Latency(-30))
        wishes = [order.wish for order in rig.stage.of(orders.Wished)]
        assert wishes == [Panic(12.5), Lead(12.5, "reaper@10.0.0.5"), Latency(12.5, -0.03)]
        out = await rig.page.gets(say.SetOut("Synth"), "outs")
        assert (out["port"], out["ports"], out["virtual"]) == ("Synth", ["Synth", "Piano"], True)

    on_desk(film, does)


def test_the_films_of_two_pages_are_one_host(film: Path) -> None:
    def said(rig: Rig) -> list[Any]:
        return [event for order in rig.stage.of(orders.FilmSaid) for event in order.events]

    async def does(rig: Rig) -> None:
        other = FakePage(rig.desk)
        rig.page.asks(say.Film(1, 5, False), say.Film(2, 5, True), say.Film(2.1, 5.1, True))
        one = [Rate(1, 1), Repeat(1, False), Stop(1), Position(1, 5), Roll(2), Position(2, 5)]
        assert said(rig) == [*one, Position(2.1, 5.1)]
        other.asks(say.Film(2.2, 0, False))
        assert len(said(rig)) == 7  # it stands while the other runs
        other.asks(say.Film(2.3, 3, True))
        rig.page.asks(say.Film(2.4, 5.4, True))
        assert said(rig)[7:] == [Rate(2.3, 1), Repeat(2.3, False), Roll(2.3), Position(2.3, 3)]
        rig.page.asks(say.Film(2.5, 5.5, False), say.Film(2.6, 5.5, True))
        assert said(rig)[-1] == Position(2.6, 5.5)  # started anew, it is followed again

    on_desk(film, does)


def test_a_page_that_comes_in_the_place_of_a_closed_one_is_followed() -> None:
    class Page:
        role: Role = "desk"

        def send(self, data: bytes) -> None:
            pass

    player, staying = FilmPlayer(), Page()
    closed = Page()
    assert player.heard(say.Film(1, 5, True), closed, 1.0)
    assert player.heard(say.Film(1.1, 5, True), staying, 1.1)
    assert not player.heard(say.Film(1.2, 5, True), closed, 1.2)
    place = id(closed)
    del closed
    pages = [Page()]
    while id(pages[-1]) != place and len(pages) < 10_000:
        pages.append(Page())
    assert player.heard(say.Film(9, 5, True), pages[-1], 9.0)


def test_what_the_stage_tells_reaches_whom_it_concerns(film: Path) -> None:
    async def does(rig: Rig) -> None:
        player = FakePage(rig.desk, "player")
        rig.stage.tell(orders.Struck(((1.5, 60, 80, 1, 7.25),)))
        rig.stage.tell(orders.OutIs(None, "no such output"))
        rig.stage.tell(counts())
        await rig.page.hears("hosts")
        assert rig.page.newest("played")["notes"] == [[1.5, 60, 80, "bass", 7.25]]
        assert rig.page.newest("trouble")["words"] == "no such output"
        hosts = rig.page.newest("hosts")
        assert [(h["name"], h["words"], h["heard"], h["ignored"]) for h in hosts["hosts"]] == [
            ("film", "the film in this window", 0, 0),
            ("house", "Scorelock's own transport", 0, 0),
            ("reaper@10.0.0.5:51000", "REAPER at 10.0.0.5", 12, 3),
        ]
        assert hosts["listens"] == "127.0.0.1:9000"
        assert {m["kind"] for m in player.told} == {"cue_is", "room"}

    on_desk(film, does)


def test_every_format_but_its_twin_is_in_the_menu() -> None:
    assert set(WORDS) == set(FORMATS) - {".midi"}


def test_a_file_is_what_is_on_the_page(film: Path) -> None:
    async def does(rig: Rig) -> None:
        await rig.page.gets(say.SetChord(4, 6, "F#m7"))
        rig.page.asks(say.SetPart("bass", False, False, 2, 34, 0))
        await rig.page.hears("cue_is")
        path = await rig.desk.export("score.mid")
        played = [m for track in mido.MidiFile(path).tracks for m in track]
        struck = sum(m.type == "note_on" and m.velocity > 0 for m in played)
        assert struck == len(rig.stage.load.notes)
        assert [m.program for m in played if m.type == "program_change"] == [33]
        lab = (await rig.desk.export("score.lab")).read_text()
        assert "F#:min7" in lab
        with pytest.raises(BadSetting, match="expected a file named"):
            await rig.desk.export("score.xyz")
        await asyncio.sleep(0)
        works = [(m["work"], m["done"]) for m in rig.page.of("work")]
        assert works[-1] == ("exporting", True)

    on_desk(film, does)


def test_the_swap_test_is_told_in_words(film: Path) -> None:
    async def does(rig: Rig) -> None:
        told = await rig.page.gets(say.SwapTest(), "influence")
        assert 0 < told["changed"] <= 1
        assert 0 < told["changed_again"] <= 1
        assert f"{round(100 * told['changed'])} %" in told["words"]
        assert f"{round(100 * told['changed_again'])} %" in told["words"]

    on_desk(film, does)


def test_composing_is_ended_and_all_is_as_it_was(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scorelock.bridge.desk import composer
    from scorelock.bridge.desk.editing import step

    begun, asked = threading.Event(), threading.Event()

    def waits(*args: Any) -> Any:  # noqa: ANN401
        begun.set()
        assert asked.wait(60)
        return step(*args)

    monkeypatch.setattr(composer, "step", waits)

    async def does(rig: Rig) -> None:
        before = kept(film)
        rig.page.asks(say.NewTake("B", 8))
        await asyncio.to_thread(begun.wait, 60)
        rig.page.asks(say.Cancel("composing"))
        asked.set()
        await rig.page.gets(say.SetChord(4, 6, "Am"))
        assert rig.page.newest("cue_is")["takes"] == ["A"]
        assert kept(film)["steps"][:-1] == before["steps"]
        assert not rig.page.of("trouble")

    on_desk(film, does)


def test_a_slip_of_ours_is_told_in_one_line_and_the_desk_goes_on(
    film: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from scorelock.bridge.desk import composer

    def slips(*_: object) -> None:
        raise ZeroDivisionError("a secret of ours")

    async def does(rig: Rig) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(composer, "step", slips)
            trouble = await rig.page.gets(say.Undo(), "trouble")
        assert "ZeroDivisionError" in trouble["words"]
        assert "secret" not in trouble["words"]
        await rig.page.gets(say.SetChord(4, 6, "Am"))

    on_desk(film, does)
    assert "a secret of ours" in caplog.text


def counts() -> orders.Counts:
    """What a stage counts once a second."""
    sources = {"reaper@10.0.0.5": {"datagrams": 12, "not OSC": 3}}
    return orders.Counts("film", ("reaper@10.0.0.5:51000",), sources, 0, 1.5, 0.2, 1, 0, 40, 2, 0)
