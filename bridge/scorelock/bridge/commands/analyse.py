"""scorelock analyse FILM: watch it, keep what was seen, and tell it in short.

The commands that compose do the same by themselves; this is for doing it beforehand, and for taking
what was seen elsewhere, in MuVi-Sync's layout.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from scorelock.bridge.console import say
from scorelock.bridge.seeing import Seeing, add_seeing_arguments, features_of
from scorelock.engine import muvisync
from scorelock.engine.errors import BadSetting
from scorelock.engine.features import EMOTIONS, VideoFeatures

MOST_STRETCHES: Final = 12


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of a film: the emotion that leads there, and the means of what was seen.

    `valence` and `arousal` are -1..1, `motion` is 0..255.
    """

    start_s: float
    end_s: float
    emotion: str
    valence: float
    arousal: float
    motion: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILM, how it is seen, and where that goes."""
    parser.add_argument("film", type=Path, metavar="FILM")
    parser.add_argument(
        "--again", action="store_true", help="watch it even if it was analysed before"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_seeing_arguments(parser, usual="picture")
    parser.add_argument(
        "--layout",
        choices=("muvisync",),
        help="write it to the folder of -o, too, as MuVi-Sync's .lab and .npy files",
    )
    parser.add_argument(*("-o", "--output"), type=Path, metavar="FOLDER", help="for --layout")


def run(args: argparse.Namespace) -> int:
    """Print what was seen, watching the film where that is not known yet."""
    if (args.layout is None) != (args.output is None):
        raise BadSetting(
            "expected --layout and -o FOLDER together, got one of them; --layout muvisync -o "
            "FOLDER writes the files"
        )
    features = features_of(args.film, Seeing.of(args), again=args.again)
    if args.output is not None:
        _write(args.output, args.film, features)
    if args.json:
        from scorelock.export.json_file import seen

        mood = [asdict(stretch) for stretch in stretches(features)]
        print(json.dumps(seen(features) | {"mood": mood}))
    else:
        print("\n".join(_lines(features)))
    return 0


def _write(folder: Path, film: Path, features: VideoFeatures) -> None:
    """In the layout, under the film's name; a list of songs has no blanks in theirs."""
    song = "_".join(film.stem.split())
    muvisync.write_seen(folder, song, features)
    say(f"wrote {song} to {folder}")


def stretches(features: VideoFeatures) -> Iterator[Stretch]:
    """The film in about equal parts of whole seconds, at most `MOST_STRETCHES` of them."""
    rows = len(features)
    for part in np.array_split(np.arange(rows), min(rows, MOST_STRETCHES)):
        end = int(part[-1]) + 1
        yield Stretch(
            start_s=float(part[0]),
            end_s=features.film.duration_s if end == rows else float(end),
            emotion=EMOTIONS[int(features.emotion[part].mean(axis=0).argmax())],
            valence=round(float(features.valence[part].mean()), 3),
            arousal=round(float(features.arousal[part].mean()), 3),
            motion=round(float(features.motion[part].mean()), 3),
        )


def _lines(features: VideoFeatures) -> Iterator[str]:
    film = features.film
    yield (
        f"{Path(film.path).name}: {film.duration_s:.2f} s at {film.rate} frames a second, "
        f"{film.width}x{film.height}, cuts: {len(features.cuts)}"
    )
    yield f"{'from':>8} {'to':>8}  {'mood':<9} {'valence':>7} {'arousal':>7} {'motion':>6}"
    for part in stretches(features):
        yield (
            f"{_clock(part.start_s):>8} {_clock(part.end_s):>8}  {part.emotion:<9} "
            f"{part.valence:>+7.2f} {part.arousal:>+7.2f} {part.motion:>6.1f}"
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
