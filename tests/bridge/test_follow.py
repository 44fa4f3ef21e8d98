"""`scorelock live --follow` as a user runs it, with the composing left out."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fakes import FakeRtMidi, note
from films import flat, write_film
from scores import cue

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.commands import live
from scorelock.bridge.ports import open_port
from scorelock.engine.arrange import Arranged
from scorelock.engine.errors import BadSetting

CLOCK = MonotonicClock()
CUE = cue("C C Am F")
NOTES = [note(i / 4, i / 4 + 0.2, 60 + i) for i in range(16)]
PARTS = [
    Arranged(span, tuple(n for n in NOTES if span.start_s <= n.onset_s < span.end_s), (), ())
    for span in CUE.chords
]


def arguments(*words: str) -> argparse.Namespace:
    """The command's arguments, as its parser reads them."""
    parser = argparse.ArgumentParser()
    live.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.skipif(shutil.which("mpv") is None, reason="needs mpv: the program is not installed")
def test_the_real_mpv_is_followed_until_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", FakeRtMidi(LINUX_ALSA=[]))
    monkeypatch.setattr(live, "PortProcess", lambda wanted, clock, say: open_port(wanted))
    monkeypatch.setattr(live, "stream_of", lambda args: (CUE, iter(PARTS)))
    film = write_film(tmp_path / "film.mp4", flat(250, (0, 0, 0)), 25.0, codec="mp4v")
    path = tmp_path / "mpv"
    quiet = ("--no-config", "--no-terminal", "--vo=null", "--ao=null")
    words = ("mpv", *quiet, f"--input-ipc-server={path}", str(film))

    def ctrl_c() -> None:
        CLOCK.sleep_until(CLOCK.now() + 4)
        os.kill(os.getpid(), signal.SIGINT)

    with subprocess.Popen(words) as player:
        while not path.exists():
            CLOCK.sleep_until(CLOCK.now() + 0.01)
        threading.Thread(target=ctrl_c).start()
        assert live.run(arguments("film.mp4", "--follow", f"mpv:{path}", "--json")) == 0
        player.terminate()
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["notes_sent"] >= 8
    assert report["notes_left_on"] == 0
    assert f"following mpv at {path}" in err


def test_what_cannot_be_followed_is_told_before_the_long_work() -> None:
    with pytest.raises(BadSetting, match="mpv:SOCKET"):
        live.run(arguments("film.mp4", "--follow", "smpte"))
