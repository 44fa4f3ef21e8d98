"""A JACK server that is followed: our client there, and a thread that looks at it.

JACK-Client (the optional part `jack`) reaches the system's libjack. The server may stop and come
again: a client whose server has gone is closed, and a new one is opened when there is a server.
"""

import importlib
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Protocol

from scorelock.bridge.clock import Clock
from scorelock.bridge.timelines.timeline import Receiver
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.errors import MissingPart, PortError

POLL_S: Final = 0.002
RETRY_S: Final = 0.5


class JackSource(Protocol):
    """What a time line reads from its client."""

    client: str  # what we are called at the server
    address: str
    ignored: Counter[str]

    def attach(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no types
        """Make ports and callbacks at a client that is not active yet.

        Raises:
            PortError: what it should be connected to is not there.
        """
        ...

    def read(self) -> tuple[Sequence[TransportEvent], float]:
        """What has happened up to now, and now."""
        ...

    def lose(self, now_s: float) -> Sequence[TransportEvent]:
        """What it means that the server has gone."""
        ...


class JackTimeline:
    """Follows a source at the JACK server, also when that goes and comes again.

    Raises:
        MissingPart: JACK-Client or libjack is not installed, or no server runs.
        PortError: what the source should be connected to is not there.
    """

    def __init__(self, source: JackSource, clock: Clock) -> None:
        self.ignored = source.ignored
        self._source = source
        self._clock = clock
        self._ending = threading.Event()
        self._gone = threading.Event()
        self._thread: threading.Thread | None = None
        self._client: Any = None
        self._open()
        self.address = source.address

    def start(self, receiver: Receiver) -> None:
        """Hand on what happens from now on."""
        self._thread = threading.Thread(
            target=self._run, args=(receiver,), name="jack", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop, and leave the server."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._leave()

    def _run(self, receiver: Receiver) -> None:
        while not self._ending.is_set():
            if self._client is None:
                try:
                    self._open()
                except (MissingPart, PortError):  # told when it was opened first
                    self._ending.wait(RETRY_S)
                continue
            if self._gone.is_set():
                self._leave()
                at_s = self._clock.now()
                events = self._source.lose(at_s)
            else:
                events, at_s = self._source.read()
            if events:
                receiver(events, at_s)
            self._clock.sleep_until(at_s + POLL_S)

    def _open(self) -> None:
        jack = load_jack()
        try:
            client = jack.Client(self._source.client, no_start_server=True)
        except jack.JackError as err:
            raise MissingPart(
                "expected a JACK server to follow, none runs; start it, such as with: "
                "jackd -d alsa, or qjackctl"
            ) from err
        gone = threading.Event()
        client.set_shutdown_callback(lambda status, reason: gone.set())
        try:
            self._source.attach(client)
            client.activate()
        except jack.JackError as err:
            client.close()
            raise PortError(f"expected the JACK server to take us, it said: {err}") from err
        except PortError:
            client.close()
            raise
        self._client, self._gone = client, gone

    def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def load_jack() -> Any:  # noqa: ANN401 - JACK-Client has no types
    """The module of JACK-Client, told to be quiet: libjack writes to stderr of its own accord.

    Raises:
        MissingPart: it or libjack is not installed.
    """
    try:
        jack = importlib.import_module("jack")
    except (ImportError, OSError) as err:  # it raises OSError where libjack is not found
        raise MissingPart(
            f"expected JACK-Client and libjack to follow JACK, got: {err}; "
            "pip install 'scorelock[jack]', on Debian or Ubuntu apt-get install libjack-jackd2-0"
        ) from err
    jack.set_error_function(_hush)
    jack.set_info_function(_hush)
    return jack


def _hush(message: str) -> None:
    """Errors reach us as exceptions and callbacks."""
