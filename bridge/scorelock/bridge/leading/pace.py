"""When a value that moves is told: at once, but no more than ten times a second."""

import math
from typing import Final

GAP_S: Final = 0.1


class Pace:
    """Keeps a value until it may be told; a newer one takes its place.

    Attributes:
        due_s: when the value should be told; inf where it was.
        free_s: from when on the next may be told.
    """

    def __init__(self) -> None:
        self.due_s = math.inf
        self.free_s = -math.inf
        self._value: float | None = None

    def show(self, value: float, at_s: float) -> None:
        """The value is this from at_s on."""
        if value != self._value:
            self._value = value
            self.due_s = max(at_s, self.free_s)

    def take(self, now_s: float) -> float | None:
        """When the value was due, if it now is; then it is told."""
        if self.due_s > now_s:
            return None
        due_s, self.due_s = self.due_s, math.inf
        self.free_s = due_s + GAP_S
        return due_s

    def forget(self) -> None:
        """What was told no longer holds: the next value is new, whatever it is."""
        self.due_s, self._value = math.inf, None
