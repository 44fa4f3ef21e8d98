"""`scorelock FILM` as a user starts it."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from fakes import python_path
from films import flat, noise, write_film

from scorelock.bridge.cli import is_film, main
from scorelock.bridge.desk import keeping
from scorelock.bridge.desk.keeping import Kept, OpenAt
from scorelock.bridge.desk.messages import Part

USUAL = ("--no-browser", "--port", "0", "--listen", "127.0.0.1:0")


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds, with a cue."""
    shots = (*flat(72, (40, 160, 240)), *noise(72))
    path = write_film(tmp_path_factory.mktemp("desk") / "film.avi", shots)
    assert main(["edit", str(path), "new"]) == 0
    return path


@pytest.fixture
def film(composed: Path, tmp_path: Path) -> Path:
    shutil.copytree(f"{composed}.cue", tmp_path / f"{composed.name}.cue")
    return Path(shutil.copy2(composed, tmp_path))


@contextmanager
def opened(*words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`scorelock WORDS`, and the port that it says."""
    command = [sys.executable, "-m", "scorelock.bridge.cli", *words, *USUAL]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=python_path(), text=True)
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if found := re.search(r"the desk: http://127\.0\.0\.1:(\d+)/", line):
                yield process, int(found[1])
                break
        else:
            pytest.fail(f"no desk: {said}")
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def asked(port: int, path: str) -> tuple[int, bytes]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.status, answer.read()
    connection.close()
    return content


def test_a_film_alone_opens_the_desk_until_ctrl_c(film: Path) -> None:
    with opened(str(film)) as (process, port):
        assert asked(port, "/")[0] == 200
        assert json.loads(asked(port, "/score.json")[1])["film"] == "film.avi"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    assert json.loads((film.parent / "film.avi.cue/desk.json").read_text())["open_at"] is None


def test_a_second_one_finds_the_first(film: Path) -> None:
    with opened(str(film)) as (_, port):
        command = [sys.executable, "-m", "scorelock.bridge.cli", "desk", str(film), "--no-browser"]
        second = subprocess.run(
            command, env=python_path(), capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 0
        assert f"http://127.0.0.1:{port}/" in second.stderr
        assert "open already" in second.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a signal that cannot be caught")
def test_one_that_was_killed_is_not_taken_for_open(film: Path) -> None:
    with opened(str(film)) as (process, _):
        process.kill()
        process.wait()
    assert json.loads((film.parent / "film.avi.cue/desk.json").read_text())["open_at"]
    with opened(str(film)) as (_, port):
        assert asked(port, "/")[0] == 200


BAD = {
    "nothing": (["{}/no.mp4"], "found nothing there"),
    "a folder": (["{}"], "found a folder there"),
    "no film": (["{}/text.mp4"], "expected a film"),
    "port": (["{}/film.avi", "--port", "70000"], "expected a --port"),
    "part": (["{}/film.avi", "--part", "bass=2:34@Synth"], "one output"),
    "seed": (["{}/film.avi", "--seed", "-1"], "expected a --seed"),
    "latency": (["{}/film.avi", "--latency", "x"], "expected a --latency"),
    "cue": (["{}/spoilt.avi"], "damaged"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_opened_is_one_line(
    film: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (film.parent / "text.mp4").write_text("no film")
    shutil.copy2(film, film.parent / "spoilt.avi")
    shutil.copytree(film.parent / "film.avi.cue", film.parent / "spoilt.avi.cue")
    (film.parent / "spoilt.avi.cue/cue.json").write_text("{")
    words, told = BAD[name]
    arguments = [word.format(film.parent) for word in words]
    assert main([*arguments, "--no-browser"]) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last.startswith("scorelock: ")
    assert told in last


@pytest.mark.parametrize(
    ("word", "film"),
    [("a.mp4", True), ("./a", True), ("nowhere", False), ("comprose", False), ("/x/y", True)],
)
def test_which_words_mean_a_film(word: str, film: bool) -> None:
    assert is_film(word) == film


def test_how_the_desk_is_left_comes_back(tmp_path: Path) -> None:
    said: list[str] = []
    parts = tuple(
        Part(name, name == "bass", False, 3, 12, -1)
        for name in ("chords", "bass", "pattern", "drone")
    )
    kept = Kept(parts=parts, out="Synth", open_at=OpenAt(8765, 12, "abc"))
    assert keeping.read(tmp_path, said.append) == Kept()
    keeping.write(tmp_path, kept, said.append)
    assert keeping.read(tmp_path, said.append) == kept
    assert not said


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version":2}', b'{"parts":[]}', b'{"more":1}', b"\xff", b'{"out":5}'],
)
def test_a_damaged_one_is_put_aside_and_said(tmp_path: Path, content: bytes) -> None:
    said: list[str] = []
    (tmp_path / keeping.NAME).write_bytes(content)
    assert keeping.read(tmp_path, said.append) == Kept()
    assert len(said) == 1
    assert (tmp_path / f"{keeping.NAME}.unread").read_bytes() == content
