"""What was made of each video, one file each: `ID.song` or `ID.failed`. A build goes on from here.

A file says of which video it was made (size and last change), by which models, with which features;
one that is damaged, or of anything else, counts as not there. The same song gives the same bytes.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from fractions import Fraction
from io import BytesIO
from typing import Any, Final

import numpy as np

from scorelock.engine.features import Cut, Film, VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.timebase import FrameRate
from scorelock.training.dataset.order import Order
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.store import Store
from scorelock.training.listening.heard import Heard

SHELF: Final = ".songs"
"""The shelf's folder in a data set."""
FORMAT: Final = 1
_SONG, _FAILED = ".song", ".failed"
_SEEN: Final = ("scene_offset", "motion", "emotion", "valence", "arousal", "semantic")
_HEARD: Final = ("chords", "density", "loudness", "harmony")


@dataclass(frozen=True, slots=True)
class Shelf:
    """The shelf of a data set.

    Attributes:
        folder: where its files lie.
    """

    folder: Store

    def ids(self) -> set[str]:
        """Every id that something lies here for; what it is worth, `find` says."""
        names = (name.rpartition(".") for name in self.folder.names())
        return {stem for stem, dot, ending in names if f"{dot}{ending}" in (_SONG, _FAILED)}

    def find(self, order: Order) -> Song | Failed | None:
        """What was made of an order, None where nothing was.

        Raises:
            BadPlace: the shelf cannot be read.
        """
        song = self.song(order.id, _mark(order))
        if song is not None:
            return song
        content = self.folder.read(order.id + _FAILED)
        with suppress(Exception):  # a damaged or foreign file makes its readers raise anything
            return None if content is None else _failed(content, order)
        return None

    def song(self, song: str, mark: Mapping[str, Any] | None = None) -> Song | None:
        """The song of an id, None where there is none, or not of this mark.

        Raises:
            BadPlace: the shelf cannot be read.
        """
        content = self.folder.read(song + _SONG)
        with suppress(Exception):
            return None if content is None else _song(content, mark)
        return None

    def put(self, order: Order, made: Song | Failed) -> None:
        """Keep what was made of an order in the place of what was made of it before.

        Raises:
            DiskFull: there is no room for it.
            BadPlace: it cannot be written for another reason.
        """
        song = isinstance(made, Song)
        content = _packed(order, made) if isinstance(made, Song) else _told(order, made)
        self.folder.write(order.id + (_SONG if song else _FAILED), content)
        self.folder.remove([order.id + (_FAILED if song else _SONG)])


def _mark(order: Order) -> dict[str, Any]:
    """What must be the same for the file to count."""
    return {
        "format": FORMAT,
        "id": order.id,
        "source": order.name,
        "stamp": order.stamp,
        "model": order.model,
        "features": order.features,
    }


def _told(order: Order, failed: Failed) -> bytes:
    about = {"mark": _mark(order), "kind": failed.kind, "reason": failed.reason}
    return json.dumps(about, indent=1).encode()


def _failed(content: bytes, order: Order) -> Failed:
    about = json.loads(content)
    if about["mark"] != _mark(order):
        raise ValueError("made of something else")
    return Failed(order.id, order.name, str(about["kind"]), str(about["reason"]))


def _packed(order: Order, song: Song) -> bytes:
    """All of a song but where the film was read, which another machine would not know."""
    seen, heard = song.seen, song.heard
    film = {
        name: value for name, value in asdict(seen.film).items() if name not in ("path", "rate")
    }
    about = {
        "mark": _mark(order),
        "title": song.title,
        "extractor": seen.extractor,
        "film": film | {"fps": str(seen.film.rate.fps), "drop": seen.film.rate.drop},
        "key": [heard.key.tonic, heard.key.minor],
        "sure": heard.sure,
        "tuning_cents": heard.tuning_cents,
        "music": heard.music,
    }
    arrays = {name: getattr(seen, name) for name in _SEEN if getattr(seen, name) is not None}
    arrays |= {name: getattr(heard, name) for name in _HEARD}
    content = BytesIO()
    np.savez(
        content,
        about=np.array(json.dumps(about)),
        cuts=np.array([(cut.at_s, cut.strength) for cut in seen.cuts]).reshape(-1, 2),
        **arrays,
    )
    return content.getvalue()


def _song(content: bytes, mark: Mapping[str, Any] | None) -> Song:
    """The way back; raises whatever, where the content is anything else."""
    with np.load(BytesIO(content), allow_pickle=False) as kept:
        if kept.zip.testzip() is not None:
            raise ValueError("a checksum differs")
        about = json.loads(kept["about"].item())
        if mark is not None and about["mark"] != mark:
            raise ValueError("made of something else")
        arrays = {name: kept[name] for name in kept.files if name != "about"}
    film, source = about["film"], about["mark"]["source"]
    rate = FrameRate(Fraction(film.pop("fps")), film.pop("drop"))
    return Song(
        id=about["mark"]["id"],
        source=source,
        title=about["title"],
        seen=VideoFeatures(
            film=Film(path=source, rate=rate, **film),
            extractor=about["extractor"],
            cuts=tuple(Cut(at_s, strength) for at_s, strength in arrays["cuts"].tolist()),
            **{name: arrays[name] for name in _SEEN if name in arrays},
        ),
        heard=Heard(
            key=Key(*about["key"]),
            sure=about["sure"],
            tuning_cents=about["tuning_cents"],
            music=about["music"],
            **{name: arrays[name] for name in _HEARD},
        ),
    )
