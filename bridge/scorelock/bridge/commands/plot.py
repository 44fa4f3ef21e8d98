"""`scorelock plot`: the timeline of a score as a picture."""

import argparse
from pathlib import Path

from scorelock.bridge.cue_store import CueStore
from scorelock.engine.errors import BadSetting

ENDINGS = (".png", ".svg", ".pdf")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """CUE and where to draw."""
    parser.add_argument("film", type=Path, help="the film, or its folder FILM.cue")
    parser.add_argument(
        *("-o", "--output"), type=Path, metavar="FILE", help="(default: FILM.png, in this folder)"
    )


def run(args: argparse.Namespace) -> int:
    """Draw, and name the file on stdout."""
    store = CueStore.of(args.film)
    output: Path = args.output or Path(f"{store.film.stem}.png")
    if output.suffix.lower() not in ENDINGS:
        raise BadSetting(f"expected a picture named *{', *'.join(ENDINGS)}, got {output}")
    from scorelock.export.timeline_plot import draw

    draw(output, store.read().cue)
    print(output)
    return 0
