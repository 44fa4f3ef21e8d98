"""`scorelock live`: compose the score of a film and play it on a host's timecode."""

import argparse
import json
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Final

from scorelock.bridge.asking import question
from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.composing import add_compose_arguments, stream_of
from scorelock.bridge.console import say
from scorelock.bridge.dialects import hosts
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.osc_in import DEFAULT_LISTEN, OscIn
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import MidiOut, midi_out_or_none
from scorelock.bridge.routing import Routing
from scorelock.bridge.session import LiveSession, SessionReport
from scorelock.bridge.status import status_line
from scorelock.bridge.timelines.follow import OSC, open_timeline
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.engine.errors import BadSetting
from scorelock.engine.score import Performance
from scorelock.engine.timebase import FrameRate, Timecode

RATES: Final = {
    **{str(fps): FrameRate(Fraction(fps)) for fps in (24, 25, 30, 48, 50, 60)},
    "23.976": FrameRate(Fraction(24000, 1001)),
    "29.97": FrameRate(Fraction(30000, 1001)),
    "29.97df": FrameRate(Fraction(30000, 1001), drop=True),
    "59.94": FrameRate(Fraction(60000, 1001)),
    "59.94df": FrameRate(Fraction(60000, 1001), drop=True),
}

LONGEST_LATENCY_MS: Final = 2000
READY: Final = "Ctrl-C ends"
"""The last line before the first note: it is said when the host is followed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the film, where the host sends, where the notes go, and the composing options."""
    parser.add_argument("film", type=Path, help="the film that the host plays")
    parser.add_argument(
        "--listen",
        default=DEFAULT_LISTEN,
        metavar="[tcp:]HOST:PORT",
        help="where the host sends OSC (default: %(default)s)",
    )
    parser.add_argument(
        "--host",
        metavar="NAME[@HOST[:PORT]]",
        help="ask a host that says nothing by itself, such as ardour, live or qlab@192.168.1.5",
    )
    parser.add_argument(
        "--follow",
        default=OSC,
        metavar="osc|mtc:PORT|clock:PORT|mpv:SOCKET",
        help="what the host speaks: OSC; MIDI timecode or clock at an input (its name or part of "
        "it, or virtual:NAME for a new one); or mpv's --input-ipc-server (default: %(default)s)",
    )
    parser.add_argument(
        "--midi-out",
        metavar="NAME",
        help="an output's name or part of it, or virtual:NAME for a new one (default: virtual)",
    )
    parser.add_argument(
        "--part",
        action="append",
        default=[],
        metavar="PART=CHANNEL[:PROGRAM[:BANK]]",
        help="where chords, bass or pattern go and with which sound; may be given for each",
    )
    parser.add_argument(
        "--latency",
        type=float,
        default=0.0,
        metavar="MS",
        help="how much later than its reports the host is heard; negative for earlier "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--film-start",
        default="0",
        metavar="TC|SECONDS",
        help="the host's time at the film's first frame (default: %(default)s)",
    )
    parser.add_argument(
        "--timecode-rate",
        choices=RATES,
        help="frames a second of timecode (default: the film's; of MIDI timecode what it says)",
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="keep what arrives, what is decided and what is sent, for scorelock replay FILE",
    )
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, then follow the host until Ctrl-C; the report goes to stdout."""
    known_rate = RATES.get(args.timecode_rate)
    # A slip in a timecode and a port in use should show before the long work, not after it.
    _film_start(args.film_start, known_rate or FrameRate(Fraction(120)))
    routing, latency_s = Routing.parse(args.part), _latency_s(args.latency)
    if args.host is not None:
        question(args.host, known_rate or FrameRate(Fraction(25)), 0)
    clock = MonotonicClock()
    with (
        ShowLog(args.log) if args.log else nullcontext() as log,
        _open_osc(args, clock) as osc,
        _open_timeline(args, known_rate, clock) as timeline,
        closing(midi_out_or_none(args.midi_out, say, _apart(clock))) as out,
    ):
        cue, coming = stream_of(args)
        rate = known_rate or cue.features.film.rate
        film_start_s = _film_start(args.film_start, rate)
        if log is not None:
            log.begin(args.film.name, rate)
        empty = Performance((), cue.features.film.duration_s)
        for message in routing.asks():
            out.send(message)
        dialect = hosts(rate, osc.address[1] if osc is not None else 0)
        starts_s, parts = film_start_s + latency_s, routing.arranged(coming)
        session = LiveSession(
            *(empty, None, out, osc, dialect, clock, starts_s, parts, log, timeline)
        )
        with session:
            film_start = Timecode.from_seconds(film_start_s, rate)
            if timeline is not None:
                say(f'following {timeline.address}, playing to "{out.name}"')
                say(f"film starts at {film_start}")
                say(READY)
            if osc is not None:
                if args.host is not None:
                    osc.greet(*question(args.host, rate, osc.address[1]))
                _tell_setup(osc.address, out.name, film_start)
            with status_line(cue.key, rate) as view:
                session.run(view)
    report = session.report()
    if log is not None and report.log_dropped:
        say(f"the log lacks {report.log_dropped} records: {log.failure or 'the disk was too slow'}")
    print(json.dumps(asdict(report), indent=2) if args.json else _summary(report))
    return 0


def _apart(clock: Clock) -> Callable[[str], MidiOut]:
    return lambda wanted: PortProcess(wanted, clock, say)


def _open_osc(args: argparse.Namespace, clock: Clock) -> AbstractContextManager[OscIn | None]:
    return OscIn(args.listen, clock) if args.follow == OSC else nullcontext()


def _open_timeline(
    args: argparse.Namespace, rate: FrameRate | None, clock: Clock
) -> AbstractContextManager[Timeline | None]:
    return nullcontext() if args.follow == OSC else closing(open_timeline(args.follow, clock, rate))


def _latency_s(milliseconds: float) -> float:
    if not abs(milliseconds) <= LONGEST_LATENCY_MS:
        raise BadSetting(
            f"expected a --latency of at most {LONGEST_LATENCY_MS} ms, got {milliseconds}"
        )
    return milliseconds / 1000


def _film_start(text: str, rate: FrameRate) -> float:
    """Seconds on the host's time line, from seconds or a timecode.

    Raises:
        BadSetting: neither of the two.
    """
    try:
        seconds = Timecode.parse(text, rate).seconds if ":" in text else float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BadSetting(
            f"expected a --film-start in seconds, or a timecode such as 01:00:00:00, got {text!r}"
        )
    return seconds


def _tell_setup(address: tuple[str, int], out: str, film_start: Timecode) -> None:
    host, port = address
    say(f'listening on {host}:{port}, playing to "{out}", film starts at {film_start}')
    say(
        "REAPER: Preferences, Control/OSC/web, Add, OSC (Open Sound Control), Configure device IP: "
        f"{'this machine' if host == '0.0.0.0' else host}, device port {port}, "
        "pattern Scorelock (scorelock setup reaper) or Default"
    )
    say(f'other hosts: /time ,f SECONDS and /play ,f 1 or 0, or /timecode ,s "{film_start}"')
    say(READY)


def _summary(report: SessionReport) -> str:
    spread = report.send_error_ms
    exact = (
        ""
        if spread is None
        else (f", {spread.p50:.2f} ms late at the median, {spread.p99:.2f} ms at p99")
    )
    ignored = ", ".join(f"{count} {reason}" for reason, count in sorted(report.ignored.items()))
    return "\n".join(
        (
            f"notes: {report.notes_sent} sent{exact}",
            f"       {report.notes_late} struck late, {report.notes_dropped} dropped as over, "
            f"{report.notes_left_on} left on",
            f"host:  {report.datagrams} datagrams, {report.locates} locates, "
            f"{report.drop_outs} drop-outs; messages ignored: {ignored or 'none'}",
        )
    )
