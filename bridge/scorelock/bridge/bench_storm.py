"""Storms: hosts and a user who say anything in any order, and an ear for what goes wrong.

All of the bridge but its threads, on a manual clock. A storm is drawn from a `random.Random`, so
that a number makes it again.
"""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from itertools import combinations
from typing import Final, NamedTuple

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.dialects import Peer, hosts, read
from scorelock.bridge.dialects.abletonosc import GET
from scorelock.bridge.follower import Follower
from scorelock.bridge.ledger import NOTE_OFF, NOTE_ON
from scorelock.bridge.osc import Argument, encode
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.ports import MidiPort
from scorelock.bridge.show import Lane, Late, OnStop, Show
from scorelock.bridge.simulate import osc_bundle
from scorelock.bridge.transport import TransportEvent
from scorelock.bridge.voice import sounds
from scorelock.engine.score import Note, Part, Performance
from scorelock.engine.timebase import FrameRate, Timecode

RATE: Final = FrameRate(Fraction(25))
SCORE: Final = Performance(
    (
        Part(
            "chords",
            tuple(
                Note(0.25 * index, length_s, 60 + (index + turn) % 3, 80, turn % 2)
                for index in range(32)
                for turn, length_s in enumerate((0.1, 0.25, 0.6))
            ),
        ),
    ),
    8.0,
)
"""Chords that overlap themselves on two channels: the same pitch is held by up to three notes."""
FURTHEST_S: Final = 10.0
"""That a position may be: beyond the score's end, too."""
SLACK_S: Final = 0.5
"""That the sync clock may be set back by without a locate, while a note has just begun."""
SILENCE_S: Final = 6.0
"""Without a word, which is a loss however slowly the host reported: five periods of a second."""
_KINDS: Final = "light light word noise jump jump loop roll roll roll".split()
_PERIOD_S: Final = 1 / 15
_SPEEDS: Final = (1.0, 1.0, 1.0, 0.5, 2.0, -1.0)
_RATES: Final = (1.0, 0.5, 2.0, -1.0, 0.0, -4.0, 16.0, 1e9, float("nan"), float("inf"))
_ABSURD: Final = (-1.0, 1e30, float("nan"), float("inf"))
_LIT: Final = (0.0, 1.0)
_EDGES: Final = (0.0, 1.0, 2.5, 2.55, 4.0, 7.0, 9.0)
"""Where loops begin and end, of which some are too short or the wrong way round."""


class Arrival(NamedTuple):
    """A datagram, when it arrives and from whom."""

    at_s: float
    peer: Peer
    data: bytes


class Storm(NamedTuple):
    """What the show is set to, what arrives, in time order, and how it ends: with a "stop" of the
    hosts, with their "silence", or with an "exit" of ours in its midst.
    """

    show: Show
    arrivals: Sequence[Arrival]
    end: str


class _Host(NamedTuple):
    """How a host of a storm speaks.

    Attributes:
        peer: from where.
        lights: whether it rolls.
        words: what else it may say that is no position.
        reports: where it is.
        loops: that it repeats from a second to another; nothing where it does not tell.
        stop: what makes it stand; None where only silence says so.
    """

    peer: Peer
    lights: Sequence[bytes]
    words: Sequence[bytes]
    reports: Callable[[float], Sequence[bytes]]
    loops: Callable[[float, float], Sequence[bytes]] = lambda start_s, end_s: ()
    stop: bytes | None = None


def storm(draw: random.Random) -> Storm:
    """One or two hosts that play, locate, loop, stop and change their rate, a user, and noise."""
    playing = draw.choice([*((host,) for host in _HOSTS), *combinations(_HOSTS, 2)])
    speakers = (*playing, *draw.choice([(), (_USER,)]))
    arrivals = sorted(arrival for host in speakers for arrival in _spoken(draw, host))
    stops = [(host.peer, host.stop) for host in playing if host.stop is not None]
    end = draw.choice(["silence", "exit"] + ["stop"] * (len(stops) == len(playing)))
    if end == "stop":
        arrivals += [Arrival(arrivals[-1].at_s, *stop) for stop in stops]
    lanes = draw.choice([{}, {1: Lane(1, 0)}])
    show = Show(
        SCORE,
        lanes=lanes,
        ports=1 + len(lanes),
        late=draw.choice(list(Late)),
        on_stop=draw.choice(list(OnStop)),
    )
    return Storm(show, arrivals, end)


def faults(seed: int) -> int:
    """Notes left on, offs without an on and double ons of the storm of that number."""
    blown = storm(random.Random(seed))
    stage = Stage(blown.show)
    stage.play(blown)
    return stage.left_on + sum(wrongs(data for _, data in out.sent) for out in stage.outs)


def wrongs(messages: Iterable[bytes]) -> int:
    """Double ons, offs without an on, and notes that are left on at the end."""
    down: set[tuple[int, int]] = set()
    wrong = 0
    for data in messages:
        key = data[0] & 0x0F, data[1]
        if data[0] & 0xF0 == NOTE_ON:
            wrong += key in down
            down.add(key)
        elif data[0] & 0xF0 == NOTE_OFF:
            wrong += key not in down
            down.discard(key)
    return wrong + len(down)


class Stage:
    """A session without its threads, on a manual clock.

    Attributes:
        outs: what was sent.
        left_on: notes that sounded on after their end, or after the hosts' stop or silence.
    """

    def __init__(self, show: Show) -> None:
        self.left_on = 0
        self._show = show
        self._clock = ManualClock()
        self._follower = Follower(show)
        self.outs = [RecordingOut(self._clock) for _ in self._follower.ledgers]
        self._dialect = hosts(RATE)
        self._wake_s = 0.0

    def play(self, storm: Storm) -> None:
        """Let it arrive and end."""
        with ExitStack() as stack:
            for out, ledger in zip(self.outs, self._follower.ledgers, strict=True):
                stack.enter_context(MidiPort(out, ledger))
            for at_s, peer, data in storm.arrivals:
                self._run_to(at_s)
                reading = read(self._dialect, data, at_s, peer)
                led = self._follower.leader.led
                self._advance(led(reading.source, peer, at_s, reading.events))
            if storm.end == "exit":
                return
            if storm.end == "silence" or storm.show.on_stop is OnStop.CHORD:
                self._run_to(self._clock.now() + SILENCE_S)
            self.left_on += sum(len(ledger.sounding) for ledger in self._follower.ledgers)

    def _run_to(self, at_s: float) -> None:
        while self._wake_s < at_s:
            self._clock.sleep_until(self._wake_s)
            self._advance(())
        self._clock.sleep_until(at_s)

    def _advance(self, events: Sequence[TransportEvent]) -> None:
        now_s = self._clock.now()
        due, fix, wake_s = self._follower.advance(events, now_s)
        for message in due:
            self.outs[message.port].send(message.data)
        # The clock reads floats: a wake that is due already comes a microsecond later.
        self._wake_s = max(wake_s, now_s + 1e-6)
        if sounds(fix) and fix.position_s is not None:
            self._look(fix.position_s)

    def _look(self, here_s: float) -> None:
        """Count what sounds though all its notes have ended, or are far from here."""
        over = [set(ledger.sounding) for ledger in self._follower.ledgers]
        if any(over):
            for note in SCORE.notes:
                if note.onset_s - SLACK_S <= here_s < note.end_s:
                    lane = self._show.lane(note.channel)
                    over[lane.port].discard((lane.channel, note.pitch))
            self.left_on += sum(map(len, over))


def _spoken(draw: random.Random, host: _Host) -> list[Arrival]:
    """All that one host says: words, noise, jumps, and reports as it rolls."""
    spoken: list[Arrival] = []
    at_s, position_s = draw.uniform(0, 0.5), 0.0
    for _ in range(draw.randint(1, 12)):
        kind = draw.choice(_KINDS)
        late_s = draw.choice((0.0, 0.02, 0.2))
        speed = draw.choice(_SPEEDS)
        said: Sequence[bytes] = ()
        if kind == "light":
            said = [draw.choice(host.lights)]
        elif kind == "word":
            said = [draw.choice(host.words)]
        elif kind == "noise":
            said = [draw.randbytes(draw.randrange(24))]
        elif kind == "jump":
            position_s = draw.uniform(0, FURTHEST_S)
            said = host.reports(position_s)
        elif kind == "loop":
            start_s = max(0.0, position_s - draw.random())
            said = host.loops(start_s, position_s + draw.uniform(0, 2))
        spoken += [Arrival(at_s, host.peer, data) for data in said]
        if kind != "roll":
            at_s += draw.choice((0.0, 0.03, 0.4, 1.2))
            continue
        for _ in range(draw.randint(1, 15)):
            at_s += _PERIOD_S
            position_s = max(0.0, position_s + speed * _PERIOD_S)
            came_s = at_s + draw.random() * late_s
            spoken += [Arrival(came_s, host.peer, data) for data in host.reports(position_s)]
    return spoken or [Arrival(at_s, host.peer, b"")]


def _words(values: Mapping[str, Sequence[Argument]]) -> tuple[bytes, ...]:
    """A message for each address and value."""
    return tuple(encode(address, (value,)) for address, some in values.items() for value in some)


def _ardour_time(position_s: float) -> tuple[bytes, ...]:
    total = int(1000 * position_s)
    return (encode("/position/time", (f"00:00:{total // 1000:02}.{total % 1000:03}",)),)


_REAPER: Final = _Host(
    ("192.0.2.1", 9000),
    lights=_words(dict.fromkeys(("/play", "/stop", "/pause"), _LIT)),
    words=_words(
        {"/repeat": _LIT}
        | dict.fromkeys(("/loop/start/time", "/loop/end/time"), _EDGES)
        | {"/playrate/raw": _RATES, "/time": _ABSURD}
    ),
    reports=lambda position_s: (encode("/time", (position_s,)),),
    loops=lambda start_s, end_s: (
        osc_bundle({"/loop/start/time": start_s, "/loop/end/time": end_s, "/repeat": 1.0}),
    ),
    stop=osc_bundle({"/stop": 1.0, "/play": 0.0}),
)
_ARDOUR: Final = _Host(
    ("192.0.2.2", 3819),
    lights=_words({"/transport_stop": _LIT}),
    words=_words(
        dict.fromkeys(("/transport_play", "/loop_toggle"), _LIT)
        | {"/rewind": _LIT, "/heartbeat": _LIT, "/transport_speed": _RATES}
    ),
    reports=_ardour_time,
    stop=encode("/transport_stop", (1.0,)),
)
_LIVE: Final = _Host(
    ("192.0.2.3", 11_000),
    lights=_words({f"{GET}is_playing": (True, False), f"{GET}tempo": (120.0,)}),
    words=_words(
        {
            f"{GET}tempo": (60.0, 1e-30),
            f"{GET}loop": (True, False),
            f"{GET}loop_start": _EDGES,
            f"{GET}loop_length": _EDGES,
            f"{GET}current_song_time": _ABSURD,
        }
    ),
    reports=lambda position_s: (encode(f"{GET}current_song_time", (2 * position_s,)),),
    loops=lambda start_s, end_s: (
        encode(f"{GET}tempo", (120.0,)),
        encode(f"{GET}loop_start", (2 * start_s,)),
        encode(f"{GET}loop_length", (2 * (end_s - start_s),)),
        encode(f"{GET}loop", (True,)),
    ),
    stop=encode(f"{GET}is_playing", (False,)),
)
_TIMECODE: Final = _Host(
    ("192.0.2.4", 9000),
    lights=_words({"/timecode": ("00:00:00:00",)}),
    words=_words({"/timecode": ("00:00:00:99", "no timecode", "23:59:59:24")}),
    reports=lambda position_s: (
        encode("/timecode", (str(Timecode.from_seconds(position_s, RATE)),)),
    ),
)
_USER: Final = _Host(
    ("192.0.2.9", 9000),
    lights=_words({"/scorelock/panic": _LIT}),
    words=_words(
        {
            "/scorelock/lead": ("", "reaper", "live", "nobody"),
            "/scorelock/latency": (0.0, 50.0, -50.0, float("nan"), 1e9),
        }
    ),
    reports=lambda position_s: (),
)
_HOSTS: Final = (_REAPER, _ARDOUR, _LIVE, _TIMECODE)
