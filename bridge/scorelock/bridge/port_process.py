"""A MIDI output in a process of its own, under a watchdog that brings it back.

Nothing that the port's library does can hold the player up, and nothing that happens to the player
leaves a note sounding: see `scorelock.bridge.port_child` for the other half. When the process or
its port's server dies, it is started again until the port is there, what sounded then is released,
and what should sound by now is struck.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.ledger import CONTROL, NOTE_ON
from scorelock.bridge.port_child import Held
from scorelock.engine.errors import PortError

PING_S: Final = 0.2
HUNG_S: Final = 1.0
AGAIN_S: Final = 0.5
OPENING_S: Final = 10.0
CLOSING_S: Final = 3.0
_PROGRAM: Final = 0xC0


class _Child:
    """One run of the other process."""

    def __init__(self, wanted: str, clock: Clock) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scorelock.bridge.port_child", wanted],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self._listener: threading.Thread | None = None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in, out = self.process.stdin.fileno(), self.process.stdout
        patience = threading.Timer(OPENING_S, self.process.kill)  # a server that hangs says nothing
        patience.start()
        said = out.readline().decode(errors="replace").strip()
        patience.cancel()
        kind, _, rest = said.partition(" ")
        if kind != "open":
            self.kill()
            raise PortError(
                rest
                or "expected a MIDI output to open, its server did not answer; restart the server"
            )
        self.api, _, self.name = rest.partition(" ")
        if sys.platform != "win32":  # whose pipes always block, once 64 KiB wait to be read
            os.set_blocking(self._in, False)
        self.heard_s = clock.now()
        self.missed = False  # a message, which may have been a note's end
        self._listener = threading.Thread(target=self._listen, args=(out, clock), daemon=True)
        self._listener.start()

    def write(self, data: bytes) -> bool:
        """Hand over one message; False where the process does not take it."""
        try:
            return os.write(self._in, bytes((len(data),)) + data) == 1 + len(data)
        except OSError:  # its buffer is full, or it is gone
            return False

    def _listen(self, out: IO[bytes], clock: Clock) -> None:
        """Note when it gives signs of life."""
        for line in out:
            if line.startswith(b"."):
                self.heard_s = clock.now()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        if self._listener is not None:
            self._listener.join()  # its end of the pipe has ended
        self._close()

    def finish(self) -> None:
        """Let it send what it has, release what sounds, and end."""
        with suppress(OSError):
            assert self.process.stdin is not None
            self.process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(CLOSING_S)
        self.kill()

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()
        self.process.wait()


class PortProcess:
    """An output that comes back. Satisfies `scorelock.bridge.ports.MidiOut`.

    Attributes:
        returns: how often it was brought back.
    """

    def __init__(self, wanted: str, clock: Clock, say: Callable[[str], None]) -> None:
        self.returns = 0
        self._wanted = wanted
        self._clock = clock
        self._say = say
        self._held = Held()
        self._settings: dict[tuple[int, ...], bytes] = {}
        self._child: _Child | None = _Child(wanted, clock)
        self.name = self._child.name
        self.api: str | None = self._child.api
        self._changing = threading.Condition()
        self._closing = False
        self._watchdog = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._watchdog.start()

    def send(self, data: bytes) -> None:
        """Send one message; while the port is away it only counts for what sounds on return."""
        with self._changing:
            self._held.hear(data)
            if data[0] & 0xF0 == _PROGRAM:
                self._settings[(data[0],)] = data
            elif data[0] & 0xF0 == CONTROL:
                self._settings[data[0], data[1]] = data
            if self._child is not None and not self._child.write(data):
                self._child.missed = True

    def alive(self) -> bool:
        """Always: where the port is away, it is waited for."""
        return True

    def close(self) -> None:
        """End the process; what was sent before still goes out. Closing again does nothing."""
        with self._changing:
            self._closing = True
            self._changing.notify()
        self._watchdog.join()
        with self._changing:
            child, self._child = self._child, None
        if child is not None:
            child.finish()

    def _watch(self) -> None:
        """The watchdog's thread: ask for signs of life, and bring back what gives none."""
        while not self._wait(PING_S):
            child = self._child
            assert child is not None
            child.write(b"")
            lively = self._clock.now() - child.heard_s < HUNG_S
            if child.process.poll() is None and lively and not child.missed:
                continue
            sounded = self._give_up(child)
            if not self._bring_back(sounded):
                return

    def _wait(self, seconds: float) -> bool:
        """Whether it is being closed within that time."""
        until_s = self._clock.now() + seconds
        with self._changing:
            while not self._closing and self._clock.now() < until_s:
                self._clock.wait(self._changing, until_s)
            return self._closing

    def _give_up(self, child: _Child) -> dict[tuple[int, int], int]:
        """Kill the process; gives the notes that may still sound behind the port."""
        with self._changing:
            self._child = None
            sounded = dict(self._held.notes)
        child.kill()
        self._say(f'the MIDI output "{self.name}" has gone; waiting for it to come back')
        return sounded

    def _bring_back(self, sounded: dict[tuple[int, int], int]) -> bool:
        """Start it until it is there; False where it is being closed before."""
        while not self._wait(AGAIN_S):
            try:
                child = _Child(self._wanted, self._clock)
            except PortError:
                continue
            with self._changing:
                self._restore(child, sounded)
                self._child = child
                self.returns += 1
            self._say(f'the MIDI output "{self.name}" is back')
            return True
        return False

    def _restore(self, child: _Child, sounded: dict[tuple[int, int], int]) -> None:
        """Release what sounded when it went, then settings and notes as they are by now."""
        before = Held()
        before.notes.update(sounded)
        for data in (*before.offs(), *self._settings.values()):
            child.write(data)
        for (channel, pitch), velocity in sorted(self._held.notes.items()):
            child.write(bytes((NOTE_ON | channel, pitch, velocity)))
