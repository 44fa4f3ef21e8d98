"""Ableton Live through AbletonOSC: what is listened to, pushed about 10 times a second.

    /live/song/get/current_song_time ,f 64.02     quarter notes from the arrangement's start
    /live/song/get/is_playing ,T     /live/song/get/tempo ,f 120.0
    /live/song/get/loop ,T     .../get/loop_start ,f 16.0     .../get/loop_length ,f 8.0
Answers go to port 11001 of whoever asked last, whatever port it asked from. Listening again gives
the value at once, which is how a late comer, or a lost datagram, is made good.

Source: ideoforms/AbletonOSC (abletonosc/song.py, osc_server.py).
"""

from collections.abc import Callable
from typing import Final

from scorelock.bridge.dialects.beats import BeatTime
from scorelock.bridge.dialects.contract import (
    Args,
    Dialect,
    Events,
    Ignored,
    Loop,
    Request,
    Setup,
    number,
    positive,
    seconds,
)
from scorelock.bridge.transport import Position, Roll, Stop, Tempo

GET: Final = "/live/song/get/"
LISTENED: Final = ("tempo", "loop", "loop_start", "loop_length", "is_playing", "current_song_time")
RENEW_S: Final = 5.0


class AbletonOsc(Dialect):
    """Ableton Live through AbletonOSC."""

    name = "live"
    port = 11_000

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._time = BeatTime()
        self._loop = Loop()
        self._beat: float | None = None  # while it plays
        self._plays = False
        self._loop_start: float | None = None
        self._loop_length: float | None = None
        self.words = {
            f"{GET}current_song_time": self._song_time,
            f"{GET}is_playing": self._is_playing,
            f"{GET}tempo": self._tempo,
            f"{GET}loop": lambda args, at_s: self._loop.switch(at_s, bool(number(args))),
            f"{GET}loop_start": self._loop_at(lambda value: setattr(self, "_loop_start", value)),
            f"{GET}loop_length": self._loop_at(lambda value: setattr(self, "_loop_length", value)),
            "/live/error": _error,
        }

    def greeting(self) -> tuple[Request, ...]:
        """Listen, and again every few seconds: Live forgets when it loads, and knows one client."""
        return tuple(Request(f"/live/song/start_listen/{each}", (), RENEW_S) for each in LISTENED)

    def _song_time(self, args: Args, at_s: float) -> Events:
        beat = seconds(args)
        position_s = self._time.seconds(beat)
        self._beat = beat if self._plays else None
        return (Position(at_s, position_s),)

    def _is_playing(self, args: Args, at_s: float) -> Events:
        self._plays = bool(number(args))
        self._beat = None
        return (Roll(at_s),) if self._plays else (Stop(at_s),)

    def _tempo(self, args: Args, at_s: float) -> Events:
        bpm = positive(args)
        self._time.tell(bpm, self._beat)
        return Tempo(at_s, bpm), *self._range(at_s)

    def _loop_at(self, keep: Callable[[float], None]) -> Callable[[Args, float], Events]:
        def reader(args: Args, at_s: float) -> Events:
            keep(seconds(args))
            return self._range(at_s)

        return reader

    def _range(self, at_s: float) -> Events:
        """The loop in seconds, as far as its two words and the tempo were heard."""
        if self._loop_start is None or self._loop_length is None:
            return ()
        try:
            start_s = self._time.seconds(self._loop_start)
            end_s = self._time.seconds(self._loop_start + self._loop_length)
        except Ignored:
            return ()  # the tempo brings it
        return self._loop.move(at_s, start_s=start_s, end_s=end_s)


def _error(args: Args, at_s: float) -> Events:
    raise Ignored("the host reports an error")
