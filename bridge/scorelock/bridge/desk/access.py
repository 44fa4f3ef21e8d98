"""Who may ask for what: the rules, as plain functions of what a request says and when it came.

A browser shows any page on the internet pages of this machine, if they let it: a foreign page may
open sockets here, and a foreign name may be made to point here (DNS rebinding). So the name asked
for must be ours, and a page that speaks must have come from us.
"""

import ipaddress
import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Listener = Literal["desk", "room"]
"""The loopback's, with everything, and the network's, for players."""
METHODS: Final = ("GET", "HEAD")

_HOST: Final = re.compile(
    r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?", re.IGNORECASE | re.ASCII
)


def host_allowed(host: str | None, reached: tuple[str, int], names: frozenset[str]) -> bool:
    """Whether a request's Host is the place it reached: its address or one of our names, and port.

    Args:
        host: as the request has it.
        reached: the address and port of ours that took the connection.
        names: what else we are called, in lower case.
    """
    found = _HOST.fullmatch(host or "")
    if found is None or int(found[2] or 80) != reached[1]:
        return False
    name = found[1].lower().strip("[]")
    return name in names or _address(name) == _address(reached[0]) is not None


def _address(text: str) -> str | None:
    """An IP address in one spelling; None where it is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def origin_allowed(origin: str | None, host: str, *, socket: bool) -> bool:
    """Whether the page that asks is ours. `host` is allowed already.

    Browsers leave the Origin out of what a page loads from its own place, but never out of a
    WebSocket's opening (RFC 6455, 10.2).
    """
    return not socket if origin is None else origin.lower() == f"http://{host.lower()}"


def fetch_allowed(headers: Mapping[str, str]) -> bool:
    """Whether a page of another place may have this: only a user who follows a link to it, not a
    frame that may ask for one export after the other.

    Browsers say so themselves (Fetch Metadata); what says nothing is judged by Host and Origin.
    """
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin") or (
        headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
    )


def security_headers(listener: Listener, host: str | None) -> dict[str, str]:
    """What a browser is told about every answer. `host` is allowed already; None for a refusal.

    The isolation policies hold only on https and on loopback; elsewhere browsers complain of them.
    """
    sockets = "" if host is None else f" ws://{host}"  # Safari before 15.4 has none in 'self'
    headers = {
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; "
            "img-src 'self' blob: data:; media-src 'self' blob:; "
            f"connect-src 'self'{sockets}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": (
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
            "midi=(), display-capture=(), screen-wake-lock=(self)"
        ),
        "cache-control": "no-cache",
    }
    if listener == "desk":
        headers["cross-origin-opener-policy"] = "same-origin"
        headers["cross-origin-embedder-policy"] = "require-corp"
    return headers


@dataclass(slots=True)
class Bucket:
    """A rate: tokens come in at `rate` a second, up to `burst`, and one is taken each time."""

    rate: float
    burst: float
    _left: float = field(init=False)
    _at_s: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._left = self.burst

    def take(self, now_s: float) -> bool:
        """Whether there was one."""
        self._fill(now_s)
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def empty(self, now_s: float) -> bool:
        """Whether there is none."""
        self._fill(now_s)
        return self._left < 1

    def _fill(self, now_s: float) -> None:
        since_s = 0.0 if self._at_s is None else max(0.0, now_s - self._at_s)
        self._left = min(self.burst, self._left + self.rate * since_s)
        self._at_s = now_s


DESK_RATE: Final = (200.0, 400.0)
PLAYER_RATE: Final = (20.0, 60.0)
"""Messages a second from one page, and at once."""
GUESS_RATE: Final = (1.0, 10.0)
"""Wrong tokens from one address."""
MOST_GUESSERS: Final = 4096


class Guesses:
    """Wrong tokens, by address: who has guessed too often waits before the next is looked at."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        """By address; who guessed last is the last."""

    def too_many(self, address: str, now_s: float) -> bool:
        """Whether this address has to wait."""
        bucket = self._buckets.get(address)
        return bucket is not None and bucket.empty(now_s)

    def wrong(self, address: str, now_s: float) -> None:
        """This address has guessed, and failed."""
        self._buckets.setdefault(address, Bucket(*GUESS_RATE)).take(now_s)
        self._buckets.move_to_end(address)
        if len(self._buckets) > MOST_GUESSERS:  # a flood from everywhere
            self._buckets.popitem(last=False)


MOST_DESKS: Final = 32
MOST_PLAYERS: Final = 2000
MOST_FROM_ONE: Final = 250
"""Pages from one address of the network; many players may be behind one router."""


class Seats:
    """How many pages may be open at once, in all and from one address of the network."""

    def __init__(self, most: int, most_from_one: int = MOST_FROM_ONE) -> None:
        self._most, self._most_from_one = most, most_from_one
        self._taken: dict[str, int] = {}

    def take(self, address: str) -> bool:
        """Whether there was a seat; then it is taken."""
        taken = self._taken.get(address, 0)
        home = (found := _address(address)) is not None and ipaddress.ip_address(found).is_loopback
        if sum(self._taken.values()) >= self._most or (taken >= self._most_from_one and not home):
            return False
        self._taken[address] = taken + 1
        return True

    def free(self, address: str) -> None:
        """Give a seat back."""
        self._taken[address] -= 1
        if not self._taken[address]:
            del self._taken[address]
