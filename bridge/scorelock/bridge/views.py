"""What a session shows while it plays, and reports when it is over."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from scorelock.bridge.chaser import State
from scorelock.engine.score import ChordSpan, Cue

LOOK_AHEAD: Final = 8  # spans; only a primer's end parts two of the same chord


@dataclass(frozen=True, slots=True)
class Spread:
    """Send error, sent minus wanted, in milliseconds."""

    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, errors_s: Iterable[float]) -> "Spread | None":
        """Of some errors in seconds; None of none."""
        errors_ms = 1000 * np.array(list(errors_s))
        if not errors_ms.size:
            return None
        p50, p99 = np.percentile(errors_ms, (50, 99))
        return cls(float(p50), float(p99), float(errors_ms.max()))


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What a session did: counts, and how exactly it sent (the last 65,536 messages).

    `sources` has, for each dialect and machine that spoke and each other time line, its datagrams
    and why messages of it were ignored; `ignored` has those of all of them.
    """

    notes_sent: int
    notes_left_on: int
    notes_late: int
    notes_dropped: int
    send_error_ms: Spread | None
    datagrams: int
    ignored: dict[str, int]
    sources: dict[str, dict[str, int]]
    locates: int
    drop_outs: int
    log_dropped: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a view shows at a moment.

    Attributes:
        state: what is known of the host.
        host_s: seconds on the host's time line; None where it is not known.
        film_s: seconds from the film's start, negative before it; None likewise.
        chord: the chord of that moment.
        next_chord: the next one that differs, and to_next_s when it comes.
        late_ms: send error of the newest note.
        error_ms: about how exact film_s is.
        latency_ms: how much later than its reports the host is taken to be heard.
        leads: who is followed, and others, who is heard besides.
    """

    state: State
    host_s: float | None
    film_s: float | None
    chord: ChordSpan | None
    next_chord: ChordSpan | None
    to_next_s: float | None
    late_ms: float
    error_ms: float
    latency_ms: float = 0.0
    leads: str = ""
    others: tuple[str, ...] = ()


class ChordLine:
    """The chords so far, for views; they are added in the order of time, from any thread."""

    def __init__(self, cue: Cue | None) -> None:
        self._spans = [] if cue is None else list(cue.chords)
        self._starts_s = [span.start_s for span in self._spans]

    def add(self, span: ChordSpan) -> None:
        """Take in the next one, or the last one again if it lasts longer."""
        if self._starts_s and span.start_s == self._starts_s[-1]:
            self._spans[-1] = span
            return
        self._spans.append(span)
        self._starts_s.append(span.start_s)

    def at(self, film_s: float) -> tuple[ChordSpan | None, ChordSpan | None, float | None]:
        """The chord there, the next one that differs, and in how many seconds it comes."""
        index = bisect_right(self._starts_s, film_s) - 1
        span = self._spans[index] if index >= 0 and film_s < self._spans[index].end_s else None
        later = self._spans[index + 1 : index + 1 + LOOK_AHEAD]
        coming = next(
            (
                after
                for before, after in pairwise((span, *later))
                if after is not None and (before is None or after.chord != before.chord)
            ),
            None,
        )
        return span, coming, None if coming is None else coming.start_s - film_s
