"""The player mpv over its JSON IPC: a line of JSON a property that changed, or an event.

mpv's manual, "JSON IPC": the program is started with --input-ipc-server=PATH; observed properties
are told at once and whenever they change, as
    {"event":"property-change","id":1,"name":"time-pos","data":12.345}
`time-pos` changes with each frame that is shown. `core-idle` is true when nothing plays: paused,
seeking, waiting for the network, or without a file. Observers end with the connection.
"""

import json
import math
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.timelines.timeline import Receiver
from scorelock.bridge.transport import (
    LoopRange,
    Pause,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)
from scorelock.engine.errors import BadSetting, MissingPart

OBSERVED: Final = (
    "time-pos",
    "speed",
    "pause",
    "seeking",
    "core-idle",
    "ab-loop-a",
    "ab-loop-b",
    "loop-file",
    "duration",
)
COMMANDS: Final = b"".join(
    json.dumps({"command": ["observe_property", number, name]}).encode() + b"\n"
    for number, name in enumerate(OBSERVED, 1)
)
"""What is written once a connection: mpv tells these properties from then on."""

_RETRY_S: Final = 0.5
_LOOK_UP_S: Final = 0.25  # how often the thread looks whether it should end
_LONGEST_LINE: Final = 1 << 20
_CHUNK: Final = 1 << 16


class MpvReader:
    """Follows one player.

    Attributes:
        ignored: lines that say nothing, by reason.
    """

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        self._is: dict[str, Any] = {}
        self._seeks = False
        self._told: type[Roll | Pause | Stop] = Stop
        self._loop: tuple[float, float] | None = None

    def hear(self, data: bytes, at_s: float) -> list[TransportEvent]:
        """Read a line that arrived at at_s. Whatever the bytes, nothing is raised."""
        try:
            said = json.loads(data)
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            self.ignored["not JSON of mpv"] += 1
            return []
        match said.get("event"):
            case "property-change":
                return self._changed(said.get("name"), said.get("data"), at_s)
            case "seek":
                self._seeks = True
            case "playback-restart":
                self._seeks = False
            case "end-file":  # the next one comes with a restart, too
                self._seeks = True
                return self._tell(Stop, at_s)
        return self._roll_or_pause(at_s)

    def hang_up(self, at_s: float) -> list[TransportEvent]:
        """The connection has ended; all is told anew with the next."""
        self._is.clear()
        self._seeks = False
        return [*self._looped(at_s), *self._tell(Stop, at_s)]

    def _tell(self, state: type[Roll | Pause | Stop], at_s: float) -> list[TransportEvent]:
        if state is self._told:
            return []
        self._told = state
        return [state(at_s)]

    def _changed(self, name: object, value: object, at_s: float) -> list[TransportEvent]:
        if not isinstance(name, str) or name not in OBSERVED:
            self.ignored["other property"] += 1
            return []
        self._is[name] = value
        if name == "time-pos":
            return self._position(value, at_s)
        if name == "speed":
            speed = _number(value)
            return [Rate(at_s, speed)] if speed is not None else []
        if name == "seeking":
            self._seeks = value is True
        return [*self._looped(at_s), *self._roll_or_pause(at_s)]

    def _position(self, value: object, at_s: float) -> list[TransportEvent]:
        position_s = _number(value)
        if position_s is None or position_s < 0:
            self.ignored["no position"] += 1
            return []
        return [Position(at_s, position_s)]

    def _roll_or_pause(self, at_s: float) -> list[TransportEvent]:
        """Say so if it has begun or ceased to roll. It goes on from where it is, so it pauses."""
        idle = self._is.get("core-idle", True) or self._is.get("pause", False)
        if not (idle or self._seeks):
            return self._tell(Roll, at_s)
        return self._tell(Pause, at_s) if self._told is Roll else []

    def _looped(self, at_s: float) -> list[TransportEvent]:
        """Say so if the loop has changed: from A to B, or the whole file."""
        start_s, end_s = (_number(self._is.get(name)) for name in ("ab-loop-a", "ab-loop-b"))
        if start_s is None or end_s is None:
            whole = self._is.get("loop-file", False) not in (False, "no", None, 0)
            start_s, end_s = 0.0, _number(self._is.get("duration")) if whole else None
        # mpv takes the two points in either order.
        loop = None if end_s in (None, start_s) else (min(start_s, end_s), max(start_s, end_s))
        if loop == self._loop:
            return []
        self._loop = loop
        if loop is None:
            return [Repeat(at_s, False)]
        return [LoopRange(at_s, *loop), Repeat(at_s, True)]


class MpvTimeline:
    """Follows the mpv at a socket, whenever there is one: it may start later, and come again.

    Raises:
        BadSetting: no socket can ever be there.
        MissingPart: this system has no such sockets.
    """

    def __init__(self, path: str, clock: Clock) -> None:
        if not hasattr(socket, "AF_UNIX"):
            raise MissingPart(
                "expected Unix sockets to follow mpv, this system has none; follow OSC"
            )
        if not path or not Path(path).parent.is_dir():
            raise BadSetting(
                "expected mpv:SOCKET, the path that mpv was given with --input-ipc-server, "
                f"got {path!r}"
            )
        self.address = f"mpv at {path}"
        self._path = path
        self._clock = clock
        self._reader = MpvReader()
        self.ignored = self._reader.ignored
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Connect as soon as it can be done, and hand on what comes."""
        self._thread = threading.Thread(target=self._run, args=(receiver,), name="mpv", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop following."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, receiver: Receiver) -> None:
        while not self._ending.is_set():
            with suppress(OSError), socket.socket(socket.AF_UNIX) as wire:
                wire.settimeout(_LOOK_UP_S)
                wire.connect(self._path)
                wire.sendall(COMMANDS)
                for line, at_s in self._lines(wire):
                    if events := self._reader.hear(line, at_s):
                        receiver(events, at_s)
            at_s = self._clock.now()
            if events := self._reader.hang_up(at_s):
                receiver(events, at_s)
            self._ending.wait(_RETRY_S)

    def _lines(self, wire: socket.socket) -> Iterator[tuple[bytes, float]]:
        """Whole lines and when their ends came, until either side ends it."""
        rest = b""
        while not self._ending.is_set() and len(rest) < _LONGEST_LINE:
            try:
                data = wire.recv(_CHUNK)
            except TimeoutError:
                continue
            at_s = self._clock.now()
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line, at_s


def _number(value: object) -> float | None:
    """A finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON's whole numbers have no end
        return None
    return number if math.isfinite(number) else None
