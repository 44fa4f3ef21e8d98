"""`scorelock rehearse`: open the desk of a film, and let players in from the network."""

import argparse

from scorelock.bridge.commands.desk import add_desk_arguments, open_desk


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of the desk, and where players come in."""
    add_desk_arguments(parser)
    group = parser.add_argument_group("players")
    place = group.add_mutually_exclusive_group()
    place.add_argument(
        "--address",
        metavar="A",
        help="this machine's address in the players' network (default: that of the way out)",
    )
    place.add_argument(
        "--local",
        action="store_const",
        dest="address",
        const="127.0.0.1",
        help="players on this machine only, to try it",
    )


def run(args: argparse.Namespace) -> int:
    """Rehearse until Ctrl-C."""
    return open_desk(args, room_open=True)
