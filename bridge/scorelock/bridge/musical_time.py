"""The options that put a score in musical time, for every command that composes or edits."""

import argparse
import re
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.console import say
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import VideoFeatures
from scorelock.engine.hits import Hit, hits_at
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import Cue
from scorelock.engine.slots import Rhythm
from scorelock.engine.tempo_map import Meter, TempoMap
from scorelock.engine.timebase import FrameRate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scorelock.engine.find_tempo import Proposal

FIND: Final = "find"
HOST: Final = "host"
RANGE: Final = (60.0, 150.0)
_MIDI: Final = (".mid", ".midi")


def add_time_arguments(parser: argparse.ArgumentParser) -> None:
    """Add tempo, meter, rhythm and hits."""
    group = parser.add_argument_group("music in time")
    group.add_argument(
        "--tempo",
        metavar="BPM|find|host:NAME[@HOST[:PORT]]|FILE.mid",
        help="quarter notes a minute; found so that hits fall on beats; as the host has it, such "
        "as host:reaper; or the tempo map of a MIDI file (default: 120)",
    )
    group.add_argument(
        "--tempo-range",
        default=f"{RANGE[0]:g}-{RANGE[1]:g}",
        metavar="LOW-HIGH",
        help="in which a tempo is found (default: %(default)s)",
    )
    group.add_argument(
        "--tempo-changes",
        type=int,
        choices=(0, 1, 2),
        default=0,
        help="of tempo that may be found (default: %(default)s)",
    )
    group.add_argument("--meter", metavar="4/4", help="of every bar (default: 4/4)")
    group.add_argument(
        "--rhythm",
        choices=[each.value for each in Rhythm],
        help="how often a chord may change: every second, or on the tempo's grid (default: free, "
        "with --tempo half)",
    )
    group.add_argument(
        "--hits",
        metavar="strong|all|none|FILE",
        help="what the music meets to the frame: cuts, or the hits of a CSV, EDL or MIDI file "
        "(default: none, with --tempo find strong)",
    )


def add_playing_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how it is arranged."""
    group = parser.add_argument_group("playing")
    group.add_argument("--style", choices=[each.value for each in Style], help="(default: auto)")
    group.add_argument(
        "--humanise", type=float, metavar="0..1", help="small liberties of time and touch"
    )
    group.add_argument("--no-drone", action="store_true", help="none in fearful, tense passages")


def timed(cue: Cue, args: argparse.Namespace) -> Cue:
    """A cue without chords in the time, with the hits and the playing that were asked for.

    Raises:
        BadSetting: an option cannot be read, or no tempo can be found.
    """
    hits = hits_of(args, cue.features)
    grid = grid_of(args, cue.features, hits)
    settings = replace(cue.settings, rhythm=rhythm_of(args))
    return replace(
        cue, tempo_map=grid, hits=hits, settings=settings, playing=playing_of(args, cue.playing)
    )


def rhythm_of(args: argparse.Namespace) -> Rhythm:
    """How often a chord may change, by --rhythm or --tempo."""
    usual = Rhythm.FREE if args.tempo is None else Rhythm.HALF
    return usual if args.rhythm is None else Rhythm(args.rhythm)


def playing_of(args: argparse.Namespace, before: Playing) -> Playing:
    """How it was played, but for what is asked for.

    Raises:
        BadSetting: out of range.
    """
    humanise = before.humanise if args.humanise is None else args.humanise
    if not 0 <= humanise <= 1:
        raise BadSetting(f"expected --humanise from 0 to 1, got {humanise}")
    style = before.style if args.style is None else Style(args.style)
    return replace(before, style=style, humanise=humanise, drone=before.drone and not args.no_drone)


def hits_of(args: argparse.Namespace, features: VideoFeatures) -> tuple[Hit, ...]:
    """The hits of --hits; the strong cuts where a tempo is to be found.

    Raises:
        BadSetting: no such file, or one that cannot be read.
    """
    which = args.hits or ("strong" if args.tempo == FIND else "none")
    if which == "none":
        return ()
    if which in ("strong", "all"):
        return hits_at(features.cuts, "all" if which == "all" else "strong")
    path, rate = Path(which), features.film.rate
    suffix = path.suffix.lower()
    if suffix in _MIDI:
        from scorelock.export.midi_import import read_midi

        return read_midi(path)[1]
    if suffix == ".edl":
        from scorelock.export.edl import read_edl

        starts_s = sorted(event.record_in.seconds for event in read_edl(path, rate).events)
        return tuple(Hit(at_s - starts_s[0]) for at_s in sorted(set(starts_s))[1:])
    from scorelock.export.hits_csv import read_hits

    return read_hits(path, rate)


def grid_of(args: argparse.Namespace, features: VideoFeatures, hits: tuple[Hit, ...]) -> TempoMap:
    """The tempo map of --tempo and --meter.

    Raises:
        BadSetting: it cannot be read, or none can be found.
    """
    if args.tempo == FIND:
        found = hits or hits_at(features.cuts)
        best = found_tempos(args, features, found)[0]
        say(
            f"tempo {', '.join(f'{each.bpm:.2f}' for each in best.tempo_map.tempos)}: "
            f"{100 * best.within:.0f} % of {len(found)} hits within their tolerance, "
            f"{best.mean_frames:.2f} frames off on average"
        )
        return best.tempo_map
    return told_grid(args)


def told_grid(args: argparse.Namespace) -> TempoMap:
    """The tempo map of --tempo and --meter where none is to be found.

    Raises:
        BadSetting: it cannot be read.
    """
    meter = meter_of(args.meter)
    if args.tempo is None:
        return TempoMap(meters=(meter,))
    if args.tempo.lower().endswith(_MIDI):
        from scorelock.export.midi_import import read_midi

        return read_midi(Path(args.tempo))[0]
    if args.tempo.partition(":")[0] == HOST:
        return TempoMap.steady(host_tempo(args.tempo.partition(":")[2]), meter)
    try:
        bpm = float(args.tempo)
    except ValueError:
        bpm = 0.0
    if not 10 <= bpm <= 600:
        raise BadSetting(
            f"expected --tempo of 10 to 600, find, host:NAME or FILE.mid, got {args.tempo!r}"
        )
    return TempoMap.steady(bpm, meter)


def found_tempos(
    args: argparse.Namespace, features: VideoFeatures, hits: tuple[Hit, ...]
) -> "Sequence[Proposal]":
    """The tempos of --tempo-range, --tempo-changes and --meter that meet the hits, best first.

    Raises:
        BadSetting: an option cannot be read, or there are no hits.
    """
    from scorelock.engine.find_tempo import Search, find_tempo

    lowest, highest = range_of(args.tempo_range)
    search = Search(lowest, highest, changes=args.tempo_changes, meter=meter_of(args.meter))
    return find_tempo(hits, features.film.rate, features.film.duration_s, search)


def host_tempo(wanted: str) -> float:
    """The tempo that a host has now; "NAME[@HOST[:PORT]]" as for --host.

    Raises:
        BadSetting: a host that does not tell its tempo.
        HostError: it does not answer.
    """
    from scorelock.bridge.asking import question
    from scorelock.bridge.clock import MonotonicClock
    from scorelock.bridge.writeback.tempo import ASKED, TempoOf
    from scorelock.bridge.writeback.wire import LISTEN, UdpWire, converse, ours

    name = wanted.partition("@")[0]
    if name not in ASKED:
        raise BadSetting(f"expected --tempo host:NAME of {', '.join(ASKED)}, got {wanted!r}")
    peer, _ = question(wanted, FrameRate(Fraction(25)), 0)
    clock = MonotonicClock()
    with closing(UdpWire(f"{ours(peer[0])}:{LISTEN[name]}", peer, clock)) as wire:
        tempo = converse(TempoOf(name), wire, clock, lambda written: None).tempo
    if tempo is None or not 10 <= tempo <= 600:
        raise BadSetting(f"expected a tempo of 10 to 600 from {wanted}, got {tempo}")
    say(f"{name} is at {tempo:g} beats a minute")
    return tempo


def meter_of(text: str | None) -> Meter:
    """The meter of --meter.

    Raises:
        BadSetting: none.
    """
    if text is None:
        return Meter()
    match = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})", text)
    try:
        return Meter(1, *map(int, match.groups())) if match else Meter(1, 0)
    except ValueError as err:
        raise BadSetting(f"expected a --meter such as 4/4 or 6/8, got {text!r}") from err


def range_of(text: str) -> tuple[float, float]:
    """The two tempos of --tempo-range.

    Raises:
        BadSetting: not two numbers.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)-([0-9]+(?:\.[0-9]+)?)", text)
    if match is None:
        raise BadSetting(f"expected --tempo-range such as 60-150, got {text!r}")
    return float(match[1]), float(match[2])
