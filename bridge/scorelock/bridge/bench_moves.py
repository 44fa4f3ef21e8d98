"""What a host's moves cost: how soon after a report a locate, a stop and a loop's seam are heard.

The score is a chord at each of three places, so that a pitch tells of which place it is. A report
is in when the host was to send it: what the network and our threads take is in the figures.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from scorelock.bridge.bench_bridges import OURS, RATE, Sent, play
from scorelock.bridge.dialects import hosts, read
from scorelock.bridge.ledger import NOTE_OFF, NOTE_ON
from scorelock.bridge.simulate import SEND_DELAY_S, Move, TimedDatagram, reaper
from scorelock.bridge.transport import LoopRange, Position, Repeat, Roll, Stop, TransportEvent
from scorelock.engine.score import Note, Part, Performance

HEARD_S: Final = 0.3
"""How long something may take; what has not come by then counts as this late."""
_HERE, _THERE, _LOOP, _SEAM = (48, 52, 55), (60, 64, 67), (72, 76, 79), (84, 88, 91)
_THERE_S: Final = 100.0
_LOOP_S: Final = 200.0
_TURN_S: Final = 1.0
_ROUND_S: Final = 1.53  # no multiple of the reports' period


def _score() -> Performance:
    half_s = _TURN_S / 2
    chords = (
        (0.0, 50.0, _HERE),
        (_THERE_S, 50.0, _THERE),
        (_LOOP_S, half_s, _LOOP),
        (_LOOP_S + half_s, 50.0, _SEAM),  # sounds beyond the seam unless it is cut there
    )
    notes = (Note(at_s, long_s, p, 80, 0) for at_s, long_s, pitches in chords for p in pitches)
    return Performance((Part("chords", tuple(notes)),), 300.0)


def measure(api: str, seconds: float, seed: int) -> dict[str, float]:
    """Locate, stop and wrap for so many seconds.

    Returns:
        The 99th percentile in milliseconds of each: "locate_ms", from the report to both the last
        note-off of the old place and the first note of the new one; "stop_ms", from the stop's
        datagram to the last note-off; "wrap_ms", the gap or overlap at the seam of a loop whose
        range is known; "seam_ms", how far its two sides are from the host's true seam; and how many
        "located" and "wrapped".
    """
    located, wrapped = max(1, int(seconds / 2 / _ROUND_S)), max(1, int(seconds / 2 / _TURN_S))
    moves, seams_s = _script(located, wrapped)
    until_s = moves[-1].at_s + 0.5
    datagrams = list(reaper(moves, until_s, delay_s=SEND_DELAY_S, seed=seed))
    played = play(api, _score(), datagrams, OURS)
    sent = [(at_s - played.start_s, data) for at_s, data in played.sent[OURS]]
    heard = _heard(datagrams)
    locates = [m.at_s for m in moves if isinstance(m, Position) and m.position_s == _THERE_S]
    stops = [m.at_s for m in moves if isinstance(m, Stop)][:located]
    gaps, aways = zip(*(_seam(sent, seam_s) for seam_s in seams_s), strict=True)
    return {
        "locate_ms": _p99([_located(sent, _report(heard, at_s)) for at_s in locates]),
        "stop_ms": _p99([_stopped(sent, _told(heard, at_s)) for at_s in stops]),
        "wrap_ms": _p99(gaps),
        "seam_ms": _p99(aways),
        "located": located,
        "wrapped": wrapped,
    }


def _script(located: int, wrapped: int) -> tuple[list[Move], list[float]]:
    """The moves, and the true times of the seams."""
    moves: list[Move] = []
    at_s = 0.0
    for _ in range(located):
        moves += [Position(at_s, 0.0), Roll(at_s + 0.2), Position(at_s + 0.7, _THERE_S)]
        moves += [Stop(at_s + 1.2)]
        at_s += _ROUND_S
    moves += [LoopRange(at_s, _LOOP_S, _LOOP_S + _TURN_S), Repeat(at_s, True)]
    moves += [Position(at_s, _LOOP_S), Roll(at_s + 0.5)]
    seams_s = [at_s + 0.5 + _TURN_S * turn for turn in range(1, wrapped + 1)]
    return [*moves, Stop(seams_s[-1] + HEARD_S)], seams_s


def _heard(datagrams: Iterable[TimedDatagram]) -> list[TransportEvent]:
    dialect = hosts(RATE)
    return [event for at_s, data in datagrams for event in read(dialect, data, at_s).events]


def _report(heard: Sequence[TransportEvent], after_s: float) -> float:
    """When the first report of the new place left the host."""
    return next(
        event.at_s
        for event in heard
        if isinstance(event, Position) and event.at_s >= after_s and event.position_s >= _THERE_S
    )


def _told(heard: Sequence[TransportEvent], after_s: float) -> float:
    return next(e.at_s for e in heard if isinstance(e, Stop) and e.at_s >= after_s)


def _located(sent: Sent, from_s: float) -> float:
    return max(_last_off(sent, _HERE, from_s), _first_on(sent, _THERE, from_s)) - from_s


def _stopped(sent: Sent, from_s: float) -> float:
    return _last_off(sent, _THERE, from_s) - from_s


def _seam(sent: Sent, seam_s: float) -> tuple[float, float]:
    """Gap or overlap, and how far the worse side is from the true seam."""
    from_s = seam_s - HEARD_S / 2
    off_s, on_s = _last_off(sent, _SEAM, from_s), _first_on(sent, _LOOP, from_s)
    return abs(on_s - off_s), max(abs(off_s - seam_s), abs(on_s - seam_s))


def _last_off(sent: Sent, pitches: Sequence[int], from_s: float) -> float:
    """When the last of them was released within the time; its end where one was not."""
    offs = _of(sent, NOTE_OFF, pitches, from_s)
    return max(offs) if len(offs) == len(pitches) else from_s + HEARD_S


def _first_on(sent: Sent, pitches: Sequence[int], from_s: float) -> float:
    return min(_of(sent, NOTE_ON, pitches, from_s), default=from_s + HEARD_S)


def _of(sent: Sent, kind: int, pitches: Sequence[int], from_s: float) -> list[float]:
    return [
        at_s
        for at_s, data in sent
        if data[0] & 0xF0 == kind and data[1] in pitches and from_s <= at_s < from_s + HEARD_S
    ]


def _p99(errors_s: Sequence[float]) -> float:
    return float(1000 * np.percentile(errors_s, 99))
