"""The examples run as they stand."""

import os
import subprocess
import sys
from pathlib import Path

import mido
import pytest
from fakes import python_path
from films import flat, noise, write_film

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name: str, *words: str | Path) -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env=python_path() | {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film, and something that is none."""
    made = tmp_path_factory.mktemp("films")
    write_film(made / "film.avi", [*noise(120), *flat(120, (0, 0, 200))])
    (made / "notes.txt").write_text("call the producer")
    return made


@pytest.mark.parametrize("name", ["compose_to_midi.py", "edit_a_cue.py"])
def test_a_film_becomes_a_file(name: str, folder: Path, tmp_path: Path) -> None:
    assert run(name, folder / "film.avi", tmp_path / "out.mid").split()
    assert mido.MidiFile(tmp_path / "out.mid").length == pytest.approx(10.0, abs=0.1)


def test_a_folder_becomes_files(folder: Path, tmp_path: Path) -> None:
    assert run("batch.py", folder, tmp_path).split() == ["film.avi"]
    assert [path.name for path in tmp_path.iterdir()] == ["film.mid"]


def test_a_host_is_followed() -> None:
    assert "notes_sent=0" in run("follow_a_host.py", "0.3")
