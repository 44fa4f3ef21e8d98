"""Frames from real pipes, and the thread that takes them in."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import ffmpeg, needs_ffmpeg, noise, write_film

from scorelock.bridge.camera.arrivals import ROOM, Arrival, Arrivals, Ended, Frame, Lost
from scorelock.bridge.camera.capture import Capture
from scorelock.bridge.camera.devices import CvCamera
from scorelock.bridge.camera.pipe import PipeCamera, Size
from scorelock.bridge.camera.source import NoCamera
from scorelock.bridge.clock import ManualClock, MonotonicClock
from scorelock.engine.video import Image

CLOCK = MonotonicClock()
SIZE: Size = (64, 48)

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


def never() -> bool:
    """It is not over."""
    return False


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    """A named pipe."""
    path = tmp_path / "camera"
    os.mkfifo(path)
    return path


@pytest.fixture
def write(fifo: Path) -> Iterator[Callable[[bytes], threading.Thread]]:
    """Gives what writes to the pipe in the background and closes it."""
    threads: list[threading.Thread] = []

    def begin(data: bytes) -> threading.Thread:
        thread = threading.Thread(target=fifo.write_bytes, args=(data,))
        thread.start()
        threads.append(thread)
        return thread

    yield begin
    for thread in threads:
        thread.join()


def read_all(source: PipeCamera) -> list[Image]:
    """Every frame until the writer goes."""
    found: list[Image] = []
    while (got := source.read(never)) is not None:
        found.append(got[1])
    return found


def test_raw_frames_are_as_they_were_written(
    fifo: Path, write: Callable[[bytes], threading.Thread]
) -> None:
    """The one that is cut off in the middle is left out; another writer begins anew."""
    drawn = noise(3, size=SIZE)
    source = PipeCamera(str(fifo), SIZE, 25.0)
    for _ in range(2):
        assert source.open() == 25.0
        write(b"".join(frame.tobytes() for frame in drawn) + drawn[0].tobytes()[:1000])
        assert all(np.array_equal(*pair) for pair in zip(read_all(source), drawn, strict=True))
        source.close()


@needs_ffmpeg
@pytest.mark.parametrize(
    ("pixels", "off"), [("yuv420p", 3.0), ("yuv444p", 2.0), ("yuvj420p", 3.0), ("gray", 2.0)]
)
def test_what_ffmpeg_writes_as_yuv4mpeg_is_read(
    fifo: Path, tmp_path: Path, pixels: str, off: float
) -> None:
    """Smooth pictures, so that halved colour stays what it was but for rounding."""
    ramp = np.add.outer(np.linspace(40, 120, 48), np.linspace(0, 80, 64))
    drawn = [np.repeat((ramp + n)[..., None], 3, 2).astype(np.uint8) for n in range(5)]
    film = write_film(tmp_path / "a.avi", drawn)
    command = ["ffmpeg", "-v", "error", "-y", "-i", str(film), "-pix_fmt", pixels]
    source = PipeCamera(str(fifo), None, 25.0)
    source.open()
    with subprocess.Popen([*command, "-f", "yuv4mpegpipe", str(fifo)]):
        found = read_all(source)
    source.close()
    assert len(found) == 5
    for read, frame in zip(found, drawn, strict=True):
        assert read.shape == frame.shape
        assert np.abs(read.astype(float) - frame).mean() < off


@pytest.mark.parametrize(
    "header",
    [
        b"RIFF....AVI LIST\n" * 200,
        b"\x00" * 4000,
        b"YUV4MPEG2 W0 H48 F25:1\n",
        b"YUV4MPEG2 W64 H48 F25:0\n",
        b"YUV4MPEG2 W63 H47 F25:1 C420jpeg\n",
        b"YUV4MPEG2 W64 H48 F25:1 C420p10\n",
        b"YUV4MPEG2 W99999999 H48 F25:1\n",
        b"YUV4MPEG2 W64 H48 F25:1 Cmono\nSomething else\n",
    ],
)
def test_what_is_no_picture_is_named(
    fifo: Path, write: Callable[[bytes], threading.Thread], header: bytes
) -> None:
    source = PipeCamera(str(fifo), None, 25.0)
    source.open()
    write(header)
    with pytest.raises(NoCamera, match="expected"):
        source.read(never)
    source.close()


def wait_for(arrivals: Arrivals, kind: type[Arrival]) -> list[Arrival]:
    """What comes until one of a kind has; at most ten seconds."""
    found: list[Arrival] = []
    until_s = CLOCK.now() + 10
    while not found or not isinstance(found[-1], kind):
        arrival = arrivals.get(until_s)
        assert arrival is not None, f"nothing came after {found}"
        found.append(arrival)
    return found


def test_a_writer_that_goes_and_another_that_comes(
    fifo: Path, write: Callable[[bytes], threading.Thread]
) -> None:
    """Unplugged, told once, and taken in again, all stamped as they come."""
    arrivals = Arrivals(CLOCK)
    data = b"".join(frame.tobytes() for frame in noise(3, size=SIZE))
    begun_s = CLOCK.now()
    with Capture(PipeCamera(str(fifo), SIZE, 25.0), arrivals, CLOCK):
        write(data)
        first = wait_for(arrivals, Lost)
        write(data)
        second = wait_for(arrivals, Lost)
    for found in (first, second):
        assert [type(each) for each in found] == [Frame, Frame, Frame, Lost]
    stamps_s = [each.at_s for each in (*first, *second)]
    assert begun_s < stamps_s[0]
    assert stamps_s == sorted(stamps_s)


def test_waiting_for_a_writer_can_be_ended(fifo: Path) -> None:
    begun_s = CLOCK.now()
    with Capture(PipeCamera(str(fifo), SIZE, 25.0), Arrivals(CLOCK), CLOCK):
        pass
    assert CLOCK.now() - begun_s < 1.5


def test_a_recording_comes_at_its_own_pace_and_ends(tmp_path: Path) -> None:
    """Its stamps are the film's, whenever it was decoded."""
    film = write_film(tmp_path / "a.avi", noise(20, size=SIZE), 12.5)
    arrivals = Arrivals(CLOCK)
    with Capture(CvCamera(str(film), 25.0, recorded=True), arrivals, CLOCK) as capture:
        assert capture.fps == 12.5
        *frames, end = wait_for(arrivals, Ended)
    assert len(frames) == 20
    places_s = [frame.at_s - frames[0].at_s for frame in frames]
    assert places_s == pytest.approx([n / 12.5 for n in range(20)])
    assert end.at_s == frames[-1].at_s
    assert CLOCK.now() - frames[0].at_s >= 19 / 12.5
    assert arrivals.skipped == 0


@needs_ffmpeg
def test_a_recording_whose_size_changes_goes_on(tmp_path: Path) -> None:
    """A transport stream in which a smaller picture follows."""
    parts = []
    for number, size in enumerate((SIZE, (32, 24))):
        part = tmp_path / f"{number}.ts"
        film = write_film(tmp_path / f"{number}.avi", noise(12, size=size), 24.0)
        ffmpeg("-i", film, "-c:v", "mpeg2video", "-q:v", "2", part)
        parts.append(part.read_bytes())
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(parts))
    arrivals = Arrivals(CLOCK)
    with Capture(CvCamera(str(both), 25.0, recorded=True), arrivals, CLOCK):
        *frames, _ = wait_for(arrivals, Ended)
    assert len(frames) >= 20


def test_no_camera_is_said_in_one_line() -> None:
    for name in ("99", "rtsp://127.0.0.1:1/none"):
        with (
            pytest.raises(NoCamera, match=f"expected a camera at {name}"),
            Capture(CvCamera(name, 25.0), Arrivals(CLOCK), CLOCK),
        ):
            pass


def test_the_oldest_frame_makes_room_and_what_is_told_before_waits() -> None:
    clock = ManualClock(5.0)
    arrivals = Arrivals(clock)
    image = noise(1)[0]
    for _ in range(ROOM + 3):
        arrivals.happened(lambda at_s: Frame(at_s, image))
    assert arrivals.skipped == 3
    assert [arrivals.get(9.0) is not None for _ in range(ROOM)] == [True] * ROOM
    arrivals.will_happen(Frame(float(Fraction(7)), image))
    assert arrivals.get(6.0) is None
    assert clock.now() == 6.0
    later = arrivals.get(9.0)
    assert later is not None
    assert clock.now() == later.at_s == 7.0
