"""What the web needs to know of the desk behind it."""

from pathlib import Path
from typing import Protocol

from scorelock.bridge.clock import Clock
from scorelock.bridge.desk.audience import Audience, Page, Role
from scorelock.bridge.desk.messages import Ask, Welcome


class Desk(Protocol):
    """One film's desk; all of it is called on the event loop's thread.

    Attributes:
        audience: its pages.
        clock: its clock, which pages learn by `Pong`.
    """

    audience: Audience
    clock: Clock

    @property
    def film(self) -> Path:
        """The film, or what was made of it for browsers."""
        ...

    def welcome(self, role: Role) -> Welcome:
        """The first message to a page."""
        ...

    def heard(self, ask: Ask, page: Page) -> None:
        """Do what a desk page asks; never raises what the user can cause: it says so."""
        ...

    def score_json(self, role: Role) -> tuple[str, bytes]:
        """The score as pages draw it: what is between the quotes of its ETag, and the JSON."""
        ...

    def formats(self) -> list[tuple[str, str]]:
        """What the score can be exported as: (ending, words)."""
        ...

    async def export(self, name: str) -> Path:
        """The score as a file in a folder of its own, both removed once it was sent; `name` has one
        of the endings.

        Raises:
            ScorelockError: why it cannot be made.
        """
        ...

    async def thumb(self, second: int) -> Path:
        """A picture of the film.

        Raises:
            ScorelockError: there is none.
        """
        ...

    def qr_svg(self) -> bytes | None:
        """The players' link as a QR code; None while the room is closed."""
        ...

    def admits(self, token: str) -> bool:
        """Whether this is the players' token; compared in constant time. False while closed."""
        ...
