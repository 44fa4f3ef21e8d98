"""A film that every browser can show, made by ffmpeg of one that it cannot."""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Final

from scorelock.engine.errors import MissingPart, UnreadableFilm
from scorelock.engine.files import replacing

PROXY: Final = "proxy.mp4"
"""In FILM.cue/."""
HIGHEST: Final = 720
KEYFRAME_EVERY_S: Final = 0.5  # so that a locate is quick

_TOLD: Final = ("-v", "error", "-nostdin", "-y", "-progress", "pipe:1", "-stats_period", "0.2")
_PICTURE: Final = (
    *("-map", "0:v:0", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"),
    *("-pix_fmt", "yuv420p", "-vf", rf"scale=-2:2*trunc(min({HIGHEST}\,ih)/2)"),
    *("-force_key_frames", f"expr:gte(t,n_forced*{KEYFRAME_EVERY_S})"),
)
_SOUND: Final = ("-map", "0:a:0?", "-c:a", "aac", "-b:a", "160k", "-ac", "2")
_FILE: Final = ("-map_metadata", "-1", "-movflags", "+faststart", "-f", "mp4")
_MADE: Final = (*_PICTURE, *_SOUND, *_FILE)


def made(folder: Path) -> Path | None:
    """The proxy that is kept in FILM.cue/; None where there is none, or it leads elsewhere."""
    path = folder / PROXY
    return path if path.is_file() and path.resolve() == folder.resolve() / PROXY else None


def make_proxy(
    film: Path, into: Path, duration_s: float, report: Callable[[float], None], cancelled: Event
) -> Path | None:
    """Write H.264 and AAC of at most 720 lines, with a keyframe every half second.

    Args:
        film: the film.
        into: where; what stands there is replaced when all is done.
        duration_s: of the film, for the progress.
        report: told how much is done, 0 to 1.
        cancelled: ends it early, within a fraction of a second.

    Returns:
        Where it is; None if it was cancelled.

    Raises:
        MissingPart: ffmpeg is not installed.
        UnreadableFilm: ffmpeg cannot make it; says what it said.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingPart(
            "expected ffmpeg to make a film that browsers can show, found none; install it, "
            "or export the film as .mp4 with H.264"
        )
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with replacing(into) as beside, tempfile.TemporaryFile("w+") as words:
            command = [program, *_TOLD, *_source(film), *_MADE, f"file:{beside}"]
            with subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, text=True
            ) as process:
                _follow(process, duration_s, report, cancelled)
            if process.returncode:
                words.seek(0)
                raise UnreadableFilm(
                    f"expected ffmpeg to make {into} of {film}, it said: "
                    f"{' '.join(words.read().split()[-30:])}; export the film as .mp4 yourself"
                )
        return into
    except _Cancelled:
        return None
    except OSError as err:
        raise UnreadableFilm(
            f"expected to write {into}, got: {err.strerror or err}; make room for it"
        ) from err


def _source(film: Path) -> tuple[str, ...]:
    """A film from elsewhere may be a playlist: nothing is fetched for it."""
    return "-protocol_whitelist", "file", "-i", f"file:{film.resolve()}"


class _Cancelled(Exception):
    """The user has ended it."""


def _follow(
    process: "subprocess.Popen[str]",
    duration_s: float,
    report: Callable[[float], None],
    cancelled: Event,
) -> None:
    """Tell how far it is until it ends, or end it."""
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if cancelled.is_set():
                raise _Cancelled
            name, _, value = line.strip().partition("=")
            if name == "out_time_us" and value.isdigit() and duration_s > 0:
                report(min(1.0, int(value) / 1e6 / duration_s))
    except BaseException:
        process.kill()
        raise
