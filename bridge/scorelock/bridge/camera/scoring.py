"""From what comes of a camera to its score, each part in time to be played.

Music time is camera time, `DELAY_S` later: a second is seen to its end, then its chord is chosen in
the little that is left. A chord is chosen a second of music time before it begins. With CLIP some
of that is left to it, too: what it has not seen by then is not waited for.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain, count, pairwise
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.bridge.camera.arrivals import Arrival, Ended, Frame, Lost
from scorelock.bridge.camera.report import Ages, CameraReport
from scorelock.bridge.clock import Clock
from scorelock.engine.on_the_fly import CLOSE_S, OnTheFly
from scorelock.engine.onlooker import Glance, Onlooker, Row
from scorelock.engine.onward import Onward
from scorelock.engine.slots import Rhythm, grid_edges
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.video import Image

LEAD_S: Final = 0.25
"""To choose a chord and write its notes."""
GLANCE_S: Final = 0.1
"""Of them, for CLIP to finish with a second that is over."""
DELAY_S: Final = 1.0 + LEAD_S
STALL_S: Final = 2.0
"""A picture that stands so long is told of."""
TOO_SLOW: Final = (
    "CLIP is too slow for this machine: chords go by what it saw a while ago; scorelock models add "
    "clip --from openai/clip-vit-large-patch14 --as smaller (or of clip-vit-base-patch32, for the "
    "starter bundle), then --clip smaller; or use a GPU"
)
_IDLE_S: Final = 0.2
_REST_S: Final = 0.005
"""After the last note, which ends by itself."""
_REMEMBERED: Final = 1 << 16  # ages kept for the report
_TOO_SLOW: Final = 3
"""Chords without CLIP's newest, one after another."""


class Coming(Protocol):
    """Where frames come from, in the order of time: `Arrivals`."""

    skipped: int

    def get(self, until_s: float) -> Arrival | None:
        """The next that has come; None where nothing does until then."""
        ...


class Clip(Protocol):
    """What CLIP sees beside: `Glances`."""

    blank: NDArray[np.float32]

    def show(self, at_s: float, frame: Image) -> None:
        """Let it see a frame as soon as it can."""
        ...

    def before(self, end_s: float) -> Glance | None:
        """Of what was shown before a moment the newest that it has seen."""
        ...


def slot_edges(rhythm: Rhythm, grid: TempoMap) -> Iterator[float]:
    """Seconds at which a chord may change, from 0 on, without an end."""
    if rhythm is Rhythm.FREE:
        return map(float, count())
    return chain([0.0], map(float, grid_edges(rhythm, grid)))


class Scoring:
    """Looks at frames and makes the score up. `parts` is for a session's `coming`.

    Args:
        fly: what composes.
        edges_s: where chords may change, from 0 on.
        coming: the frames.
        clock: the time.
        fps: frames a second, about.
        roll: takes when, on our clock, the music's second 0 is.
        over: is called when the camera has ended, and its last chord.
        say: takes one line for the user.
        clip: that sees the first frame of each second; None where nobody asks for it.
    """

    def __init__(
        self,
        fly: OnTheFly,
        edges_s: Iterator[float],
        coming: Coming,
        clock: Clock,
        fps: Callable[[], float],
        roll: Callable[[float], None],
        over: Callable[[], None],
        say: Callable[[str], None],
        clip: Clip | None = None,
    ) -> None:
        self._fly = fly
        self._slots = pairwise(edges_s)
        self._slot = next(self._slots)  # the next to be composed
        self._coming = coming
        self._clock = clock
        self._fps = fps
        self._roll = roll
        self._over = over
        self._say = say
        self._clip = clip
        self._patience_s = 0.0 if clip is None else GLANCE_S
        self._origin_s: float | None = None
        self._onlooker: Onlooker | None = None
        self._second = 0  # which the onlooker sees
        self._row: Row | None = None
        self._newest_s = 0.0  # frame
        self._row_newest_s = 0.0
        self._shown = -1  # second, to CLIP
        self._late = self._late_running = 0
        self._told_slow = False
        self._ends_s = math.inf
        self._stands = False
        self._chord_s = -1.0  # where the newest began
        self._seconds = self._chords = self._dropped = self._held = 0
        self._frames = self._stalls = self._reconnects = 0
        self._first_chord_s: float | None = None
        self._ages_s: deque[float] = deque(maxlen=_REMEMBERED)

    def parts(self) -> Iterator[Onward | None]:
        """The score as it grows; None where there is nothing new."""
        while self._clock.now() < self._ends_s:
            due_s = self._due_s
            arrival = self._coming.get(min(due_s, self._ends_s, self._clock.now() + _IDLE_S))
            until_s = self._clock.now() if arrival is None else arrival.at_s
            while self._due_s <= until_s:
                yield self._turn()
            match arrival:
                case Frame():
                    self._see(arrival)
                case Lost():
                    yield self._lose(arrival)
                case Ended():
                    yield self._end()
            self._look_after(until_s)
            yield None
        self._over()

    def report(self) -> CameraReport:
        """What was done so far."""
        return CameraReport(
            seconds=self._seconds,
            chords=self._chords,
            dropped_seconds=self._dropped,
            held_seconds=self._held,
            frames=self._frames,
            skipped_frames=self._coming.skipped,
            stalls=self._stalls,
            reconnects=self._reconnects,
            first_chord_s=self._first_chord_s,
            late_embeddings=None if self._clip is None else self._late,
            age_s=Ages.of(self._ages_s),
        )

    @property
    def _due_s(self) -> float:
        """When a second is over, or a chord is to be chosen; inf where nothing is seen."""
        if self._onlooker is None or self._origin_s is None:
            return math.inf
        return self._origin_s + (min(self._second, self._slot[0] + self._patience_s) + 1)

    def _turn(self) -> Onward | None:
        """What is due: a second that is over comes before the chord that sees it."""
        assert self._onlooker is not None
        if self._second <= self._slot[0] + self._patience_s:
            self._row, self._row_newest_s = self._onlooker.close(), self._newest_s
            self._second += 1
            self._seconds += 1
            self._held += not self._row.frames
            return None
        return self._compose()

    def _compose(self) -> Onward:
        assert self._row is not None
        assert self._origin_s is not None
        (start_s, end_s), self._slot = self._slot, next(self._slots)
        begins_s = self._origin_s + DELAY_S + start_s
        too_late = self._clock.now() >= begins_s + end_s - start_s
        if self._chords and (too_late or not self._row.frames):
            onward = self._fly.hold(start_s, end_s)
            self._dropped += too_late
        else:
            row, oldest_s = self._with_clip(self._row)
            onward = self._fly.next(row, start_s, end_s)
            struck_s = max(begins_s, self._clock.now())
            self._ages_s.append(struck_s - oldest_s)
            if self._first_chord_s is None:
                self._first_chord_s = struck_s - self._origin_s
        self._chords += onward.span.start_s != self._chord_s
        self._chord_s = onward.span.start_s
        return onward

    def _with_clip(self, row: Row) -> tuple[Row, float]:
        """What is known of the newest second, and when the oldest frame behind it came."""
        if self._clip is None or self._origin_s is None:
            return row, self._row_newest_s
        glance = self._clip.before(self._origin_s + self._second)
        late = glance is None or glance.at_s < self._origin_s + (self._second - 1)
        self._late += late
        self._late_running = self._late_running + 1 if late else 0
        if self._late_running == _TOO_SLOW and not self._told_slow:
            self._told_slow = True
            self._say(TOO_SLOW)
        if glance is None:
            return replace(row, semantic=self._clip.blank), self._row_newest_s
        return row.glanced(glance), min(glance.at_s, self._row_newest_s)

    def _see(self, frame: Frame) -> None:
        if self._origin_s is None:
            self._origin_s = frame.at_s
            self._roll(frame.at_s + DELAY_S)
        at_s = frame.at_s - self._origin_s
        if self._onlooker is None:
            self._second = int(at_s)
            self._onlooker = Onlooker(self._fps(), self._second)
            while self._slot[0] < self._second:
                self._slot = next(self._slots)
            if self._frames:
                self._reconnects += 1
                self._say("the camera is back")
        self._onlooker.see(at_s, frame.image)
        if self._clip is not None and self._shown < self._second:
            self._shown = self._second
            self._clip.show(frame.at_s, frame.image)
        self._newest_s = frame.at_s
        self._frames += 1
        if self._stands:
            self._say("the camera moves again")
            self._stands = False

    def _look_after(self, now_s: float) -> None:
        """Tell of a picture that stands."""
        if self._onlooker is not None and now_s - self._newest_s >= STALL_S and not self._stands:
            self._stands = True
            self._stalls += 1
            self._say(f"the camera stands: no picture for {STALL_S:g} s; the chord is held")

    def _lose(self, lost: Lost) -> Onward | None:
        """The camera has gone: its last chord rings out."""
        if self._onlooker is None:
            return None
        self._say(f"the camera has gone: {lost.why}; waiting for it to come back")
        return self._close()

    def _end(self) -> Onward | None:
        onward = self._close()
        self._ends_s = self._clock.now()
        if onward is not None and self._origin_s is not None:
            self._ends_s = self._origin_s + DELAY_S + onward.span.end_s + _REST_S
        return onward

    def _close(self) -> Onward | None:
        self._onlooker, self._stands = None, False
        if not self._chords:
            return None
        start_s = self._slot[0]
        while self._slot[0] < start_s + CLOSE_S:
            self._slot = next(self._slots)
        return self._fly.close(start_s)
