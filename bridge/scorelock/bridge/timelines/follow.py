"""Where a host is followed, from a user's words, such as mtc:PORT, jack or mpv:SOCKET."""

from collections.abc import Callable
from typing import Final

from scorelock.bridge.clock import Clock
from scorelock.bridge.ports import VIRTUAL, open_input
from scorelock.bridge.timelines.jack_client import JackTimeline
from scorelock.bridge.timelines.jack_transport import JackTransport
from scorelock.bridge.timelines.ltc import LtcPort
from scorelock.bridge.timelines.midi import MidiTimeline
from scorelock.bridge.timelines.midi_clock import ClockReader
from scorelock.bridge.timelines.mpv import MpvTimeline
from scorelock.bridge.timelines.mtc import MtcReader
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

OSC: Final = "osc"


def open_timeline(wanted: str, clock: Clock, rate: FrameRate | None = None) -> Timeline:
    """Open what "mtc:PORT", "clock:PORT", "ltc:PORT", "jack" or "mpv:SOCKET" names; no PORT is a
    new one of ours.

    Args:
        wanted: the user's words.
        clock: the time.
        rate: the host's true frame rate, if known: MTC and LTC have no code for 23.976 and 29.97
            non-drop.

    Raises:
        BadSetting: none of these, or no place where a socket can be.
        MissingPart: a library or the system lacks what is needed.
        PortError: no such port, or the system refused it.
    """
    kind, _, where = wanted.partition(":")
    if kind not in _KINDS:
        raise BadSetting(
            "expected --follow osc, mtc:PORT, clock:PORT, ltc:PORT, jack or mpv:SOCKET "
            f"(PORT: a MIDI input's name, or virtual; of LTC a JACK port), got {wanted!r}"
        )
    return _KINDS[kind](where, clock, rate)


def _mtc(where: str, clock: Clock, rate: FrameRate | None) -> Timeline:
    return MidiTimeline(open_input(where or VIRTUAL), MtcReader(rate), clock)


def _clock(where: str, clock: Clock, rate: FrameRate | None) -> Timeline:
    return MidiTimeline(open_input(where or VIRTUAL), ClockReader(), clock)


def _jack(where: str, clock: Clock, rate: FrameRate | None) -> Timeline:
    if where:
        raise BadSetting(f"expected --follow jack, there is one transport, got jack:{where}")
    return JackTimeline(JackTransport(clock), clock)


def _ltc(where: str, clock: Clock, rate: FrameRate | None) -> Timeline:
    return JackTimeline(LtcPort(where, clock, rate), clock)


def _mpv(where: str, clock: Clock, rate: FrameRate | None) -> Timeline:
    return MpvTimeline(where, clock)


_KINDS: Final[dict[str, Callable[[str, Clock, FrameRate | None], Timeline]]] = {
    "mtc": _mtc,
    "clock": _clock,
    "ltc": _ltc,
    "jack": _jack,
    "mpv": _mpv,
}
