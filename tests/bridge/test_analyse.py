"""A film is watched once: `scorelock analyse`, and what the commands that compose make of it."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from shutil import copy

import numpy as np
import pytest
from fakes import python_path
from hypothesis import given
from hypothesis import strategies as st
from scores import features

from scorelock.bridge import cli
from scorelock.bridge.commands.analyse import MOST_STRETCHES, stretches
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.seeing import features_of
from scorelock.engine.cue_folder import CueFolder
from scorelock.engine.features import EMOTIONS, EXTRACTOR, VideoFeatures
from scorelock.engine.files import digest
from scorelock.engine.watch import watch


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drawn") / "film.mp4"
    draw_demo_film(path, seconds=4, size=(160, 90))
    return path


@pytest.fixture
def film(drawn: Path, tmp_path: Path) -> Path:
    """A film that nobody analysed."""
    return Path(copy(drawn, tmp_path / "film.mp4"))


def imagine(film: Path) -> VideoFeatures:
    """Keep what was never seen there: who goes by it has not watched."""
    imagined = features(1.5)
    known = replace(
        imagined,
        extractor=EXTRACTOR,
        film=replace(imagined.film, path=str(film), sha256=digest(film)),
    )
    CueFolder.of(film, pytest.fail).keep(known)
    return known


def test_it_tells_what_was_seen_and_keeps_it(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = watch(film)
    assert cli.main(["analyse", str(film)]) == 0
    out, err = capsys.readouterr()
    first, *rows = out.splitlines()
    assert first == f"film.mp4: 4.00 s at 24 frames a second, 160x90, cuts: {len(seen.cuts)}"
    assert [re.split(" +", row.strip())[:3] for row in rows[1:]] == [
        [f"0:0{second}", f"0:0{second + 1}", EMOTIONS[seen.emotion[second].argmax()]]
        for second in range(4)
    ]
    assert err == ""
    assert [path.name for path in sorted(film.parent.iterdir())] == ["film.mp4", "film.mp4.cue"]
    np.testing.assert_array_equal(features_of(film).matrix("picture"), seen.matrix("picture"))


def test_json_has_the_plain_numbers(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyse", str(film), "--json"]) == 0
    told, seen = json.loads(capsys.readouterr().out), watch(film)
    assert told["film"] == {
        "name": "film.mp4",
        "sha256": digest(film),
        "duration_s": pytest.approx(4.0),
        "frame_rate": "24",
    }
    assert told["picture"]["valence"] == pytest.approx(seen.valence, abs=1e-5)
    assert told["picture"]["cuts_s"] == pytest.approx([cut.at_s for cut in seen.cuts])
    assert [row["emotion"] for row in told["mood"]] == [
        EMOTIONS[row.argmax()] for row in seen.emotion
    ]


def test_what_is_known_is_told_and_again_watches(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imagine(film)
    for words, length in ([], "1.50 s"), (["--again"], "4.00 s"), ([], "4.00 s"):
        assert cli.main(["analyse", str(film), *words]) == 0
        assert length in capsys.readouterr().out


@pytest.mark.parametrize("command", ["compose", "demo"])
def test_a_film_that_was_analysed_is_scored_by_that(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    imagine(film)
    output = tmp_path / ("out.json" if command == "compose" else "out")
    assert cli.main([command, str(film), "-o", str(output)]) == 0
    if command == "compose":
        assert json.loads(output.read_text())["film"]["duration_s"] == 1.5
    assert "watching" not in capsys.readouterr().err


def test_the_score_is_the_same_before_and_after(film: Path, tmp_path: Path) -> None:
    written = []
    for name in ("first.mid", "second.mid"):
        assert cli.main(["compose", str(film), "-o", str(tmp_path / name)]) == 0
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]


def run(code: str, *argv: str) -> "subprocess.CompletedProcess[str]":
    """Another Python, in which nothing is loaded yet."""
    return subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        text=True,
        check=False,
        env=python_path(),
    )


def test_a_film_that_was_analysed_needs_no_reader_of_films(film: Path, tmp_path: Path) -> None:
    """Loading OpenCV and PySceneDetect takes longer than all the rest of a start."""
    imagine(film)
    code = (
        "import sys; from scorelock.bridge.cli import main;"
        "import scorelock.bridge.commands.live, scorelock.bridge.commands.demo;"
        "assert main(sys.argv[1:]) == 0; assert not {'cv2', 'scenedetect'} & set(sys.modules)"
    )
    done = run(code, "compose", str(film), "-o", str(tmp_path / "out.mid"))
    assert done.returncode == 0, done.stderr
    film.touch()  # which has it compared
    done = run(code, "compose", str(film), "-o", str(tmp_path / "out.mid"))
    assert done.returncode == 0, done.stderr


def test_help_loads_nothing_of_weight() -> None:
    code = (
        "import sys, contextlib; from scorelock.bridge.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "assert not {'numpy', 'rich', 'asyncio', 'onnxruntime'} & set(sys.modules)"
    )
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert "analyse" in done.stdout


def test_what_is_no_film_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("no picture")
    assert cli.main(["analyse", str(text)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [text]


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where root cannot write either")
def test_a_film_where_nothing_can_be_written_is_scored_all_the_same(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.mid"
    descriptor = os.open(film, os.O_RDONLY)
    try:
        path = f"/proc/self/fd/{descriptor}"
        assert cli.main(["compose", path, "-o", str(output)]) == 0
    finally:
        os.close(descriptor)
    assert output.exists()
    kept, device, summary = capsys.readouterr().err.splitlines()
    assert "cannot be kept" in kept
    assert device.startswith("composing on")
    assert summary.startswith("4.00 s of film")


@given(st.floats(1.0, 200.0))
def test_stretches_cover_the_film_without_gaps(duration_s: float) -> None:
    parts = list(stretches(features(duration_s, valence=0.25)))
    assert 1 <= len(parts) <= MOST_STRETCHES
    assert (parts[0].start_s, parts[-1].end_s) == (0.0, duration_s)
    assert all(one.end_s == other.start_s for one, other in pairwise(parts))
    lengths = [part.end_s - part.start_s for part in parts[:-1]]
    assert max(lengths, default=0) - min(lengths, default=0) <= 1
    assert {part.valence for part in parts} == {0.25}
