"""Where other devices find this machine."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from typing import Final

from scorelock.engine.errors import PortError

ELSEWHERE: Final = "203.0.113.1", 9
"""An address that nobody has (RFC 5737): the way to it is the way to any other machine."""


def address() -> str:
    """This machine's IPv4 address in a network: that of the default route, or else of its name.

    The name is looked up only where there is no way out: a name service that does not answer takes
    many seconds.

    Raises:
        PortError: there is none.
    """
    for each in chain(_of_the_way_out(), _of_the_name()):
        if not each.startswith(("127.", "0.")):
            return each
    raise PortError(
        "expected a network that players are in, this machine is in none; join one, or name "
        "an address with --address"
    )


def _of_the_way_out() -> Iterator[str]:
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)  # of a datagram socket: chooses the way, and sends nothing
        yield str(probe.getsockname()[0])


def _of_the_name() -> Iterator[str]:
    with suppress(OSError):
        for *_, found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET):
            yield str(found[0])
