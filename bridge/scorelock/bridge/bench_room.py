"""Whether players who look on delay the music: the real command, with and without a crowd.

The command and all that it starts are kept to one core of the machine, and the crowd to another
one. The plan is the house transport's: the moment at which the count-in said that it rolls.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection as DeskConnection
from websockets.sync.client import connect as connect_desk
from websockets.typing import Origin

from scorelock.bridge.bench_bridges import child
from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.console import say
from scorelock.bridge.demo_film import draw_demo_film
from scorelock.bridge.desk.messages import (
    Count,
    CueIs,
    Halt,
    Locate,
    Now,
    Ping,
    Play,
    Played,
    Tell,
)
from scorelock.bridge.jack_server import jack_server
from scorelock.bridge.ports import midi_status
from scorelock.bridge.views import Spread
from scorelock.engine.errors import MissingPart

PLAYERS: Final = 500
ROUNDS: Final = 2
"""Halves with and without the crowd, by turns."""
_SPARE_S: Final = 8.0  # of the film, beyond what is played
_JOINS_AT_ONCE: Final = 25
_OSC: Final = ("--listen", "127.0.0.1:0")  # nobody sends any
_PATIENCE_S: Final = 120.0
_PATIENT: Final[dict[str, Any]] = {
    "max_size": None,
    "open_timeout": _PATIENCE_S,
    "ping_interval": None,
}
_POLL_S: Final = 0.05
_STARTS_S: Final = 1.0  # left out: the crowd has just come, the transport has just begun

decode: Final = msgspec.json.Decoder(Tell).decode


def measure(seconds: float = 60.0, players: int = PLAYERS) -> dict[str, Any]:
    """Play that long without players and that long with them.

    Returns:
        "alone_ms" and "crowd_ms": p50, p99 and max of how far each note was sent from its time in
        the plan, in milliseconds; "more_ms": the second p99 less the first, and "ratio"; "words_ms"
        from the moment that a `Now` is of to its arrival at a player's page; "ours" is the crowd's
        p99, "other" the other; "notes" of each; "players" who were there at once, "lost" of them;
        "midi_api"; "one_core", whether it could be kept to one; "what" it is in a line.

    Raises:
        MissingPart: the command does not start here; says what it said.
    """
    with ExitStack() as stack:
        film = Path(stack.enter_context(TemporaryDirectory())) / "film.mp4"
        turn_s = seconds / ROUNDS
        draw_demo_film(film, seconds=int(turn_s + _SPARE_S), size=(320, 180))
        if (api := midi_status().available) is None:
            with suppress(MissingPart):
                api = stack.enter_context(jack_server("scorelock-bench"))
        out = () if api is None else ("--midi-out", "virtual:scorelock-bench")
        here, there = _cores()
        address, link = stack.enter_context(_rehearsal(film, out, here))
        desk = stack.enter_context(_desk(address))
        crowd = stack.enter_context(child(_crowd, link, players, there))
        alone: list[float] = []
        crowded: list[float] = []
        words: list[float] = []
        counts: list[tuple[int, int]] = []
        for _ in range(ROUNDS):
            say(f"{turn_s:g} s without players ...")
            alone += _turn(desk, turn_s)
            say(f"{turn_s:g} s with {players} players ...")
            crowd.send("come")
            came: int = _read_until(desk, crowd)
            crowded += _turn(desk, turn_s)
            crowd.send("go")
            heard, left = _read_until(desk, crowd)
            words += heard
            counts.append((came, came - left))
    return _result(alone, crowded, words) | {
        "players": min(came for came, _ in counts),
        "lost": sum(lost for _, lost in counts),
        "midi_api": api and api.name,
        "one_core": bool(here),
    }


def rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The result as rows of bench, ours, other, ratio and what."""
    where = "on one core" if result["one_core"] else "on all cores"
    what = f"{result['what']}; {result['players']} players, {where}"
    yield (
        "room",
        _shown(result["crowd_ms"]),
        _shown(result["alone_ms"]),
        f"{result['ratio']:.2f}",
        f"{what}; more by {result['more_ms']:.2f} ms p99",
    )
    heard = "from where the film is to all players' pages knowing it"
    yield "room words", _shown(result["words_ms"]), "", "", f"{heard}; lost {result['lost']}"


def _result(alone: list[float], crowded: list[float], words: list[float]) -> dict[str, Any]:
    spreads = [Spread.of(errors_s) for errors_s in (alone, crowded, words)]
    without, beside, heard = (asdict(spread) if spread else {} for spread in spreads)
    if not (without and beside and heard):
        raise MissingPart("expected notes to be played, there were none; see scorelock doctor")
    return {
        "alone_ms": without,
        "crowd_ms": beside,
        "words_ms": heard,
        "more_ms": beside["p99"] - without["p99"],
        "ours": beside["p99"],
        "other": without["p99"],
        "ratio": without["p99"] / beside["p99"],
        "notes": {"alone": len(alone), "crowd": len(crowded)},
        "what": "error of sending a note against the house transport; other: without players",
    }


def _shown(spread: Mapping[str, float]) -> str:
    return "\n".join(f"{name} {spread[name]:.2f} ms" for name in ("p50", "p99", "max"))


# The command -------------------------------------------------------------------------------------


def _cores() -> tuple[set[int], set[int]]:
    """One core for the command and the others for the crowd; nothing where that cannot be had."""
    if not hasattr(os, "sched_getaffinity"):
        return set(), set()
    first, *others = sorted(os.sched_getaffinity(0))
    return ({first}, set(others)) if others else (set(), set())


@contextmanager
def _kept_to(cores: set[int]) -> Iterator[None]:
    """What is started in the block stays on these cores."""
    if not cores:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def _rehearsal(film: Path, out: tuple[str, ...], cores: set[int]) -> Iterator[tuple[str, str]]:
    """The command: its desk's address and the players' link."""
    words = "rehearse", str(film), "--local", "--no-browser", "--port", "0", *_OSC, *out
    said = film.with_name("said")
    with _kept_to(cores), said.open("w") as file:
        command = subprocess.Popen(
            [sys.executable, "-m", "scorelock.bridge.cli", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
        )
    try:
        yield _addresses(command, said)
    finally:
        command.terminate()
        command.wait()


def _addresses(command: "subprocess.Popen[bytes]", said: Path) -> tuple[str, str]:
    """The desk's address and the players' link, as soon as it has said both."""
    clock = MonotonicClock()
    while command.poll() is None:
        found = {word for word in said.read_text().split() if word.startswith("http://")}
        if len(found) == 2:
            address, link = sorted(found, key=len)  # a link has the token in it
            return address, link
        clock.sleep_until(clock.now() + _POLL_S)
    words = " ".join(said.read_text().split())
    raise MissingPart(f"expected scorelock rehearse to start here, it said: {words}")


@contextmanager
def _desk(address: str) -> Iterator[DeskConnection]:
    """A desk page, once the score is there."""
    with connect_desk(_socket(address), origin=_origin(address), **_PATIENT) as desk:
        while True:
            message = decode(desk.recv(_PATIENCE_S))
            if isinstance(message, CueIs) and message.version and not message.draft:
                break
        yield desk


def _read_until(desk: DeskConnection, crowd: "Connection[Any, Any]") -> Any:  # noqa: ANN401
    """What the crowd says next; meanwhile the desk's page reads, as a browser would."""
    while not crowd.poll():
        with suppress(TimeoutError):
            desk.recv(_POLL_S)
    return crowd.recv()


def _turn(desk: DeskConnection, seconds: float) -> list[float]:
    """Play from the film's start and say how far each note was from the plan, in seconds."""
    clock = MonotonicClock()
    for ask in (Halt(), Locate(0.0), Play(count_in_bars=1)):
        desk.send(msgspec.json.encode(ask), text=True)
    errors_s: list[float] = []
    rolls_s = float("inf")
    while clock.now() < rolls_s + seconds:
        message = decode(desk.recv(_PATIENCE_S))
        if isinstance(message, Count) and message.beats_s:
            rolls_s = message.rolls_s
        elif isinstance(message, Played):
            errors_s += [
                abs(at_s - rolls_s - film_s)
                for film_s, *_, at_s in message.notes
                if film_s >= _STARTS_S and at_s > rolls_s  # else it is of the turn before
            ]
    desk.send(msgspec.json.encode(Halt()), text=True)
    return errors_s


# The crowd ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Visit:
    """What the crowd knows of one visit."""

    clock: Clock
    late_s: list[float] = field(default_factory=list)
    there: int = 0


def _crowd(parent: "Connection[Any, Any]", link: str, players: int, cores: set[int]) -> None:
    if cores:
        os.sched_setaffinity(0, cores)
    with suppress(EOFError):
        while parent.recv() == "come":
            parent.send(asyncio.run(_visit(parent, link, players)))


async def _visit(
    parent: "Connection[Any, Any]", link: str, players: int
) -> tuple[list[float], int]:
    """Come, look on until told to go, and say how late each word came and how many stayed."""
    visit = _Visit(MonotonicClock())
    gate = asyncio.Semaphore(_JOINS_AT_ONCE)
    pages = [asyncio.create_task(_page(visit, link, gate)) for _ in range(players)]
    while visit.there + sum(page.done() for page in pages) < players:
        await asyncio.sleep(0.05)
    visit.late_s.clear()  # of the throng at the door
    parent.send(visit.there)
    await asyncio.to_thread(parent.recv)
    stayed = visit.there
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)
    return visit.late_s, stayed


async def _page(visit: _Visit, link: str, gate: asyncio.Semaphore) -> None:
    """A player's page: it asks for the time once a second and reads all."""
    async with gate:
        socket = await connect(_socket(link), origin=_origin(link), **_PATIENT)
    visit.there += 1
    asking = asyncio.create_task(_ask(socket))
    try:
        async for data in socket:
            message = decode(data)
            if isinstance(message, Now):
                visit.late_s.append(visit.clock.now() - message.at_s)
    except ConnectionClosed:
        pass
    finally:
        visit.there -= 1
        asking.cancel()
        await socket.close()


async def _ask(socket: ClientConnection) -> None:
    number = 0
    with suppress(ConnectionClosed):
        while True:
            number += 1
            await socket.send(msgspec.json.encode(Ping(number)), text=True)
            await asyncio.sleep(1.0)


def _socket(page: str) -> str:
    return f"{page.replace('http', 'ws', 1)}socket"


def _origin(page: str) -> Origin:
    return Origin("/".join(page.split("/")[:3]))
