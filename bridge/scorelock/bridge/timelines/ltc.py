"""Linear timecode: sound in at a port of ours on JACK, transport events out; libltc decodes it.

SMPTE ST 12-1, linear timecode: 80 bits a frame, told by when a square wave changes its sign. Bits 0
to 63 have the time in decimal digits, each least bit first, and a flag for drop-frame numbering;
the last 16 are the sync word, which also tells the direction. A frame's first bit begins with the
frame it names, so when its last bit ends, the next frame begins: that is the position, to the
sample. Backwards it ends with its first bit, where the frame itself begins.

The rate is not in it. It is the one that the last number of a second tells, and until a second has
ended the one nearest to the pace. 50 and 60 frames a second are counted in pairs, as 25 and 30.
Nothing says stop but silence.
"""

import ctypes
import ctypes.util
import weakref
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.bridge.clock import Clock
from scorelock.bridge.ports import CLIENT
from scorelock.bridge.transport import Position, Rate, Roll, Stop, TransportEvent
from scorelock.engine.errors import BadSetting, MissingPart, PortError
from scorelock.engine.timebase import FrameRate, Timecode

RATES: Final = tuple(FrameRate(Fraction(fps)) for fps in (24, 25, 30))
DROP: Final = FrameRate(Fraction(30000, 1001), drop=True)
SILENCE_S: Final = 0.15  # that mean stop, or, when it is slow,
SILENT_FRAMES: Final = 3.5  # this many frames that did not come
_MEASURED: Final = 12  # frames that tell the pace
_OFF: Final = 0.0005  # by more than this, and by what a frame's end
_EDGE_S: Final = 0.0001  # may be wrong, the pace is another
_QUIETEST: Final = 0.002  # of full scale, -54 dB: less is taken for silence
_FADING: Final = 0.99  # of the greatest level, with each block of sound
_LOOK_S: Final = 0.05  # between looks at the server's clock,
_LOOKS: Final = 20  # of which the least late counts
_CONNECT_S: Final = 1.0
_CENTRE, _LOUD = 128, 100  # libltc takes eight bits a sample


@dataclass(frozen=True, slots=True)
class LtcFrame:
    """A frame of timecode: its ten bytes, when it ended, and whether it ran backwards."""

    data: bytes
    ended_s: float
    reverse: bool


class LtcReader:
    """Follows one sender.

    Args:
        rate: the sender's true rate where its numbers do not tell it, such as 23.976, which counts
            as 24 does; None, or one that counts otherwise, takes LTC at its word.

    Attributes:
        ignored: frames that say nothing, by reason.
    """

    def __init__(self, rate: FrameRate | None = None) -> None:
        self.ignored: Counter[str] = Counter()
        self._true = None if rate is None else _in_pairs(rate)
        self._rate = self._true  # the one that it is read by
        self._before: dict[FrameRate, int] = {}  # the newest frame's number by each rate it may be
        self._ends_s: deque[float] = deque(maxlen=_MEASURED + 1)  # of frames in a row
        self._step = 1
        self._pace = 1.0  # that was told last
        self._rolling = False
        self._heard_s = 0.0
        self._silent_s = SILENCE_S
        self._position_s = 0.0

    def hear(self, frame: LtcFrame, now_s: float) -> list[TransportEvent]:
        """Read a frame; its position is told as of now. Whatever the bytes, nothing is raised."""
        events = self.expire(now_s)
        numbers = self._numbers(frame.data)
        if numbers:
            self._heard_s = now_s
        else:
            self.ignored["not a time"] += 1
        step = -1 if frame.reverse else 1
        on = {
            rate: number
            for rate, number in numbers.items()
            if rate in self._before and (number - self._before[rate] - step) % _day(rate) == 0
        }
        if not on or step != self._step or frame.ended_s <= self._ends_s[-1]:
            on = numbers
            self._ends_s.clear()
        self._before, self._step = on, step
        self._ends_s.append(frame.ended_s)
        if len(self._ends_s) < 2 or not on:  # one alone may be misread
            return events
        return events + self._tell(on, now_s)

    def expire(self, now_s: float) -> list[TransportEvent]:
        """A sender that has been silent for some frames has stopped where it was."""
        if now_s - self._heard_s <= self._silent_s:
            return []
        return self.lose(now_s)

    def lose(self, now_s: float) -> list[TransportEvent]:
        """No more comes."""
        self._before = {}
        if not self._rolling:
            return []
        self._rolling = False
        return [Stop(now_s), Position(now_s, self._position_s)]

    def _numbers(self, data: bytes) -> dict[FrameRate, int]:
        """The frame's number by each rate that has such a time; none has one that is misread."""
        digits = [data[i] & mask for i, mask in enumerate((15, 3, 15, 7, 15, 7, 15, 3))]
        frames, seconds, minutes, hours = (
            low + 10 * high for low, high in zip(digits[::2], digits[1::2], strict=True)
        )
        if max(digits) > 9 or hours > 23:
            return {}
        numbers = {}
        for rate in self._rates(bool(data[1] & 4)):
            try:
                time = Timecode.parse(f"{hours}:{minutes}:{seconds}:{frames}", rate)
            except BadSetting:
                continue
            numbers[rate] = time.frame
        return numbers

    def _rates(self, drop: bool) -> Sequence[FrameRate]:
        """The rates that may be meant, the true one in the place of the one it counts as."""
        true = self._true
        if drop:
            return (DROP,)
        return [
            FrameRate(true.fps) if true is not None and true.nominal == rate.nominal else rate
            for rate in RATES
        ]

    def _tell(self, on: dict[FrameRate, int], now_s: float) -> list[TransportEvent]:
        spaces, span_s = len(self._ends_s) - 1, self._ends_s[-1] - self._ends_s[0]
        if self._rate not in on:
            self._rate = min(on, key=lambda rate: abs(rate.fps - spaces / span_s))
        fps = float(self._rate.fps)
        pace = self._step * spaces / (fps * span_s)
        near = _OFF + _EDGE_S / span_s
        if abs(pace - self._step) < near:
            pace = float(self._step)
        events: list[TransportEvent] = []
        if abs(pace - self._pace) >= near:
            self._pace = pace
            events.append(Rate(now_s, pace))
        self._silent_s = max(SILENCE_S, SILENT_FRAMES / (fps * abs(self._pace)))
        ended = on[self._rate] + (self._step > 0)
        self._position_s = ended / fps + self._pace * (now_s - self._ends_s[-1])
        events.append(Position(now_s, self._position_s))
        if not self._rolling:
            self._rolling = True
            events.append(Roll(now_s))
        return events


class LtcDecoder:
    """libltc's decoder (LGPL-3, interface 11, as of its ltc.h): sound in, frames out.

    Args:
        samples: about how many a frame of timecode has, to begin with.

    Raises:
        MissingPart: libltc is not installed.
    """

    def __init__(self, samples: int) -> None:
        self._library = _libltc()
        self._decoder = ctypes.c_void_p(self._library.ltc_decoder_create(samples, 64))
        weakref.finalize(self, self._library.ltc_decoder_free, self._decoder)
        self._level = 0.0

    def write(self, sound: NDArray[np.float32], at: int) -> list[tuple[bytes, int, bool]]:
        """Take in a block of sound whose first sample has that number.

        Returns:
            Of each frame that has ended: its ten bytes, the number of the sample where it ended,
            and whether it ran backwards.
        """
        sound = np.nan_to_num(sound, posinf=0.0, neginf=0.0)
        self._level = max(float(np.abs(sound).max(initial=0.0)), self._level * _FADING)
        gain = _LOUD / self._level if self._level > _QUIETEST else 0.0
        samples = (_CENTRE + gain * sound).astype(np.uint8).tobytes()
        self._library.ltc_decoder_write(
            self._decoder, samples, ctypes.c_size_t(len(samples)), ctypes.c_longlong(at)
        )
        frames, frame = [], _FrameExt()
        while self._library.ltc_decoder_read(self._decoder, ctypes.byref(frame)):
            frames.append((bytes(frame.ltc), frame.off_end + 1, bool(frame.reverse)))
        return frames


class ServerClock:
    """When on our clock a frame of the server's count is.

    The count has 32 bits and goes round. A look at it is held up after the count was taken, if at
    all, so of the last looks the least late is the truest.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._frame: int | None = None
        self._late_s: deque[float] = deque(maxlen=_LOOKS)
        self._looked_s = -_LOOK_S

    def look(self, count: int, now_s: float) -> None:
        """The count was this, at most a little before now."""
        if now_s - self._looked_s >= _LOOK_S:
            self._looked_s = now_s
            self._frame = self.frame(count)
            self._late_s.append(now_s - self._frame / self._rate)

    def frame(self, count: int) -> int:
        """The count as if it did not go round."""
        if self._frame is None:
            return count
        return self._frame + (count - self._frame + (1 << 31)) % (1 << 32) - (1 << 31)

    def at_s(self, frame: int) -> float:
        """When a frame is; one look must have been taken."""
        return frame / self._rate + min(self._late_s)


class LtcPort:
    """A port of ours for sound on JACK, as a source of `JackTimeline`.

    Args:
        wanted: the name of the port that sends, or a part that only it has; it is connected
            whenever it is there. Empty leaves connecting to the user.
        clock: the time.
        rate: as of `LtcReader`.

    Raises:
        MissingPart: libltc is not installed.
    """

    client = f"{CLIENT} LTC"

    def __init__(self, wanted: str, clock: Clock, rate: FrameRate | None) -> None:
        _libltc()
        self.address = f'LTC from "{wanted}"' if wanted else f'LTC at JACK port "{self.client}:in"'
        self._wanted = wanted
        self._clock = clock
        self._reader = LtcReader(rate)
        self.ignored = self._reader.ignored
        self._blocks: deque[tuple[int, bytes]] = deque(maxlen=1 << 12)
        self._client: Any = None
        self._port: Any = None
        self._time = ServerClock(1)
        self._decoder: LtcDecoder | None = None
        self._look_again_s = 0.0
        self._delay = 0

    def attach(self, client: Any) -> None:  # noqa: ANN401 - JACK-Client has no types
        """Make the port.

        Raises:
            PortError: no port, or more than one, has the name that is wanted.
        """
        if self._wanted:
            self._senders(client)
        self._client, self._port = client, client.inports.register("in")
        self._time = ServerClock(client.samplerate)
        self._decoder = LtcDecoder(client.samplerate // 25)
        self._blocks.clear()
        self._look_again_s = 0.0
        client.set_process_callback(self._process)

    def read(self) -> tuple[Sequence[TransportEvent], float]:
        """Decode what has come."""
        assert self._decoder is not None
        count = self._client.frame_time
        self._time.look(count, self._clock.now())
        heard = []
        while self._blocks:
            begins, block = self._blocks.popleft()
            sound = np.frombuffer(block, np.float32)
            heard += self._decoder.write(sound, self._time.frame(begins))
        now_s = self._clock.now()
        events = []
        for data, end, reverse in heard:
            frame = LtcFrame(data, self._time.at_s(end - self._delay), reverse)
            events += self._reader.hear(frame, now_s)
        events += self._reader.expire(now_s)
        if now_s >= self._look_again_s:
            self._look_again_s = now_s + _CONNECT_S
            self._connect()
        return events, now_s

    def lose(self, now_s: float) -> Sequence[TransportEvent]:
        """The server has gone."""
        return self._reader.lose(now_s)

    def _process(self, frames: int) -> None:
        """Called by the server's thread, each period: as little as can be."""
        self._blocks.append((self._client.last_frame_time, bytes(self._port.get_buffer())))

    def _connect(self) -> None:
        """Connect to the port that is wanted, if it is there and was not; see who sends."""
        senders = self._port.connections
        if self._wanted and not senders:
            try:
                (sender,) = self._senders(self._client)
                self._client.connect(sender, self._port)
            except PortError:  # it is away
                return
        # What a sound card gives in a period came in during the one before (JACK's drivers).
        physical = any(sender.is_physical for sender in self._port.connections)
        self._delay = self._client.blocksize if physical else 0

    def _senders(self, client: Any) -> Sequence[Any]:  # noqa: ANN401 - JACK-Client has no types
        ports = client.get_ports(is_audio=True, is_output=True)
        found = [port for port in ports if port.name == self._wanted] or [
            port for port in ports if self._wanted.casefold() in port.name.casefold()
        ]
        if len(found) != 1:
            there = ", ".join(f'"{port.name}"' for port in found or ports) or "none"
            raise PortError(
                f'expected one JACK port that sends sound named "{self._wanted}", found: {there}; '
                "choose one with --follow ltc:NAME, or make one of ours with --follow ltc"
            )
        return found


class _FrameExt(ctypes.Structure):
    """LTCFrameExt of ltc.h."""

    _fields_ = (
        ("ltc", ctypes.c_ubyte * 10),
        ("off_start", ctypes.c_longlong),
        ("off_end", ctypes.c_longlong),
        ("reverse", ctypes.c_int),
        ("biphase_tics", ctypes.c_float * 80),
        ("sample_min", ctypes.c_ubyte),
        ("sample_max", ctypes.c_ubyte),
        ("volume", ctypes.c_double),
    )


def _libltc() -> ctypes.CDLL:
    name = ctypes.util.find_library("ltc")
    if name is None:
        raise MissingPart(
            "expected libltc to read linear timecode, found none; on Debian or Ubuntu: "
            "apt-get install libltc11, on macOS: brew install libltc"
        )
    library = ctypes.CDLL(name)
    library.ltc_decoder_create.restype = ctypes.c_void_p
    return library


def _in_pairs(rate: FrameRate) -> FrameRate:
    """The rate at which frames are counted."""
    return FrameRate(rate.fps / 2, rate.drop) if rate.nominal > 30 else rate


def _day(rate: FrameRate) -> int:
    """Frames in 24 hours of timecode."""
    return Timecode.parse(f"23:59:59:{rate.nominal - 1}", rate).frame + 1
