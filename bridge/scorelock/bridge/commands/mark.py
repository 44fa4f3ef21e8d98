"""`scorelock mark`: write a film's cuts, hits and chords into a host, once, when asked."""

import argparse
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.composing import add_compose_arguments, performance_of
from scorelock.bridge.console import progress, say
from scorelock.bridge.live_options import film_start_s
from scorelock.bridge.writeback.wire import LISTEN
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scorelock.bridge.writeback.conversation import Host, Written
    from scorelock.bridge.writeback.marks import Mark
    from scorelock.engine.score import Cue

TEMPO: Final = "tempo"
KINDS: Final = ("cuts", "chords", "hits", TEMPO)
_TEMPOS: Final = (20.0, 999.0)  # Live's range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the film, the host, what to write, and the composing options, which are for films that
    have no cue yet.
    """
    parser.add_argument("film", type=Path, help="the film that the host plays")
    parser.add_argument(
        "--host",
        required=True,
        metavar="NAME[@HOST[:PORT]]",
        help=f"the host to write to: {', '.join(LISTEN)}, such as reaper or live@192.168.1.5",
    )
    parser.add_argument(
        "--write",
        metavar="WHAT",
        help=f"some of {','.join(KINDS)}; cuts, hits and chords that an earlier run wrote are "
        "brought into line (default: all that the host takes, tempo with --tempo)",
    )
    parser.add_argument(
        "--film-start",
        default="0",
        metavar="TC|SECONDS",
        help="the host's time at the film's first frame (default: %(default)s)",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        help="where the host answers (default: 9000, for Live 11001, for Ardour any)",
    )
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, write, read back, and say what is there."""
    from scorelock.bridge.asking import question
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.writeback.marks import marks_of
    from scorelock.bridge.writeback.wire import UdpWire, converse, ours

    name = args.host.partition("@")[0]
    kinds = _kinds(name, args.write, args.tempo)
    bpm = _bpm(args.tempo) if TEMPO in kinds else None
    film_start_s(args.film_start, FrameRate(Fraction(120)))
    peer, _ = question(args.host, FrameRate(Fraction(25)), 0)
    listen = args.listen or f"{ours(peer[0])}:{LISTEN[name]}"
    clock = MonotonicClock()
    with closing(UdpWire(listen, peer, clock)) as wire:
        marks = None
        if set(kinds) - {TEMPO} or (TEMPO in kinds and bpm is None):
            cue = _cue(args)
            marks = marks_of(cue, kinds, film_start_s(args.film_start, cue.features.film.rate))
            if TEMPO in kinds and bpm is None:
                bpm = cue.tempo_map.tempos[0].bpm
            say(f"writing marks to {name}; leave it alone until they are there")
        host = _host(name, marks, bpm, wire.address[1])
        with progress(f"marking {args.film.name} in {name}") as report:
            written = converse(host, wire, clock, lambda far: report(far.there / (far.marks or 1)))
        print(_summary(name, written))
    return 0


def _kinds(name: str, write: str | None, tempo: str | None) -> tuple[str, ...]:
    """What to write: what is asked for, if the host takes it."""
    if name not in LISTEN:
        raise BadSetting(
            f"expected a --host of {', '.join(LISTEN)}, got {name!r}; others take no marks over OSC"
        )
    takes = {"ardour": KINDS[:3], "drivenbymoss": (TEMPO,)}.get(name, KINDS)
    if write is None:
        kinds = tuple(kind for kind in takes if kind != TEMPO or tempo is not None)
    else:
        kinds = tuple(dict.fromkeys(word.strip() for word in write.split(",")))
    if not kinds or not set(kinds) <= set(takes):
        raise BadSetting(
            f"expected --write of {','.join(takes)}, which {name} takes, got {write!r}"
        )
    if TEMPO in kinds and tempo is None:
        raise BadSetting(
            f"expected --tempo where the tempo is to be written to {name}, got --write "
            f"{','.join(kinds)} alone"
        )
    return kinds


def _bpm(tempo: str) -> float | None:
    """The tempo as a number; None where the score tells it."""
    try:
        bpm = float(tempo)
    except ValueError:
        return None
    if not _TEMPOS[0] <= bpm <= _TEMPOS[1]:
        raise BadSetting(f"expected a --tempo from {_TEMPOS[0]:g} to {_TEMPOS[1]:g}, got {bpm:g}")
    return bpm


def _cue(args: argparse.Namespace) -> "Cue":
    """The cue that is kept beside the film, else one that is composed."""
    from scorelock.bridge.cue_store import CueStore

    store = CueStore.of(args.film)
    return store.read().cue if store.exists() else performance_of(args)[0]


def _host(name: str, marks: "Sequence[Mark] | None", bpm: float | None, port: int) -> "Host":
    from scorelock.bridge.writeback.ableton import LiveMarks
    from scorelock.bridge.writeback.ardour import ArdourMarks
    from scorelock.bridge.writeback.reaper import ReaperMarks
    from scorelock.bridge.writeback.tempo import MossTempo

    if name == "reaper":
        return ReaperMarks(marks, bpm)
    if name == "live":
        return LiveMarks(marks, bpm)
    if name == "ardour":
        return ArdourMarks(marks or (), port)
    assert bpm is not None
    return MossTempo(bpm)


def _summary(name: str, written: "Written") -> str:
    lines = []
    if written.tempo is not None:
        same = written.tempo == written.tempo_before
        lines.append(
            f"{name} is at {written.tempo:g} beats a minute{' already' if same else ''}"
            + ("" if same else f"; it was at {written.tempo_before:g}")
        )
    new = written.marks - written.before
    if written.marks or written.removed:
        told = [f"{written.before} marks are there already"] if written.before else []
        told += [f"{new} marks written to {name} and read back"] if new else []
        told += [f"{written.removed} of an earlier run taken away"] if written.removed else []
        lines.append("; ".join(told))
    return "\n".join(lines) or f"there is nothing to mark in {name}"
