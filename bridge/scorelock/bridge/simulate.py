"""A host that is not there: the OSC datagrams of a script of moves, and its true position.

The schedule is computed, not slept through: `script` gives every datagram with its time, so that
the same moves can be replayed on a manual clock or sent over the network by `HostSimulator`. How
each host words them is in `simulated_hosts`.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage

from scorelock.bridge.clock import Clock
from scorelock.bridge.osc import Argument, encode
from scorelock.bridge.realtime import prefer_this_thread
from scorelock.bridge.transport import LoopRange, Pause, Position, Rate, Repeat, Roll, Stop, Tempo

Move = Roll | Stop | Pause | Position | Rate | LoopRange | Repeat | Tempo
"""What the user does in the host, and when in seconds from the script's start; Position locates."""
Words = Mapping[str, tuple[Argument, ...]]
"""Messages by their addresses."""

REPORTS_HZ: Final = 15.0
SEND_DELAY_S: Final = 0.016
"""How much later one report may go out than another: REAPER's sending thread sleeps 6 to 22 ms."""


@dataclass(frozen=True, slots=True)
class HostState:
    """A host's transport from a moment on.

    Attributes:
        from_s: that moment, in seconds from the script's start.
        playhead_s: the playhead at that moment.
        cursor_s: the edit cursor, from which playing starts.
        mode: Roll, Stop or Pause.
        rate: seconds of the time line in a second of rolling.
        loop_s: where the loop begins and ends.
        repeats: whether it is on.
        wraps: how often it went back.
        bpm: quarter notes a minute, the same everywhere.
    """

    from_s: float
    playhead_s: float = 0.0
    cursor_s: float = 0.0
    mode: type[Roll | Stop | Pause] = Stop
    rate: float = 1.0
    loop_s: tuple[float, float] = (0.0, 0.0)
    repeats: bool = False
    wraps: int = 0
    bpm: float = 120.0

    def at(self, time_s: float) -> "HostState":
        """The same, seen from a later moment."""
        moved_s = (time_s - self.from_s) * self.rate if self.mode is Roll else 0.0
        playhead_s, wraps = self.playhead_s + moved_s, self.wraps
        start_s, end_s = self.loop_s
        if self.repeats and self.playhead_s < end_s <= playhead_s:
            turns, over_s = divmod(playhead_s - end_s, end_s - start_s)
            playhead_s, wraps = start_s + over_s, wraps + 1 + int(turns)
        return replace(self, from_s=time_s, playhead_s=playhead_s, wraps=wraps)

    def after(self, move: Move) -> "HostState":
        """What a move makes of it."""
        now = self.at(move.at_s)
        match move:
            case Position(position_s=position_s):
                return replace(now, playhead_s=position_s, cursor_s=position_s)
            case Rate(rate=rate):
                return replace(now, rate=rate)
            case LoopRange(start_s=start_s, end_s=end_s):
                return replace(now, loop_s=(start_s, end_s))
            case Repeat(on=on):
                return replace(now, repeats=on)
            case Tempo(bpm=bpm):
                return replace(now, bpm=bpm)
            case Roll() if self.mode is Stop:
                return replace(now, playhead_s=now.cursor_s, mode=Roll)
            case Stop():
                return replace(now, playhead_s=now.cursor_s, mode=Stop)
            case _:
                return replace(now, mode=type(move))

    @property
    def reported_s(self) -> float:
        """Most hosts report the playhead while they play, else the edit cursor."""
        return self.playhead_s if self.mode is Roll else self.cursor_s


class TimedDatagram(NamedTuple):
    """A datagram and when it leaves, in seconds from the script's start."""

    at_s: float
    data: bytes


class SimulatedHost(NamedTuple):
    """How a host words what it does.

    Attributes:
        lights: what it says when something was done; only what changed is sent.
        report: what it says at every tick; likewise.
        reports_hz: ticks a second.
        delay_s: how much later one datagram may leave than another.
        bundled: whether what is said at once is one datagram.
        whole: whether its lights are sent all together, and at each wrap, whatever changed.
    """

    lights: Callable[[HostState], Words]
    report: Callable[[HostState], Words]
    reports_hz: float
    delay_s: float
    bundled: bool = False
    whole: bool = False


def host_at(moves: Sequence[Move], time_s: float) -> HostState:
    """The true state of the host at a moment of a script, whose moves are in time order."""
    state = HostState(0.0)
    for move in moves:
        if move.at_s > time_s:
            break
        state = state.after(move)
    return state.at(time_s)


def script(
    host: SimulatedHost, moves: Sequence[Move], until_s: float, *, seed: int = 0
) -> Iterator[TimedDatagram]:
    """What a host sends for a script: its lights when they change, its report at every tick.

    Args:
        host: whose words.
        moves: in time order.
        until_s: the script's end.
        seed: of the delays, which are evenly spread.
    """
    delays = np.random.default_rng(seed)
    told: dict[bool, Words] = {False: {}, True: {}}  # the newest lights, the newest report
    left_s, wraps = 0.0, 0
    ticks = [index / host.reports_hz for index in range(int(until_s * host.reports_hz) + 1)]
    changes = [move.at_s for move in moves if move.at_s <= until_s]
    if not changes:
        return
    for at_s, is_tick in sorted([*((t, True) for t in ticks), *((t, False) for t in changes)]):
        if at_s < changes[0]:
            continue  # nothing is said before the first move
        state = host_at(moves, at_s)
        news = host.report(state) if is_tick else host.lights(state)
        changed = {a: args for a, args in news.items() if told[is_tick].get(a) != args}
        if host.whole and changed and not is_tick:
            changed = dict(news)
        if host.whole and state.wraps != wraps:
            changed = {**host.lights(state), **changed}
        wraps = state.wraps
        told[is_tick] = news
        if changed:
            left_s = max(left_s, at_s + float(delays.uniform(0, host.delay_s)))
            yield from (TimedDatagram(left_s, data) for data in _datagrams(changed, host.bundled))


def reaper(
    moves: Sequence[Move],
    until_s: float,
    *,
    reports_hz: float = REPORTS_HZ,
    delay_s: float = 0.0,
    seed: int = 0,
) -> Iterator[TimedDatagram]:
    """REAPER's default pattern for a script: a bundle of changed lights, then positions."""
    host = SimulatedHost(reaper_lights, _time, reports_hz, delay_s, bundled=True)
    return script(host, moves, until_s, seed=seed)


def reaper_lights(state: HostState) -> Words:
    """The transport's buttons in REAPER's order, then what else its pattern has."""
    lights: dict[str, tuple[Argument, ...]] = {
        "/stop": (float(state.mode is not Roll),),
        "/pause": (float(state.mode is Pause),),
        "/play": (float(state.mode is Roll),),
        "/repeat": (float(state.repeats),),
        "/playrate/raw": (state.rate,),
    }
    if state.loop_s != (0.0, 0.0):
        lights["/loop/start/time"], lights["/loop/end/time"] = ((s,) for s in state.loop_s)
    return lights


def _time(state: HostState) -> Words:
    return {"/time": (state.reported_s,)}


def osc_bundle(values: Mapping[str, float]) -> bytes:
    """A bundle to be heeded at once, of one float an address."""
    (datagram,) = _datagrams({address: (float(v),) for address, v in values.items()}, bundled=True)
    return datagram


def _datagrams(words: Words, bundled: bool) -> list[bytes]:
    packets = [encode(address, args) for address, args in words.items()]
    if not bundled:
        return packets
    bundle = OscBundleBuilder(IMMEDIATELY)
    for packet in packets:
        bundle.add_content(OscMessage(packet))
    return [bundle.build().dgram]


class HostSimulator:
    """Sends a script's datagrams over UDP, each at its time, from a thread of its own."""

    def __init__(
        self, datagrams: Iterator[TimedDatagram], to: Sequence[tuple[str, int]], clock: Clock
    ) -> None:
        self._datagrams = datagrams
        self._to = to
        self._clock = clock
        self._thread = threading.Thread(target=self._run, name="host", daemon=True)
        self.start_s = 0.0
        self.failure: Exception | None = None

    def start(self, start_s: float) -> None:
        """Begin the script at a time of the clock."""
        self.start_s = start_s
        self._thread.start()

    def join(self) -> None:
        """Wait for the script's end.

        Raises:
            OSError: the network refused a datagram.
        """
        self._thread.join()
        if self.failure is not None:
            raise self.failure

    def _run(self) -> None:
        prefer_this_thread()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                for at_s, data in self._datagrams:
                    self._clock.sleep_until(self.start_s + at_s)
                    for address in self._to:
                        udp.sendto(data, address)
        except OSError as err:
            self.failure = err
