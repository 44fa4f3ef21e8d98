"""A host's way in straight legs, and voices that are driven along it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Final

from hypothesis import strategies as st

from scorelock.bridge.chaser import State, SyncFix
from scorelock.bridge.voice import DueMessage, Voice

LATEST_S: Final = 0.05
"""How late a voice is looked after in `roughly`."""


@dataclass(frozen=True)
class Leg:
    """The host is at position_s at from_s and goes on at a rate, 0 for standing, until until_s."""

    from_s: float
    until_s: float
    position_s: float
    rate: float = 1.0
    take: int = 1
    state: State | None = None

    def at(self, at_s: float) -> float:
        """Its true position."""
        return self.position_s + self.rate * (at_s - self.from_s)

    def fix(self, at_s: float) -> SyncFix:
        """What an all-knowing sync clock would say."""
        state = self.state or (State.LOCKED if self.rate else State.STOPPED)
        return SyncFix(
            *(at_s, self.at(at_s), self.rate, state),
            *(0.0, self.take, self.from_s, self.until_s),
        )


def exactly(voice: Voice, legs: Iterable[Leg]) -> list[DueMessage]:
    """What is said to one who always comes when it is time, and never before."""
    said: list[DueMessage] = []
    for leg in legs:
        now_s = leg.from_s
        while True:
            fix = leg.fix(now_s)
            due = voice.advance(fix)
            assert all(each.at_s < now_s + 1e-9 for each in due), "sent before its time"
            said += due
            if now_s >= leg.until_s:
                break
            wake_s = voice.wake_s(fix)
            assert wake_s > now_s - 1e-6, "woken for what is past"
            # The clock reads floats: a wake that is due already comes a microsecond later.
            now_s = min(max(wake_s, now_s + 1e-6), leg.until_s)
    return said


def roughly(voice: Voice, legs: Iterable[Leg], gaps_s: Sequence[float]) -> list[DueMessage]:
    """What is said to one who comes at any times, and when a leg ends and the next begins."""
    said: list[DueMessage] = []
    gaps = chain.from_iterable(repeat(gaps_s))
    for leg in legs:
        now_s = leg.from_s
        said += voice.advance(leg.fix(now_s))
        while now_s < leg.until_s:
            now_s = min(now_s + next(gaps), leg.until_s)
            said += voice.advance(leg.fix(now_s))
    return said


def leg_of(legs: Sequence[Leg], at_s: float) -> Iterator[Leg]:
    """The legs that hold at a time: two where one begins."""
    return (leg for leg in legs if leg.from_s - 1e-9 <= at_s <= leg.until_s + 1e-9)


@st.composite
def ways(draw: st.DrawFn, rates: Sequence[float] = (1.0, 1.0, 0.0, -1.0, 0.5, 2.3)) -> list[Leg]:
    """Some legs one after the other, each from anywhere."""
    legs: list[Leg] = []
    from_s = 1.0
    for take in range(1, draw(st.integers(1, 5)) + 1):
        until_s = from_s + draw(st.floats(0.001, 0.7))
        position_s, rate = draw(st.floats(-5, 100)), draw(st.sampled_from(rates))
        legs.append(Leg(from_s, until_s, position_s, rate, take))
        from_s = until_s
    return legs


gaps = st.lists(st.floats(0.004, LATEST_S), min_size=1, max_size=20)
