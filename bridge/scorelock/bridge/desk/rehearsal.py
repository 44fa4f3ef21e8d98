"""`FILM.cue/rehearsal.json`: what a rehearsal leaves: sections, takes, and the players' token.

Readable, versioned, and whole whatever happens: it is written beside and renamed. Only its owner
may read it, for who has the token may look at the score.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from scorelock.bridge.desk.messages import Marker, RoomTake
from scorelock.engine.errors import BadCue
from scorelock.engine.files import replacing

NAME: Final = "rehearsal.json"
VERSION: Final = 1


class Rehearsal(Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept.

    Attributes:
        token: of the players' link; None until the room is opened first.
        markers: in the film's order, each at a place of its own.
        takes: in the order in which they were marked.
        marked: how many takes there ever were: a number is never given twice.
        rate, loop_s: of the house transport.
    """

    format: Literal["scorelock rehearsal"] = "scorelock rehearsal"
    version: Literal[1] = VERSION
    token: (
        Annotated[str, Meta(min_length=20, max_length=100, pattern="^[A-Za-z0-9_-]+$")] | None
    ) = None
    markers: tuple[Marker, ...] = ()
    takes: tuple[RoomTake, ...] = ()
    marked: int = 0
    rate: Annotated[float, Meta(ge=0.25, le=2)] = 1.0
    loop_s: tuple[float, float] | None = None


def read(path: Path, say: Callable[[str], None]) -> Rehearsal:
    """What is kept there, or an empty one. A damaged one is put aside, which is said.

    Raises:
        BadCue: it is damaged and cannot be put aside.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Rehearsal)
    except (FileNotFoundError, NotADirectoryError):
        return Rehearsal()
    except (OSError, msgspec.DecodeError):
        aside = _put_aside(path)
        say(f"{path} is damaged, or of another scorelock; it is {aside.name} now, a new one begins")
        return Rehearsal()


def write(path: Path, rehearsal: Rehearsal) -> None:
    """Put it in the place of what is there.

    Raises:
        BadCue: nothing can be written there; what is there stays.
    """
    content = msgspec.json.format(msgspec.json.encode(rehearsal), indent=1)
    try:
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as beside:
            beside.touch(mode=0o600)
            beside.write_bytes(content + b"\n")
    except OSError as err:
        raise BadCue(
            f"expected to write {path}: {err.strerror or err}; the rehearsal is as it was before"
        ) from err


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"rehearsal.damaged-{number}.json")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as err:
        raise BadCue(
            f"expected a rehearsal at {path}, it is damaged and cannot be put aside: "
            f"{err.strerror or err}; move it elsewhere"
        ) from err
    return aside
