"""The rehearsal: who is let in, the house transport, sections, takes and counting in.

Knows nothing of the web: it hears what a desk page asks and what the stage tells, orders the stage,
and tells the pages. All of it is called on the event loop's thread.
"""

import io
import secrets
from bisect import insort
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import segno
from msgspec.structs import replace

from scorelock.bridge.chaser import SHORTEST_LOOP_S
from scorelock.bridge.clock import Clock
from scorelock.bridge.console import say as say_it
from scorelock.bridge.desk import messages, rehearsal
from scorelock.bridge.desk.audience import Audience
from scorelock.bridge.desk.counting import counting_in
from scorelock.bridge.desk.messages import (
    Ask,
    Count,
    Halt,
    Locate,
    Loop,
    Marker,
    MarkTake,
    OpenRoom,
    Play,
    RemoveTake,
    RoomTake,
    SetMarker,
    Speed,
)
from scorelock.bridge.desk.passage import Passage, follow, place, rolls
from scorelock.bridge.stage.orders import (
    HOUSE,
    HouseHalts,
    HouseLocates,
    HouseLoops,
    HouseRolls,
    HouseSpeeds,
    Moment,
    Wished,
)
from scorelock.bridge.stage.stage import Stage
from scorelock.bridge.transport import Lead
from scorelock.engine.errors import BadSetting
from scorelock.engine.tempo_map import TempoMap

MOST: Final = 1000
"""Sections, and takes."""
READY_S: Final = 0.3
"""Before the first beat of a count, so that every page has heard of it by then."""
SETTLES_S: Final = 0.2
"""After a locate, in which the stage may still tell of the place before."""
SAME_S: Final = 0.001
"""Markers so near to one another are one."""
PLAYERS_EVERY_S: Final = 1.0
"""How often pages are told of players who come and go."""


class Room:
    """The rehearsal of one film.

    Args:
        folder: FILM.cue, where it is kept.
        audience: the pages.
        stage: what plays.
        clock: the desk's.
        grid: bars and beats of the score as it is, and the film's seconds.
        open_network: lets pages from the network in, or no more; where they find the desk, such as
            "http://192.168.1.5:8766".
        say: takes a line for the user.
        today: date and time for people.

    Raises:
        BadCue: what is kept of it is damaged and cannot be put aside.
    """

    def __init__(
        self,
        folder: Path,
        audience: Audience,
        stage: Stage,
        clock: Clock,
        grid: Callable[[], tuple[TempoMap, float]],
        open_network: Callable[[bool], str | None],
        say: Callable[[str], None] = say_it,
        today: Callable[[], str] = lambda: datetime.now().isoformat(" ", "minutes"),
    ) -> None:
        self._path = folder / rehearsal.NAME
        self._kept = rehearsal.read(self._path, say)
        self._audience, self._stage, self._clock, self._grid = audience, stage, clock, grid
        self._open_network, self._today = open_network, today
        self._address: str | None = None  # while it is open
        self._moment: Moment | None = None
        self._passage: Passage | None = None
        self._asked: tuple[float, float] | None = None  # when and where the house was sent last
        self._count: tuple[int, float] | None = None  # bars, and when the transport rolls
        self._halted = True  # of the house: its last word may be older
        self._players_told_s = 0.0
        self._players_told = 0
        audience.watch(lambda players: self._tell_players())

    def start(self) -> None:
        """Set the house transport as it was, and tell the pages; once, when the stage plays."""
        if self._kept.rate != 1.0:
            self._stage.order(HouseSpeeds(self._kept.rate))
        if self._kept.loop_s is not None:
            self._stage.order(HouseLoops(self._kept.loop_s))
        self._tell()

    def heard(self, ask: Ask) -> bool:
        """Do what a desk page asks; whether it was for the room at all.

        Raises:
            ScorelockError: why it cannot be done; then nothing is changed.
        """
        match ask:
            case Play():
                self._play(ask.count_in_bars)
            case Halt():
                self._halt()
            case Locate():
                self._locate(ask.position_s)
            case Loop():
                self._loop(ask.span_s)
            case Speed():
                self._speed(ask.rate)
            case SetMarker():
                self._set_marker(ask.position_s, ask.name.strip())
            case MarkTake():
                self._mark_take(ask.word.strip())
            case RemoveTake():
                takes = tuple(take for take in self._kept.takes if take.number != ask.number)
                self._keep(replace(self._kept, takes=takes))
            case OpenRoom():
                self._open(ask.on)
            case _:
                return False
        return True

    def told(self, moment: Moment) -> None:
        """Take in where the film is."""
        rolled = self._moment is not None and rolls(self._moment)
        self._moment = moment
        self._passage = follow(self._passage, moment)
        if self._asked is not None:
            settled = moment.at_s > self._asked[0] + SETTLES_S
            if settled and (moment.leads == HOUSE or (rolls(moment) and not rolled)):
                self._asked = None
        self._tell_players()

    @property
    def is_open(self) -> bool:
        """Whether players are let in."""
        return self._address is not None

    @property
    def link(self) -> str | None:
        """What players open; None while the room is closed."""
        return None if self._address is None else f"{self._address}/r/{self._kept.token}/"

    def admits(self, token: str) -> bool:
        """Whether this is the players' token; in constant time. False while the room is closed."""
        ours = self._kept.token
        if not self.is_open or ours is None:
            return False
        return secrets.compare_digest(token.encode(errors="replace"), ours.encode())

    def qr_svg(self) -> bytes | None:
        """The link as a picture that a phone reads, on white; None while the room is closed."""
        if self.link is None:
            return None
        picture = io.BytesIO()
        segno.make(self.link, micro=False).save(
            picture, kind="svg", scale=4, light="#fff", dark="#000", xmldecl=False
        )
        return picture.getvalue()

    # The house transport --------------------------------------------------------------------------

    def _play(self, bars: int) -> None:
        now_s, moment = self._clock.now(), self._moment
        there_s = self._there(now_s)
        if self._house_rolls():
            if not bars:
                return
            self._stage.order(HouseHalts())
        if moment is None or moment.leads != HOUSE:
            self._stage.order(Wished(Lead(now_s, HOUSE)))
        self._stage.order(HouseLocates(there_s))
        beats_s = counting_in(self._grid()[0], there_s, bars, self._kept.rate)
        rolls_s = now_s + READY_S + beats_s[0] if beats_s else now_s
        if beats_s or self._count is not None:
            self._audience.tell(Count([rolls_s - before_s for before_s in beats_s], rolls_s))
        self._count = (bars, rolls_s) if beats_s else None
        self._asked, self._halted = (rolls_s, there_s), False
        self._stage.order(HouseRolls(rolls_s))

    def _halt(self) -> None:
        self._stage.order(HouseHalts())
        self._halted = True
        if self._count is not None and self._clock.now() < self._count[1]:
            self._audience.tell(Count([], self._clock.now()))
        self._count = None

    def _locate(self, position_s: float) -> None:
        there_s = self._within(position_s)
        self._asked = self._clock.now(), there_s
        self._stage.order(HouseLocates(there_s))
        self._count_anew()

    def _loop(self, span_s: tuple[float, float] | None) -> None:
        if span_s is not None:
            span_s = self._within(span_s[0]), self._within(span_s[1])
            if span_s[1] - span_s[0] < SHORTEST_LOOP_S:
                raise BadSetting(
                    f"expected a loop of {SHORTEST_LOOP_S:g} s or more within the film, got "
                    f"{span_s[0]:g} to {span_s[1]:g} s; drag its end to the right"
                )
        self._keep(replace(self._kept, loop_s=span_s))
        self._stage.order(HouseLoops(span_s))

    def _speed(self, rate: float) -> None:
        self._keep(replace(self._kept, rate=rate))
        self._stage.order(HouseSpeeds(rate))
        self._count_anew()

    def _count_anew(self) -> None:
        """A count that goes on was for another place or tempo."""
        if self._count is not None and self._clock.now() < self._count[1]:
            self._play(self._count[0])

    def _house_rolls(self) -> bool:
        moment = self._moment
        return moment is not None and moment.leads == HOUSE and rolls(moment) and not self._halted

    def _there(self, now_s: float) -> float:
        """Where the house starts: where it was sent, or else where the film is."""
        if self._asked is not None:
            return self._asked[1]
        there_s = None if self._moment is None else place(self._moment, now_s)
        return self._within(there_s or 0.0)

    def _within(self, position_s: float) -> float:
        return min(max(0.0, position_s), self._grid()[1])

    # Sections and takes ---------------------------------------------------------------------------

    def _set_marker(self, position_s: float, name: str) -> None:
        position_s = self._within(position_s)
        markers = [m for m in self._kept.markers if abs(m.position_s - position_s) > SAME_S]
        if name:
            insort(markers, Marker(position_s, name), key=lambda marker: marker.position_s)
        _check_number(markers, "sections")
        self._keep(replace(self._kept, markers=tuple(markers)))

    def _mark_take(self, word: str) -> None:
        if self._passage is None:
            raise BadSetting(
                "expected a take to mark, nothing has been played since the desk was opened; play "
                "first"
            )
        went = self._passage.until(self._clock.now())
        number = self._kept.marked + 1
        start_s, end_s = self._within(went.start_s), self._within(went.end_s)
        take = RoomTake(number, start_s, end_s, word, self._today())
        takes = (*self._kept.takes, take)
        _check_number(takes, "takes")
        self._keep(replace(self._kept, takes=takes, marked=number))

    def _keep(self, kept: rehearsal.Rehearsal) -> None:
        """It is on disk before anybody hears of it."""
        if kept != self._kept:
            rehearsal.write(self._path, kept)
            self._kept = kept
        self._tell()

    # Who is there ---------------------------------------------------------------------------------

    def _open(self, on: bool) -> None:
        if on and self._kept.token is None:
            self._keep(replace(self._kept, token=secrets.token_urlsafe(16)))
        if on != self.is_open:
            self._address = self._open_network(on)
        self._tell()

    def _tell_players(self) -> None:
        """Once a second at most: five hundred who come at once are one piece of news."""
        now_s, players = self._clock.now(), self._audience.players
        if players != self._players_told and now_s - self._players_told_s >= PLAYERS_EVERY_S:
            self._tell()

    def _tell(self) -> None:
        self._players_told_s, self._players_told = self._clock.now(), self._audience.players
        kept = self._kept
        told = messages.Room(
            open=self.is_open,
            link=self.link,
            players=self._players_told,
            markers=list(kept.markers),
            takes=list(kept.takes),
            rate=kept.rate,
            loop_s=kept.loop_s,
        )
        self._audience.tell(told, to="desk")
        self._audience.tell(replace(told, link=None), to="player")


def _check_number(things: list[Marker] | tuple[RoomTake, ...], words: str) -> None:
    if len(things) > MOST:
        raise BadSetting(f"expected at most {MOST} {words}, there are {MOST}; remove some first")
