"""`scorelock live --camera`: the score of a live picture, made up and played as it happens."""

import argparse
import json
import re
import stat
from contextlib import nullcontext
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from scorelock.bridge.camera.arrivals import Arrivals
from scorelock.bridge.camera.capture import Capture
from scorelock.bridge.camera.devices import CvCamera
from scorelock.bridge.camera.glances import beside
from scorelock.bridge.camera.pipe import STDIN, PipeCamera, Size
from scorelock.bridge.camera.scoring import Scoring, slot_edges
from scorelock.bridge.camera.source import NoCamera, Source
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.commands.live import (
    READY,
    checked,
    follower_ports,
    followers,
    open_outs,
    summary,
)
from scorelock.bridge.composing import settings_of
from scorelock.bridge.console import say
from scorelock.bridge.dialects import hosts
from scorelock.bridge.keys import keys
from scorelock.bridge.live_options import RATES, controllers, film_start_s
from scorelock.bridge.log_writer import ShowLog
from scorelock.bridge.musical_time import FIND, playing_of, rhythm_of, told_grid
from scorelock.bridge.outboard import Outboard
from scorelock.bridge.seeing import Seeing
from scorelock.bridge.session import LiveSession
from scorelock.bridge.show import Expression, Lane, Late, OnStop, Show
from scorelock.bridge.status import status_line
from scorelock.bridge.timelines.follow import OSC
from scorelock.bridge.timelines.house import HouseTimeline
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import MAJOR
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import SEMANTIC_WIDTH
from scorelock.engine.key import Key
from scorelock.engine.on_the_fly import OnTheFly
from scorelock.engine.onlooker import Onlooker
from scorelock.engine.playing import Playing
from scorelock.engine.score import ComposeSettings, Performance
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.timebase import FrameRate

FOREVER_S: Final = 1e7
"""A camera's show has no end: this is four months."""
_FASTEST: Final = 480.0


def play(args: argparse.Namespace) -> int:
    """Play until Ctrl-C, or until what was recorded ends; the report goes to stdout.

    Raises:
        ScorelockError: the camera, the bundle or an option is at fault.
    """
    routing = checked(args)
    source = source_of(args)
    fly, seeing = _composer(args)
    clock = MonotonicClock()
    arrivals = Arrivals(clock)
    with (
        beside(seeing.open_clip) as clip,
        ShowLog(args.log) if args.log else nullcontext() as log,
        open_outs(args, clock) as outboard,
        Capture(source, arrivals, clock) as capture,
    ):
        rate = _rate(args, capture.fps)
        if log is not None:
            log.begin(source.name, rate)
        show = _show(args, outboard, rate, outboard.lanes(routing), fly.key or MAJOR)
        outboard.ask(routing)
        timeline = HouseTimeline("camera", clock, show.film_start_s)
        session: LiveSession
        scoring = Scoring(
            fly,
            slot_edges(rhythm_of(args), told_grid(args)),
            arrivals,
            clock,
            lambda: capture.fps,
            lambda at_s: timeline.do(lambda house, now_s: house.roll(at_s, now_s)),
            lambda: session.end(),
            say,
            clip,
        )
        dialect = hosts(rate, 0)
        session = LiveSession(
            *(show, None, outboard.outs, None, dialect, clock, scoring.parts(), log, [timeline])
        )
        with session:
            say(f'watching {source.name}, playing to "{outboard.outs[0].name}"')
            say(READY)
            with status_line(fly, rate) as view, keys(session, clock):
                session.run(view)
    if capture.failure is not None:
        raise capture.failure
    played, seen = session.report(), scoring.report()
    if log is not None and played.log_dropped:
        say(f"the log lacks {played.log_dropped} records: {log.failure or 'the disk was too slow'}")
    if args.json:
        print(json.dumps({**asdict(played), "camera": asdict(seen)}, indent=2))
    else:
        print(f"{seen}\n{summary(played)}")
    return 0


def source_of(args: argparse.Namespace) -> Source:
    """The camera of --camera.

    Raises:
        BadSetting: it, or what goes with it, cannot be read, or does not go together.
        NoCamera: there is nothing there.
    """
    others = {"a film": args.film, "--host": args.host, "--lead": args.lead, "--words": args.words}
    others["--follow"] = None if args.follow == OSC else args.follow
    others["--hits"] = None if args.hits == "none" else args.hits
    others["--tempo find"] = args.tempo if args.tempo == FIND else None
    for name, value in others.items():
        if value is not None:
            raise BadSetting(f"expected --camera without {name}, got both; leave one of them out")
    fps = args.camera_rate
    if not 0 < fps <= _FASTEST:
        raise BadSetting(f"expected a --camera-rate up to {_FASTEST:g}, got {fps:g}")
    size, name = _size(args.camera_size), args.camera
    device = re.fullmatch(r"(?:/dev/video)?([0-9]+)", name)
    if device:
        return CvCamera(device[1], fps)
    if "://" in name:
        return CvCamera(name, fps)
    if name == STDIN:
        return PipeCamera(name, size, fps)
    path = Path(name)
    if not path.exists():
        raise NoCamera(
            f"expected a camera: 0 or another device's number, an address such as rtsp://..., a "
            f"pipe, a film or -, found nothing at {name}"
        )
    if stat.S_ISFIFO(path.stat().st_mode):
        return PipeCamera(name, size, fps)
    return CvCamera(str(path.resolve()), fps, recorded=True)


def _size(text: str | None) -> Size | None:
    match = None if text is None else re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
    if text is not None and match is None:
        raise BadSetting(f"expected a --camera-size such as 640x360, got {text!r}")
    return None if match is None else (int(match[1]), int(match[2]))


def _composer(args: argparse.Namespace) -> tuple[OnTheFly, Seeing]:
    """What composes, and who is to see what it composes on."""
    settings, grid, playing = settings_of(args), told_grid(args), playing_of(args, Playing())
    bundle = Bundle.open(args.bundle, device=args.device)
    seeing = Seeing.of(args, bundle.manifest.layout)
    say(f"composing on {bundle.device.device}: {bundle.device.why}")
    edges = slot_edges(rhythm_of(args), grid)
    first = [next(edges) for _ in range(9)]
    slot_s = float(np.median(np.diff(first)))
    return composer(bundle, settings, playing, grid, slot_s), seeing


def composer(
    bundle: Bundle, settings: ComposeSettings, playing: Playing, grid: TempoMap, slot_s: float
) -> OnTheFly:
    """What composes, when everything that it needs has been loaded and run once: the first chord
    must not wait for it.
    """
    onlooker, trial = Onlooker(25.0), OnTheFly(bundle, settings, playing, grid, slot_s)
    onlooker.see(0.0, np.zeros((36, 64, 3), np.uint8))
    row = replace(onlooker.close(), semantic=np.zeros(SEMANTIC_WIDTH, np.float32))
    for slot in range(3):
        trial.next(row, float(slot), slot + 1.0)
    return OnTheFly(bundle, settings, playing, grid, slot_s)


def _rate(args: argparse.Namespace, fps: float) -> FrameRate:
    """That timecode counts: as told, else the camera's where timecode has it, else 25."""
    if args.timecode_rate is not None:
        return RATES[args.timecode_rate]
    nearest = FrameRate.nearest(fps)
    return nearest if nearest in RATES.values() else FrameRate(Fraction(25))


def _show(
    args: argparse.Namespace,
    outboard: Outboard,
    rate: FrameRate,
    lanes: dict[int, Lane],
    key: Key,
) -> Show:
    """As that of a film, but for what nobody knows before: its length, loudness and hits; the
    key that its chords are spelt in comes with the first of them.
    """
    numbers = controllers(args.expression)
    ports = follower_ports(args, outboard)
    timecode_to, clock_to, osc_to = followers(args, ports, key, (), rate)
    return Show(
        Performance((), FOREVER_S),
        film_start_s(args.film_start, rate),
        lanes=lanes,
        ports=len(outboard.outs),
        late=Late(args.late),
        on_stop=OnStop(args.on_stop),
        expression=Expression((), numbers, tuple(lanes.values())) if numbers else None,
        timecode_out=timecode_to,
        clock_out=clock_to,
        osc_out=osc_to,
    )
