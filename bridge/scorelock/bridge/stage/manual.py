"""A stage on a manual clock, without threads or processes: for tests of all that has one."""

from collections.abc import Callable, Sequence
from functools import partial

from scorelock.bridge.clock import ManualClock
from scorelock.bridge.dialects import hosts
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.ports import MidiOut
from scorelock.bridge.show_log import Heard
from scorelock.bridge.stage.orders import Order, Setting, Told
from scorelock.bridge.stage.playing import Playing
from scorelock.bridge.stage.stage import Hearer
from scorelock.bridge.transport import TransportEvent

_NOT_AGAIN_S = 1e-6  # the clock reads floats: what is due already comes so much later


class ManualStage:
    """Plays when its clock is moved on. Satisfies `scorelock.bridge.stage.stage.Stage`.

    Args:
        setting: how it begins.
        clock: the time; only `advance_to` moves it.
        opened: opens outputs; without it every name is one that records.

    Attributes:
        outs: the outputs that recorded, by name.
    """

    def __init__(
        self,
        setting: Setting,
        clock: ManualClock,
        opened: Callable[[str], MidiOut] | None = None,
    ) -> None:
        self.outs: dict[str, RecordingOut] = {}
        self._clock = clock
        self._hearer: Hearer = lambda told: None
        self._playing = Playing(
            *(setting, clock, hosts(setting.rate), opened or self._record),
            *(lambda work: work(), self._tell),
        )
        session, house = self._playing.session, self._playing.house
        house.receiver = partial(session.follow, house)
        self._playing.film.start(partial(session.follow, self._playing.film))

    def start(self, hearer: Hearer) -> None:
        """Begin; what is told goes to the hearer from now on."""
        self._hearer = hearer
        self._playing.begin()
        self._turn()

    def order(self, order: Order) -> None:
        """Have something done, at once."""
        self._playing.order(order)
        self._turn()

    def host_says(self, source: str, events: Sequence[TransportEvent]) -> None:
        """Have a host heard, as if it had sent OSC from this machine."""
        peer = ("127.0.0.1", 9)
        heard = Heard(self._clock.now(), source, peer, None, tuple(events))
        self._playing.session.hear(heard)
        self._turn()

    def advance_to(self, at_s: float) -> None:
        """Let the time pass; all that happens until then happens at its moment."""
        while (next_s := self._turn()) < at_s:
            self._clock.sleep_until(next_s)
        self._clock.sleep_until(at_s)
        self._turn()

    def close(self) -> None:
        """End: what sounds is released."""
        self._playing.session.silence()

    def _turn(self) -> float:
        """Do what is due; gives when more is."""
        house_s = self._playing.house.turn()
        session_s = self._playing.session.turn()
        for told in self._playing.look():
            self._tell(told)
        next_s = min(house_s, session_s, self._playing.tells_s)
        return max(next_s, self._clock.now() + _NOT_AGAIN_S)

    def _tell(self, told: Told) -> None:
        self._hearer(told)

    def _record(self, name: str) -> RecordingOut:
        out = self.outs.setdefault(name, RecordingOut(self._clock))
        out.name = name
        return out
