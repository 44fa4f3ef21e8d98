"""The options that shape a score, and the way from a film to its notes, for every command that
composes.
"""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from scorelock.bridge.console import say
from scorelock.bridge.musical_time import add_playing_arguments, add_time_arguments, timed
from scorelock.bridge.seeing import Seeing, add_seeing_arguments, features_of
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.score import ComposeSettings, Cue, Performance
from scorelock.engine.vocabulary import Chord

if TYPE_CHECKING:
    from scorelock.engine.arrange import Arranged
    from scorelock.engine.bundle import Bundle


def add_compose_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `settings_of`, with the defaults of `ComposeSettings`, and of `timed`."""
    default = ComposeSettings()
    group = parser.add_argument_group("composing")
    group.add_argument(
        "--key", help='such as "F# minor" or "Gb major" (default: by the mood of the film)'
    )
    group.add_argument("--primer", help='chords to begin with, one a second, such as "C Am F G7"')
    group.add_argument(
        "--seed",
        type=int,
        default=default.seed,
        help="the same seed, the same notes (default: %(default)s)",
    )
    group.add_argument(
        "--temperature",
        type=float,
        default=default.temperature,
        help="0 takes the likeliest chord, 1 draws as the model believes (default: %(default)s)",
    )
    group.add_argument(
        "--top-k",
        type=int,
        default=default.top_k,
        help="how many of the likeliest chords may be drawn (default: %(default)s)",
    )
    group.add_argument(
        "--max-repeat",
        type=int,
        default=default.max_repeat,
        help="seconds that one chord may hold (default: %(default)s)",
    )
    group.add_argument(
        "--affect",
        type=float,
        default=default.affect,
        metavar="0..1",
        help="how far the score leans to the mood of the picture (default: %(default)s)",
    )
    group.add_argument(
        "--recall",
        type=float,
        default=default.recall,
        metavar="0..1",
        help="how much the score repeats itself, as songs do (default: %(default)s)",
    )
    group.add_argument(
        "--in-key",
        type=float,
        default=default.in_key,
        help="what a note outside the key costs a chord; 0 is nothing (default: %(default)s)",
    )
    group.add_argument("--bundle", type=Path, help="a model bundle: its folder, or starter or clip")
    add_seeing_arguments(group)
    add_time_arguments(parser)
    add_playing_arguments(parser)


def settings_of(args: argparse.Namespace) -> ComposeSettings:
    """Check the options.

    Raises:
        BadSetting: one of them is out of its range or cannot be read; it is named.
    """
    if args.seed < 0:
        raise BadSetting(f"expected a --seed of 0 or more, got {args.seed}")
    if not 0 <= args.temperature <= 5:
        raise BadSetting(f"expected a --temperature from 0 to 5, got {args.temperature}")
    for option, value, most in (
        ("--affect", args.affect, 1),
        ("--recall", args.recall, 1),
        ("--in-key", args.in_key, 10),
    ):
        if not 0 <= value <= most:
            raise BadSetting(f"expected {option} from 0 to {most}, got {value}")
    for option, value in (("--top-k", args.top_k), ("--max-repeat", args.max_repeat)):
        if value < 1:
            raise BadSetting(f"expected a {option} of 1 or more, got {value}")
    primer = (args.primer or "").replace(",", " ").replace("|", " ").split()
    return ComposeSettings(
        seed=args.seed,
        key=Key.parse(args.key) if args.key is not None else None,
        primer=tuple(Chord.parse(name) for name in primer),
        temperature=args.temperature,
        top_k=args.top_k,
        max_repeat=args.max_repeat,
        recall=args.recall,
        in_key=args.in_key,
        affect=args.affect,
    )


def performance_of(args: argparse.Namespace) -> tuple[Cue, Performance]:
    """Compose and arrange `args.film`.

    Raises:
        ScorelockError: the film, the bundle or an option is at fault.
    """
    from scorelock.engine.arrange import arrange
    from scorelock.engine.compose import complete

    cue, bundle = begun(args)
    (cue,) = complete([cue], bundle)
    return cue, arrange(cue)


def stream_of(args: argparse.Namespace) -> tuple[Cue, Iterator["Arranged"]]:
    """Begin to compose `args.film`: a cue without chords, and the spans with their notes as they
    come. The first is there already.

    Raises:
        ScorelockError: the film, the bundle or an option is at fault.
    """
    from scorelock.engine.arrange import arranged_cue
    from scorelock.engine.compose import chords, spans

    cue, bundle = begun(args)
    coming = arranged_cue(cue, spans(cue, (row[0] for row in chords([cue], bundle))))
    return cue, chain([next(coming)], coming)


def begun(args: argparse.Namespace) -> tuple[Cue, "Bundle"]:
    """A cue of `args.film` without chords, and the model that composes them.

    Raises:
        ScorelockError: the film, the bundle or an option is at fault.
    """
    settings_of(args)  # before the long work, so that a typing error shows at once
    from scorelock.engine.bundle import Bundle

    bundle = Bundle.open(args.bundle, device=args.device)
    features = features_of(args.film, Seeing.of(args, bundle.manifest.layout))
    say(f"composing on {bundle.device.device}: {bundle.device.why}")
    return begun_on(features, bundle, args), bundle


def begun_on(features: VideoFeatures, bundle: "Bundle", args: argparse.Namespace) -> Cue:
    """A cue without chords of a film that was seen so.

    Raises:
        ScorelockError: the bundle or an option is at fault.
    """
    from scorelock.engine.compose import begin

    (cue,) = begin(features, bundle, [settings_of(args)])
    return timed(cue, args)
