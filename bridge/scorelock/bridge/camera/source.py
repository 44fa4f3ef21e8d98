"""What every camera is: opened, read frame by frame, and closed."""

from collections.abc import Callable
from typing import Protocol

from scorelock.engine.errors import ScorelockError
from scorelock.engine.video import Image


class NoCamera(ScorelockError):
    """A camera cannot be opened, or gives no picture."""


class Source(Protocol):
    """A camera; it may be opened again after it has gone."""

    name: str
    """What a user calls it."""

    ends: bool
    """Whether its end is the end of the show, not a cable that came out."""

    def open(self) -> float:
        """Be ready to read, or to wait for what writes; gives the frames a second that it tells.

        Raises:
            NoCamera: it cannot be had now.
        """
        ...

    def read(self, over: Callable[[], bool]) -> tuple[float | None, Image] | None:
        """Wait for the next frame and give it, with its time in seconds from the first where it is
        no live one; None where there is none any more, or nobody waits as it is all over.

        Raises:
            NoCamera: what comes is no picture.
        """
        ...

    def close(self) -> None:
        """Give it back."""
        ...
