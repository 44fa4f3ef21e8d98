"""`scorelock live --camera` as a user runs it, on real frames and in real time."""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from clips import keep_clip
from fakes import Keyboard, python_path
from films import needs_ffmpeg, noise, write_film

from scorelock.bridge.camera import scoring
from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.commands import live
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.replay import replay
from scorelock.bridge.show_log import Sent, Turn, read_log
from scorelock.engine import on_the_fly
from scorelock.engine.errors import BadBundle, BadSetting, MissingPart, ScorelockError
from scorelock.engine.onward import Onward

CLOCK = MonotonicClock()
FPS = 12.5


def arguments(*words: str) -> argparse.Namespace:
    """As the command reads them."""
    parser = argparse.ArgumentParser()
    live.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def out(monkeypatch: pytest.MonkeyPatch) -> RecordingOut:
    """What keeps the notes in the place of the MIDI output; the last chord is a short one."""
    for module in (scoring, on_the_fly):
        monkeypatch.setattr(module, "CLOSE_S", 0.5)
    recording = RecordingOut(CLOCK)
    monkeypatch.setattr(live, "midi_out_or_none", lambda wanted, say, opened: recording)
    return recording


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A little more than two seconds that were recorded."""
    return write_film(tmp_path / "recorded.avi", noise(int(2.2 * FPS)), FPS)


def notes(out: RecordingOut) -> list[bytes]:
    """What it was sent of notes."""
    return [data for _, data in out.sent if data[0] & 0xF0 in (0x80, 0x90)]


def test_a_recording_is_scored_to_its_end_logged_and_replayed(
    out: RecordingOut, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Again it gives the same score; its log runs again; nothing is left sounding."""
    scores = []
    for number in range(2):
        log = tmp_path / f"{number}.log"
        words = ("--camera", str(film), "--expression", "11", "--log", str(log), "--json")
        assert live.run(arguments(*words)) == 0
        report = json.loads(capsys.readouterr().out)
        assert report["notes_left_on"] == 0
        assert report["camera"]["seconds"] == 2
        assert report["camera"]["dropped_seconds"] == 0
        records = list(read_log(log))
        turns = [record for record in records if isinstance(record, Turn)]
        scores.append([part for turn in turns for part in turn.parts])
        again = replay(records)
        assert again.same
        assert again.messages == sum(isinstance(record, Sent) for record in records)
    assert scores[0] == scores[1]
    assert all(isinstance(part, Onward) for part in scores[0])
    assert len(scores[0]) == 3
    keyboard = Keyboard()
    for data in notes(out):
        keyboard.hear(data)
    assert keyboard.down == set()
    assert keyboard.loose_offs == keyboard.double_ons == 0
    assert any(data[0] == 0xB0 and data[1] == 11 for _, data in out.sent)


def test_clip_looks_on_and_people_read_what_it_was(
    out: RecordingOut,
    film: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """For the bundle that ships for it."""
    keep_clip(tmp_path / "models")
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    words = ("--bundle", "clip", "--key", "F# minor", "--tempo", "90")
    assert live.run(arguments("--camera", str(film), *words)) == 0
    told, said = capsys.readouterr()
    assert "camera: 2 s" in told
    assert "0 s dropped" in told
    assert "CLIP came late for 0 chords" in told
    assert f"watching {film}" in said
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("clip")]


@pytest.mark.parametrize(
    ("width", "words", "error", "named"),
    [
        (0, ("--features", "paper"), MissingPart, "scorelock models add clip"),
        (512, ("--bundle", "clip"), BadBundle, "of 512"),
        (768, ("--bundle", "clip", "--features", "picture"), BadSetting, "--features paper"),
    ],
)
def test_a_clip_that_will_not_do_is_said_before_anything_sounds(
    out: RecordingOut,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    words: tuple[str, ...],
    error: type[ScorelockError],
    named: str,
) -> None:
    monkeypatch.setenv("SCORELOCK_MODELS", str(tmp_path / "models"))
    if width:
        keep_clip(tmp_path / "models", width=width)
    with pytest.raises(error, match=named):
        live.run(arguments("--camera", "99", *words))
    assert out.sent == []


@pytest.mark.parametrize(
    ("words", "error", "named"),
    [
        ((), BadSetting, "--camera 0"),
        (("film.mp4", "--camera", "0"), BadSetting, "a film"),
        (("--camera", "nothing-here"), ScorelockError, "nothing at nothing-here"),
        (("--camera", "-", "--camera-size", "big"), BadSetting, "--camera-size"),
        (("--camera", "-", "--camera-rate", "nan"), BadSetting, "--camera-rate"),
        (("--camera", "0", "--follow", "mtc:x"), BadSetting, "--follow"),
        (("--camera", "0", "--host", "ardour"), BadSetting, "--host"),
        (("--camera", "0", "--tempo", "find"), BadSetting, "--tempo find"),
        (("--camera", "0", "--hits", "strong"), BadSetting, "--hits"),
        (("--camera", "0", "--part", "drums=1"), BadSetting, "drums"),
    ],
)
def test_what_does_not_go_together_is_said_at_once(
    out: RecordingOut, words: tuple[str, ...], error: type[ScorelockError], named: str
) -> None:
    with pytest.raises(error, match=named):
        live.run(arguments(*words))
    assert out.sent == []


CHILD = """
import sys
from scorelock.bridge.commands import live
from scorelock.bridge.cli import main

class Out:
    name, api = "stderr", None
    def send(self, data): print("sent", data.hex(), file=sys.stderr, flush=True)
    def alive(self): return True
    def close(self): print("closed", file=sys.stderr, flush=True)

live.midi_out_or_none = lambda wanted, say, opened: Out()
sys.exit(main(["live", "--camera", *sys.argv[1:]]))
"""


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """A named pipe that nobody writes to yet."""
    path = tmp_path / "camera"
    os.mkfifo(path)
    return path


def writer(pipe: Path, clock: Clock, seconds: float) -> threading.Thread:
    """A camera of 25 frames a second at the pipe for so long."""
    frame = noise(1)[0].tobytes()

    def run() -> None:
        with pipe.open("wb", buffering=0) as file:
            start_s = clock.now()
            for number in range(int(25 * seconds)):
                clock.sleep_until(start_s + number / 25)
                try:
                    file.write(frame)
                except BrokenPipeError:
                    return

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def child(pipe: Path) -> Iterator["subprocess.Popen[str]"]:
    """The command in a process of its own, watching the pipe."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(pipe), "--camera-size", "64x48", "--json"],
        env=python_path(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def until(child: "subprocess.Popen[str]", words: str) -> list[str]:
    """What it says until it says so."""
    assert child.stderr is not None
    said: list[str] = []
    for line in child.stderr:
        said.append(line.strip())
        if words in line:
            return said
    pytest.fail(f"it never said {words!r} but {said}")


@pytest.mark.skipif(sys.platform == "win32", reason="needs named pipes and POSIX signals")
def test_unplugged_and_back_and_ended_by_ctrl_c(child: "subprocess.Popen[str]", pipe: Path) -> None:
    """Through a real pipe and real signals: silence while it is away, and at the end."""
    keyboard = Keyboard()

    def play(said: list[str]) -> None:
        for line in said:
            if line.startswith("sent"):
                keyboard.hear(bytes.fromhex(line.split()[1]))

    until(child, "Ctrl-C ends")
    first = writer(pipe, CLOCK, 1.5)
    play(until(child, "the camera has gone"))
    first.join()
    second = writer(pipe, CLOCK, 12)
    play(until(child, "the camera is back"))
    play(until(child, "sent 90"))
    assert keyboard.down
    child.send_signal(signal.SIGINT)
    play(until(child, "closed"))
    assert child.stdout is not None
    report = json.loads(child.stdout.read())
    assert child.wait(5) == 0
    second.join()
    assert keyboard.down == set()
    assert report["notes_left_on"] == 0
    assert report["camera"]["reconnects"] == 1
    assert report["camera"]["dropped_seconds"] == 0


@needs_ffmpeg
def test_frames_from_another_program_end_the_show_well(film: Path) -> None:
    """The standard input, as the manual has it; and what is no picture there is said."""
    live_words = [sys.executable, "-m", "scorelock.bridge.cli", "live", "--camera", "-"]
    command = ["ffmpeg", "-v", "error", "-re", "-i", str(film), "-pix_fmt", "yuv420p"]
    with subprocess.Popen([*command, "-f", "yuv4mpegpipe", "-"], stdout=subprocess.PIPE) as camera:
        shown = subprocess.run(
            [*live_words, "--json"], stdin=camera.stdout, capture_output=True, env=python_path()
        )
    assert shown.returncode == 0
    assert json.loads(shown.stdout)["notes_left_on"] == 0
    refused = subprocess.run(
        live_words, input=b"no picture\n", capture_output=True, env=python_path(), check=False
    )
    assert refused.returncode == 2
    last = refused.stderr.decode().splitlines()[-1]
    assert last.startswith("scorelock: expected raw frames with --camera-size")
