"""`scorelock live`: compose the score of a film and play it on a host's timecode; or that of a
camera's picture, as it happens.
"""

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.asking import question
from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.composing import add_compose_arguments, stream_of
from scorelock.bridge.console import say
from scorelock.bridge.dialects import hosts
from scorelock.bridge.dialects.mapping import load
from scorelock.bridge.keys import keys
from scorelock.bridge.live_options import (
    add_camera_arguments,
    add_host_arguments,
    add_out_arguments,
    beats_a_minute,
    controllers,
    film_start_s,
    latencies_s,
)
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.osc_sender import OscSender
from scorelock.bridge.outboard import Outboard
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import MidiOut, midi_out_or_none
from scorelock.bridge.routing import Routing
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import (
    ClockTo,
    Expression,
    Lane,
    Late,
    OnStop,
    OscTo,
    Show,
    TimecodeTo,
)
from scorelock.bridge.status import status_line
from scorelock.bridge.timecode_rate import asker, known_rate
from scorelock.bridge.timelines.follow import OSC, open_timeline
from scorelock.bridge.timelines.timeline import Timeline
from scorelock.bridge.views import SessionReport
from scorelock.engine.errors import BadSetting
from scorelock.engine.key import Key
from scorelock.engine.score import Cue, Performance
from scorelock.engine.timebase import FrameRate, Timecode

if TYPE_CHECKING:
    from scorelock.engine.arrange import Arranged

READY: Final = "Ctrl-C ends"
"""The last line before the first note: it is said when the host is followed."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the film, the host, what goes out, and the composing options."""
    parser.add_argument(
        "film", type=Path, nargs="?", help="the film that the host plays; none with --camera"
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="keep what arrives, what is decided and what is sent, for scorelock replay FILE",
    )
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    parser.add_argument(
        "--anew",
        action="store_true",
        help="compose by the options below though there is an edited score of the film",
    )
    add_camera_arguments(parser)
    add_host_arguments(parser)
    add_out_arguments(parser)
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Compose, then follow the host until Ctrl-C; the report goes to stdout."""
    if args.camera is not None:
        from scorelock.bridge.camera.playing import play

        return play(args)
    if args.film is None:
        raise BadSetting("expected a film, such as film.mp4, or --camera 0; got none")
    routing = checked(args)
    words = None if args.words is None else load(args.words)
    clock = MonotonicClock()
    counts = args.follow.partition(":")[0] in (OSC, "mtc", "ltc")
    known = known_rate(args.film, args.timecode_rate, asker() if counts else None)
    with (
        ShowLog(args.log) if args.log else nullcontext() as log,
        _open_osc(args, clock) as osc,
        _open_timeline(args, known, clock) as timeline,
        open_outs(args, clock) as outboard,
    ):
        lanes, others = outboard.lanes(routing), follower_ports(args, outboard)
        latencies = latencies_s(args.latency)
        cue, coming = _score(args)
        rate = known or cue.features.film.rate
        if log is not None:
            log.begin(args.film.name, rate, words)
        outboard.ask(routing)
        show = Show(
            Performance((), cue.features.film.duration_s),
            film_start_s(args.film_start, rate),
            latencies.pop("", 0.0),
            latencies,
            lanes,
            len(outboard.outs),
            Late(args.late),
            OnStop(args.on_stop),
            args.lead,
            _expression(args, cue, lanes),
            *followers(args, others, cue.key, [cut.at_s for cut in cue.features.cuts], rate),
        )
        dialect = hosts(rate, osc.address[1] if osc is not None else 0, words)
        session = LiveSession(
            *(
                show,
                None,
                outboard.outs,
                osc,
                dialect,
                clock,
                coming,
                log,
                [timeline] if timeline else (),
            )
        )
        with session:
            _tell(args, outboard.outs[0].name, osc, timeline, show.film_start_s, rate)
            with status_line(cue.key, rate) as view, keys(session, clock):
                session.run(view)
    report = session.report()
    if log is not None and report.log_dropped:
        say(f"the log lacks {report.log_dropped} records: {log.failure or 'the disk was too slow'}")
    print(json.dumps(asdict(report), indent=2) if args.json else summary(report))
    return 0


def checked(args: argparse.Namespace) -> Routing:
    """Where the parts go. A slip in an option should show before the long work, not after it."""
    film_start_s(args.film_start, FrameRate(Fraction(120)))
    latencies_s(args.latency)
    controllers(args.expression)
    beats_a_minute(args.bpm)
    if args.host is not None:
        question(args.host, FrameRate(Fraction(25)), 0)
    return Routing.parse(args.part)


def _score(args: argparse.Namespace) -> tuple[Cue, Iterator["Arranged"]]:
    """The edited score of the film if there is one, else one that is composed as it plays."""
    from scorelock.bridge.cue_store import CueStore

    store = CueStore.of(args.film)
    if args.anew or not store.exists():
        return stream_of(args)
    from scorelock.engine.arrange import arranged_cue

    history = store.read()
    say(f"playing take {history.current} of {store.path}; --anew composes another score")
    return history.cue, arranged_cue(history.cue, history.cue.chords)


def open_outs(args: argparse.Namespace, clock: Clock) -> Outboard:
    """The first output; others are opened as they are asked for."""
    opened: Callable[[str], MidiOut] = lambda wanted: PortProcess(wanted, clock, say)  # noqa: E731
    return Outboard(midi_out_or_none(args.midi_out, say, opened), args.midi_out, opened)


def follower_ports(args: argparse.Namespace, outboard: Outboard) -> dict[str, int]:
    """The outputs of what others follow, by option."""
    ports = {"mtc": args.mtc_out, "clock": args.clock_out}
    numbers = {name: outboard.port(port) for name, port in ports.items() if port is not None}
    if args.osc_out is not None:
        numbers["osc"] = outboard.add(OscSender(args.osc_out))
    return numbers


def followers(
    args: argparse.Namespace,
    ports: dict[str, int],
    key: Key,
    hits_s: Iterable[float],
    rate: FrameRate,
) -> tuple[TimecodeTo | None, ClockTo | None, OscTo | None]:
    """What others follow, at these outputs."""
    return (
        TimecodeTo(rate, ports["mtc"]) if "mtc" in ports else None,
        ClockTo(args.bpm, ports["clock"]) if "clock" in ports else None,
        OscTo(key, tuple(hits_s), ports["osc"]) if "osc" in ports else None,
    )


def _expression(args: argparse.Namespace, cue: Cue, lanes: dict[int, Lane]) -> Expression | None:
    numbers = controllers(args.expression)
    loudness = tuple(map(float, cue.dynamics.loudness))
    return Expression(loudness, numbers, tuple(lanes.values())) if numbers else None


def _open_osc(args: argparse.Namespace, clock: Clock) -> AbstractContextManager[OscIn | None]:
    return OscIn(args.listen, clock) if args.follow == OSC else nullcontext()


def _open_timeline(
    args: argparse.Namespace, rate: FrameRate | None, clock: Clock
) -> AbstractContextManager[Timeline | None]:
    return nullcontext() if args.follow == OSC else closing(open_timeline(args.follow, clock, rate))


def _tell(
    args: argparse.Namespace,
    out: str,
    osc: OscIn | None,
    timeline: Timeline | None,
    starts_s: float,
    rate: FrameRate,
) -> None:
    """Say what is followed, and what to do in the host."""
    film_start = Timecode.from_seconds(starts_s, rate)
    if timeline is not None:
        say(f'following {timeline.address}, playing to "{out}"')
        say(f"film starts at {film_start}")
        say(READY)
    if osc is not None:
        if args.host is not None:
            osc.greet(*question(args.host, rate, osc.address[1]))
        _tell_setup(osc.address, out, film_start)


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


def summary(report: SessionReport) -> str:
    """The report, for people."""
    spread = report.send_error_ms
    exact = (
        ""
        if spread is None
        else (f", {spread.p50:.2f} ms late at the median, {spread.p99:.2f} ms at p99")
    )
    ignored = ", ".join(f"{count} {reason}" for reason, count in sorted(report.ignored.items()))
    sources = [
        f"       {source}: {', '.join(f'{count} {what}' for what, count in counts.items())}"
        for source, counts in report.sources.items()
    ]
    return "\n".join(
        (
            f"notes: {report.notes_sent} sent{exact}",
            f"       {report.notes_late} struck late, {report.notes_dropped} dropped as late, "
            f"{report.notes_left_on} left on",
            f"host:  {report.datagrams} datagrams, {report.locates} locates, "
            f"{report.drop_outs} drop-outs; messages ignored: {ignored or 'none'}",
            *sources,
        )
    )
