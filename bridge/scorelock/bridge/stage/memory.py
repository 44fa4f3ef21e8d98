"""What a stage was ordered, so far as it still holds: a fresh one is brought there by it."""

from dataclasses import replace

from scorelock.bridge.stage.orders import (
    FilmSaid,
    HouseHalts,
    HouseLocates,
    HouseLoops,
    HouseOrder,
    HouseRolls,
    HouseSpeeds,
    Load,
    Order,
    Send,
    Setting,
    TakeOut,
    Wished,
)
from scorelock.bridge.timelines.film import FilmMemory
from scorelock.bridge.timelines.house import House
from scorelock.bridge.transport import Latency, Lead, TransportEvent

_CONTROL = 0xB0


def obey(house: House, order: HouseOrder, now_s: float) -> list[TransportEvent]:
    """Have the house transport do it."""
    match order:
        case HouseRolls(at_s):
            return house.roll(at_s, now_s)
        case HouseHalts():
            return house.halt(now_s)
        case HouseLocates(position_s):
            return house.locate(position_s, now_s)
        case HouseLoops(span_s):
            return house.loop(span_s, now_s)
        case HouseSpeeds(rate):
            return house.speed(rate, now_s)


class Sounds:
    """The newest of each message that chooses a sound, in the order in which they were sent."""

    def __init__(self) -> None:
        self._newest: dict[bytes, bytes] = {}

    def hear(self, order: Send) -> None:
        """Take in messages: a controller is known by its number, others by their kind."""
        for data in order.messages:
            key = data[:2] if data[0] & 0xF0 == _CONTROL else data[:1]
            self._newest.pop(key, None)
            self._newest[key] = data

    @property
    def messages(self) -> tuple[bytes, ...]:
        """All of them."""
        return tuple(self._newest.values())


class Memory:
    """Remembers orders.

    Attributes:
        setting: how a stage is set that begins now.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._load: Load | None = None
        self._latency: Latency | None = None
        self._sounds = Sounds()
        self._film = FilmMemory()
        self._house = House(setting.film_s)
        self._house_is_used = False

    def note(self, order: Order, now_s: float) -> None:
        """Remember what was ordered at now_s; times must not go back."""
        match order:
            case Load():
                self._load = order
            case TakeOut():
                self.setting = replace(self.setting, out=order.out)
            case Send():
                self._sounds.hear(order)
            case Wished(Lead(host=host)) if host:
                self.setting = replace(self.setting, lead=host)
            case Wished(Latency() as latency):
                self._latency = latency
            case Wished():
                pass  # it was of its moment
            case FilmSaid():
                self._film.hear(order.events, now_s)
            case _:
                self._house_is_used = True
                self._house.advance(now_s)
                obey(self._house, order, now_s)

    def orders(self, now_s: float, begun: Setting) -> list[Order]:
        """What brings a stage there that began as `begun` has it: while it did, `setting` may have
        changed.
        """
        orders: list[Order] = []
        if self._sounds.messages:
            orders.append(Send(self._sounds.messages))
        if self.setting.out != begun.out:
            orders.append(TakeOut(self.setting.out))
        if self.setting.lead != begun.lead and self.setting.lead is not None:
            orders.append(Wished(Lead(now_s, self.setting.lead)))
        if self._load is not None:
            orders.append(self._load)
        if self._latency is not None:
            orders.append(Wished(replace(self._latency, at_s=now_s)))
        if said := self._film.recall(now_s):
            orders.append(FilmSaid(tuple(said)))
        return orders + (self._house_orders(now_s) if self._house_is_used else [])

    def _house_orders(self, now_s: float) -> list[Order]:
        house = self._house
        house.advance(now_s)
        orders: list[Order] = [
            HouseSpeeds(house.rate),
            HouseLocates(house.place_s(now_s)),
            HouseLoops(house.loop_s),
        ]
        if house.rolls_s < float("inf"):
            orders.append(HouseRolls(max(now_s, house.rolls_s)))
        return orders
