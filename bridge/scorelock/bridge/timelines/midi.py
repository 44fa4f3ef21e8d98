"""A time line over MIDI: a port, a reader of what comes in, and a thread that asks the port."""

import threading
from collections.abc import Iterable, Iterator
from typing import Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.ports import MidiIn
from scorelock.bridge.timelines.timeline import Reader, Receiver

POLL_S: Final = 0.002


class MidiTimeline:
    """Follows what comes in at a port, which it closes at the end.

    The port is asked 500 times a second; see `RtMidiIn` for why it does not call. What lay there
    is stamped as `arrivals` has it, so a stamp is at most that late and never early, which is what
    the sync clock expects of reports.
    """

    def __init__(self, port: MidiIn, reader: Reader, clock: Clock) -> None:
        self.address = f'MIDI input "{port.name}"'
        self.ignored = reader.ignored
        self._port = port
        self._reader = reader
        self._clock = clock
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, receiver: Receiver) -> None:
        """Hand on what comes from now on; what came before is dropped, it was not stamped."""
        self._thread = threading.Thread(
            target=self._run, args=(receiver,), name="midi", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop, and give the port back."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        self._port.close()

    def _run(self, receiver: Receiver) -> None:
        self._port.read()
        asked_s = self._clock.now()
        while not self._ending.is_set():
            came = self._port.read()
            now_s = self._clock.now()
            for at_s, data in arrivals(came, asked_s, now_s):
                if events := self._reader.hear(data, at_s):
                    receiver(events, at_s)
            if events := self._reader.expire(now_s):
                receiver(events, now_s)
            asked_s = now_s
            self._clock.sleep_until(now_s + POLL_S)


def arrivals(
    came: Iterable[tuple[float, bytes]], asked_s: float, now_s: float
) -> Iterator[tuple[float, bytes]]:
    """When each message arrived: the newest now, those before as far apart as the system says.

    Args:
        came: seconds after the message before, and the message, as `MidiIn.read` gives them.
        asked_s: when the port was empty last: none came before.
        now_s: when it was emptied now.
    """
    messages = list(came)
    early_s = sum(after_s for after_s, _ in messages[1:])
    for index, (after_s, data) in enumerate(messages):
        early_s -= after_s if index else 0.0
        yield min(max(asked_s, now_s - early_s), now_s), data
