"""Ardour, and Mixbus with the same surface: 10 times a second what changed, each its own datagram.

    /position/time ,s "00:00:02.922"     /position/samples ,s "140288"      (the same moment)
    /loop_toggle ,f 0  /transport_play ,f 1  /toggle_roll ,f 1  /transport_stop ,f 0
    /rewind ,f 0  /ffwd ,f 0             always these six; again at every wrap of the loop
    /heartbeat ,f 1.0                    about every second, rolling or not
It is silent until it is asked with /set_surface; a reset sends positions that are blank. Only
/transport_stop tells whether it rolls: /transport_play is 1 at exactly the usual speed. A locate
that stops it says nothing at all but its position.

Source: Ardour/ardour, libs/surfaces/osc/{osc,osc_global_observer}.cc; manual.ardour.org, OSC
feedback; a capture of Ardour 7.3. The sample rate is not told: it is found from both positions.
"""

import re
from typing import Final

from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Loop,
    Request,
    Setup,
    flag,
    measure,
    number,
    one,
    text,
)
from scorelock.bridge.transport import Position, Rate, Roll, Stop

FEEDBACK: Final = 8 + 16 + 32 + 64 + 1024 + 2048
"""Heartbeat, transport, bars and beats, timecode, samples, hours to milliseconds."""
RENEW_S: Final = 10.0  # a host that was restarted has forgotten us
ASK_SPEED_S: Final = 1.0
SAMPLE_RATES: Final = (44_100, 48_000, 88_200, 96_000, 176_400, 192_000)


class Ardour(Dialect):
    """Ardour and Mixbus."""

    name = "ardour"
    port = 3819

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._loop = Loop()
        self._rolls = False
        self._silent_beats = 0
        self._milliseconds: int | None = None
        self._rates: tuple[int, ...] = SAMPLE_RATES
        self.words = {
            "/position/time": self._time,
            "/position/samples": self._samples,
            "/transport_stop": self._stop,
            "/transport_play": lambda args, at_s: (Rate(at_s, 1.0),) if number(args) else (),
            "/rewind": lambda args, at_s: (Rate(at_s, -1.0),) if number(args) else (),
            "/ffwd": flag(),
            "/toggle_roll": flag(),
            "/loop_toggle": lambda args, at_s: self._loop.switch(at_s, bool(number(args))),
            "/transport_speed": one(Rate, measure),
            "/heartbeat": self._heartbeat,
        }

    def greeting(self) -> tuple[Request, ...]:
        """Register for feedback at our port, and ask for the speed, which is never told unasked."""
        surface = (0, 0, FEEDBACK, 0, 0, 0, self.setup.reply_port)
        return (
            Request("/set_surface", surface, RENEW_S),
            Request("/transport_speed", (), ASK_SPEED_S),
        )

    def _time(self, args: Args, at_s: float) -> Events:
        """Milliseconds, cut off; the samples of the same moment follow, unless not asked for."""
        match = re.fullmatch(r"([0-9]{2,3}):([0-9]{2}):([0-9]{2})\.([0-9]{3})", text(args))
        if match is None:
            raise Ignored("not a time")
        hours, minutes, secs, thousandths = map(int, match.groups())
        samples_follow = self._milliseconds is None and len(self._rates) == 1
        self._milliseconds = ((hours * 60 + minutes) * 60 + secs) * 1000 + thousandths
        self._silent_beats = 0
        return () if samples_follow else (Position(at_s, self._milliseconds / 1000),)

    def _samples(self, args: Args, at_s: float) -> Events:
        """Exact, once the sample rate is the only one that fits what /position/time said."""
        words = text(args)
        if not re.fullmatch(r"[0-9]{1,15}", words):
            raise Ignored("not a number of samples")
        samples, milliseconds = int(words), self._milliseconds
        self._milliseconds = None
        if milliseconds is None:
            if len(self._rates) != 1:
                raise Ignored("sample rate not known yet")
        else:
            fitting = [rate for rate in self._rates if samples * 1000 // rate == milliseconds]
            self._rates = tuple(fitting) or SAMPLE_RATES
        return (Position(at_s, samples / self._rates[0]),) if len(self._rates) == 1 else ()

    def _stop(self, args: Args, at_s: float) -> Events:
        self._rolls = not number(args)
        self._silent_beats = 0
        return (Roll(at_s),) if self._rolls else (Stop(at_s),)

    def _heartbeat(self, args: Args, at_s: float) -> Events:
        """Two of them without a position between: it stands, though it did not say so."""
        number(args)
        self._silent_beats += 1
        if not self._rolls or self._silent_beats < 2:
            return ()
        self._rolls = False
        return (Stop(at_s),)
