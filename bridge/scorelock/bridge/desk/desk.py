"""One film's desk: hears pages, orders the stage, has the score changed, and tells everybody.

Its state belongs to the event loop's thread. What takes its time goes on in other threads
(`works`), and what comes of it is taken in on the loop.
"""

import argparse
import asyncio
import logging
import secrets
import shutil
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, TypeVar

from scorelock.bridge.clock import Clock
from scorelock.bridge.console import say
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk import editing, exports, keeping, messages, outs, proxy, score_file
from scorelock.bridge.desk.audience import Audience, Page, Role
from scorelock.bridge.desk.composer import Composer
from scorelock.bridge.desk.film_player import FilmPlayer
from scorelock.bridge.desk.hosts import hosts_of
from scorelock.bridge.desk.keeping import Kept
from scorelock.bridge.desk.messages import kind_of
from scorelock.bridge.desk.parts import Parts, asks, programs, with_part
from scorelock.bridge.desk.room import Room
from scorelock.bridge.desk.score_keeper import ScoreKeeper, Shown, not_yet, nothing_yet
from scorelock.bridge.desk.telling import now_of, played_of
from scorelock.bridge.desk.thumbnails import Thumbnails
from scorelock.bridge.desk.works import Cancelled, Works
from scorelock.bridge.stage import orders
from scorelock.bridge.stage.stage import Stage
from scorelock.bridge.transport import Latency, Lead, Panic
from scorelock.engine.errors import ScorelockError
from scorelock.engine.history import History
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.timebase import Timecode

T = TypeVar("T")

_log = logging.getLogger(__name__)
PROXY: Final = "proxy"
EXPORTING: Final = "exporting"
"""Works."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a desk is opened with.

    Attributes:
        store: where the cue is kept.
        args: what the first score is composed by.
        film: what pages are told of the film.
        start: timecode of its first frame in files; None for none.
        history: its score; None where it has to be made first.
        parts: how its parts are played, at first.
        out: the output that the stage opens.
    """

    store: CueStore
    args: argparse.Namespace
    film: score_file.Film
    start: Timecode | None
    history: History | None
    parts: Parts
    out: str | None


class Desk:
    """Satisfies `scorelock.bridge.desk.contract.Desk`. Made on the event loop.

    Args:
        setup: what it is opened with.
        stage: what plays; not started yet.
        clock: the time.
        open_network: as `Room` has it.
        look: finds outputs; it may take its time.

    Attributes:
        audience: its pages.
        clock: which pages learn.
        room: the rehearsal.
        run: which run of the desk this is.
    """

    def __init__(
        self,
        setup: Setup,
        stage: Stage,
        clock: Clock,
        open_network: Callable[[bool], str | None],
        look: Callable[[], outs.Found] = outs.look,
    ) -> None:
        self.audience, self.clock, self.run = Audience(clock), clock, secrets.token_hex(8)
        self._setup, self._stage, self._look = setup, stage, look
        self._loop = asyncio.get_running_loop()
        self._folder = setup.store.path.parent
        self._parts, self._out = setup.parts, setup.out
        self._asked_out = self._chosen_out = setup.out  # in the words that open it
        self._found = outs.Found()
        self._listens: str | None = None
        self._leads = ""
        self._port = 0
        self._shown: Shown | None = None
        self._player = FilmPlayer()
        self._thumbs = Thumbnails(setup.store.film, self._folder)
        self._exports = Path(mkdtemp(prefix="scorelock-"))
        self._going: set[asyncio.Task[None]] = set()
        self.works = Works(lambda work: self.audience.tell(work, to="desk"), clock)
        keeper = ScoreKeeper(setup.store, setup.film, stage, setup.parts, self._on_loop(self._show))
        self._keeper = keeper
        self._composer = Composer(setup.store, setup.args, keeper, self.works)
        self.room = Room(self._folder, self.audience, stage, clock, self._grid, open_network)

    def start(self, port: int = 0) -> None:
        """Play and show the score, or make it. `port` is where the desk is found."""
        self._port = port
        self._stage.start(self._on_loop(self.told))
        self.audience.tell(nothing_yet())
        self._tell_parts()
        self._tell_outs()
        self.room.start()
        self._keep()
        self._do(self._look_for_outs())
        history = self._setup.history
        self._do(self._begin() if history is None else self._composer.open(history))

    async def close(self) -> None:
        """Release what sounds, end what goes on, and say that the desk is closed."""
        self._port = 0
        await asyncio.to_thread(self._stage.close)  # a work may take its time to end
        await asyncio.to_thread(self.works.close)
        for task in self._going:
            task.cancel()
        await asyncio.gather(*self._going, return_exceptions=True)
        await self._thumbs.close()
        self._keep()
        shutil.rmtree(self._exports, ignore_errors=True)

    # For the web ----------------------------------------------------------------------------------

    @property
    def film(self) -> Path:
        """The film, or what was made of it for browsers."""
        return proxy.made(self._folder) or self._setup.store.film

    def welcome(self, role: Role) -> messages.Welcome:
        """The first message to a page."""
        film = self._setup.film
        return messages.Welcome(
            run=self.run,
            role=role,
            film=film.name,
            duration_s=self._grid()[1],
            fps=film.fps,
            film_url="/film" if role == "desk" else None,
        )

    def score_json(self, role: Role) -> tuple[str, bytes]:
        """The score as pages draw it: what is between the quotes of its ETag, and the JSON."""
        if self._shown is None:
            return f"{self.run}-0", score_file.empty(self._setup.film)
        content = self._shown.for_desk if role == "desk" else self._shown.for_players
        return f"{self.run}-{self._shown.cue_is.version}", content

    def formats(self) -> list[tuple[str, str]]:
        """What the score can be exported as: (ending, words)."""
        return list(exports.WORDS.items())

    async def export(self, name: str) -> Path:
        """The score as a file, written for this request.

        Raises:
            ScorelockError: why it cannot be made.
        """
        shown, start, chosen = self._shown, self._setup.start, programs(self._parts)
        if shown is None or shown.cue_is.draft:
            raise not_yet()
        self.works.begin(EXPORTING, f"writing {name}")
        try:
            return await self.works.beside(
                lambda: exports.write(
                    self._exports, name, shown.cue, shown.performance, start, chosen
                )
            )
        finally:
            self.works.done(EXPORTING)

    async def thumb(self, second: int) -> Path:
        """A picture of the film.

        Raises:
            ScorelockError: there is none.
        """
        return await self._thumbs.of(second)

    def qr_svg(self) -> bytes | None:
        """The players' link as a QR code; None while the room is closed."""
        return self.room.qr_svg()

    def admits(self, token: str) -> bool:
        """Whether this is the players' token; in constant time. False while the room is closed."""
        return self.room.admits(token)

    # What pages ask -------------------------------------------------------------------------------

    def heard(self, ask: messages.Ask, page: Page) -> None:
        """Do what a desk page asks; never raises what the user can cause: it says so."""
        now_s = self.clock.now()
        match ask:
            case messages.Film():
                if events := self._player.heard(ask, page, now_s):
                    self._stage.order(orders.FilmSaid(events))
            case messages.Lead():
                self._stage.order(orders.Wished(Lead(now_s, ask.host)))
            case messages.Latency():
                self._stage.order(orders.Wished(Latency(now_s, ask.ms / 1000)))
            case messages.Panic():
                self._stage.order(orders.Wished(Panic(now_s)))
            case messages.SetPart():
                self._set_part(ask)
            case messages.SetOut():
                self._asked_out = ask.port
                self._stage.order(orders.TakeOut(ask.port))
            case messages.Cancel():
                self.works.cancel(ask.work)
            case _:
                self._do(self._long(ask), ask, page)

    async def _begin(self) -> None:
        try:
            await self._composer.begin()
        finally:
            if self._shown is None:
                self.audience.tell(nothing_yet(comes=False))

    async def _long(self, ask: messages.Ask) -> None:
        """What takes its time, or may fail."""
        match ask:
            case messages.LookForOuts():
                await self._look_for_outs()
            case messages.Compose():
                await self._composer.compose(ask)
            case messages.SwapTest():
                self.audience.tell(await self._composer.swap(), to="desk")
            case messages.MakeProxy():
                await self._make_proxy()
            case _ if isinstance(ask, editing.EDITS):
                await self._composer.edit(ask)
            case _:
                self.room.heard(ask)

    def _do(
        self,
        doing: Coroutine[Any, Any, None],
        ask: messages.Ask | None = None,
        page: Page | None = None,
    ) -> None:
        """Have it done, and say why where it cannot be."""
        task = self._loop.create_task(self._told_why(doing, ask, page))
        self._going.add(task)
        task.add_done_callback(self._going.discard)

    async def _told_why(
        self,
        doing: Coroutine[Any, Any, None],
        ask: messages.Ask | None,
        page: Page | None,
    ) -> None:
        try:
            await doing
        except Cancelled:
            return
        except ScorelockError as err:
            words = " ".join(str(err).split())
        except Exception as err:  # a slip of ours must not end the show
            _log.exception("%s could not be done", "it" if ask is None else kind_of(ask))
            words = f"expected no slip of Scorelock, got {type(err).__name__}; the score is kept"
        else:
            return
        trouble = messages.Trouble(words, None if ask is None else kind_of(ask))
        if page is None:
            self.audience.tell(trouble, to="desk")
        else:
            self.audience.tell_one(page, trouble)

    def _set_part(self, ask: messages.SetPart) -> None:
        self._parts = with_part(self._parts, ask)
        self._stage.order(orders.Send(asks(p for p in self._parts if p.part == ask.part)))
        self._tell_parts()
        self._keep()
        self._keeper.parts = self._parts
        self._do(self._play_parts(self._parts))

    async def _play_parts(self, parts: Parts) -> None:
        if parts is self._parts:  # else there is a newer wish
            await asyncio.to_thread(self._keeper.put_on_again)  # not behind works: it is heard

    async def _look_for_outs(self) -> None:
        self._found = await self.works.beside(self._look)
        self._tell_outs()

    async def _make_proxy(self) -> None:
        if self.works.going(PROXY):
            return
        progress = self.works.begin(PROXY, "making a copy that browsers can show")
        into, seconds = self._folder / proxy.PROXY, self._grid()[1]
        try:
            made = await self.works.beside(
                lambda: proxy.make_proxy(
                    self._setup.store.film, into, seconds, progress, progress.cancelled
                )
            )
        finally:
            self.works.done(PROXY)
        if made is not None:
            url = f"/film?{self.run}-{made.stat().st_mtime_ns}"
            self.audience.tell(messages.FilmIs(url), to="desk")

    # What the stage tells -------------------------------------------------------------------------

    def told(self, told: orders.Told) -> None:
        """Take in what the stage tells."""
        match told:
            case orders.Moment():
                self._leads = told.leads
                self.audience.tell(now_of(told))
                self.room.told(told)
            case orders.Struck():
                self.audience.tell(played_of(told, self._parts), to="desk")
            case orders.Counts():
                self.audience.tell(hosts_of(told, self._listens), to="desk")
                if not self._composer.begins and self._keeper.moved():
                    self._do(self._composer.look_again())
            case orders.Ready():
                self._listens, self._out = told.listens, told.out
                self._tell_outs()
            case orders.OutIs():
                self._take_out(told.out, told.why)
            case orders.Said() | orders.Failed():
                self.audience.tell(messages.Trouble(told.words), to="desk")

    def _take_out(self, out: str | None, why: str | None) -> None:
        self._out = out
        if out is not None:
            self._stage.order(orders.Send(asks(self._parts)))
        self._tell_outs()
        if why is None:
            self._chosen_out = self._asked_out
            self._keep()
        else:  # what was chosen may be there tomorrow
            self._asked_out = self._chosen_out
            self.audience.tell(messages.Trouble(why, "set_out"), to="desk")

    # What everybody is told -----------------------------------------------------------------------

    def _show(self, shown: Shown) -> None:
        self._shown = shown
        self.audience.tell(shown.cue_is)

    def _tell_parts(self) -> None:
        self.audience.tell(messages.Parts(list(self._parts)), to="desk")

    def _tell_outs(self) -> None:
        found = self._found
        self.audience.tell(
            messages.Outs(self._out, list(found.ports), found.virtual, found.why_none), to="desk"
        )

    def _grid(self) -> tuple[TempoMap, float]:
        """Bars and beats of the score as it is, and the film's seconds."""
        if self._shown is None:
            return TempoMap(), self._setup.film.duration_s
        return self._shown.cue.tempo_map, self._shown.performance.duration_s

    def _on_loop(self, taker: Callable[[T], None]) -> Callable[[T], None]:
        """The same for other threads: it is done on the loop, in its turn."""

        def hand_over(value: T) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody is there to be told
                self._loop.call_soon_threadsafe(taker, value)

        return hand_over

    def _keep(self) -> None:
        """How the desk is left."""
        here = keeping.here(self._port, self.run) if self._port else None
        kept = Kept(parts=self._parts, out=self._chosen_out, open_at=here)
        keeping.write(self._folder, kept, say)
