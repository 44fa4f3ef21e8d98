"""`scorelock replay`: run a show again from its log, and say whether it goes the same way."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from scorelock.bridge.replay import Replay, replay
from scorelock.bridge.show_log import read_log, versions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the log and --json."""
    parser.add_argument("log", type=Path, help="what scorelock live --log wrote")
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(args: argparse.Namespace) -> int:
    """Replay the log: 0 if all that was sent would be sent again, byte for byte, else 1."""
    result = replay(read_log(args.log))
    if args.json:
        print(json.dumps({"same": result.same, **asdict(result)}, indent=2))
    else:
        print("\n".join(_lines(result)))
    return 0 if result.same else 1


def _lines(result: Replay) -> list[str]:
    made_by, here = result.made_by, versions()
    lines = [
        f"the same {result.messages} messages in {result.seconds:.1f} s, "
        f"from {result.datagrams} datagrams"
    ]
    if result.difference is not None:
        difference = result.difference
        lines = [
            f"another way after {result.messages} same messages, at {difference.at_s:.6f} s",
            f"  now:  {difference.now}",
            f"  then: {difference.then}",
        ]
    if result.missing:
        lines.append(
            f"the log lacks {result.missing} records, because the disk could not keep up; "
            "what comes after the first of them was not compared"
        )
    if result.error is not None:
        lines.append(f"the show was ended by {result.error}")
    elif not result.ended and result.difference is None and not result.missing:
        lines.append("the log stops before the show's end: it was killed, or goes on")
    lines += [
        f"made with {name} {made_by.get(name)}, replayed with {here[name]}"
        for name in here
        if made_by.get(name) != here[name]
    ]
    return lines
