"""Measures how long the real command takes to start, each time as a fresh process."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from shutil import copy
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

from scorelock.bridge.commands.live import READY
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.jack_server import jack_server
from scorelock.bridge.ports import midi_status
from scorelock.engine.errors import MissingPart

ROUNDS: Final = 5


def measure(now: Callable[[], float], rounds: int = ROUNDS) -> dict[str, Any]:
    """Start `--help`, `live` on an analysed film and `live` on a new film, so often by turns.

    `now` reads a clock in seconds. The port is a virtual one where there is MIDI or jackd to start,
    else none. Returns medians in seconds from the process's start: "help_s" to its end; "live_s"
    until it follows the host, the film analysed before; "watching_s" the same of a new film, which
    is watched first; "python_s" of a Python that does nothing, the limit. "ours" is "live_s",
    "other" is "watching_s", and "ratio" other / ours; "midi_api" is where the notes would go.

    Raises:
        MissingPart: the command does not start here; says what it said.
    """
    with ExitStack() as stack:
        film = Path(stack.enter_context(TemporaryDirectory())) / "film.mp4"
        draw_demo_film(film)
        api = midi_status().available
        if api is None:
            with suppress(MissingPart):
                api = stack.enter_context(jack_server("scorelock-bench"))
        took = [_round(now, film) for _ in range(rounds)]
    times = {name: median(each[name] for each in took) for name in took[0]}
    return times | {
        "ours": times["live_s"],
        "other": times["watching_s"],
        "ratio": times["watching_s"] / times["live_s"],
        "what": "scorelock live from a cold start to the first note possible, on a film that was "
        f"analysed; other: on a new film; --help: {times['help_s']:.3f} s; "
        f"limit: a bare Python's {times['python_s']:.3f} s",
        "midi_api": api and api.name,
    }


def _round(now: Callable[[], float], film: Path) -> dict[str, float]:
    with TemporaryDirectory() as folder:
        new = Path(copy(film, folder))
        watching_s = _until_ready(now, new)
        live_s = _until_ready(now, new)
    return {
        "help_s": _until_over(now, "-m", "scorelock.bridge.cli", "--help"),
        "live_s": live_s,
        "watching_s": watching_s,
        "python_s": _until_over(now, "-c", "pass"),
    }


def _until_over(now: Callable[[], float], *arguments: str) -> float:
    start_s = now()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return now() - start_s


def _until_ready(now: Callable[[], float], film: Path) -> float:
    command = "scorelock.bridge.cli", "live", str(film), "--listen", "127.0.0.1:0"
    said: list[str] = []
    start_s = now()
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as live:
        assert live.stderr is not None
        for line in live.stderr:
            said.append(line.strip())
            if said[-1] == READY:
                took_s = now() - start_s
                live.terminate()
                live.communicate()
                return took_s
    raise MissingPart(f"expected scorelock live to start here, it said: {' '.join(said)}")
