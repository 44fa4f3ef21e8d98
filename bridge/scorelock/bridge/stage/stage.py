"""The desk's hold on the process that plays: start it, give orders, hear what it tells."""

from collections.abc import Callable
from typing import Protocol

from scorelock.bridge.stage.orders import Order, Told

Hearer = Callable[[Told], None]
"""Takes what a stage tells, in its order, from a thread of the stage's own."""


class Stage(Protocol):
    """Something that plays."""

    def start(self, hearer: Hearer) -> None:
        """Begin; what is told goes to the hearer from now on."""
        ...

    def order(self, order: Order) -> None:
        """Have something done; from any thread. Returns at once."""
        ...

    def close(self) -> None:
        """End: what sounds is released."""
        ...
