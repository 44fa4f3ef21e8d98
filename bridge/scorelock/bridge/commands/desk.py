"""`scorelock desk`, which is what `scorelock FILM` means: a score under the running film."""

import argparse
import asyncio
import sys
from fractions import Fraction
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.asking import question
from scorelock.bridge.composing import add_compose_arguments, settings_of
from scorelock.bridge.console import say
from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.live_options import (
    add_host_arguments,
    add_late_arguments,
    film_start_s,
    latencies_s,
)
from scorelock.bridge.routing import Routing
from scorelock.bridge.show import Late, OnStop
from scorelock.bridge.timecode_rate import known_rate
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

if TYPE_CHECKING:
    from scorelock.bridge.desk.desk import Setup
    from scorelock.bridge.desk.keeping import Kept, OpenAt
    from scorelock.bridge.stage.orders import Setting
    from scorelock.engine.history import History

READY: Final = "Ctrl-C ends"
"""The last line before the desk is there."""
FILM: Final = "film"
"""Who leads at first: the film in the browser."""
ANSWERS_S: Final = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """As `add_desk_arguments`."""
    add_desk_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Open it until Ctrl-C."""
    return open_desk(args)


def add_desk_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the film, where the desk is, the host, what goes out, and the composing options."""
    parser.add_argument("film", type=Path, help="the film, or its folder FILM.cue")
    parser.add_argument(
        "--port", type=int, help="of the desk; 0 takes any (default: 8765, or the next free one)"
    )
    parser.add_argument("--no-browser", action="store_true", help="open none; say the address")
    add_host_arguments(parser)
    group = parser.add_argument_group("what goes out")
    group.add_argument(
        "--midi-out",
        metavar="PORT",
        help="an output's name or part of it, or virtual:NAME for a new one (default: as it was "
        "left, at first the browser's own voice)",
    )
    group.add_argument(
        "--part",
        action="append",
        default=[],
        metavar="PART=CHANNEL[:PROGRAM]",
        help="where chords, bass, pattern or drone go and with which sound; may be given for each",
    )
    add_late_arguments(group)
    add_compose_arguments(parser)


def open_desk(args: argparse.Namespace, room_open: bool = False) -> int:
    """Open the desk of `args.film` until Ctrl-C; one that is open already is shown instead.

    `room_open` lets players in from the network, at `args.address` or wherever this machine is.

    Raises:
        ScorelockError: the film, the cue, an option or a port is at fault.
    """
    from scorelock.bridge.desk import keeping
    from scorelock.engine.files import require_film

    routing = _checked(args)
    store = CueStore.of(args.film)
    require_film(store.film)
    kept = keeping.read(store.path.parent, say)
    if kept.open_at is not None and keeping.lives(kept.open_at) and _answers(kept.open_at):
        url = f"http://127.0.0.1:{kept.open_at.port}/"
        say("the desk of this film is open already")
        _show(args, url)
        return 0
    setup, setting = _setup(args, store, kept, routing)
    asyncio.run(_serve(args, setup, setting, room_open))
    return 0


async def _serve(
    args: argparse.Namespace, setup: "Setup", setting: "Setting", room_open: bool
) -> None:
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.desk.desk import Desk
    from scorelock.bridge.desk.invitation import invite
    from scorelock.bridge.desk.messages import OpenRoom
    from scorelock.bridge.desk.serving import Web
    from scorelock.bridge.stage.process import StageProcess

    web = Web(args.port, getattr(args, "address", None), args.debug)
    stage = StageProcess(setting, say)
    desk = Desk(setup, stage, MonotonicClock(), web.open_network)
    try:
        url = web.start(desk)
        desk.start(int(url.rstrip("/").rpartition(":")[2]))
        if room_open:
            desk.room.heard(OpenRoom(True))
            invite(desk.room.link or "", desk.audience, say, sys.stderr)
        _show(args, url)
        say(READY)
        await web.until_ended()
    finally:
        await asyncio.to_thread(stage.close)  # silence first: the rest may take its time
        await web.close()
        await desk.close()


def _show(args: argparse.Namespace, url: str) -> None:
    from scorelock.bridge.desk.serving import show

    say(f"the desk: {url}")
    if not args.no_browser:
        show(url)


def _checked(args: argparse.Namespace) -> Routing:
    """A slip in an option should show before anything is opened."""
    film_start_s(args.film_start, FrameRate(Fraction(120)))
    latencies_s(args.latency)
    settings_of(args)
    if args.port is not None and not 0 <= args.port <= 65535:
        raise BadSetting(f"expected a --port from 0 to 65535, got {args.port}")
    if args.host is not None:
        question(args.host, FrameRate(Fraction(25)), 0)
    routing = Routing.parse(args.part)
    for part, route in routing.routes.items():
        if route.port is not None or route.bank is not None:
            raise BadSetting(
                f"expected --part {part}=CHANNEL[:PROGRAM]: all parts of the desk go to one "
                "output, without banks; scorelock live routes each to its own"
            )
    return routing


def _setup(
    args: argparse.Namespace, store: CueStore, kept: "Kept", routing: Routing
) -> tuple["Setup", "Setting"]:
    """What the desk is opened with, and what plays."""
    from scorelock.bridge.desk.desk import Setup
    from scorelock.bridge.desk.parts import parts_of
    from scorelock.bridge.desk.score_file import Film
    from scorelock.bridge.stage.orders import Setting

    history, duration_s, rate = film_of(store)
    known = known_rate(store.film, args.timecode_rate, None)
    counted = known or rate
    start_s = film_start_s(args.film_start, counted)
    start = Timecode.from_seconds(start_s, counted)
    latencies = latencies_s(args.latency)
    out = kept.out if args.midi_out is None else args.midi_out
    film = Film(store.film.name, duration_s, float(rate.fps), str(start), start_s)
    parts = parts_of(routing) if args.part or kept.parts is None else kept.parts
    setting = Setting(
        rate=counted,
        known_rate=known,
        listen=args.listen,
        follow=args.follow,
        host=args.host,
        words=args.words,
        lead=args.lead or FILM,
        film_start_s=start_s,
        film_s=duration_s,
        latency_s=latencies.pop("", 0.0),
        latencies=latencies,
        late=Late(args.late),
        on_stop=OnStop(args.on_stop),
        out=out,
    )
    args.film = store.film
    given = None if args.film_start == "0" else start
    return Setup(store, args, film, given, history, parts, out), setting


def film_of(store: CueStore) -> tuple["History | None", float, FrameRate]:
    """The film's score if there is one, its length in seconds and its rate."""
    _, features = store.seeing().known(store.film)
    if features is not None:
        history = store.read(features) if store.exists() else None
        return history, features.film.duration_s, features.film.rate
    from scorelock.engine.video import declared

    return None, *declared(store.film)


def _answers(there: "OpenAt") -> bool:
    """Whether that run of the desk is still to be reached there."""
    connection = HTTPConnection("127.0.0.1", there.port, timeout=ANSWERS_S)
    try:
        connection.request("HEAD", "/score.json")
        etag = connection.getresponse().headers.get("etag", "")
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
    return there.run in etag
