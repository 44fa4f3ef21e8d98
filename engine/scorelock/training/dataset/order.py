"""What one worker is asked to do, and what it answers: small values that go between machines."""

from dataclasses import dataclass
from typing import Final

from scorelock.engine.features import FeatureKind as FeatureKind

SONG: Final = "song"
"""The kind of a `Done` that gave a song."""


@dataclass(frozen=True, slots=True)
class Order:
    """One video to make a song of.

    Attributes:
        id: of the song in the data set.
        source: URL or path of the video, by fsspec.
        name: of the source for people, relative to the folder that is built from.
        shelf: URL or path of the folder for `ID.song` and `ID.failed` files, by fsspec.
        features: what is to be seen; "paper" needs CLIP on every worker.
        model: sha256 of the transcriber's model, and of CLIP's where it is used: another model
            makes the song anew.
        stamp: of the source (size, last change or ETag): a changed video is made anew.
    """

    id: str
    source: str
    name: str
    shelf: str
    features: FeatureKind
    model: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an order.

    Attributes:
        id: of the order.
        kind: "song", or `Failed.kind`.
        reason: `Failed.reason`, "" for a song.
        film_s: seconds of the video, 0 where they are unknown.
    """

    id: str
    kind: str
    reason: str
    film_s: float
