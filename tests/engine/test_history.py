"""Undo, redo, takes; and the cue on disk, whole after a kill at any moment."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import python_path
from films_seen import film
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.bridge.clock import MonotonicClock
from scorelock.engine import cue_file
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import compose
from scorelock.engine.edits import Draw, Edit, Lock, SetChord, SetHits, SetPlaying, SetTempo, Vary
from scorelock.engine.errors import BadCue, BadSetting
from scorelock.engine.history import History
from scorelock.engine.hits import Hit
from scorelock.engine.key import Key
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ComposeSettings, Cue
from scorelock.engine.slots import Rhythm
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord

BUNDLE = Bundle.open()
SEEN = film(40.2)
PRIMER = (Chord.parse("Gm"), Chord.parse("Eb"))
BEGUN = History.begin(
    compose(SEEN, BUNDLE, ComposeSettings(seed=3, key=Key.parse("G minor"), primer=PRIMER))
)
EDITS: tuple[Edit, ...] = (
    SetChord(20, 24, Chord.parse("Am7")),
    Vary(4, 12, 5),
    Draw("sad", ((10, 0.2), (20, 0.9))),
    Draw("density", ((1, 3.0), (9, 22.5))),
    SetHits((Hit(7.25, 2.0, 0.5, "stinger"), Hit(31.0))),
    SetTempo(TempoMap.steady(96.5, first_s=0.25), Rhythm.HALF),
    SetPlaying(Playing(Style.BALLAD, 0.1, drone=False, seed=4)),
    Lock(0, 10),
)


def bundle() -> Bundle:
    return BUNDLE


def rich() -> History:
    """One with everything in it."""
    history = BEGUN
    for edit in EDITS[:4]:
        history = history.edit(edit, bundle)
    history = history.new_take("B", 11, bundle)
    for edit in EDITS[4:]:
        history = history.edit(edit, bundle)
    return history.choose("A").keep("B", 12, 30).undo()


RICH = rich()


def facts(cue: Cue) -> tuple[object, ...]:
    dynamics = cue.dynamics.density.tolist(), cue.dynamics.loudness.tolist()
    emotion = None if cue.emotion is None else cue.emotion.tolist()
    plain = (cue.key, cue.chords, cue.settings, cue.tempo_map, cue.hits, cue.playing, cue.bundle)
    return (*plain, dynamics, emotion)


def all_facts(history: History) -> object:
    return (
        history.done,
        history.current,
        [(step.take, step.edit, facts(step.cue)) for step in history.steps],
    )


def test_undo_and_redo_go_to_both_ends() -> None:
    history, seen = RICH.redo(), []
    while history.done > 1:
        seen.append(facts(history.cue))
        history = history.undo()
    assert facts(history.cue) == facts(BEGUN.cue)
    with pytest.raises(BadSetting, match="undo"):
        history.undo()
    while history.done < len(history.steps):
        history = history.redo()
    with pytest.raises(BadSetting, match="redo"):
        history.redo()
    assert facts(history.choose("A").cue) == seen[0]


def test_a_new_edit_forgets_what_was_undone() -> None:
    history = RICH.undo().undo().edit(Lock(0, 5), bundle)
    assert history.done == len(history.steps)


def test_takes_stand_side_by_side() -> None:
    assert list(RICH.takes) == ["A", "B"]
    other = RICH.choose("B")
    assert other.cue.playing.style is Style.BALLAD
    assert RICH.cue.playing.style is Style.AUTO
    kept = RICH.redo().cue
    spans = {(s.start_s, s.chord) for s in other.cue.chords if 12.5 < s.start_s < 29}
    assert spans <= {(s.start_s, s.chord) for s in kept.chords}
    for name, why in (("A", "new name"), ("", "new name")):
        with pytest.raises(BadSetting, match=why):
            RICH.new_take(name, 1, bundle)
    with pytest.raises(BadSetting, match="take of A, B"):
        RICH.choose("C")


def test_everything_that_was_done_can_be_done_again() -> None:
    assert all_facts(RICH.replayed(bundle)) == all_facts(RICH)


def test_what_is_written_reads_back_the_same_and_needs_no_model(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4.cue" / cue_file.NAME
    cue_file.write(path, RICH)
    assert all_facts(cue_file.read(path, SEEN)) == all_facts(RICH)
    assert [p.name for p in path.parent.iterdir()] == [cue_file.NAME]


def test_a_step_keeps_the_chords_that_it_changed_alone(tmp_path: Path) -> None:
    path = tmp_path / cue_file.NAME
    cue_file.write(path, BEGUN)
    before = path.stat().st_size
    cue_file.write(path, BEGUN.edit(SetChord(20, 24, Chord.parse("Am7")), bundle))
    assert path.stat().st_size - before < 1000
    (step,) = json.loads(path.read_bytes())["steps"][1:]
    spliced = step["made"]["chords"]
    assert len(spliced["then"]) <= 3
    assert spliced["first"] + spliced["last"] >= len(BEGUN.cue.chords) - 6


def test_a_file_of_version_1_which_kept_all_chords_at_each_step_is_read(tmp_path: Path) -> None:
    path = tmp_path / cue_file.NAME
    cue_file.write(path, RICH)
    plain = json.loads(path.read_bytes())
    for step, written in zip(RICH.steps, plain["steps"], strict=True):
        if "chords" in written["made"]:
            chords = cue_file.CONVERTER.unstructure(step.cue.chords, cue_file.Spans)
            written["made"]["chords"] = chords
    path.write_text(json.dumps(plain | {"version": 1}))
    assert all_facts(cue_file.read(path, SEEN)) == all_facts(RICH)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / cue_file.NAME
    cue_file.write(path, BEGUN.edit(EDITS[0], bundle))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, len(whole) - 2))  # the last byte ends the line
    path.write_bytes(
        data.draw(st.sampled_from([whole[:at], whole[:at] + b"\0" + whole[at + 1 :], b"[]", b"7"]))
    )
    with pytest.raises(BadCue, match="damaged") as caught:
        cue_file.read(path, SEEN)
    assert "\n" not in str(caught.value)


def test_a_cue_of_the_future_or_of_another_film_is_refused(tmp_path: Path) -> None:
    path = tmp_path / cue_file.NAME
    with pytest.raises(BadCue, match="expected a cue at"):
        cue_file.read(path, SEEN)
    cue_file.write(path, BEGUN)
    plain = json.loads(path.read_bytes())
    path.write_text(json.dumps(plain | {"version": 3}))
    with pytest.raises(BadCue, match=r"version 2, .* has 3"):
        cue_file.read(path, SEEN)
    path.write_text(json.dumps(plain | {"film": "1" * 64}))
    with pytest.raises(BadCue, match="reconform"):
        cue_file.read(path, SEEN)


def test_a_full_disk_leaves_the_last_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / cue_file.NAME
    cue_file.write(path, BEGUN)

    def full(self: Path, *_: object, **__: object) -> int:
        self.write_bytes(b'{"format"')
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(BadCue, match="No space left on device; the cue is as it was before"):
        cue_file.write(path, RICH)
    assert all_facts(cue_file.read(path, SEEN)) == all_facts(BEGUN)
    assert [p.name for p in tmp_path.iterdir()] == [cue_file.NAME]


EDITOR = """
import os
import sys
from pathlib import Path

from test_history import BEGUN, EDITS, bundle

from scorelock.engine import cue_file

path = Path(sys.argv[1])
for line in sys.stdin:
    victim = os.fork()
    while victim == 0:
        history = BEGUN
        for turn in range(30):
            history = history.edit(EDITS[(0, 7, 6)[turn % 3]], bundle)
            cue_file.write(path, history)
    print(victim, flush=True)
    os.waitpid(victim, 0)
    print("dead", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_at_any_moment_200_times_the_last_good_one_is_there(tmp_path: Path) -> None:
    path, draw, clock = tmp_path / cue_file.NAME, np.random.default_rng(0), MonotonicClock()
    environment = python_path()
    environment["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    cue_file.write(path, BEGUN)
    editor = subprocess.Popen(
        [sys.executable, "-c", EDITOR, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        bufsize=1,
    )
    assert editor.stdin is not None
    assert editor.stdout is not None
    steps = set()
    for _ in range(200):
        editor.stdin.write("edit\n")
        victim = int(editor.stdout.readline())
        clock.sleep_until(clock.now() + float(draw.uniform(0.0, 0.05)))
        os.kill(victim, signal.SIGKILL)
        assert editor.stdout.readline() == "dead\n"
        steps.add(len(cue_file.read(path, SEEN).steps))
    editor.communicate()
    assert len(steps) > 10, "it was killed in the middle of many edits"
