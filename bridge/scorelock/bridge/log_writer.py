"""The show log's way to the disk: a thread of its own, which no sender ever waits for."""

import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from scorelock.bridge.clock import Clock
from scorelock.bridge.dialects.mapping import Mapping
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.show_log import Gap, Header, Record, Sent, encode, versions
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

WAITING: Final = 1 << 15  # records that may wait for the disk: minutes of a usual show
WRITE_EVERY_S: Final = 0.1


class Log(Protocol):
    """Takes the records of a show."""

    @property
    def dropped(self) -> int:
        """How many it had to leave out."""
        ...

    def put(self, record: Record) -> None:
        """Take one, at once, from any thread."""
        ...


class NoLog:
    """Where nobody wants a log."""

    dropped = 0

    def put(self, record: Record) -> None:
        """Forget it."""


class ShowLog:
    """A log on disk, written by a thread of its own that can hold nobody up.

    Records wait in a queue of at most `waiting`; what does not fit is counted and left out. They
    are written one a call, unbuffered: what is written survives the process, and the interpreter
    is let go at every record. A disk that fails ends the log, never the show. The file is taken at
    once, so that a slip in its name shows early, and given up where nothing came.

    Raises:
        BadSetting: the file is there already, or cannot be made.
    """

    def __init__(self, path: Path, waiting: int = WAITING) -> None:
        try:
            self._file = path.open("xb", buffering=0)
        except FileExistsError as err:
            raise BadSetting(
                f"expected a new file for the log, {path} is there already; choose another name"
            ) from err
        except OSError as err:
            raise BadSetting(
                f"expected to write a log at {path}: {err.strerror or err}; choose another place"
            ) from err
        self.dropped = 0
        self.failure: str | None = None
        self._path = path
        self._room = waiting
        self._waiting: deque[Record] = deque()
        self._lacking = 0  # records left out since the last that was taken
        self._putting = threading.Lock()
        self._ending = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="log", daemon=True)
        self._writer.start()

    def begin(self, film: str, rate: FrameRate, words: Mapping | None = None) -> None:
        """Put the header; goes before everything else."""
        self.put(Header(film, rate, versions(), words))

    def put(self, record: Record) -> None:
        """Take a record; where there is no room it is counted as dropped."""
        with self._putting:
            if self.failure is not None or len(self._waiting) >= self._room:
                self.dropped += 1
                self._lacking += 1
                return
            if self._lacking:
                self._waiting.append(Gap(self._lacking))
                self._lacking = 0
            self._waiting.append(record)

    def close(self) -> None:
        """Write what waits and close the file. Closing again does nothing."""
        self._ending.set()
        self._writer.join()
        if not self._file.closed:
            with suppress(OSError):
                if self._file.tell() == 0:
                    self._path.unlink()
            self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _write_all(self) -> None:
        """The log's thread: it looks by itself, so that nobody who puts has to wake it."""
        try:
            last = False
            while not last:
                last = self._ending.wait(WRITE_EVERY_S)
                while self._waiting:
                    self._write(encode(self._waiting.popleft()))
                if last and self._lacking:
                    self._write(encode(Gap(self._lacking)))
        except OSError as err:
            with self._putting:
                self.failure = f"{self._path}: {err.strerror or err}"
                self.dropped += 1 + len(self._waiting)
                self._waiting.clear()

    def _write(self, line: bytes) -> None:
        while line:
            line = line[self._file.write(line) :]


class LoggedOut:
    """An output whose messages are logged once it has taken or refused them."""

    def __init__(self, out: MidiOut, log: Log, clock: Clock, port: int) -> None:
        self._out = out
        self._log = log
        self._clock = clock
        self._port = port

    @property
    def name(self) -> str:
        """What a user calls it."""
        return self._out.name

    @property
    def api(self) -> str | None:
        """The system behind it."""
        return self._out.api

    def alive(self) -> bool:
        """Whether anything still takes what is sent."""
        return self._out.alive()

    def close(self) -> None:
        """Give the port back."""
        self._out.close()

    def exchange(self, out: MidiOut) -> MidiOut:
        """Send to another from now on; gives the one before, which is not closed."""
        before, self._out = self._out, out
        return before

    def send(self, data: bytes, wanted_s: float | None = None) -> None:
        """Send a message; without a wanted time it is one that the end releases."""
        refused = True
        try:
            self._out.send(data)
            refused = False
        finally:
            self._log.put(Sent(self._clock.now(), wanted_s, data, self._port, refused))
