"""The outputs of a show: opened by what the user calls them, each once, and closed together."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from types import TracebackType
from typing import Self

from scorelock.bridge.ports import MidiOut
from scorelock.bridge.routing import USUAL, Routing
from scorelock.bridge.show import Lane


class Outboard:
    """Outputs from 0 on; the first is the usual one.

    Args:
        usual: it.
        wanted: what the user calls it.
        opened: opens another by its name.
    """

    def __init__(
        self, usual: MidiOut, wanted: str | None, opened: Callable[[str], MidiOut]
    ) -> None:
        self._stack = ExitStack()
        self._outs = [self._stack.enter_context(closing(usual))]
        self._ports: dict[str | None, int] = {None: 0, wanted: 0}
        self._opened = opened

    @property
    def outs(self) -> Sequence[MidiOut]:
        """All of them."""
        return self._outs

    def port(self, wanted: str | None) -> int:
        """The number of the output of that name; None is the usual one.

        Raises:
            PortError: it cannot be had.
        """
        if wanted not in self._ports:
            assert wanted is not None
            self._ports[wanted] = self.add(self._opened(wanted))
        return self._ports[wanted]

    def add(self, out: MidiOut) -> int:
        """Take in one that is open; gives its number."""
        self._outs.append(self._stack.enter_context(closing(out)))
        return len(self._outs) - 1

    def lanes(self, routing: Routing) -> dict[int, Lane]:
        """Where the notes of each part's channel go; opens what is not open yet.

        Raises:
            PortError: an output cannot be had.
        """
        return {
            USUAL[part]: Lane(self.port(route.port), route.channel)
            for part, route in routing.routes.items()
        }

    def ask(self, routing: Routing) -> None:
        """Choose the sounds."""
        for wanted, data in routing.asks():
            self._outs[self.port(wanted)].send(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
