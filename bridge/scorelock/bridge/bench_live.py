"""How exactly notes go out: a host in, a MIDI port out, beside a bridge that has no clock.

The plan is the host's true time: a note's onset after the moment that the host began to play. What
each host is like is in `bench_feeds`, who takes part in `bench_bridges`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, Final

import numpy as np

from scorelock.bridge import bench_moves
from scorelock.bridge.bench_bridges import OTHER, OURS, Played, Sent, play
from scorelock.bridge.bench_feeds import FEEDS, Feed, flooded
from scorelock.bridge.bench_storm import faults
from scorelock.bridge.console import say
from scorelock.bridge.jack_server import jack_server
from scorelock.bridge.ledger import NOTE_OFF, NOTE_ON
from scorelock.bridge.ports import midi_status
from scorelock.bridge.transport import Position, Roll, Stop
from scorelock.bridge.views import Spread
from scorelock.engine.errors import MissingPart
from scorelock.engine.score import Note, Part, Performance

STORMS: Final = 10_000
_STARTS_S: Final = 0.5  # from here on the host plays


def measure(seconds: float = 60.0, *, storms: int = STORMS, seed: int = 0) -> dict[str, Any]:
    """Play that long on each feed and compare with the plan; needs MIDI, or jackd to start it.

    Args:
        seconds: of playing on each feed, of the host's moves and of the flood.
        storms: how many.
        seed: of the delays and of the notes.

    Returns:
        By its name each feed as `follow` has it, and "ardour" as `bench_ardour.measure` has it,
        where there is Ardour; the host's moves as `bench_moves.measure` has them; the flood as
        `flood` has it; "storm_faults", notes left on, offs without an on and double ons of all
        storms. The first feed again as "ours" and "other", p50, p99 and max in milliseconds, and
        "ratio", other's p99 by ours, with its "planned", "received" and "left_on"; "what" that is
        in a line; "midi_api"; "seconds".

    Raises:
        MissingPart: there is no MIDI here, nor jackd.
    """
    with ExitStack() as stack:
        api = midi_status().available
        if api is None:
            api = stack.enter_context(jack_server("scorelock-bench"))
        if not api.virtual:
            raise MissingPart(f"expected a MIDI system with virtual ports, {api.name} has none")
        result: dict[str, Any] = {}
        for feed in FEEDS:
            say(f"{feed.name}: {feed.what} ...")
            result[feed.name] = follow(api.name, feed, seconds, seed)
        say("locates, stops and wraps ...")
        result |= bench_moves.measure(api.name, seconds, seed)
        say("a flood ...")
        result |= flood(api.name, seconds, seed)
    say(f"{storms} storms ...")
    result["storm_faults"] = sum(map(faults, range(storms)))
    result |= _ardour(seconds)
    first = result[FEEDS[0].name]
    return result | {
        "ours": first["ours"],
        "other": first["other"],
        "ratio": first["other"]["p99"] / first["ours"]["p99"],
        "what": "error of live sending against the host's true time; other: on the last report",
        "planned": first["planned"],
        "received": first["received"],
        "left_on": first["left_on"],
        "midi_api": api.name,
        "seconds": seconds,
    }


def synthetic(seconds: float, seed: int) -> Performance:
    """Chords a second apart and a busier line, off the grid, so that reports fall anywhere."""
    draw = np.random.default_rng(seed)
    chords = [Note(float(s), 0.95, p, 80, 0) for s in range(int(seconds)) for p in (48, 55, 64)]
    line = [
        Note(float(at_s), 0.1, 72 + index % 12, 90, 1)
        for index, at_s in enumerate(np.sort(draw.uniform(0, seconds - 0.2, int(8 * seconds))))
    ]
    return Performance((Part("chords", tuple(chords)), Part("line", tuple(line))), seconds)


def follow(api: str, feed: Feed, seconds: float, seed: int) -> dict[str, Any]:
    """Both bridges on one feed.

    Returns:
        "ours_ms" and "naive_ms": median and p99 of the error of a note's start when it was sent,
        either way, in milliseconds; "ours" and "other" the same with their greatest, "ours_arrival"
        and "other_arrival" at the receiver; "planned" and "received" note-ons of ours; "left_on";
        "locates" and "drop_outs", of which there should be none.
    """
    score = synthetic(seconds, seed)
    ends_s = _STARTS_S + seconds
    moves = (Position(0, 0.0), Roll(_STARTS_S), Stop(ends_s))
    played = play(api, score, feed.datagrams(moves, ends_s, seed), OURS, OTHER)
    origin_s = played.start_s + _STARTS_S
    result: dict[str, Any] = {}
    for name, ms in ((OURS, "ours_ms"), (OTHER, "naive_ms")):
        result[name] = _spread(_errors(score, played.sent[name], origin_s))
        result[f"{name}_arrival"] = _spread(_errors(score, played.received[name], origin_s))
        result[ms] = {"median": result[name]["p50"], "p99": result[name]["p99"]}
    return result | _counts(score, played)


def flood(api: str, seconds: float, seed: int) -> dict[str, Any]:
    """Ours alone while 5,000 datagrams a second come.

    Returns:
        "flood_p99_ms", as of `follow`; "flood_datagrams" that were read; "flood_lost_sync", locates
        and drop-outs, of which the script has none; "flood_received" note-ons.
    """
    score = synthetic(seconds, seed)
    ends_s = _STARTS_S + seconds
    moves = (Position(0, 0.0), Roll(_STARTS_S), Stop(ends_s))
    played = play(api, score, flooded(moves, ends_s, seed), OURS)
    errors_s = _errors(score, played.sent[OURS], played.start_s + _STARTS_S)
    counts = _counts(score, played)
    return {
        "flood_p99_ms": _spread(errors_s)["p99"],
        "flood_datagrams": played.report.datagrams,
        "flood_lost_sync": counts["locates"] + counts["drop_outs"],
        "flood_received": counts["received"],
    }


def rows(result: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """The result as rows of bench, ours, other, ratio and what."""
    for name, feed in result.items():
        if isinstance(feed, dict) and "naive_ms" in feed:
            ours, other = feed["ours_ms"], feed["naive_ms"]
            ratio = f"{other['p99'] / ours['p99']:.2f}"
            yield f"live {name}", _shown(ours), _shown(other), ratio, result["what"]
    for key, what in {
        "locate_ms": "report in to the last note-off and the first note of the new place, p99",
        "wrap_ms": "gap or overlap at the seam of a loop whose range is known, p99",
        "seam_ms": "its two sides against the host's true seam, p99",
        "stop_ms": "the stop's datagram in to the last note-off, p99",
        "flood_p99_ms": f"error of sending while {result['flood_datagrams']} datagrams came, p99; "
        f"lost sync {result['flood_lost_sync']} times",
    }.items():
        yield f"live {key.removesuffix('_ms')}", f"{result[key]:.2f} ms", "", "", what
    faulty = "notes left on, offs without an on, double ons in random storms"
    yield "live storms", str(result["storm_faults"]), "", "", faulty


def _shown(spread: Mapping[str, float]) -> str:
    return "\n".join(f"{name} {number:.2f} ms" for name, number in spread.items())


def _ardour(seconds: float) -> dict[str, Any]:
    """The feed of a real host, where there is one."""
    from scorelock.bridge import bench_ardour  # which needs what few machines have

    say("ardour: the real one, with its own MIDI track beside ours ...")
    try:
        return {"ardour": bench_ardour.measure(seconds)}
    except MissingPart as err:
        say(f"going on without Ardour: {err}")
        return {}


def _counts(score: Performance, played: Played) -> dict[str, int]:
    return {
        "planned": len(score.notes),
        "received": len(_ons(played.received[OURS])),
        "left_on": _left_on(played.received[OURS]),
        "locates": played.report.locates,
        "drop_outs": played.report.drop_outs,
    }


def _errors(score: Performance, sent: Sent, origin_s: float) -> list[float]:
    """How far each note-on was from the plan, in seconds: the nearest note of its pitch there."""
    planned: dict[tuple[int, int], list[float]] = defaultdict(list)
    for note in score.notes:
        planned[note.channel, note.pitch].append(origin_s + note.onset_s)
    return [
        min(abs(at_s - wanted_s) for wanted_s in planned[data[0] & 0x0F, data[1]])
        for at_s, data in _ons(sent)
    ]


def _ons(sent: Sent) -> Sent:
    return [(at_s, data) for at_s, data in sent if data[0] & 0xF0 == NOTE_ON and data[2]]


def _left_on(sent: Sent) -> int:
    """Notes that a listener would still hear at the end."""
    down: set[tuple[int, int]] = set()
    for _, data in sent:
        key = data[0] & 0x0F, data[1]
        if data[0] & 0xF0 == NOTE_ON:
            down.add(key)
        elif data[0] & 0xF0 == NOTE_OFF:
            down.discard(key)
    return len(down)


def _spread(errors_s: Iterable[float]) -> dict[str, float]:
    spread = Spread.of(errors_s)
    return asdict(spread) if spread is not None else {}
