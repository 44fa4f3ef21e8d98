"""What the desk orders of the process that plays, and what that tells: values that are pickled.

Times are of `MonotonicClock`, which is the same for both.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scorelock.bridge.chaser import State
from scorelock.bridge.show import Lane, Late, OnStop
from scorelock.bridge.transport import TransportEvent, Wish
from scorelock.engine.score import Note
from scorelock.engine.timebase import FrameRate

FILM, HOUSE = "film", "house"
"""Names of the two time lines that are always there: the browser's player, and our own."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a stage is set.

    Attributes:
        rate: of the film, and of timecode where nothing else is known.
        known_rate: of timecode, where it is known.
        listen: where hosts send OSC, "[tcp:]HOST:PORT"; None for nowhere.
        follow: another time line that can lead, as `scorelock live --follow` has it; "osc": none.
        host: a host that must be asked, as `scorelock live --host` has it.
        words: of a host that was learnt.
        lead: who leads first.
        film_start_s: the host's time at the film's first frame. The film's player and the house
            transport speak film seconds and are shifted by it.
        film_s: how long the film is; the house transport halts there.
        latency_s, latencies: as `Show` has them.
        late, on_stop: as `Show` has them.
        out: the output, as `scorelock live --midi-out` has it; None for none (the browser's voice).
    """

    rate: FrameRate
    known_rate: FrameRate | None = None
    listen: str | None = None
    follow: str = "osc"
    host: str | None = None
    words: Path | None = None
    lead: str | None = FILM
    film_start_s: float = 0.0
    film_s: float = math.inf
    latency_s: float = 0.0
    latencies: Mapping[str, float] = field(default_factory=dict)
    late: Late = Late.PLAY
    on_stop: OnStop = OnStop.SILENCE
    out: str | None = None


# Orders ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Play this from now on: what sounds and is still in it goes on, the rest is released, and what
    should sound by now is struck.

    Attributes:
        notes: in time order, in film seconds; their channels are those of the parts.
        duration_s: of the film.
        lanes: where the notes of a part's channel go.
    """

    notes: tuple[Note, ...]
    duration_s: float
    lanes: Mapping[int, Lane]


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Send to another output from now on (None: to none); answered by `OutIs`."""

    out: str | None


@dataclass(frozen=True, slots=True)
class Send:
    """Messages that choose sounds, at once."""

    messages: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Wished:
    """What the user wishes of the show."""

    wish: Wish


@dataclass(frozen=True, slots=True)
class FilmSaid:
    """What the browser's player did, in film seconds; the times may lie a little back."""

    events: tuple[TransportEvent, ...]


@dataclass(frozen=True, slots=True)
class HouseRolls:
    """The house transport rolls, from when on our clock."""

    at_s: float


@dataclass(frozen=True, slots=True)
class HouseHalts:
    """It stops, at once."""


@dataclass(frozen=True, slots=True)
class HouseLocates:
    """It goes there, rolling or not: film seconds; negative is before the film."""

    position_s: float


@dataclass(frozen=True, slots=True)
class HouseLoops:
    """It goes round there, film seconds; None ends it."""

    span_s: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class HouseSpeeds:
    """It rolls at this rate."""

    rate: float


HouseOrder = HouseRolls | HouseHalts | HouseLocates | HouseLoops | HouseSpeeds
Order = Load | TakeOut | Send | Wished | FilmSaid | HouseOrder


# What is told ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ready:
    """The stage plays: where it listens for OSC, and the output's name (None: none)."""

    listens: str | None
    out: str | None


@dataclass(frozen=True, slots=True)
class OutIs:
    """The output that is taken now; why: what kept another from being opened."""

    out: str | None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the film is; told when it is not where the last one said it would be (by 1 ms, or in
    rate, state, leader or loop), and once a second.

    Attributes:
        at_s: when.
        film_s: film seconds then, negative before the film; None where it is not known.
        rate: film seconds a second; 0 where it stands.
        state: what is known of the leader.
        leads: the leader's name; "" for nobody.
        loop_s: its loop, in film seconds, while it goes round.
    """

    at_s: float
    film_s: float | None
    rate: float
    state: State
    leads: str
    loop_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted so far; told once a second.

    Attributes:
        leads: who leads; others: who else was heard of late.
        sources: by dialect and machine or time line: "datagrams" and reasons to ignore some.
    """

    leads: str
    others: tuple[str, ...]
    sources: Mapping[str, Mapping[str, int]]
    latency_ms: float
    error_ms: float
    late_ms: float
    locates: int
    drop_outs: int
    notes_sent: int
    notes_late: int
    notes_left_on: int


@dataclass(frozen=True, slots=True)
class Struck:
    """Notes that were sent since the last such word: film seconds, pitch, velocity, channel as it
    was sent, and when it went out.
    """

    notes: tuple[tuple[float, int, int, int, float], ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A line for the user."""

    words: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The show has ended by itself: why. A stage that ends otherwise says nothing."""

    words: str


Told = Ready | OutIs | Moment | Counts | Struck | Said | Failed
