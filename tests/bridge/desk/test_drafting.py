"""A film that nobody has watched: drafts are played on the way, and at last the standard score."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from clips import keep_clip
from desks import FakePage, Rig, a_desk, options
from fakes import python_path
from films import flat, noise, write_film

from scorelock.bridge.cli import main
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk import drafting
from scorelock.bridge.desk import messages as say
from scorelock.bridge.desk.drafting import Reports, first_score
from scorelock.bridge.stage.orders import Load
from scorelock.engine.score import Cue

ENDS_S = (4, 8, 12)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen seconds that change from bright to dark."""
    one, other = noise(2)
    shots = (*flat(90, (40, 160, 240)), *[one] * 100, *flat(110, (60, 20, 0)), *[other] * 84)
    return write_film(tmp_path_factory.mktemp("drawn") / "film.avi", shots)


@pytest.fixture
def film(drawn: Path, tmp_path: Path) -> Path:
    """The same, of this test's own."""
    return Path(shutil.copy(drawn, tmp_path))


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts are made within so short a film."""
    monkeypatch.setattr(drafting, "FIRST_ENDS_S", ENDS_S)


def ignore(share: float | None) -> None:
    """Nobody looks."""


def dawdle(share: float | None) -> None:
    """A slow machine."""
    threading.Event().wait(0.03)


def drafts(
    film: Path, *words: str, watching: Callable[[float | None], None] = ignore
) -> tuple[list[Cue], Cue]:
    """Every draft, and the score."""
    found: list[Cue] = []
    reports = Reports(found.append, watching, ignore)
    history = first_score(CueStore.of(film), options(film, *words), reports)
    return found, history.cue


def facts(cue: Cue) -> list[Any]:
    """All that is heard of it."""
    dynamics = (cue.dynamics.density.tolist(), cue.dynamics.loudness.tolist())
    return [cue.chords, str(cue.key), cue.tempo_map, cue.hits, *dynamics]


def test_drafts_go_on_from_one_another_at_fixed_seconds(film: Path) -> None:
    found, score = drafts(film)
    assert [cue.chords[-1].end_s for cue in found] == list(ENDS_S)
    for before, after in pairwise(found):
        assert before.key == after.key
        *spans, last = before.chords
        assert list(after.chords[: len(spans)]) == spans
        assert after.chords[len(spans)].chord == last.chord
    assert score.chords[-1].end_s == pytest.approx(16)


def test_drafts_do_not_depend_on_the_machine(film: Path, tmp_path: Path) -> None:
    first, score = drafts(film)
    (tmp_path / "again").mkdir()
    again = Path(shutil.copy(film, tmp_path / "again"))
    second, same = drafts(again, watching=dawdle)
    assert [facts(cue) for cue in second] == [facts(cue) for cue in first]
    assert facts(same) == facts(score)


@pytest.mark.parametrize("words", [(), ("--seed", "9", "--tempo", "find", "--key", "Eb major")])
def test_the_score_is_what_edit_new_composes(
    film: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    _, score = drafts(film, *words)
    (tmp_path / "other").mkdir()
    other = Path(shutil.copy(film, tmp_path / "other"))
    assert main(["edit", str(other), "new", "--device", "cpu", *words]) == 0
    assert facts(CueStore.of(other).read().cue) == facts(score)


def test_so_is_that_of_the_published_layout(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the features that CLIP sees, which the drafts are made on, too."""
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    keep_clip(tmp_path / "models")
    words = ("--bundle", "clip")
    found, score = drafts(film, *words)
    assert [len(cue.features) for cue in found if cue.features.semantic is not None][:3] == [
        4,
        8,
        12,
    ]
    (tmp_path / "other").mkdir()
    other = Path(shutil.copy(film, tmp_path / "other"))
    assert main(["edit", str(other), "new", "--device", "cpu", *words]) == 0
    assert facts(CueStore.of(other).read().cue) == facts(score)


def test_a_film_that_was_watched_before_has_its_own_first_seconds_as_drafts(film: Path) -> None:
    assert main(["analyse", str(film)]) == 0
    found, score = drafts(film)
    assert [cue.chords[-1].end_s for cue in found] == list(ENDS_S)
    for cue in found:
        assert cue.chords[:-1] == score.chords[: len(cue.chords) - 1]


def at_the_desk(film: Path, does: Callable[[Rig], Any]) -> None:
    async def done() -> None:
        async with a_desk(film) as rig:
            await does(rig)

    asyncio.run(done())


def test_a_first_run_plays_long_before_it_is_done_and_keeps_the_score(film: Path) -> None:
    async def does(rig: Rig) -> None:
        assert rig.page.newest("cue_is")["version"] == 0
        assert rig.page.score()["notes"] == []
        await rig.page.whole()
        versions = rig.page.of("cue_is")[1:]
        assert [each["draft"] for each in versions] == [True] * 3 + [False]
        first, *_, last = rig.stage.of(Load)
        assert 0 < max(note.end_s for note in first.notes) <= 4
        assert first.duration_s == pytest.approx(16)
        assert last.duration_s == pytest.approx(16)
        assert max(note.end_s for note in last.notes) > 12
        assert not rig.page.of("trouble")

    at_the_desk(film, does)
    assert CueStore.of(film).read().cue.features.film.duration_s == pytest.approx(16)


def test_a_draft_cannot_be_edited_nor_written(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()

    def waits(*args: Any) -> Cue:  # noqa: ANN401
        assert go_on.wait(60)
        return composed(*args)

    composed = drafting._composed
    monkeypatch.setattr(drafting, "_composed", waits)

    async def does(rig: Rig) -> None:
        await rig.page.until(lambda: rig.page.newest("cue_is")["version"] == 3)
        trouble = await rig.page.gets(say.SetChord(1, 2, "Am"), "trouble")
        assert "draft" in trouble["words"]
        rig.page.asks(say.SetPart("chords", True, False, 1, None, 0))
        assert (await rig.page.hears("cue_is"))["draft"]  # parts can be
        assert 0 not in {note.channel for note in rig.stage.load.notes}
        go_on.set()
        await rig.page.whole()
        assert 0 not in {note.channel for note in rig.stage.load.notes}

    at_the_desk(film, does)


def test_watching_is_ended_and_begun_again(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    drafted = drafting._drafted

    def waits(*args: Any) -> Cue:  # noqa: ANN401
        held.wait(60)
        return drafted(*args)

    monkeypatch.setattr(drafting, "_drafted", waits)

    async def does(rig: Rig) -> None:
        await asyncio.sleep(0.1)
        rig.page.asks(say.Cancel("watching"))
        held.set()
        await rig.page.until(lambda: not rig.desk.works.going("watching"))
        assert not CueStore.of(film).exists()
        assert not rig.page.of("trouble")
        composed = await rig.page.gets(say.Compose("D minor", 5))
        await rig.page.whole()
        assert composed["key"] == "D minor"

    at_the_desk(film, does)
    assert CueStore.of(film).read().cue.settings.seed == 5


def test_a_film_that_breaks_off_is_told_and_its_draft_stays(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scorelock.engine import video
    from scorelock.engine.errors import UnreadableFilm

    def broken(self: object) -> None:
        raise UnreadableFilm("its picture ends after 14 s; copy the file again")

    monkeypatch.setattr(video.FilmReader, "_check_length", broken)

    async def does(rig: Rig) -> None:
        trouble = await rig.page.hears("trouble")
        assert "ends after 14 s" in trouble["words"]
        assert rig.page.newest("cue_is")["draft"]
        assert rig.stage.load.notes

    at_the_desk(film, does)


def test_five_seconds(tmp_path: Path) -> None:
    short = write_film(tmp_path / "short.avi", flat(60, (40, 160, 240)) + [noise(1)[0]] * 60)

    async def does(rig: Rig) -> None:
        await rig.page.whole()
        score = rig.page.score()
        assert score["duration_s"] == pytest.approx(5)
        assert score["chords"][-1][1] == pytest.approx(5)
        assert FakePage(rig.desk, "player").score()["bars"]

    at_the_desk(short, does)


@pytest.mark.skipif(os.name == "nt", reason="needs a signal that cannot be caught")
def test_a_kill_among_edits_loses_nothing_that_was_told(film: Path) -> None:
    assert main(["edit", str(film), "new"]) == 0
    edits = (
        "import asyncio, sys; from pathlib import Path; from desks import a_desk\n"
        "from scorelock.bridge.desk import messages as say\n"
        "async def go():\n"
        "    async with a_desk(Path(sys.argv[1])) as rig:\n"
        "        await rig.page.whole()\n"
        "        for n in range(1000):\n"
        "            at_s = n % 8 * 2\n"
        "            await rig.page.gets(say.SetChord(at_s, at_s + 2, 'CDEFGAB'[n % 7]))\n"
        "            print(n + 1, flush=True)\n"
        "asyncio.run(go())\n"
    )
    command = [sys.executable, "-c", edits, str(film)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=python_path(), text=True) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told == 12:
                process.send_signal(signal.SIGKILL)
                break
        told = max([told, *map(int, process.stdout.read().split())])
    history = CueStore.of(film).read()
    assert len(history.steps) - 1 in (told, told + 1)
    assert json.loads(CueStore.of(film).path.read_text())["done"] == len(history.steps)
