"""Two hours of film: an edit is heard at once."""

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scores
from desks import Rig, a_desk

from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk import messages as say
from scorelock.bridge.desk.score_keeper import SOON_S
from scorelock.bridge.stage.orders import Load
from scorelock.engine.cue_folder import CueFolder
from scorelock.engine.features import EXTRACTOR
from scorelock.engine.files import digest
from scorelock.engine.history import History
from scorelock.engine.playing import Playing

LONG_S = 7200
PHRASE_S = 10  # the voices are led on from a changed chord until the next phrase
CHORDS = "C Am F G7 Dm Em7 Bdim Gsus4"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that was watched, it says, and a score of a chord a second."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    path.write_bytes(b"film")
    cue = scores.cue(" ".join([CHORDS] * (LONG_S // 8)), density=8.0)
    draw = np.random.default_rng(1)
    features = replace(
        cue.features,
        film=replace(cue.features.film, path=str(path), sha256=digest(path)),
        extractor=EXTRACTOR,
        emotion=draw.dirichlet(np.ones(6), LONG_S).astype(np.float32),
    )
    CueFolder.of(path, print).keep(features)
    cue = replace(cue, features=features, bundle="starter", playing=Playing(humanise=0.3))
    CueStore.of(path).write(History.begin(cue))
    return path


async def one_more(rig: Rig, ask: say.Ask) -> None:
    """Ask, and wait until the stage has what comes of it."""
    loads = len(rig.stage.of(Load))
    rig.page.asks(ask)
    await rig.page.until(lambda: len(rig.stage.of(Load)) > loads)


def versions(rig: Rig) -> int:
    """How often something was loaded: as many versions are shown."""
    return len(rig.stage.of(Load))


def test_two_hours_are_heard_from_their_first_minute_and_edited(film: Path) -> None:
    """The first notes do not wait for the last; an edit changes what it is asked to and no more."""

    async def does() -> None:
        async with a_desk(film) as rig:
            await rig.page.until(lambda: rig.page.newest("cue_is")["version"] >= 1)
            assert len(rig.page.score()["chords"]) == LONG_S  # all is drawn
            assert 0 < max(note.end_s for note in rig.stage.of(Load)[0].notes) <= SOON_S
            await rig.page.until(lambda: rig.page.newest("cue_is")["version"] >= 2)
            assert len(rig.stage.load.notes) > 30_000
            for start_s in (10, 3600, 7100):
                before = set(rig.stage.load.notes)
                await one_more(rig, say.SetChord(start_s, start_s + 2, "F#m7"))
                changed = before ^ set(rig.stage.load.notes)
                assert changed
                assert all(start_s - 1 <= note.onset_s < start_s + PHRASE_S for note in changed)
                await rig.page.until(lambda: rig.page.newest("cue_is")["version"] == versions(rig))

    asyncio.run(does())
