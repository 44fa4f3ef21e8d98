"""One video of the data set: what is kept of it, and why another is left out."""

from dataclasses import dataclass

from scorelock.engine.features import VideoFeatures
from scorelock.training.listening.heard import Heard


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A video that was seen and heard.

    Attributes:
        id: its name in the data set, unique there; letters, digits, "-" and "_" alone.
        source: where it was found, relative to the folder that was built from.
        title: of the song by the file's own tags, "" where there are none.
        seen: one row a second of picture.
        heard: one row a second of sound; at the end the one may have a row more than the other.
    """

    id: str
    source: str
    title: str
    seen: VideoFeatures
    heard: Heard


@dataclass(frozen=True, slots=True)
class Failed:
    """A video that gave no song.

    Attributes:
        id: as `Song` has it.
        source: as `Song` has it.
        kind: a short word that is counted: "unreadable", "no sound", "no picture", "silent",
            "no music", "too short", "memory", "hangs" (nothing came of it any more), "lost" (its
            worker died each time).
        reason: one line for the user.
    """

    id: str
    source: str
    kind: str
    reason: str
