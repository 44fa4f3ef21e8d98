"""`scorelock tempo`: the tempos at which a film's hits fall on beats, best first."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from scorelock.bridge.musical_time import add_time_arguments, found_tempos, hits_of
from scorelock.bridge.seeing import features_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scorelock.engine.find_tempo import Proposal
    from scorelock.engine.hits import Hit


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, which hits and tempos, and how many are told."""
    parser.add_argument("film", type=Path, metavar="FILM")
    parser.add_argument("--json", action="store_true", help="print it for programs")
    add_time_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """List the tempos, and how far each hit is from its beat at the best."""
    args.tempo = "find"
    features = features_of(args.film)
    hits = hits_of(args, features)
    found = found_tempos(args, features, hits)
    print(
        json.dumps(_plain(found, hits), indent=1) if args.json else "\n".join(_lines(found, hits))
    )
    return 0


def _plain(found: "Sequence[Proposal]", hits: "Sequence[Hit]") -> list[dict[str, object]]:
    return [
        {
            "tempos": [
                {"quarter": float(each.quarter), "bpm": each.bpm} for each in one.tempo_map.tempos
            ],
            "first_s": float(one.tempo_map.first_s),
            "within": one.within,
            "mean_frames": one.mean_frames,
            "misses": [
                {"at_s": hit.at_s, "frames": miss}
                for hit, miss in zip(hits, one.misses, strict=True)
            ],
        }
        for one in found
    ]


def _lines(found: "Sequence[Proposal]", hits: "Sequence[Hit]") -> list[str]:
    lines = ["   tempo                    bar 1 at   within  mean miss"]
    for one in found:
        tempos = ", ".join(f"{each.bpm:.2f}" for each in one.tempo_map.tempos)
        lines.append(
            f"   {tempos:<24} {float(one.tempo_map.first_s):6.3f} s  {one.within:6.0%}  "
            f"{one.mean_frames:5.2f} frames"
        )
    lines.append("at the first of them:")
    lines += [
        f"   {hit.at_s:9.3f} s {hit.kind:<8} {miss:+6.2f} frames from the beat"
        for hit, miss in zip(hits, found[0].misses, strict=True)
    ]
    return lines
