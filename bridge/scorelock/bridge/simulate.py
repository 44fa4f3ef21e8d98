"""A host that is not there: REAPER's OSC datagrams for a script of moves, and its true position.

The schedule is computed, not slept through: `reaper` gives every datagram with its time, so that
the same script can be replayed on a manual clock or sent over the network by `HostSimulator`.
"""

import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from scorelock.bridge.clock import Clock
from scorelock.bridge.transport import Pause, Position, Roll, Stop

Move = Roll | Stop | Pause | Position
"""What the user does in the host, and when in seconds from the script's start; Position locates."""

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
    """

    from_s: float
    playhead_s: float = 0.0
    cursor_s: float = 0.0
    mode: type[Roll | Stop | Pause] = Stop

    def at(self, time_s: float) -> "HostState":
        """The same, seen from a later moment."""
        moved_s = time_s - self.from_s if self.mode is Roll else 0.0
        return replace(self, from_s=time_s, playhead_s=self.playhead_s + moved_s)

    def after(self, move: Move) -> "HostState":
        """What a move makes of it."""
        now = self.at(move.at_s)
        match move:
            case Position(position_s=position_s):
                return replace(now, playhead_s=position_s, cursor_s=position_s)
            case Roll() if self.mode is Stop:
                return replace(now, playhead_s=now.cursor_s, mode=Roll)
            case Stop():
                return replace(now, playhead_s=now.cursor_s, mode=Stop)
            case _:
                return replace(now, mode=type(move))

    @property
    def reported_s(self) -> float:
        """REAPER reports the playhead while it plays, else the edit cursor."""
        return self.playhead_s if self.mode is Roll else self.cursor_s

    @property
    def lights(self) -> dict[str, float]:
        """The transport's buttons in REAPER's order."""
        return {
            "/stop": float(self.mode is not Roll),
            "/pause": float(self.mode is Pause),
            "/play": float(self.mode is Roll),
        }


class TimedDatagram(NamedTuple):
    """A datagram and when it leaves, in seconds from the script's start."""

    at_s: float
    data: bytes


def host_at(moves: Sequence[Move], time_s: float) -> HostState:
    """The true state of the host at a moment of a script, whose moves are in time order."""
    state = HostState(0.0)
    for move in moves:
        if move.at_s > time_s:
            break
        state = state.after(move)
    return state.at(time_s)


def reaper(
    moves: Sequence[Move],
    until_s: float,
    *,
    reports_hz: float = REPORTS_HZ,
    delay_s: float = 0.0,
    seed: int = 0,
) -> Iterator[TimedDatagram]:
    """REAPER's default pattern for a script: a bundle of changed lights, then positions.

    Args:
        moves: in time order.
        until_s: the script's end.
        reports_hz: reports a second; only changed positions are sent.
        delay_s: each datagram leaves up to that much late, evenly spread.
        seed: of the delays.
    """
    delays = np.random.default_rng(seed)
    told: dict[str, float] = {}
    left_s = 0.0
    ticks = [index / reports_hz for index in range(int(until_s * reports_hz) + 1)]
    changes = [move.at_s for move in moves if move.at_s <= until_s]
    for at_s, is_tick in sorted([*((t, True) for t in ticks), *((t, False) for t in changes)]):
        state = host_at(moves, at_s)
        news = {"/time": state.reported_s} if is_tick else state.lights
        changed = {address: value for address, value in news.items() if told.get(address) != value}
        if not told and is_tick:
            continue  # nothing is said before the first move
        told |= changed
        if changed:
            left_s = max(left_s, at_s + float(delays.uniform(0, delay_s)))
            yield TimedDatagram(left_s, osc_bundle(changed))


def osc_bundle(values: dict[str, float]) -> bytes:
    """A bundle to be heeded at once, of one float an address."""
    bundle = OscBundleBuilder(IMMEDIATELY)
    for address, value in values.items():
        message = OscMessageBuilder(address)
        message.add_arg(value, OscMessageBuilder.ARG_TYPE_FLOAT)
        bundle.add_content(message.build())
    datagram: bytes = bundle.build().dgram
    return datagram


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
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
                for at_s, data in self._datagrams:
                    self._clock.sleep_until(self.start_s + at_s)
                    for address in self._to:
                        udp.sendto(data, address)
        except OSError as err:
            self.failure = err
