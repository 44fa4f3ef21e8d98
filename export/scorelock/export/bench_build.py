"""Measures what making songs of videos costs beside the least that it can, decoding their picture
and sound, on the same workers; and how much faster two workers of this machine are than one.
"""

import shutil
import subprocess
import wave
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
from distributed import Client

from scorelock.engine.errors import MissingPart, UnreadableFilm
from scorelock.engine.video import Image, declared
from scorelock.training.dataset.cluster import Kit, reach, running
from scorelock.training.dataset.make import Equipment, tools, work
from scorelock.training.dataset.order import SONG, Done, Order
from scorelock.training.dataset.workers import Round
from scorelock.training.listening.heard import RATE
from scorelock.training.listening.sound import read_sound

ROUNDS: Final = 3
COPIES: Final = 4
"""Videos in a round: the same for one worker and for two."""
WORKERS: Final = 2
SECONDS: Final = 12
SIZE: Final = (1920, 1080)
FPS: Final = 25
SHOT_S: Final = 4
CHORDS: Final = ((48, 60, 64, 67), (45, 57, 60, 64), (41, 57, 60, 65), (43, 55, 59, 62))
"""C, A minor, F, G as MIDI pitches, a second each."""


def measure(now: Callable[[], float], film: Path | None = None) -> dict[str, Any]:
    """Time the builder's work with picture features on two workers, and on one, by turns.

    `now` reads a clock in seconds; without a film, one is drawn in 1920 x 1080, coded in H.264 and
    AAC. Workers have started and have their models. Returns the medians in seconds for one video
    ("ours", "other", "one_worker"), their "ratio" = ours / other, "speedup" = one_worker / ours,
    "plain_speedup": the same of decoding alone (what the machine has to give), the film's
    "duration_s", "speed": seconds of video that one worker makes a song of in a second,
    "song_bytes": on the shelf for a minute of video, and "what" was measured.

    Raises:
        MissingPart: ffmpeg or the transcriber is not there.
        UnreadableFilm: the film gives no song; says why.
    """
    equipment = Equipment.of("picture")
    kit = Kit(equipment.files, equipment.models, running())
    with TemporaryDirectory() as folder:
        path = film or draw_film(Path(folder) / "music-1080p.mp4")
        orders = _copies(path, Path(folder))
        with reach(None, WORKERS, kit, work.__module__) as client:
            client.run(_open_models)
            song_bytes = _song_bytes(client, orders[0])
            rounds = [
                (
                    _took(now, Round(client, work), orders),
                    _took(now, Round(client, decode), orders),
                    _took(now, Round(client, work, most=1), orders),
                    _took(now, Round(client, decode, most=1), orders),
                )
                for _ in range(ROUNDS)
            ]
        duration_s = declared(path)[0]
    ours_s, other_s, one_s, plain_s = (median(times) for times in zip(*rounds, strict=True))
    return {
        "film": path.name,
        "duration_s": duration_s,
        "ours": ours_s,
        "other": other_s,
        "ratio": ours_s / other_s,
        "one_worker": one_s,
        "speedup": one_s / ours_s,
        "plain_speedup": plain_s / other_s,
        "speed": duration_s / one_s,
        "song_bytes": song_bytes * 60 / duration_s,
        "what": f"a song of {path.name} ({duration_s:.1f} s), {COPIES} of them on {WORKERS} "
        "workers; other: the same workers decode picture and sound and do nothing; "
        f"{WORKERS} workers are {one_s / ours_s:.2f} times as fast as one (in decoding alone "
        f"{plain_s / other_s:.2f} times), which makes songs of {duration_s / one_s:.1f} s of video "
        "in a second",
    }


def _open_models() -> None:
    tools("picture")


def decode(order: Order) -> Done:
    """What no builder can do without: every frame and every sample, by one core, and no more."""
    capture = cv2.VideoCapture(order.source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    while capture.read()[0]:
        pass
    capture.release()
    read_sound(Path(order.source))
    return Done(order.id, SONG, "", 0.0)


def draw_film(path: Path) -> Path:
    """A film with shots of moving grain and colour, and four chords that go round.

    Raises:
        MissingPart: ffmpeg is not installed.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingPart("expected ffmpeg to make a film with sound, found none; install ffmpeg")
    sound = path.with_suffix(".wav")
    _write_sound(sound)
    width, height = SIZE
    raw = ("-f", "rawvideo", "-pix_fmt", "bgr24", "-s", f"{width}x{height}", "-r", str(FPS))
    coded = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    command = [program, "-v", "error", "-y", *raw, "-i", "pipe:0", "-i", str(sound), *coded]
    with subprocess.Popen([*command, str(path)], stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for frame in range(SECONDS * FPS):
            process.stdin.write(_draw(frame).tobytes())
    if process.returncode:
        raise MissingPart("expected an ffmpeg that writes H.264 and AAC; install another")
    return path


def _draw(frame: int) -> Image:
    """A patch of colours that slides over a ground with grain; both change with each shot."""
    shot, within = divmod(frame, SHOT_S * FPS)
    rng = np.random.default_rng(frame)
    grain = cv2.resize(rng.integers(0, 12, (270, 480, 3), np.uint8), SIZE)
    return np.asarray(
        cv2.add(np.roll(_ground(shot), SIZE[0] * within // 240, axis=1), grain), np.uint8
    )


@cache
def _ground(shot: int) -> Image:
    colours = np.random.default_rng(shot).integers(0, 256, (9, 16, 3), np.uint8)
    return np.asarray(cv2.resize(colours, SIZE, interpolation=cv2.INTER_CUBIC), np.uint8)


def _write_sound(path: Path) -> None:
    at_s = np.arange(RATE) / RATE
    bars = [
        sum(
            np.sin(2 * np.pi * 440 * 2 ** ((pitch - 69) / 12) * harmonic * at_s) / harmonic**2
            for pitch in chord
            for harmonic in (1, 2, 3)
        )
        * np.exp(-2 * at_s)
        for chord in CHORDS
    ]
    song = np.resize(np.concatenate(bars), SECONDS * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((song / np.abs(song).max() * 20_000).astype("<i2").tobytes())


def _copies(film: Path, folder: Path) -> list[Order]:
    return [
        Order(str(index), str(film.absolute()), film.name, str(folder / "shelf"), "picture", "", "")
        for index in range(COPIES)
    ]


def _song_bytes(client: Client, order: Order) -> int:
    """Have one made, and see that it was."""
    (done,) = Round(client, work).answers([order])
    if done.kind != SONG:
        raise UnreadableFilm(f"expected a film that gives a song, got {done.kind}: {done.reason}")
    shelf = Path(order.shelf)
    return sum(file.stat().st_size for file in shelf.iterdir())


def _took(now: Callable[[], float], way: Round, orders: Sequence[Order]) -> float:
    """Seconds for one order."""
    start = now()
    for done in way.answers(orders):
        if done.kind != SONG:
            raise UnreadableFilm(f"expected a song each time, got {done.kind}: {done.reason}")
    return (now() - start) / len(orders)
