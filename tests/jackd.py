"""A JACK server without sound hardware, and a second process that listens to a port of it."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.jack_server import jack_server

SERVER = "scorelock-tests"

# It polls: a callback into Python holds the server up, and then messages are lost or repeated.
_LISTENER = """
import sys
import time
from threading import Thread

import rtmidi

port = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="listener", queue_size_limit=10_000)
names = port.get_ports()
port.open_port(next(i for i, name in enumerate(names) if name.endswith(sys.argv[1])))
print("ready", flush=True)
end = Thread(target=sys.stdin.read)
end.start()
while end.is_alive():
    time.sleep(0.005)
    while message := port.get_message():
        print(bytes(message[0]).hex(), flush=True)
"""


@contextmanager
def running_jack(name: str = SERVER) -> Iterator[None]:
    """A server of our own, so that a user's is left alone; skips where there can be none."""
    if shutil.which("jackd") is None:
        pytest.skip("needs JACK: jackd is not installed")
    with jack_server(name):
        yield


class Listener:
    """Another process: what it prints is what really came out of the port."""

    def __init__(self, port: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LISTENER, port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"ready\n"

    def heard(self) -> list[bytes]:
        """End it, and give all that it heard."""
        clock = MonotonicClock()
        clock.sleep_until(clock.now() + 0.3)  # what was sent last is still on its way
        out, _ = self._process.communicate(timeout=10)
        return [bytes.fromhex(line.decode()) for line in out.split()]
