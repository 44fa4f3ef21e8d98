"""What is known of a score that is made up while it is played."""

from dataclasses import dataclass

from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, Note


@dataclass(frozen=True, slots=True)
class Onward:
    """The score from here on, as far as it goes.

    Attributes:
        span: of the newest chord, from where it began to where it is known to last; if it stays,
            the next one begins at the same moment and ends later.
        notes: all that sound or are yet to, in the place of those known before. One that has begun
            goes on, and may end at another moment than it was to.
        loudness: of the newest second, 0..1.
        key: that chords are spelled in from here on; None for the one that was told before.
    """

    span: ChordSpan
    notes: tuple[Note, ...]
    loudness: float
    key: Key | None = None
