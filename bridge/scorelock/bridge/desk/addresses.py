"""Where other devices find this machine."""

import socket
from contextlib import suppress
from typing import Final

from scorelock.engine.errors import PortError

ELSEWHERE: Final = "203.0.113.1", 9
"""An address that nobody has (RFC 5737): the way to it is the way to any other machine."""


def addresses() -> tuple[str, ...]:
    """This machine's IPv4 addresses in networks, that of the default route first.

    Raises:
        PortError: there is none.
    """
    found: dict[str, None] = {}
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(ELSEWHERE)  # of a datagram socket: chooses the way, and sends nothing
        found[probe.getsockname()[0]] = None
    with suppress(OSError):
        named = socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)
        found |= dict.fromkeys(str(address[0]) for *_, address in named)
    networks = tuple(each for each in found if not each.startswith(("127.", "0.")))
    if not networks:
        raise PortError(
            "expected a network that players are in, this machine is in none; join one, or name "
            "an address with --address"
        )
    return networks
