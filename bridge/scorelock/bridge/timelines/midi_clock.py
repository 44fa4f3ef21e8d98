"""MIDI clock with song position: bytes in, transport events out.

MIDI 1.0, System Real Time and System Common messages: F8 is a tick, 24 to a quarter note; FA starts
from 0, FB goes on, FC stops; F2 lsb msb is the song position in sixteenths. After FA and FB the
first F8 is the place itself. There are no seconds in it: the time between ticks is measured, and a
song position is worth what its quarters last at that tempo, as if the piece had one tempo.
"""

from collections import Counter
from typing import Final

from scorelock.bridge.timelines.loop_filter import LoopFilter
from scorelock.bridge.transport import Position, Roll, Stop, Tempo, TransportEvent

TICKS: Final = 24  # a quarter note
SILENCE_S: Final = 0.25  # that mean stop, or, at the slowest tempos,
SILENT_TICKS: Final = 3  # this many ticks that did not come
STARTING_BPM: Final = 120.0
_SIXTEENTH: Final = TICKS // 4
_BANDWIDTH_HZ: Final = 0.5
_NEW_TEMPO: Final = 0.002  # of the tempo that was told last


class ClockReader:
    """Follows one sender.

    Args:
        bpm: the tempo by which a song position is read until ticks have told another.

    Attributes:
        ignored: messages that say nothing, by reason.
    """

    def __init__(self, bpm: float = STARTING_BPM) -> None:
        self.ignored: Counter[str] = Counter()
        self._loop = LoopFilter(60 / (TICKS * bpm), _BANDWIDTH_HZ)
        self._heard_s = 0.0
        self._next_s = 0.0  # the position of the next tick
        self._ahead_s = 0.0  # how far that is past the position of the newest tick
        self._rolling = False
        self._armed = False  # started or sent elsewhere, and no tick since
        self._told_bpm = 0.0

    def hear(self, data: bytes, at_s: float) -> list[TransportEvent]:
        """Read a whole message. Whatever the bytes, nothing is raised."""
        events = self.expire(at_s)
        match list(data):
            case [0xF8]:
                return events + self._tick(at_s)
            case [0xFA]:
                self._arm(0.0)
            case [0xFB]:
                self._arm(self._next_s)
            case [0xFC]:
                self._armed = False
                events += self._stop(at_s)
            case [0xF2, low, high] if low < 0x80 and high < 0x80:
                self._next_s = (high << 7 | low) * _SIXTEENTH * self._loop.period_s
                events += self._moved(at_s)
            case [0xFE]:
                pass  # active sensing
            case _:
                self.ignored["not MIDI clock"] += 1
        return events

    def expire(self, now_s: float) -> list[TransportEvent]:
        """A clock that has been silent has stopped."""
        silent_s = max(SILENCE_S, SILENT_TICKS * self._loop.period_s)
        if now_s - self._heard_s <= silent_s:
            return []
        self._loop.restart()
        return self._stop(now_s)

    def _arm(self, position_s: float) -> None:
        """The next tick is at that position, and rolls."""
        self._next_s = position_s
        self._armed = True

    def _moved(self, at_s: float) -> list[TransportEvent]:
        """The song position was set: shown while it stands, jumped to while it rolls."""
        if self._rolling:
            self._armed = True
            return []
        return [Position(at_s, self._next_s)]

    def _tick(self, at_s: float) -> list[TransportEvent]:
        self._heard_s = at_s
        before_s, fresh = self._loop.at_s, self._armed
        self._loop.tick(at_s)
        events = self._measured(at_s)
        if not (self._rolling or fresh):
            return events
        if not fresh:
            self._next_s += self._loop.at_s - before_s - self._ahead_s
        events.append(Position(at_s, self._next_s))
        if not self._rolling:
            events.append(Roll(at_s))
        self._rolling, self._armed = True, False
        self._ahead_s = self._loop.period_s
        self._next_s += self._ahead_s
        return events

    def _measured(self, at_s: float) -> list[TransportEvent]:
        """The tempo, once a quarter note has told it, and when it has changed."""
        bpm = 60 / (TICKS * self._loop.period_s)
        if self._loop.seen <= TICKS or abs(bpm - self._told_bpm) <= _NEW_TEMPO * bpm:
            return []
        self._told_bpm = bpm
        return [Tempo(at_s, bpm)]

    def _stop(self, at_s: float) -> list[TransportEvent]:
        rolled, self._rolling = self._rolling, False
        return [Stop(at_s)] if rolled else []
