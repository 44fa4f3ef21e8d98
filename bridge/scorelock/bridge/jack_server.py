"""A JACK server without sound hardware, for benches and tests on machines that have no MIDI."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.ports import ApiStatus, midi_status
from scorelock.engine.errors import MissingPart

PERIOD: Final = 128  # frames of 48 kHz: 2.7 ms
PRIORITY: Final = 20  # above ours


@contextmanager
def jack_server(name: str) -> Iterator[ApiStatus]:
    """A JACK server without sound hardware, for this process and its children.

    Any name but "default" leaves a user's own server alone. It asks for real-time scheduling, as a
    musician's does, where the system allows it: else it loses messages on a busy machine.

    Raises:
        MissingPart: jackd is not installed, or does not start.
    """
    jackd = shutil.which("jackd")
    if jackd is None:
        raise MissingPart("expected a MIDI system, found none; on Debian: apt-get install jackd2")
    before = dict(os.environ)
    os.environ |= {"JACK_DEFAULT_SERVER": name, "JACK_NO_AUDIO_RESERVATION": "1"}
    scheduling = ["-R", "-P", str(PRIORITY)] if _may_be_realtime() else ["-r"]
    driver = ["-d", "dummy", "-r", "48000", "-p", str(PERIOD)]
    server = subprocess.Popen(
        [jackd, "-n", name, *scheduling, *driver],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield _await_jack(server)
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(5.0)
        server.kill()
        server.wait()
        for key in ("JACK_DEFAULT_SERVER", "JACK_NO_AUDIO_RESERVATION"):
            os.environ.pop(key, None)
        os.environ |= before


def _may_be_realtime() -> bool:
    """Whether a process may have a real-time priority: clients fail to start where one may not."""
    try:
        import resource
    except ImportError:  # no POSIX system
        return False
    limit = getattr(resource, "RLIMIT_RTPRIO", None)  # Linux
    return limit is not None and (
        os.geteuid() == 0 or resource.getrlimit(limit)[0] in range(PRIORITY, 100)
    )


def _await_jack(server: "subprocess.Popen[bytes]") -> ApiStatus:
    clock = MonotonicClock()
    for _ in range(50):
        clock.sleep_until(clock.now() + 0.1)
        for api in midi_status().apis:
            if api.name == "JACK" and api.available:
                return api
        if server.poll() is not None:
            break
    raise MissingPart("expected jackd to start, it did not; try: jackd -r -d dummy")
