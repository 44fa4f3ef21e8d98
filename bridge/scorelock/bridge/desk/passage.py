"""From where to where the music went since the transport rolled last, whoever leads."""

from dataclasses import dataclass, replace
from typing import Final

from scorelock.bridge.chaser import State
from scorelock.bridge.stage.orders import Moment

JUMP_S: Final = 0.25
"""Of the position: more is a locate, less a correction."""
_ROLLING: Final = (State.LOCKED, State.FLYWHEEL)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of the film that was played, or is.

    Attributes:
        start_s, end_s: film seconds; after a loop's wrap, all of the loop is in it.
        moment: the last word on where the film is.
    """

    start_s: float
    end_s: float
    moment: Moment

    def until(self, at_s: float) -> "Passage":
        """What it is at a moment of our clock, if nobody says otherwise until then."""
        there_s, loop_s = place(self.moment, at_s), self.moment.loop_s
        if not rolls(self.moment) or there_s is None:
            return self
        went = (there_s, there_s)
        if loop_s and there_s < _straight(self.moment, at_s):  # it went round
            went = loop_s
        return replace(self, start_s=min(self.start_s, went[0]), end_s=max(self.end_s, went[1]))


def follow(passage: Passage | None, moment: Moment) -> Passage | None:
    """The passage after another word on where the film is; None until it has rolled at all."""
    if passage is not None:
        passage = passage.until(moment.at_s)
        expected_s = place(passage.moment, moment.at_s) if rolls(passage.moment) else None
        if not rolls(moment) or _near(moment.film_s, expected_s):
            return replace(passage, moment=moment)
    if not rolls(moment) or moment.film_s is None:
        return None
    return Passage(moment.film_s, moment.film_s, moment)


def rolls(moment: Moment) -> bool:
    """Whether the film moves at a known place."""
    return moment.film_s is not None and moment.rate != 0 and moment.state in _ROLLING


def place(moment: Moment, at_s: float) -> float | None:
    """Where the film is at a moment of our clock, by the last word on it; None: nobody knows."""
    if moment.film_s is None:
        return None
    there_s, loop_s = _straight(moment, at_s), moment.loop_s
    if not loop_s or moment.film_s >= loop_s[1] or there_s < loop_s[1]:
        return there_s
    return loop_s[0] + (there_s - loop_s[0]) % (loop_s[1] - loop_s[0])


def _straight(moment: Moment, at_s: float) -> float:
    """Likewise, if there were no loop; of a moment that knows a place."""
    assert moment.film_s is not None
    return moment.film_s + (moment.rate * (at_s - moment.at_s) if rolls(moment) else 0.0)


def _near(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= JUMP_S
