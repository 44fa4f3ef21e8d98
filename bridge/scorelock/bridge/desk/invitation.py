"""How players are asked in from a terminal: the link, as a picture for phones too, and who came."""

import io
from collections.abc import Callable
from typing import IO

import segno

from scorelock.bridge.desk.audience import Audience


def invite(link: str, audience: Audience, say: Callable[[str], None], terminal: IO[str]) -> None:
    """Say where players come in, and from now on how many are there.

    On a terminal the link is drawn as a QR code too, and one line counts the players.
    """
    say(f"players come in at {link}")
    if terminal.isatty():
        terminal.write(drawn(link))
        terminal.flush()
    audience.watch(lambda players: _count(players, say, terminal))


def drawn(link: str) -> str:
    """A link as a QR code for a terminal, two rows a line, white on black whatever its colours."""
    text = io.StringIO()
    segno.make(link, micro=False).terminal(text, border=2, compact=True)
    return "".join(f"\x1b[97;40m{line}\x1b[0m\n" for line in text.getvalue().splitlines())


def _count(players: int, say: Callable[[str], None], terminal: IO[str]) -> None:
    words = "1 player is there" if players == 1 else f"{players} players are there"
    if terminal.isatty():
        terminal.write(f"{words}\x1b[K\r")
        terminal.flush()
    else:
        say(words)
