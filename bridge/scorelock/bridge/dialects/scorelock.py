"""What Scorelock itself is told over OSC while it plays, from a tablet or a show controller.

/scorelock/latency ,f 12.5     the host is heard so many milliseconds later than it reports
/scorelock/lead ,s "reaper"    who leads, as the status line calls it; "" is the next one heard
/scorelock/panic               silence now; with an argument, if it is not 0, as buttons send
"""

from scorelock.bridge.chaser import LONGEST_LATENCY_S
from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Setup,
    measure,
    number,
    text,
)
from scorelock.bridge.transport import Latency, Lead, Panic


class Scorelock(Dialect):
    """The user's wishes."""

    name = "scorelock"
    is_host = False

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self.words = {
            "/scorelock/latency": self._latency,
            "/scorelock/lead": lambda args, at_s: (Lead(at_s, text(args)),),
            "/scorelock/panic": self._panic,
        }

    def _latency(self, args: Args, at_s: float) -> Events:
        latency_s = measure(args) / 1000
        if abs(latency_s) > LONGEST_LATENCY_S:
            raise Ignored("latency too long")
        return (Latency(at_s, latency_s),)

    def _panic(self, args: Args, at_s: float) -> Events:
        return (Panic(at_s),) if not args or number(args) else ()
