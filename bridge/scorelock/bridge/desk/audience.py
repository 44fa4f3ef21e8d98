"""Who looks at the desk, and what each of them should know.

A message is encoded once, however many pages there are; the newest of each kind is kept and given
to whoever joins. All of it belongs to the event loop's thread.
"""

from collections.abc import Callable
from typing import Final, Literal, Protocol

import msgspec

from scorelock.bridge.clock import Clock
from scorelock.bridge.desk.messages import Count, Played, Pong, Tell, Trouble, Welcome, Work

Role = Literal["desk", "player"]
ROLES: Final[tuple[Role, ...]] = ("desk", "player")

encode: Final = msgspec.json.Encoder().encode
_PASSING: Final = (Welcome, Pong, Played, Trouble)
"""Of the moment, or of one page: who joins later need not know."""


class Page(Protocol):
    """Somebody's browser."""

    @property
    def role(self) -> Role:
        """What it may see."""
        ...

    def send(self, data: bytes) -> None:
        """Send a message, encoded. Returns at once; a page that does not read is parted with."""
        ...


class Audience:
    """The pages that are open.

    Args:
        clock: the desk's, by which a counting-in is over.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pages: dict[Page, None] = {}  # a set that keeps the order of joining
        self._newest: dict[Role, dict[str, tuple[Tell, bytes]]] = {role: {} for role in ROLES}
        self._watchers: list[Callable[[int], None]] = []

    @property
    def players(self) -> int:
        """How many players' pages are open."""
        return self.count("player")

    def count(self, role: Role) -> int:
        """How many pages of a role are open."""
        return sum(page.role == role for page in self._pages)

    def watch(self, watcher: Callable[[int], None]) -> None:
        """Have somebody told the number of players whenever it changes."""
        self._watchers.append(watcher)

    def join(self, page: Page) -> None:
        """A page opens: it is given what its like know."""
        newest = self._newest[page.role]
        for key, (message, data) in list(newest.items()):
            if isinstance(message, Count) and message.rolls_s <= self._clock.now():
                del newest[key]
            else:
                page.send(data)
        self._pages[page] = None
        self._changed(page)

    def leave(self, page: Page) -> None:
        """A page is closed; one that is not there does not matter."""
        if page in self._pages:
            del self._pages[page]
            self._changed(page)

    def tell(self, message: Tell, to: Literal["all", "desk", "player"] = "all") -> None:
        """Send a message to all pages, or to those of one role."""
        data = encode(message)
        roles: tuple[Role, ...] = ROLES if to == "all" else (to,)
        for role in roles:
            self._keep(role, message, data)
        for page in list(self._pages):
            if page.role in roles:
                page.send(data)

    def tell_one(self, page: Page, message: Tell) -> None:
        """Send a message to one page."""
        page.send(encode(message))

    def _keep(self, role: Role, message: Tell, data: bytes) -> None:
        if isinstance(message, _PASSING):
            return
        key = type(message).__name__
        if isinstance(message, Work):
            key += f" {message.work}"
            if message.done:
                self._newest[role].pop(key, None)
                return
        self._newest[role][key] = (message, data)

    def _changed(self, page: Page) -> None:
        if page.role == "player":
            for watcher in self._watchers:
                watcher(self.players)
