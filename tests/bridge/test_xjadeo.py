"""MIDI timecode out as xjadeo reads it, a video monitor that composers put beside their DAW.

Its remote control (`xjadeo --remote`, `notify frame`) tells each frame that it shows.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread
from typing import Final

import pytest
from jackd import running_jack
from legs import Leg

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.leading.mtc_out import MtcOut
from scorelock.bridge.ports import MidiOut, open_port
from scorelock.engine.errors import PortError
from scorelock.engine.timebase import FrameRate

FPS: Final = 25
PROGRAMS: Final = ("xjadeo", "Xvfb", "ffmpeg")
CLOCK: Final = MonotonicClock()

Shown = SimpleQueue[tuple[float, int]]
"""When a frame was told as shown, and its number."""


@contextmanager
def screen() -> Iterator[str]:
    """A display that nobody sees; gives its name."""
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "320x240x24"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()


@contextmanager
def xjadeo(film: Path, display: str) -> Iterator[Shown]:
    """It shows a film and chases MIDI timecode at a port of its own."""
    options = "--remote --no-splash --videomode 3 --midi-driver jack --midi".split()
    shown: Shown = SimpleQueue()
    with subprocess.Popen(
        ["xjadeo", *options, "", str(film)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DISPLAY": display, "HOME": str(film.parent)},
        text=True,
        bufsize=1,
    ) as monitor:
        assert monitor.stdin is not None
        assert monitor.stdout is not None
        lines = iter(monitor.stdout.readline, "")

        def read() -> None:
            for line in lines:
                if found := re.search(r"position=(-?\d+)", line):
                    shown.put((CLOCK.now(), int(found[1])))

        reader = Thread(target=read)
        reader.start()
        monitor.stdin.write("notify frame\nget position\n")
        yield shown
        monitor.stdin.write("quit\n")
        monitor.stdin.flush()
        reader.join(10)
        monitor.kill()


def connected(until_s: float) -> MidiOut:
    """Its port, as soon as it is there."""
    while True:
        try:
            return open_port("xjadeo:MTC in")
        except PortError:
            assert CLOCK.now() < until_s
            CLOCK.sleep_until(CLOCK.now() + 0.1)


def play(out: MidiOut, legs: Sequence[Leg]) -> None:
    """Send a host's way as it is gone."""
    voice = MtcOut(FrameRate(Fraction(FPS)))
    for leg in legs:
        now_s = leg.from_s
        while now_s < leg.until_s:
            CLOCK.sleep_until(now_s)
            fix = leg.fix(CLOCK.now())
            for each in voice.advance(fix):
                out.send(each.data)
            now_s = max(CLOCK.now(), voice.wake_s(fix))
        CLOCK.sleep_until(leg.until_s)


@pytest.mark.skipif(
    any(shutil.which(each) is None for each in PROGRAMS), reason="needs xjadeo, Xvfb and ffmpeg"
)
def test_a_video_monitor_shows_the_frames_that_we_tell(tmp_path: Path) -> None:
    """Rolling, after a jump while it rolls, and the very frame where it stops."""
    film = tmp_path / "film.avi"
    source = f"testsrc=s=160x120:r={FPS}:d=20"
    made = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "mjpeg", str(film)]
    subprocess.run(made, check=True)
    with ExitStack() as stack:
        stack.enter_context(running_jack("scorelock-xjadeo"))
        shown = stack.enter_context(xjadeo(film, stack.enter_context(screen())))
        out = connected(CLOCK.now() + 20)
        stack.callback(out.close)
        assert shown.get(timeout=10)[1] == 0  # the answer: it listens
        from_s = CLOCK.now() + 0.1
        legs = [
            Leg(from_s, from_s + 2, 2.0, 1.0, 1),
            Leg(from_s + 2, from_s + 4, 10.02, 1.0, 2),
            Leg(from_s + 4, from_s + 4.1, 5.48, 0.0, 3),
        ]
        play(out, legs)
        seen = [shown.get(timeout=10)]
        while seen[-1][1] != 5.48 * FPS:
            try:
                seen.append(shown.get(timeout=10))
            except Empty:
                pytest.fail(f"it stands at {seen[-1][1]}")
    for leg in legs[:2]:
        # It needs a moment to believe a jump; the median, because this machine may be busy.
        late = [
            FPS * leg.at(at_s) - frame
            for at_s, frame in seen
            if leg.from_s + 0.5 < at_s < leg.until_s
        ]
        assert len(late) > 1.5 * FPS / 2
        assert abs(median(late)) < 1
