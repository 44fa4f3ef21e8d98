"""scorelock demo [FILM]: the first minute, with nothing set up.

Draws a film unless one is given, scores it, writes the MIDI file, then lets a simulated host play
the film: real OSC datagrams over loopback to the same code that follows a DAW.
"""

import argparse
import json
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from scorelock.bridge.composing import add_compose_arguments, performance_of
from scorelock.bridge.console import say
from scorelock.engine.score import Cue, Performance

FOLDER: Final = Path("scorelock-demo")
LEAD_S: Final = 0.5
"""Before the host rolls, and after the film's end before it stops."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, where to write, where to play, and the composing options."""
    parser.add_argument(
        "film", nargs="?", type=Path, metavar="FILM", help="(default: it draws one)"
    )
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        default=FOLDER,
        metavar="FOLDER",
        help="for the film and its MIDI file (default: %(default)s)",
    )
    parser.add_argument("--midi-out", metavar="NAME", help="as for live (default: virtual)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    add_compose_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Draw, compose, write, play, report."""
    from scorelock.engine.files import make_folder
    from scorelock.export import formats
    from scorelock.export.score import Score

    folder: Path = args.output
    make_folder(folder)
    if args.film is None:
        args.film = _drawn(folder / "film.mp4")
    cue, performance = performance_of(args)
    file = folder / f"{args.film.stem}.mid"
    formats.write(file, Score(cue, performance, cue.tempo_map, cue.hits))
    say(f"wrote {file}, in {cue.key}, chords: {len(cue.chords)}, notes: {len(performance.notes)}")
    result = _play(cue, performance, args.midi_out) | {"file": str(file)}
    if args.json:
        print(json.dumps(result))
    else:
        print("\n".join(_lines(result)))
    return 0


def _drawn(path: Path) -> Path:
    from scorelock.bridge.demo_film import draw_demo_film

    say(f"drawing {path}")
    draw_demo_film(path)
    return path


def _play(cue: Cue, performance: Performance, midi_out: str | None) -> dict[str, Any]:
    """Let a simulated host roll through the film; gives what the report of --json holds."""
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.dialects import hosts
    from scorelock.bridge.osc_in import OscIn
    from scorelock.bridge.port_process import PortProcess
    from scorelock.bridge.ports import midi_out_or_none
    from scorelock.bridge.session import LiveSession
    from scorelock.bridge.show import Show
    from scorelock.bridge.simulate import HostSimulator, reaper
    from scorelock.bridge.status import status_line
    from scorelock.bridge.transport import Position, Roll, Stop
    from scorelock.bridge.views import Snapshot

    clock = MonotonicClock()
    rate, length_s = cue.features.film.rate, performance.duration_s
    moves = (Position(0.0, 0.0), Roll(LEAD_S), Stop(length_s + 2 * LEAD_S))
    until_s = length_s + 3 * LEAD_S
    with (
        OscIn("127.0.0.1:0", clock) as osc,
        closing(midi_out_or_none(midi_out, say, lambda w: PortProcess(w, clock, say))) as out,
    ):
        host = HostSimulator(reaper(moves, until_s), [osc.address], clock)
        say(f'a host rolls on 127.0.0.1:{osc.address[1]}, the notes go to "{out.name}"')
        session = LiveSession(Show(performance), cue, [out], osc, hosts(rate), clock)
        with session, status_line(cue.key, rate) as show:
            host.start(clock.now())

            def view(now: Snapshot) -> None:
                show(now)
                if clock.now() > host.start_s + until_s:
                    session.end()

            session.run(view)
        host.join()
    report = session.report()
    spread = report.send_error_ms
    return {
        "notes_sent": report.notes_sent,
        "notes_left_on": report.notes_left_on,
        "send_error_ms": spread and asdict(spread),
        "midi_api": out.api,
    }


def _lines(result: dict[str, Any]) -> list[str]:
    spread = result["send_error_ms"]
    exact = ", ".join(f"{name} {value:.2f} ms" for name, value in (spread or {}).items())
    return [
        f"score:      {result['file']}",
        f"MIDI:       {result['midi_api'] or 'none on this machine: the score is in the file'}",
        f"notes:      {result['notes_sent']} sent, {result['notes_left_on']} left on",
        f"send error: {exact or 'nothing was due'}",
    ]
