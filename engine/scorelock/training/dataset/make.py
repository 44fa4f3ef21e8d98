"""What a worker does: one video in, one file on the shelf out, whatever the video is."""

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Final, Self

import numpy as np

from scorelock.engine.clip import NAME as CLIP
from scorelock.engine.clip import Clip, ClipManifest
from scorelock.engine.errors import MissingPart, ScorelockError, UnreadableFilm
from scorelock.engine.features import EXTRACTOR, VideoFeatures
from scorelock.engine.model_shelf import kept_model
from scorelock.engine.video import SHORTEST_S, declared
from scorelock.engine.watch import watch
from scorelock.training.dataset.order import SONG, Done, FeatureKind, Order
from scorelock.training.dataset.shelf import Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.store import fetch, open_store
from scorelock.training.dataset.trouble import BadPlace, DiskFull, is_full
from scorelock.training.listening import fetch as fetch_model
from scorelock.training.listening.heard import Heard
from scorelock.training.listening.listen import listen
from scorelock.training.listening.sound import NoSound, probe, read_sound
from scorelock.training.listening.transcribe import Transcriber
from scorelock.training.stalls import Stalled, patience_s, unless_stalled

HEARING: Final = "heard/1"
"""Name and version of how sound becomes a song; a new version makes songs anew."""
FEWEST: Final = 2
"""Seconds of music that a song needs: with less there is no chord after a chord."""
UNREADABLE: Final = "unreadable"
HANGS: Final = "hangs"
DISK: Final = "disk"
"""The kind of a `Done` for which there was no room. Nothing is on the shelf for it."""
PADDING_S: Final = 0.1
"""A second that the sound begins no further is none: encoders fill up their last block."""
QUIETEST: Final = 10 ** (-60 / 20)
"""Loudness: a sound that is nowhere above is silent."""
LEAST_MUSIC: Final = 0.1
"""Of `Heard.music`: music alone has 0.38 or more, a trailer with voices and effects over it 0.21,
speech and noise 0.
"""


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every worker must have.

    Attributes:
        model: `Order.model` of what is made with it.
        files: of models that are small enough to be sent, "MODEL/FILE" -> bytes.
        models: names of the others.
    """

    model: str
    files: Mapping[str, bytes]
    models: tuple[str, ...]

    @classmethod
    def of(cls, features: FeatureKind) -> Self:
        """What was added on this machine.

        Raises:
            MissingPart: a model or ffmpeg is not there.
            BadBundle: a model is damaged.
        """
        _require_ffmpeg()
        transcriber = fetch_model.kept().read_bytes()
        fetch_model.require_model(transcriber, str(fetch_model.kept()))
        parts = [EXTRACTOR, HEARING, hashlib.sha256(transcriber).hexdigest()]
        if features == "paper":
            parts.append(ClipManifest.read(kept_model(CLIP)).digest)
        return cls(
            model=" ".join(parts),
            files={f"{fetch_model.NAME}/{fetch_model.MODEL}": transcriber},
            models=(CLIP,) if features == "paper" else (),
        )


@dataclass(frozen=True, slots=True)
class Tools:
    """What a worker hears and sees with.

    Attributes:
        transcriber: hears notes.
        clip: sees what the paper's features need; None for those of the picture.
    """

    transcriber: Transcriber
    clip: Clip | None


@cache
def tools(features: FeatureKind) -> Tools:
    """Open the models that were added, once a process, for one core.

    Raises:
        MissingPart: a model, ONNX Runtime or ffmpeg is not there.
        BadBundle: a model is damaged.
    """
    _require_ffmpeg()
    return Tools(Transcriber.open(), Clip.open(threads=1) if features == "paper" else None)


def _require_ffmpeg() -> None:
    if shutil.which("ffmpeg") is None or shutil.which("ffprobe") is None:
        raise MissingPart("expected ffmpeg to read a film's sound, found none; install ffmpeg")


def work(order: Order) -> Done:
    """`make_song` with the models of this process, as a cluster's worker is asked."""
    return make_song(order, tools(order.features))


class _LeftOut(Exception):
    """Why there is no song in a video: `Failed.kind` and `Failed.reason`."""

    def __init__(self, kind: str, reason: object) -> None:
        super().__init__(kind, str(reason))
        self.kind, self.reason = kind, str(reason)


def make_song(order: Order, tools: Tools) -> Done:
    """Make a song of a video, or note why there is none, and put it on the shelf.

    Never raises for a bad video. Where there is no room, the answer says so, and nothing of the
    video is on the shelf: it is the disk's fault.

    Raises:
        MissingPart: ffmpeg is not installed.
        BadPlace: the shelf cannot be written.
    """
    shelf = Shelf(open_store(order.shelf))
    try:
        made = _made(order, tools)
        shelf.put(order, made)
    except DiskFull as err:
        return Done(order.id, DISK, str(err), 0.0)
    if isinstance(made, Failed):
        return Done(order.id, made.kind, made.reason, 0.0)
    return Done(order.id, SONG, "", made.seen.film.duration_s)


def _made(order: Order, tools: Tools) -> Song | Failed:
    path: Path | None = None
    try:
        with fetch(order.source) as path:
            return _song(order, path, tools)
    except _LeftOut as err:
        kind, reason = err.kind, err.reason
    except (BadPlace, UnreadableFilm) as err:
        kind, reason = UNREADABLE, str(err)
    except Stalled as err:
        kind, reason = HANGS, str(err)
    except MemoryError:
        kind, reason = "memory", "expected more free memory for it; give more to each worker"
    except ScorelockError:  # a part of this machine's is missing: no video's fault
        raise
    except Exception as err:  # what libraries say of content that nobody has thought of
        if is_full(err):
            raise DiskFull(f"expected room in {gettempdir()}, found none; make some") from err
        kind, reason = UNREADABLE, f"expected a video, got {type(err).__name__}: {err}"
    return Failed(order.id, order.name, kind, _steady(reason, path, order))


def _song(order: Order, path: Path, tools: Tools) -> Song:
    """The cheap questions first: a picture and a sound, then music, and the picture last."""
    _require_picture(path)
    heard = _heard(path, tools)
    try:
        seen = _seen(path, tools)
    except UnreadableFilm as err:
        too_short = 0 < declared(path)[0] < SHORTEST_S
        raise _LeftOut("too short" if too_short else UNREADABLE, err) from err
    _require_length(min(len(seen), len(heard.chords)))
    return Song(order.id, order.name, title_of(path), seen, heard)


def _heard(path: Path, tools: Tools) -> Heard:
    try:
        sound = read_sound(path)
    except NoSound as err:
        raise _LeftOut("no sound", err) from err
    if np.abs(sound.samples).max(initial=0) < QUIETEST:
        raise _LeftOut("silent", f"expected music, nothing in {path} is louder than -60 dB")
    rows = int(np.ceil(sound.seconds - PADDING_S))
    _require_length(rows)
    heard = listen(sound, rows, tools.transcriber)
    if heard.music < LEAST_MUSIC:
        raise _LeftOut(
            "no music",
            f"expected music, {path} has chords in {heard.music:.0%} of its seconds alone",
        )
    return heard


def _seen(path: Path, tools: Tools) -> VideoFeatures:
    told: list[float] = []
    return unless_stalled(
        lambda: watch(path, told.append, clip=tools.clip, threads=1),
        f"pictures of {path}",
        patience_s(path),
        lambda: len(told),
    )


def _require_picture(path: Path) -> None:
    try:
        unless_stalled(lambda: declared(path), f"a picture in {path}")
    except UnreadableFilm as err:
        try:
            read_sound(path)
        except UnreadableFilm:
            raise _LeftOut(UNREADABLE, err) from err
        raise _LeftOut("no picture", err) from err


def _require_length(rows: int) -> None:
    if rows < FEWEST:
        raise _LeftOut(
            "too short",
            f"expected {FEWEST} s or more with picture and sound, got {rows}; choose a longer one",
        )


def _steady(reason: str, path: Path | None, order: Order) -> str:
    """The reason in one line that is the same in every run: no folder and no address in it."""
    for place in {str(path), str(path and path.resolve()), order.source}:
        reason = reason.replace(place, order.name)
    return " ".join(re.sub(r" @ 0x[0-9a-f]+", "", reason).split())


def title_of(path: Path) -> str:
    """What the file's own tags say of the song, "ARTIST - TITLE" or "TITLE"; "" for nothing."""
    tags = probe(path, "format_tags=title,artist")["format"].get("tags", {})
    told = {name.lower(): " ".join(str(text).split()) for name, text in tags.items()}
    words = [told[name] for name in ("artist", "title") if told.get(name)]
    return " - ".join(words) if told.get("title") else ""
