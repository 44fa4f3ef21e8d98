"""scorelock bench: Scorelock's way beside another way, measured in one run on this machine."""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.console import say

BENCHES: Final = ("decode", "live", "watch", "start", "tempo", "edit", "room", "desk", "memory")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which benches, and how long or on what."""
    parser.add_argument(
        "bench",
        nargs="*",
        metavar="BENCH",
        help=f"{', '.join(BENCHES)} (default: all; room, desk and memory take several "
        "minutes each)",
    )
    parser.add_argument(
        "--chords", type=int, default=300, help="chords to decode (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        help="of live sending on each feed, of playing without players and with them, and of each "
        "part of desk (default: %(default)s)",
    )
    parser.add_argument(
        "--film", type=Path, help="film to watch (default: a 1080p film drawn for it)"
    )
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "tensorrt", "coreml", "directml"),
        default="auto",
        help="that chords are decoded on (default: %(default)s)",
    )
    parser.add_argument(
        "--players",
        type=int,
        default=500,
        help="that look on in a rehearsal (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the benches in turn, so that none disturbs another, and print a table or JSON."""
    from scorelock.engine.errors import BadSetting

    if unknown := set(args.bench) - set(BENCHES):
        raise BadSetting(f"expected a bench among {', '.join(BENCHES)}, got {', '.join(unknown)}")
    if not 1 <= args.chords <= 300:
        raise BadSetting(f"expected --chords from 1 to 300, got {args.chords}")
    if not args.seconds >= 2:
        raise BadSetting(f"expected --seconds of 2 or more, got {args.seconds}")
    if not 1 <= args.players <= 2000:
        raise BadSetting(f"expected --players from 1 to 2000, got {args.players}")
    results: dict[str, Any] = {}
    for name in args.bench or BENCHES:
        say(f"measuring {name} ...")
        results[name] = _measure(name, args)
    print(json.dumps(results) if args.json else "", end="\n" if args.json else "")
    if not args.json:
        _print_table(results)
    return 0


def _measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    now = MonotonicClock().now
    if name == "decode":
        from scorelock.export import bench_decode

        return bench_decode.measure(now, args.chords, args.device)
    if name == "watch":
        from scorelock.bridge import bench_watch

        return bench_watch.measure(now, args.film)
    if name == "start":
        from scorelock.bridge import bench_start

        return bench_start.measure(now)
    if name == "room":
        from scorelock.bridge import bench_room

        return bench_room.measure(args.seconds, args.players)
    if name == "desk":
        from scorelock.bridge import bench_desk

        return bench_desk.measure(now, args.seconds)
    if name == "memory":
        from scorelock.bridge import bench_memory

        return bench_memory.measure()
    if name == "edit":
        from scorelock.export import bench_edit

        return bench_edit.measure(now)
    if name == "tempo":
        from scorelock.export import bench_tempo

        return bench_tempo.measure(now, [args.film] if args.film else ())
    from scorelock.bridge import bench_live

    return bench_live.measure(args.seconds)


def _print_table(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table()
    for column in ("bench", "ours", "other", "ratio", "what"):
        table.add_column(column, overflow="fold")
    for name, result in results.items():
        for row in _rows(name, result):
            table.add_row(*row)
    Console(soft_wrap=False).print(table)


def _rows(name: str, result: dict[str, Any]) -> Iterable[tuple[str, ...]]:
    if name == "decode":
        from scorelock.export import bench_decode

        return bench_decode.rows(result)
    if name == "live":
        from scorelock.bridge import bench_live

        return bench_live.rows(result)
    if name == "tempo":
        from scorelock.export import bench_tempo

        return bench_tempo.rows(result)
    if name == "room":
        from scorelock.bridge import bench_room

        return bench_room.rows(result)
    if name == "desk":
        from scorelock.bridge import bench_desk

        return bench_desk.rows(result)
    if name == "memory":
        from scorelock.bridge import bench_memory

        return bench_memory.rows(result)
    ours, other = (f"{result[way]:.3f} s" for way in ("ours", "other"))
    return [(name, ours, other, f"{result['ratio']:.2f}", result["what"])]
