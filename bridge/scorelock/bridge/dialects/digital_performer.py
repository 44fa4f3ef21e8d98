"""Digital Performer: OSC over TCP, each message behind its length; it answers, and tells nothing.

    us: /TransportState/Get ,      /TransportState/Get ,i 2        0 stopped, 2 plays, 4 records
    us: /Get_Time ,i 6             /Get_Time ,d 57600              6 asks for samples
The sample rate is not told: it is found from how fast the samples go by while it plays.

Source: jms5194/MarkerMatic (its Digital Performer module).
"""

from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Request,
    Setup,
    measure,
    seconds,
)
from scorelock.bridge.transport import Position, Roll, Stop

SAMPLES: Final = 6
POLL_S: Final = 0.1
ALIVE_S: Final = 5.0
SAMPLE_RATES: Final = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
MEASURED_S: Final = 1.0  # over which samples are counted
EXACT: Final = 0.03  # of a rate; the two nearest differ by 8 %


class DigitalPerformer(Dialect):
    """Digital Performer."""

    name = "digital-performer"

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._rate: int | None = None
        self._plays = False
        self._first: tuple[float, float] | None = None  # arrival and samples
        self.words = {"/TransportState/Get": self._state, "/Get_Time": self._samples}

    def greeting(self) -> tuple[Request, ...]:
        """Ask again and again: for what it does, and where it is."""
        return (
            Request("/API_Version/Get", (), ALIVE_S),
            Request("/TransportState/Get", (), POLL_S),
            Request("/Get_Time", (SAMPLES,), POLL_S),
        )

    def _state(self, args: Args, at_s: float) -> Events:
        state = measure(args)
        if state not in (0, 2, 4):
            raise Ignored("unknown transport state")
        if self._plays != bool(state):
            self._first = None
        self._plays = bool(state)
        return (Roll(at_s),) if self._plays else (Stop(at_s),)

    def _samples(self, args: Args, at_s: float) -> Events:
        samples = seconds(args)
        if self._plays and self._rate is None:
            self._measure(samples, at_s)
        if self._rate is None:
            raise Ignored("sample rate not known yet")
        return (Position(at_s, samples / self._rate),)

    def _measure(self, samples: float, at_s: float) -> None:
        if self._first is None or samples < self._first[1]:
            self._first = at_s, samples
        elapsed_s = at_s - self._first[0]
        if elapsed_s >= MEASURED_S:
            counted = (samples - self._first[1]) / elapsed_s
            self._rate = next(
                (rate for rate in SAMPLE_RATES if abs(counted / rate - 1) < EXACT), None
            )
            self._first = at_s, samples
