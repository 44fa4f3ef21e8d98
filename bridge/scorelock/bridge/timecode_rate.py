"""Which timecode a host counts: asked once where the film's rate leaves it open, and remembered.

A film of 23.976 frames a second is often laid in a host that counts 24, and 29.97 is counted with
and without drops; text of timecode and MIDI timecode do not tell (MIDI 1.0 has no code for 23.976
and 29.97 non-drop). Taken for the other it is 3.6 s off after an hour.
"""

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from scorelock.bridge.console import say
from scorelock.bridge.live_options import RATES
from scorelock.engine.cue_folder import CueFolder
from scorelock.engine.files import replacing
from scorelock.engine.timebase import FrameRate

HOST: Final = "host.json"
"""In the film's cue folder: what is known of the host that plays it."""
COUNTED: Final = {
    24: ("23.976", "24"),
    30: ("29.97", "29.97df", "30"),
    60: ("59.94", "59.94df", "60"),
}
"""How timecode may be counted that has so many frame numbers in a second."""


def known_rate(
    film: Path, told: str | None, ask: Callable[[FrameRate, Sequence[str]], str] | None
) -> FrameRate | None:
    """How the host counts, as told now, as remembered, or as asked; None where nobody knows.

    Args:
        film: its declared rate leaves it open, or does not.
        told: one of `RATES`.
        ask: puts the question for a film's rate; None where nobody is there to answer.
    """
    folder = CueFolder.of(film, say).path
    if told is None and (told := _remembered(folder)) is not None:
        say(f"timecode counts {told}, as before; --timecode-rate changes it")
        return RATES[told]
    if told is None and ask is not None and film.is_file():
        from scorelock.engine.video import FilmReader  # OpenCV takes its time to load

        rate = FrameRate.nearest(FilmReader(film).declared_fps)
        if choices := COUNTED.get(rate.nominal):
            told = ask(rate, choices)
    if told is None:
        return None
    if film.is_file():
        _remember(folder, told)
    return RATES[told]


def remembered_rate(film: Path) -> FrameRate | None:
    """How the host of a film counts, if it was asked or told before."""
    told = _remembered(CueFolder.of(film, say).path)
    return None if told is None else RATES[told]


def asker() -> Callable[[FrameRate, Sequence[str]], str] | None:
    """What asks at a terminal; None without one."""
    return _ask if sys.stdin.isatty() and sys.stderr.isatty() else None


def _ask(rate: FrameRate, choices: Sequence[str]) -> str:
    from rich.console import Console
    from rich.prompt import Prompt

    likely = next((name for name in choices if RATES[name].fps == rate.fps), choices[0])
    question = f"the film runs at {rate}; how does the host count its timecode (df: drop-frame)?"
    try:
        return Prompt.ask(
            question, choices=list(choices), default=likely, console=Console(stderr=True)
        )
    except EOFError:
        return likely


def _remembered(folder: Path) -> str | None:
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((folder / HOST).read_bytes())["timecode_rate"]
        return told if told in RATES else None
    return None


def _remember(folder: Path, told: str) -> None:
    """Keep the answer; where nothing can be written the question comes again."""
    with suppress(OSError):
        folder.mkdir(exist_ok=True)
        with replacing(folder / HOST) as beside:
            beside.write_text(json.dumps({"timecode_rate": told}))
