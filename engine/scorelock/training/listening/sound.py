"""A film's sound, decoded by the program ffmpeg through a pipe; what ffprobe tells of a film."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import MissingPart, UnreadableFilm
from scorelock.engine.files import require_film
from scorelock.training.listening.heard import RATE, Sound
from scorelock.training.stalls import patience_s, stalled, unless_stalled

_CHUNK_S: Final = 10
_ASKED: Final = (
    "format=start_time:stream=index,codec_type,start_time,duration,channels"
    ":stream_disposition=attached_pic:stream_tags=duration"
)


class NoSound(UnreadableFilm):
    """The film has a picture alone."""


@dataclass(frozen=True, slots=True)
class _Stream:
    """The sound stream: its place in the file, its channels, and what its header tells.

    Attributes:
        begins_s: the first frame of the picture, on the clock of the file.
        declared_s: how long the sound lasts, 0 where that is unknown.
    """

    index: int
    channels: int
    begins_s: float
    declared_s: float


def read_sound(path: Path) -> Sound:
    """The film's first sound stream, from the first frame of the picture to the sound's own end.

    A sound that begins later is led by silence, an earlier one is cut, and gaps are silent.

    Raises:
        NoSound: there is no sound stream, or nothing in it.
        UnreadableFilm: no such file, no film, or a sound that ends before its header says.
        Stalled: ffmpeg hangs.
        MissingPart: ffmpeg is not installed.
    """
    require_film(path)
    stream = _look(path)
    samples = _decode(path, stream)
    if not len(samples):
        raise _no_sound(path)
    missing_s = stream.declared_s - len(samples) / RATE
    if missing_s > max(1.0, 0.05 * stream.declared_s):
        raise UnreadableFilm(
            f"expected {stream.declared_s:.1f} s of sound in {path} by its header, but it ends "
            f"after {len(samples) / RATE:.1f} s; copy the file again"
        )
    return Sound(samples)


def probe(path: Path, entries: str) -> dict[str, Any]:
    """What ffprobe tells of a film: the entries that are asked for, in its own words.

    Raises:
        UnreadableFilm: it is no film.
        Stalled: ffprobe hangs.
        MissingPart: it is not installed.
    """
    asked = ("-of", "json", "-show_entries", entries, *_source(path))
    patience = patience_s(path)
    with tempfile.TemporaryFile("w+") as words:
        try:
            result = subprocess.run(
                [_program("ffprobe"), "-v", "error", *asked],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=words,
                check=False,
                timeout=patience,
            )
        except subprocess.TimeoutExpired as err:
            raise stalled(f"ffprobe to read {path}", patience) from err
        if result.returncode:
            raise _unreadable(path, words)
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def _look(path: Path) -> _Stream:
    told = probe(path, _ASKED)
    sounds = [s for s in told["streams"] if s["codec_type"] == "audio" and s.get("channels")]
    if not sounds:
        raise _no_sound(path)
    pictures = [
        s
        for s in told["streams"]
        if s["codec_type"] == "video" and not s["disposition"]["attached_pic"]
    ]
    sound = sounds[0]
    sound_s = _seconds(sound.get("start_time"))
    if not pictures:  # where the length is a guess from the bit rate, too
        return _Stream(sound["index"], sound["channels"], sound_s, 0.0)
    begins_s = _seconds(pictures[0].get("start_time"))
    lasts_s = _seconds(sound.get("duration")) or _clock(sound.get("tags", {}))
    ends_s = sound_s + lasts_s if lasts_s else begins_s
    return _Stream(sound["index"], sound["channels"], begins_s, max(0.0, ends_s - begins_s))


def _decode(path: Path, stream: _Stream) -> NDArray[np.float32]:
    """(N,) samples; the mean of the channels is taken here, for ffmpeg's own mix weighs them."""
    filters = f"asetpts=PTS-({stream.begins_s:f})/TB,aresample={RATE}:async=1:first_pts=0"
    command = [
        *(_program("ffmpeg"), "-v", "error", "-nostdin", "-copyts", "-threads", "1"),
        *_source(path),
        *("-map", f"0:{stream.index}", "-af", filters, "-filter_threads", "1"),
        *("-ac", str(stream.channels), "-c:a", "pcm_f32le", "-f", "f32le", "pipe:1"),
    ]
    with (
        tempfile.TemporaryFile("w+") as words,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words
        ) as process,
    ):
        mono = bytearray()

        def decode() -> int:
            assert process.stdout is not None
            _mix(process.stdout, stream.channels, mono)
            return process.wait()

        try:
            wanted = f"ffmpeg to decode {path}"
            failed = unless_stalled(decode, wanted, patience_s(path), lambda: len(mono))
        except BaseException:
            process.kill()
            raise
        if failed:
            raise _unreadable(path, words)
    return np.frombuffer(mono, np.float32)


def _mix(pipe: IO[bytes], channels: int, mono: bytearray) -> None:
    mean = np.full(channels, 1 / channels, np.float32)
    frame = 4 * channels
    while chunk := pipe.read(_CHUNK_S * RATE * frame):
        whole = len(chunk) // frame * channels
        mixed = np.frombuffer(chunk, np.float32, whole).reshape(-1, channels) @ mean
        mono += np.nan_to_num(mixed, copy=False).clip(-1, 1, out=mixed).tobytes()


def _program(name: str) -> str:
    program = shutil.which(name)
    if program is None:
        raise MissingPart(f"expected {name} to read a film's sound, found none; install ffmpeg")
    return program


def _source(path: Path) -> Sequence[str]:
    """A film from elsewhere may be a playlist: nothing is fetched for it."""
    return "-protocol_whitelist", "file", "-i", f"file:{path.resolve()}"


def _seconds(told: str | None) -> float:
    try:
        return float(told or 0)
    except ValueError:  # "N/A"
        return 0.0


def _clock(tags: dict[str, Any]) -> float:
    """Seconds of Matroska's tag "00:03:25.120000000"."""
    parts = str(tags.get("DURATION") or tags.get("duration") or 0).split(":")
    return sum(_seconds(part) * 60.0**place for place, part in enumerate(reversed(parts)))


def _no_sound(path: Path) -> NoSound:
    return NoSound(
        f"expected a film with sound, found none in {path}; choose the file that has its music"
    )


def _unreadable(path: Path, words: IO[str]) -> UnreadableFilm:
    words.seek(0)
    return UnreadableFilm(
        f"expected a film with sound in {path}, ffmpeg said: {' '.join(words.read().split()[-30:])}"
        "; export it again as .mp4, .mov, .webm or .mkv"
    )
