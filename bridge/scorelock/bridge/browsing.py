"""The real desk as a process, a browser that opens it, and films that the browser can show."""

import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from scorelock.bridge.demo_film import draw_demo_film
from scorelock.engine.errors import MissingPart

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
QUIET: Final = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --autoplay-policy=no-user-gesture-required"
).split()
_ADDRESS: Final = re.compile(r"the desk: http://127\.0\.0\.1:(\d+)/")
_PATIENCE_S: Final = 60.0


class RunningDesk:
    """`scorelock desk FILM` or another command that opens a desk, as a user starts it.

    Attributes:
        port: where it listens on this machine.
        url: its page.
        said: all that it printed, line by line.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None) -> None:
        self.said: list[str] = []
        self.port = 0
        self._opened = threading.Event()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
        )
        self._reader = threading.Thread(target=self._read, name="desk's words", daemon=True)
        self._reader.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def pid(self) -> int:
        """Of the process that serves."""
        return self._process.pid

    def wait(self) -> None:
        """Until it has told its address.

        Raises:
            MissingPart: it ended instead, or says nothing; with what it said.
        """
        if not self._opened.wait(_PATIENCE_S) or not self.port:
            self.kill()
            said = " ".join(self.said) or "nothing"
            raise MissingPart(f"expected scorelock desk to open here, it said: {said}")

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        self._process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(10.0)
        self.kill()
        return self._process.returncode

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._reader.join(5.0)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.said.append(line.strip())
                if not self.port and (found := _ADDRESS.search(line)):
                    self.port = int(found[1])
                    self._opened.set()
        self._opened.set()


@contextmanager
def running_desk(
    film: Path, *options: str, command: str = "desk", env: Mapping[str, str] | None = None
) -> Iterator[RunningDesk]:
    """The desk of a film, at a free port unless an option says another, until the context's end.

    `command` is "desk" or "rehearse".

    Raises:
        MissingPart: it does not start here.
    """
    port = () if "--port" in options else ("--port", "0")
    words = "scorelock.bridge.cli", command, str(film), "--no-browser", *port, *options
    desk = RunningDesk((sys.executable, "-m", *words), env)
    try:
        desk.wait()
        yield desk
    finally:
        desk.stop()


@contextmanager
def chromium() -> Iterator["Browser"]:
    """The system's Chromium, without a window.

    Raises:
        MissingPart: Playwright or Chromium is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as err:
        raise MissingPart('expected Playwright; run: pip install "playwright>=1.50"') from err
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise MissingPart("expected Chromium; on Debian: apt-get install chromium")
    with sync_playwright() as driver, ExitStack() as stack:
        browser = driver.chromium.launch(executable_path=path, args=list(QUIET))
        stack.callback(browser.close)
        yield browser


def wait_until(page: "Page", is_so: Callable[[], bool], patience_s: float) -> None:
    """Look 20 times a second; a page that forbids `eval` cannot be asked to look by itself.

    Raises:
        MissingPart: it has not come to it.
    """
    for _ in range(round(patience_s * 20)):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise MissingPart(f"expected the page {page.url} to come to it within {patience_s:g} s")


def draw_browser_film(path: Path, *, seconds: int, size: tuple[int, int] = (640, 360)) -> None:
    """The demo film as H.264, which browsers can show; longer than 24 seconds it is repeated.

    Raises:
        MissingPart: ffmpeg is not installed.
    """
    with TemporaryDirectory() as folder:
        drawn, once = Path(folder) / "drawn.mp4", Path(folder) / "once.mp4"
        draw_demo_film(drawn, seconds=min(seconds, 24), size=(640, 360))
        picture = "-c:v libx264 -preset ultrafast -crf 23 -g 12 -bf 0 -pix_fmt yuv420p".split()
        ffmpeg("-i", str(drawn), "-vf", f"scale={size[0]}:{size[1]}", *picture, str(once))
        again = "-stream_loop", "-1", "-i", str(once), "-t", str(seconds)
        ffmpeg(*again, "-c", "copy", "-movflags", "+faststart", str(path))


def draw_long_film(path: Path, seconds: int) -> None:
    """A small film of any length, two pictures a second."""
    source = "-f", "lavfi", "-i", f"testsrc2=s=160x90:r=2:d={seconds}"
    ffmpeg(
        *source, *"-c:v libx264 -preset ultrafast -crf 35 -pix_fmt yuv420p -g 4".split(), str(path)
    )


def ffmpeg(*arguments: str) -> None:
    """Run it.

    Raises:
        MissingPart: it is not installed, or fails; with the last that it said.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingPart("expected the program ffmpeg; on Debian: apt-get install ffmpeg")
    done = subprocess.run(
        [program, "-v", "error", "-nostdin", "-y", *arguments], capture_output=True, text=True
    )
    if done.returncode:
        raise MissingPart(f"expected ffmpeg to make a film, it said: {done.stderr.strip()[-300:]}")
