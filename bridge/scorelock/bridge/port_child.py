"""The process that owns a MIDI port: it sends what comes through its standard input, no more.

It lives apart because the port's library may freeze its process (python-rtmidi spins, holding the
interpreter's lock, once a JACK server has died and its buffer is full), and because whatever kills
the player must not leave notes sounding: when the input ends, this process releases them.

In: frames of one length byte and a MIDI message; an empty frame asks for a sign of life.
Out: "open API NAME" or "failed REASON" once, then "." for every sign of life, "gone" at the end of
the port's server.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.ledger import CONTROL, NOTE_OFF, NOTE_ON, SUSTAIN
from scorelock.bridge.ports import MidiOut, open_port
from scorelock.engine.errors import PortError

LINGER_S: Final = 0.05
"""JACK passes on what was sent in its next periods; of a port that is gone by then, nothing."""
_CHUNK: Final = 1 << 16


class Held:
    """The notes that sound and the sustain pedals that are down, read off what is sent."""

    def __init__(self) -> None:
        self.notes: dict[tuple[int, int], int] = {}
        self._pedals: set[int] = set()

    def hear(self, data: bytes) -> None:
        """Take in one message."""
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        if kind == NOTE_ON and data[2]:
            self.notes[channel, data[1]] = data[2]
        elif kind in (NOTE_ON, NOTE_OFF):
            self.notes.pop((channel, data[1]), None)
        elif kind == CONTROL and data[1] == SUSTAIN:
            (self._pedals.add if data[2] >= 64 else self._pedals.discard)(channel)

    def offs(self) -> Iterator[bytes]:
        """What releases all of it."""
        for channel, pitch in sorted(self.notes):
            yield bytes((NOTE_OFF | channel, pitch, 0))
        for channel in sorted(self._pedals):
            yield bytes((CONTROL | channel, SUSTAIN, 0))


def frames(pending: bytearray) -> Iterator[bytes]:
    """Take the whole frames off the front of what has come; the rest waits for more."""
    while pending and len(pending) > pending[0]:
        end = 1 + pending[0]
        frame = bytes(pending[1:end])
        del pending[:end]
        yield frame


def main(wanted: str) -> None:
    """Open the port and serve it until the input ends."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # whoever sends them to all ends the input, too
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    try:
        out = open_port(wanted)
    except PortError as err:
        _say(f"failed {err}")
        return
    _say(f"open {out.api} {out.name}")
    _serve(out)


def _serve(out: MidiOut) -> None:
    held, pending = Held(), bytearray()
    while chunk := os.read(sys.stdin.fileno(), _CHUNK):
        pending += chunk
        for data in frames(pending):
            if data:
                held.hear(data)
                out.send(data)
            elif out.alive():
                _say(".")
            else:
                _say("gone")
                os._exit(1)  # closing the port would wait for its server for ever
    if out.alive():
        for data in held.offs():
            out.send(data)
        clock = MonotonicClock()
        clock.sleep_until(clock.now() + LINGER_S)
        out.close()


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # the player was killed; the end of the input comes next
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
