"""What a rehearsal leaves on disk: as it was, whole after a kill, and put aside when damaged."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from fakes import python_path
from hypothesis import given
from hypothesis import strategies as st

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.desk import rehearsal
from scorelock.bridge.desk.messages import Marker, RoomTake
from scorelock.bridge.desk.rehearsal import Rehearsal
from scorelock.engine.errors import BadCue

SECONDS = st.floats(0, 1e5)
WORDS = st.text(max_size=60)
TAKES = st.builds(RoomTake, st.integers(1, 10**6), SECONDS, SECONDS, WORDS, WORDS)
REHEARSALS = st.builds(
    Rehearsal,
    token=st.none() | st.from_regex(r"[A-Za-z0-9_-]{20,40}", fullmatch=True),
    markers=st.lists(st.builds(Marker, SECONDS, WORDS)).map(tuple),
    takes=st.lists(TAKES).map(tuple),
    marked=st.integers(0, 10**6),
    rate=st.floats(0.25, 2),
    loop_s=st.none() | st.tuples(SECONDS, SECONDS),
)


def unsaid(line: str) -> None:
    """Nothing is to be said."""
    pytest.fail(line)


@given(kept=REHEARSALS)
def test_comes_back_as_it_was(kept: Rehearsal, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("film") / "film.mp4.cue" / rehearsal.NAME
    rehearsal.write(path, kept)
    assert rehearsal.read(path, unsaid) == kept


def test_none_yet_is_an_empty_one(tmp_path: Path) -> None:
    assert rehearsal.read(tmp_path / "film.cue" / rehearsal.NAME, unsaid) == Rehearsal()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX modes")
def test_the_token_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / rehearsal.NAME
    rehearsal.write(path, Rehearsal(token="t" * 22))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\0" * 50,
        b"[]",
        b'{"format":"scorelock cue"}',
        b'{"version":2}',
        b'{"rate":100}',
        b'{"token":"../../../etc/passwd....."}',
        b'{"markers":[{"position_s":1,"name":"A","more":1}',
    ],
)
def test_a_damaged_one_is_put_aside_and_said(tmp_path: Path, damage: bytes) -> None:
    path, said = tmp_path / rehearsal.NAME, list[str]()
    for number in (1, 2):
        path.write_bytes(damage)
        assert rehearsal.read(path, said.append) == Rehearsal()
        assert (tmp_path / f"rehearsal.damaged-{number}.json").read_bytes() == damage
        assert f"rehearsal.damaged-{number}.json" in said[-1]
        assert not path.exists()
    assert len(said) == 2


def test_what_cannot_be_written_is_said_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "film.cue").write_text("a file where the folder should be")
    with pytest.raises(BadCue, match="as it was before"):
        rehearsal.write(tmp_path / "film.cue" / rehearsal.NAME, Rehearsal())


WRITER = """
import os, sys
from pathlib import Path
from scorelock.bridge.desk import rehearsal
from scorelock.bridge.desk.messages import Marker
path = Path(sys.argv[1])
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        print(os.getpid(), flush=True)
        kept = rehearsal.read(path, print)
        while True:
            marker = Marker(float(len(kept.markers)), "x" * 60)
            kept = rehearsal.Rehearsal(markers=(*kept.markers, marker))
            rehearsal.write(path, kept)
    os.waitpid(pid, 0)
    print("dead", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_in_the_middle_the_last_good_one_is_there(tmp_path: Path) -> None:
    path, draw, clock = tmp_path / rehearsal.NAME, np.random.default_rng(0), MonotonicClock()
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=python_path(),
        text=True,
        bufsize=1,
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    rehearsal.write(path, Rehearsal())
    seen = 0
    for _ in range(50):
        writer.stdin.write("write\n")
        victim = int(writer.stdout.readline())
        clock.sleep_until(clock.now() + float(draw.uniform(0.0, 0.02)))
        os.kill(victim, signal.SIGKILL)
        assert writer.stdout.readline() == "dead\n"
        markers = rehearsal.read(path, unsaid).markers
        assert [marker.position_s for marker in markers] == list(range(len(markers)))
        assert len(markers) >= seen, "what was written once is lost"
        seen = len(markers)
    writer.communicate()
    assert seen > 10, "it was killed in the middle of much writing"
    assert msgspec.json.decode(path.read_bytes())["version"] == 1
