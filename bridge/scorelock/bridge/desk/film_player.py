"""The films that run in browsers as one host: the page that runs its film is followed.

Two desk pages have a film each. While one runs, what the others' standing films say does not
count; whichever is started is followed from then on.
"""

from dataclasses import dataclass, field
from typing import Final
from weakref import WeakSet

from scorelock.bridge.desk.audience import Page
from scorelock.bridge.desk.messages import Film
from scorelock.bridge.transport import (
    LoopRange,
    Position,
    Rate,
    Repeat,
    Roll,
    Stop,
    TransportEvent,
)

SILENT_S: Final = 1.0
"""A page whose film runs says so about ten times a second; after this it has gone."""


@dataclass(slots=True)
class FilmPlayer:
    """Turns what pages say of their films into what a host tells, in film seconds."""

    _page: Page | None = None
    _said: Film | None = None  # by that page
    _heard_s: float = 0.0
    # Pages whose film ran when another was started; by weak reference, for they close.
    _aside: WeakSet[Page] = field(default_factory=WeakSet)

    def heard(self, film: Film, page: Page, now_s: float) -> tuple[TransportEvent, ...]:
        """What to tell the stage; nothing where another page's film is followed."""
        if not film.rolling:
            self._aside.discard(page)
        elif page in self._aside:
            return ()
        before = self._said
        if self._page is not page:
            runs = before is not None and before.rolling and now_s - self._heard_s < SILENT_S
            if self._page is not None and runs:
                if not film.rolling:
                    return ()
                self._aside.add(self._page)
            self._page, before = page, None
        self._said, self._heard_s = film, now_s
        return _events(before, film)


def _events(before: Film | None, film: Film) -> tuple[TransportEvent, ...]:
    """What is new, and where the film is."""
    at_s, events = film.at_s, list[TransportEvent]()
    if before is None or before.rate != film.rate:
        events.append(Rate(at_s, film.rate))
    if before is None or before.loop_s != film.loop_s:
        if film.loop_s is not None:
            events.append(LoopRange(at_s, *film.loop_s))
        events.append(Repeat(at_s, film.loop_s is not None))
    if before is None or before.rolling != film.rolling:
        events.append(Roll(at_s) if film.rolling else Stop(at_s))
    events.append(Position(at_s, film.position_s))
    return tuple(events)
