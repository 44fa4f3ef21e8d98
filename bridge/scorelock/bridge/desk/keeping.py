"""`FILM.cue/desk.json`: how the desk was left, and which desk of the film is open.

It only saves time: one that cannot be read is put aside and said.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from scorelock.bridge.desk.messages import Part
from scorelock.bridge.desk.parts import NAMES, Parts
from scorelock.engine.files import replacing

NAME: Final = "desk.json"
VERSION: Final = 1


class OpenAt(msgspec.Struct, frozen=True):
    """A desk that is open: its port on this machine, its process, and which run it is."""

    port: int
    pid: int
    run: str


class Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept.

    Attributes:
        version: of the file.
        parts: how they are played.
        out: the output that was chosen; None for the browser's own voice.
        open_at: the desk that is open, unless it ended without a word.
    """

    version: int = VERSION
    parts: tuple[Part, ...] | None = None
    out: str | None = None
    open_at: OpenAt | None = None


def read(folder: Path, say: Callable[[str], None]) -> Kept:
    """What is kept in a film's folder; nothing where there is none. Raises nothing."""
    path = folder / NAME
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Kept)
        if kept.version == VERSION and (kept.parts is None or _whole(kept.parts)):
            return kept
    except (FileNotFoundError, NotADirectoryError):
        return Kept()
    except (OSError, ValueError):
        pass
    aside = path.with_name(f"{NAME}.unread")
    try:
        path.replace(aside)
        say(f"{path} is damaged, or of another scorelock; it is kept as {aside.name}")
    except OSError as err:
        say(f"{path} cannot be read: {err.strerror or err}; parts and output are the usual ones")
    return Kept()


def write(folder: Path, kept: Kept, say: Callable[[str], None]) -> None:
    """Keep this; where nothing can be written, that is said."""
    try:
        folder.mkdir(exist_ok=True)
        with replacing(folder / NAME) as beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=1) + b"\n")
    except OSError as err:
        say(f"how the desk is set cannot be kept in {folder}: {err.strerror or err}")


def here(port: int, run: str) -> OpenAt:
    """A desk of this process."""
    return OpenAt(port, os.getpid(), run)


def lives(open_at: OpenAt) -> bool:
    """Whether its process is still there, as far as that can be told."""
    if open_at.pid == os.getpid():
        return False
    if os.name == "nt":  # where a signal of 0 would end it
        return True
    try:
        os.kill(open_at.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _whole(parts: Parts) -> bool:
    """Whether these are all parts, each within its limits."""
    return tuple(part.part for part in parts) == NAMES and all(
        1 <= part.channel <= 16
        and (part.program is None or 1 <= part.program <= 128)
        and -3 <= part.octave <= 3
        for part in parts
    )
