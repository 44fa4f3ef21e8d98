"""JACK's transport: looks at it in, transport events out.

JACK's transport has one position for all its clients, in frames of the server's sample rate, and
rolls at that rate or not at all; a client that is slow to locate keeps it `starting` (JACK API,
transport.h). Its position is kept up between the server's periods, so a look at any time is exact.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.ports import CLIENT
from scorelock.bridge.timelines.jack_client import load_jack
from scorelock.bridge.transport import Position, Roll, Stop, Tempo, TransportEvent

REPORT_S: Final = 0.05  # between reports while it rolls
JUMP_S: Final = 0.02  # a period that begins late moves the position by less
STALLED_S: Final = 0.5  # without a new period: the server hangs


@dataclass(frozen=True, slots=True)
class Look:
    """The transport at a time between two readings of our clock.

    Attributes:
        before_s: our clock's time before it was read.
        after_s: and after it.
        rolling: whether it rolls.
        position_s: where it is.
        bpm: quarter notes a minute there, if a client that keeps the tempo says so.
    """

    before_s: float
    after_s: float
    rolling: bool
    position_s: float
    bpm: float | None = None


class TransportReader:
    """Tells what changes from look to look."""

    def __init__(self) -> None:
        self._rolling = False
        self._position_s: float | None = None
        self._offsets_s = (0.0, 0.0)  # position less time, at least and at most
        self._reported_s = 0.0
        self._bpm: float | None = None

    def see(self, look: Look) -> list[TransportEvent]:
        """Compare with the look before. The events are stamped late rather than early, as reports
        are that come over a network.
        """
        at_s = look.after_s
        offsets_s = look.position_s - look.after_s, look.position_s - look.before_s
        jumps = (
            offsets_s[0] > self._offsets_s[1] + JUMP_S or offsets_s[1] < self._offsets_s[0] - JUMP_S
        )
        self._offsets_s = offsets_s
        events: list[TransportEvent] = []
        if look.bpm is not None and look.bpm != self._bpm:
            self._bpm = look.bpm
            events.append(Tempo(at_s, look.bpm))
        # JACK passes through `starting` when it locates, for a period: between two looks perhaps.
        if self._rolling and (jumps or not look.rolling):
            self._rolling = False
            events.append(Stop(at_s))
        begins = look.rolling and not self._rolling
        due = look.rolling and at_s - self._reported_s >= REPORT_S
        moved = not look.rolling and look.position_s != self._position_s
        if begins or due or moved:
            self._reported_s, self._position_s = at_s, look.position_s
            events.append(Position(at_s, look.position_s))
        if begins:
            self._rolling = True
            events.append(Roll(at_s))
        return events

    def lose(self, now_s: float) -> list[TransportEvent]:
        """The server has gone, and the transport with it."""
        rolled, self._rolling = self._rolling, False
        return [Stop(now_s)] if rolled else []


class JackTransport:
    """The transport of the server, as a source of `JackTimeline`."""

    client = f"{CLIENT} transport"
    address = "JACK transport"

    def __init__(self, clock: Clock) -> None:
        self.ignored: Counter[str] = Counter()
        self._clock = clock
        self._jack = load_jack()
        self._reader = TransportReader()
        self._client: Any = None
        self._freewheels = False
        self._period = (-1, 0.0)  # when it began on the server's clock, and was first seen on ours

    def attach(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no types
        """Take the client to ask."""
        client.set_freewheel_callback(self._freewheel)
        self._freewheels = False
        self._client = client

    def read(self) -> tuple[Sequence[TransportEvent], float]:
        """Look once; a server that hangs is not believed, its position would run on for ever."""
        state, place = self._client.transport_query_struct()
        period = place.usecs
        before_s = self._clock.now()
        frame = self._client.transport_frame
        after_s = self._clock.now()
        self._client.transport_query_struct()  # into the same place
        if place.usecs != period:
            return [], after_s  # state and frame may be of two periods
        if period != self._period[0]:
            self._period = period, after_s
        elif after_s - self._period[1] > STALLED_S:
            return [], after_s
        rolling = state == self._jack.ROLLING and not self._freewheels
        position_s = frame / self._client.samplerate
        look = Look(before_s, after_s, rolling, position_s, self._quarters(place))
        return self._reader.see(look), after_s

    def lose(self, now_s: float) -> Sequence[TransportEvent]:
        """The server has gone."""
        return self._reader.lose(now_s)

    def _freewheel(self, starts: bool) -> None:
        """A server that freewheels renders as fast as it can: nobody listens."""
        self._freewheels = starts

    def _quarters(self, place: Any) -> float | None:  # noqa: ANN401 - jack_position_t
        """Quarter notes a minute, where the position has bars and beats."""
        has_beats = place.valid & self._jack.POSITION_BBT and place.beat_type > 0
        return float(place.beats_per_minute * 4 / place.beat_type) if has_beats else None
