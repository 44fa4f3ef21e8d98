"""What a show is set to: with what is heard it decides every message, so a log begins with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scorelock.engine.key import Key
from scorelock.engine.score import Performance
from scorelock.engine.timebase import FrameRate


class Late(StrEnum):
    """What becomes of a note whose time came long ago; each is counted."""

    PLAY = "play"  # it is struck if it still sounds, else dropped
    DROP = "drop"
    COUNT = "count"  # it is struck all the same, if only for an instant


class OnStop(StrEnum):
    """What is heard when the host stops, or its cursor moves while it stands."""

    SILENCE = "silence"
    CHORD = "chord"  # what sounds there rings for a moment


@dataclass(frozen=True, slots=True)
class Lane:
    """Where a part goes: an output, from 0, and a channel of it, 0..15."""

    port: int = 0
    channel: int = 0


@dataclass(frozen=True, slots=True)
class Expression:
    """Controllers that follow the loudness.

    Attributes:
        loudness: one a second of the film, 0..1.
        controllers: such as 1 (modulation) and 11 (expression).
        lanes: where they go.
    """

    loudness: tuple[float, ...]
    controllers: tuple[int, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class TimecodeTo:
    """MIDI timecode of the host's time line: frames a second, and the output."""

    rate: FrameRate
    port: int


@dataclass(frozen=True, slots=True)
class ClockTo:
    """MIDI clock from the film's start on: quarter notes a minute, and the output."""

    bpm: float
    port: int


@dataclass(frozen=True, slots=True)
class OscTo:
    """What happens, as OSC: the key that chords are spelt in, the hits in film seconds, and the
    output.
    """

    key: Key
    hits_s: tuple[float, ...]
    port: int


@dataclass(frozen=True, slots=True)
class Show:
    """The notes so far, and how they are played.

    Attributes:
        performance: the notes, in film seconds; their channels are those of the parts.
        film_start_s: the host's time at the film's first frame.
        latency_s: how much later than its reports the host is heard, at first.
        latencies: of hosts by name, as `leader.Host.is_called` has it, when they lead.
        lanes: where the notes of a part's channel go; others keep it, at output 0.
        ports: how many outputs there are.
        late: what becomes of late notes.
        on_stop: what is heard while the host stands.
        lead: who is to lead, as `leader.Host.is_called` has it; None for the first heard.
        expression: controllers that go with the notes.
        timecode_out, clock_out, osc_out: what others follow.
    """

    performance: Performance
    film_start_s: float = 0.0
    latency_s: float = 0.0
    latencies: Mapping[str, float] = field(default_factory=dict)
    lanes: Mapping[int, Lane] = field(default_factory=dict)
    ports: int = 1
    late: Late = Late.PLAY
    on_stop: OnStop = OnStop.SILENCE
    lead: str | None = None
    expression: Expression | None = None
    timecode_out: TimecodeTo | None = None
    clock_out: ClockTo | None = None
    osc_out: OscTo | None = None

    def lane(self, channel: int) -> Lane:
        """Where notes of a part's channel go."""
        return self.lanes.get(channel) or Lane(0, channel)
