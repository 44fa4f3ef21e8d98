"""Hosts that say nothing until they are asked: whom to ask, and what."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from scorelock.bridge.dialects import DIALECTS, Peer, Request, Setup
from scorelock.bridge.osc_in import parse_address
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

ASKED: Final = tuple(
    name for name, dialect in DIALECTS.items() if dialect(Setup(FrameRate(Fraction(25)))).greeting()
)
"""Dialects whose hosts want to be asked."""


def question(wanted: str, rate: FrameRate, reply_port: int) -> tuple[Peer, Sequence[Request]]:
    """What to send where, for "NAME", "NAME@HOST" or "NAME@HOST:PORT".

    Raises:
        BadSetting: no such host, or one that need not be asked; says which there are.
    """
    name, _, place = wanted.partition("@")
    if name not in ASKED:
        raise BadSetting(
            f"expected a --host of {', '.join(ASKED)}, such as {ASKED[0]} or "
            f"{ASKED[0]}@192.168.1.5, got {wanted!r}; the others need not be asked"
        )
    dialect = DIALECTS[name](Setup(rate, reply_port))
    address = place or "127.0.0.1"
    if ":" not in address or address.endswith("]"):
        if dialect.port is None:
            raise BadSetting(
                f"expected a port for {name}, which has none of its own: {name}@HOST:PORT, got "
                f"{wanted!r}"
            )
        address = f"{address}:{dialect.port}"
    return parse_address(address), dialect.greeting()
