"""`scorelock simulate`: what a host would send, sent, so that all can be tried without one."""

import argparse
from typing import Final

from scorelock.bridge.osc_in import DEFAULT_LISTEN

HOSTS: Final = (
    "reaper ardour live drivenbymoss timecode reatc qlab mitti millumin resolume disguise "
    "digital-performer"
).split()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the host, where to send, and what it does."""
    parser.add_argument("host", choices=HOSTS, metavar="HOST", help=f"one of {', '.join(HOSTS)}")
    parser.add_argument(
        "--to",
        default=DEFAULT_LISTEN,
        metavar="HOST:PORT",
        help="where Scorelock listens (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="play straight through from 0 for so long (default: play, seek, loop, stop)",
    )


def run(args: argparse.Namespace) -> int:
    """Send until the script ends."""
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.console import say
    from scorelock.bridge.osc_in import parse_address
    from scorelock.bridge.simulate import HostSimulator, script
    from scorelock.bridge.simulated_hosts import SIMULATED, STORY, STORY_S
    from scorelock.bridge.transport import Position, Roll, Stop
    from scorelock.engine.errors import BadSetting

    address = parse_address(args.to)
    moves, until_s = STORY, STORY_S
    if args.seconds is not None:
        if not 0 < args.seconds < float("inf"):
            raise BadSetting(f"expected --seconds above 0, got {args.seconds:g}")
        moves = (Position(0.0, 0.0), Roll(0.5), Stop(0.5 + args.seconds))
        until_s = 0.75 + args.seconds
    clock = MonotonicClock()
    host = HostSimulator(script(SIMULATED[args.host], moves, until_s), [address], clock)
    say(f"{args.host} plays to {address[0]}:{address[1]} for {until_s:g} s")
    host.start(clock.now())
    try:
        host.join()
    except OSError as err:
        raise BadSetting(f"expected to reach {args.to}, got: {err.strerror or err}") from err
    return 0
