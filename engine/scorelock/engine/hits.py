"""Hit points: instants of the picture that the music is to meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import fmean, median
from typing import Final, Literal, get_args

from scorelock.engine.features import Cut

Kind = Literal["cut", "mark", "stinger", "swell", "break"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """An instant of the film, and what the music does there.

    Attributes:
        at_s: film seconds, 0 or more.
        weight: how much a tempo that misses it loses, 0 (nothing) or more; 1 is usual.
        tolerance_frames: how far off a beat still meets it, above 0.
        kind: "cut" and "mark" (the user's) ask for a beat and a chord; "stinger" for an accent as
            well, "swell" for a crescendo into it, "break" for silence after it.
    """

    at_s: float
    weight: float = 1.0
    tolerance_frames: float = 1.0
    kind: Kind = "cut"

    def __post_init__(self) -> None:
        if (
            not all(isfinite(n) for n in (self.at_s, self.weight, self.tolerance_frames))
            or not (self.at_s >= 0 and self.weight >= 0 and self.tolerance_frames > 0)
            or self.kind not in KINDS
        ):
            raise ValueError(f"no such hit: {self}")


def hits_at(cuts: Sequence[Cut], which: Literal["all", "strong"] = "strong") -> tuple[Hit, ...]:
    """A hit at each cut, or at those stronger than the median, in time order.

    A film whose cuts are all alike has no stronger ones: then all are taken. They weigh what they
    are strong, 1 on average.
    """
    if not cuts:
        return ()
    least = median(cut.strength for cut in cuts)
    strong = [cut for cut in cuts if cut.strength > least]
    taken = strong if strong and which == "strong" else cuts
    usual = fmean(cut.strength for cut in taken)
    return tuple(sorted(Hit(cut.at_s, cut.strength / usual) for cut in taken))
