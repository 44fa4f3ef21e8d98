"""`scorelock ports`: the MIDI outputs and inputs of this machine, and why an API has none."""

import argparse
import json
from dataclasses import asdict

from scorelock.bridge.ports import MidiStatus, midi_status


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --json."""
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(args: argparse.Namespace) -> int:
    """Print what there is; finding nothing is an answer, not an error."""
    status = midi_status()
    used = status.available
    if args.json:
        print(json.dumps({**asdict(status), "available": used and used.name}, indent=2))
    else:
        print("\n".join(_lines(status)))
    return 0


def _lines(status: MidiStatus) -> list[str]:
    if not status.apis:
        return [status.reason]
    lines = []
    for api in status.apis:
        if not api.available:
            lines.append(api.reason)
            continue
        for what, names in (("outputs", api.ports), ("inputs", api.inputs)):
            ports = [f'  "{name}"' for name in names] or [f"  no {what} yet"]
            more = ["  virtual:NAME makes a new one"] if api.virtual else []
            lines += [f"{api.name} {what}:", *ports, *more]
    return lines
