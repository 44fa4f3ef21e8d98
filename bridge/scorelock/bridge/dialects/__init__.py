"""How hosts speak: one module a dialect, from an OSC address to what it means.

`hosts` understands all of them at once; `read` makes a datagram's bytes into events. Adding a host
is adding a module and its line here.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from scorelock.bridge.dialects.abletonosc import AbletonOsc
from scorelock.bridge.dialects.ardour import Ardour
from scorelock.bridge.dialects.contract import (
    Dialect,
    Ignored,
    Peer,
    Reading,
    Request,
    Setup,
)
from scorelock.bridge.dialects.detect import AnyHost
from scorelock.bridge.dialects.digital_performer import DigitalPerformer
from scorelock.bridge.dialects.disguise import Disguise
from scorelock.bridge.dialects.drivenbymoss import DrivenByMoss
from scorelock.bridge.dialects.learned import Learned
from scorelock.bridge.dialects.mapping import Mapping
from scorelock.bridge.dialects.millumin import Millumin
from scorelock.bridge.dialects.mitti import Mitti
from scorelock.bridge.dialects.qlab import QLab
from scorelock.bridge.dialects.reaper import Reaper
from scorelock.bridge.dialects.resolume import Resolume
from scorelock.bridge.dialects.scorelock import Scorelock
from scorelock.bridge.dialects.timecode import GenericTimecode
from scorelock.bridge.osc import BadPacket, decode
from scorelock.engine.timebase import FrameRate

__all__ = [
    "DIALECTS",
    "Dialect",
    "Ignored",
    "Mapping",
    "Peer",
    "Reading",
    "Request",
    "Setup",
    "hosts",
    "read",
]

_ALL: Final[tuple[type[Dialect], ...]] = (
    DrivenByMoss,  # before REAPER: it takes less for its own
    Reaper,
    GenericTimecode,
    Ardour,
    AbletonOsc,
    QLab,
    Mitti,
    Millumin,
    Resolume,
    Disguise,
    DigitalPerformer,
)
DIALECTS: Final[dict[str, Callable[[Setup], Dialect]]] = {each.name: each for each in _ALL}
"""Every dialect by its name."""


def hosts(rate: FrameRate, reply_port: int = 0, learned: Mapping | None = None) -> Dialect:
    """All dialects at once, each peer with its own, and what Scorelock itself is told.

    Args:
        rate: of timecode text.
        reply_port: where hosts that want to know it are told to answer; 0 for where the question
            came from.
        learned: a host of the user's own, whose words win over all others'.
    """
    first = None if learned is None else partial(Learned, mapping=learned)
    return AnyHost(Setup(rate, reply_port), (*_ALL, Scorelock), first)


def read(dialect: Dialect, datagram: bytes, at_s: float, peer: Peer | None = None) -> Reading:
    """Read a datagram that arrived at at_s from a peer. Whatever the bytes, nothing is raised."""
    try:
        messages = decode(datagram)
    except BadPacket:
        return Reading((), ("not OSC",))
    return dialect.hear(messages, at_s, peer)
