"""scorelock bench: Scorelock's way beside another way, measured in one run on this machine."""

import argparse
import importlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.console import say
from scorelock.engine.errors import BadSetting, MissingPart

Measure = Callable[[Any, argparse.Namespace, Callable[[], float]], dict[str, Any]]
"""A bench's module, the options and the clock in; its numbers out."""

BENCHES: Final[dict[str, tuple[str, Measure]]] = {
    "decode": (
        "scorelock.export.bench_decode",
        lambda bench, args, now: bench.measure(now, args.chords, args.device),
    ),
    "live": (
        "scorelock.bridge.bench_live",
        lambda bench, args, now: bench.measure(args.seconds),
    ),
    "watch": (
        "scorelock.bridge.bench_watch",
        lambda bench, args, now: bench.measure(now, args.film),
    ),
    "start": ("scorelock.bridge.bench_start", lambda bench, args, now: bench.measure(now)),
    "tempo": (
        "scorelock.export.bench_tempo",
        lambda bench, args, now: bench.measure(now, [args.film] if args.film else ()),
    ),
    "edit": ("scorelock.export.bench_edit", lambda bench, args, now: bench.measure(now)),
    "room": (
        "scorelock.bridge.bench_room",
        lambda bench, args, now: bench.measure(args.seconds, args.players),
    ),
    "desk": (
        "scorelock.bridge.bench_desk",
        lambda bench, args, now: bench.measure(now, args.seconds),
    ),
    "camera": (
        "scorelock.bridge.bench_camera",
        lambda bench, args, now: bench.measure(args.seconds),
    ),
    "clip": ("scorelock.export.bench_clip", lambda bench, args, now: bench.measure(now)),
    "build": (
        "scorelock.export.bench_build",
        lambda bench, args, now: bench.measure(now, args.film),
    ),
    "listen": (
        "scorelock.export.bench_listen",
        lambda bench, args, now: bench.measure(
            now, [args.film] if args.film else (), args.soundfont
        ),
    ),
    "memory": ("scorelock.bridge.bench_memory", lambda bench, args, now: bench.measure()),
}
"""Name -> (module, how it measures). A module with `rows` writes its own rows of the table."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which benches, and how long or on what."""
    parser.add_argument(
        "bench",
        nargs="*",
        metavar="BENCH",
        help=f"{', '.join(BENCHES)} (default: all; room, desk, memory, clip and listen take "
        "several minutes each)",
    )
    parser.add_argument(
        "--chords", type=int, default=300, help="chords to decode (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=60.0,
        help="of live sending on each feed, of playing without players and with them, of each part "
        "of desk, and of the camera (default: %(default)s)",
    )
    parser.add_argument(
        "--film", type=Path, help="film to watch (default: a 1080p film drawn for it)"
    )
    parser.add_argument(
        "--soundfont",
        type=Path,
        action="append",
        default=[],
        metavar="SF",
        help="that listen plays with; may be given for each (default: all that are installed)",
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
    if unknown := set(args.bench) - BENCHES.keys():
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
    module, measure = BENCHES[name]
    try:
        bench = importlib.import_module(module)
    except ImportError as err:
        raise MissingPart(
            f"expected {err.name} for the bench {name}; pip install 'scorelock[dataset,train]' "
            "mir_eval"
        ) from err
    return measure(bench, args, MonotonicClock().now)


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
    rows = getattr(importlib.import_module(BENCHES[name][0]), "rows", None)
    if rows is not None:
        told: Iterable[tuple[str, ...]] = rows(result)
        return told
    ours, other = (f"{result[way]:.3f} s" for way in ("ours", "other"))
    return [(name, ours, other, f"{result['ratio']:.2f}", result["what"])]
