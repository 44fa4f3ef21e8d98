"""Measures a camera's show: the real command, watching frames that come through a real pipe in real
time. How old the picture behind a chord is, is told from when each frame was written, not from
what the command says of itself.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from bisect import bisect_left
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np

from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.commands.live import READY
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.ledger import NOTE_ON
from scorelock.bridge.show_log import Sent, read_log
from scorelock.engine.arrange import CHORDS_CHANNEL
from scorelock.engine.errors import MissingPart

FPS: Final = 25
SIZE: Final = (640, 360)
_FILM_S: Final = 24
_ON_TIME_S: Final = 0.005
_MIB: Final = 1 << 20


def measure(seconds: float) -> dict[str, Any]:
    """Let a drawn film go round and round in front of the command for so long.

    Returns:
        "age_p50_s", "age_p95_s", "age_max_s": from when the newest frame of a chord's second was
        written to when the chord was sent; "first_chord_s": from the first frame; "seconds" that
        were scored, "dropped_seconds", "held_seconds", "skipped_frames" and "chords";
        "notes_left_on"; "send_p99_ms": error of sending; "cpu_share" of one core; "memory_mib" at
        a quarter of the time and "grown_mib" from there to the end; and "what" was measured.

    Raises:
        MissingPart: there are no named pipes here, or the command does not start.
    """
    if not hasattr(os, "mkfifo"):
        raise MissingPart("expected a system with named pipes, such as Linux or macOS; got none")
    with TemporaryDirectory() as folder:
        pipe, log, film = (Path(folder) / name for name in ("camera", "show.log", "film.mp4"))
        draw_demo_film(film, seconds=_FILM_S, size=SIZE, fps=FPS)
        os.mkfifo(pipe)
        camera = _Camera(pipe, film, MonotonicClock())
        report, memory, cpu_s = _run(camera, pipe, log, seconds)
        ages_s, first_s = _ages(log, camera.written_s)
    p50, p95, highest = np.percentile(ages_s, (50, 95, 100)).tolist()
    seen = report["camera"]
    return {
        **{f"age_{name}_s": age for name, age in (("p50", p50), ("p95", p95), ("max", highest))},
        "first_chord_s": first_s,
        **{name: seen[name] for name in ("seconds", "dropped_seconds", "held_seconds", "chords")},
        "skipped_frames": seen["skipped_frames"],
        "notes_left_on": report["notes_left_on"],
        "send_p99_ms": report["send_error_ms"]["p99"],
        "cpu_share": cpu_s / seconds,
        "memory_mib": memory[0] / _MIB,
        "grown_mib": (memory[1] - memory[0]) / _MIB,
        "what": f"a camera of {SIZE[0]}x{SIZE[1]} at {FPS} frames a second for {seconds:.0f} s",
    }


def rows(result: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Of the table of `scorelock bench`."""
    yield (
        *("camera age", f"{result['age_p95_s']:.2f} s", "", ""),
        f"{result['what']}: from a frame to the chord that it moved, p95; at most "
        f"{result['age_max_s']:.2f} s",
    )
    yield "camera first chord", f"{result['first_chord_s']:.2f} s", "", "", "from the first frame"
    yield (
        *("camera dropped", f"{result['dropped_seconds']} s", "", ""),
        f"of {result['seconds']} s; {result['skipped_frames']} frames skipped",
    )
    yield (
        *("camera load", f"{100 * result['cpu_share']:.0f} %", "", ""),
        f"of one core; memory {result['memory_mib']:.0f} MiB, {result['grown_mib']:+.1f} MiB after "
        "the first quarter",
    )


class _Camera:
    """Writes the film's frames to the pipe, one every 1 / `FPS` s, until nobody reads.

    Attributes:
        written_s: when each frame was.
    """

    def __init__(self, pipe: Path, film: Path, clock: Clock) -> None:
        self.written_s: list[float] = []
        self.clock = clock
        self._pipe = pipe
        self._film = film
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self) -> None:
        """Wait until nobody reads."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with self._pipe.open("wb", buffering=0) as file:
                start_s = self.clock.now()
                for number, frame in enumerate(self._frames()):
                    self.clock.sleep_until(start_s + number / FPS)
                    view = memoryview(frame)
                    while view:
                        view = view[file.write(view) :]
                    self.written_s.append(self.clock.now())
        except BrokenPipeError:
            return

    def _frames(self) -> Iterator[bytes]:
        for _ in cycle([0]):
            capture = cv2.VideoCapture(str(self._film))
            while (got := capture.read())[0]:
                yield got[1].tobytes()
            capture.release()


def _run(
    camera: _Camera, pipe: Path, log: Path, seconds: float
) -> tuple[dict[str, Any], tuple[int, int], float]:
    """Its report, its memory in bytes early and late, and the processor's seconds meanwhile."""
    size = f"{SIZE[0]}x{SIZE[1]}"
    words = ["live", "--camera", str(pipe), "--camera-size", size, "--log", str(log), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "scorelock.bridge.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as live:
        assert live.stdout is not None
        assert live.stderr is not None
        said: list[str] = []
        while not said or said[-1] != READY:
            line = live.stderr.readline()
            if not line:
                raise MissingPart(f"expected scorelock live to start, it said: {' '.join(said)}")
            said.append(line.strip())
        before_s = _cpu_s(live.pid)
        camera.start()
        start_s = camera.clock.now()
        camera.clock.sleep_until(start_s + seconds / 4)
        early = _memory(live.pid)
        camera.clock.sleep_until(start_s + seconds)
        late, cpu_s = _memory(live.pid), _cpu_s(live.pid) - before_s
        live.send_signal(signal.SIGINT)
        report: dict[str, Any] = json.loads(live.stdout.read())
    camera.join()
    return report, (early, late), cpu_s


def _ages(log: Path, written_s: list[float]) -> tuple[list[float], float]:
    """How old the newest frame of its second was when each chord was sent; and when, after the
    first frame, the first one was.
    """
    strikes = [
        (sent.at_s, sent.wanted_s)
        for sent in read_log(log)
        if isinstance(sent, Sent)
        and sent.wanted_s is not None
        and sent.data[0] == NOTE_ON | CHORDS_CHANNEL
    ]
    first_s, first_wanted_s = strikes[0]
    ages_s = []
    for at_s, wanted_s in strikes:
        second = round(wanted_s - first_wanted_s)
        if abs(wanted_s - first_wanted_s - second) < _ON_TIME_S:
            newest = bisect_left(written_s, written_s[0] + second + 1) - 1
            ages_s.append(at_s - written_s[newest])
    return ages_s, first_s - written_s[0]


def _memory(process: int) -> int:
    """Bytes that it has in memory; 0 where the system does not tell."""
    path = Path(f"/proc/{process}/statm")
    if not path.exists():
        return 0
    return int(path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _cpu_s(process: int) -> float:
    """Seconds that it has computed; 0 where the system does not tell."""
    path = Path(f"/proc/{process}/stat")
    if not path.exists():
        return 0.0
    user, system = path.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
