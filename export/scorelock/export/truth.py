"""Scores whose every chord and note is known, and how they sound: what listening is tried on."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.arrange import arrange
from scorelock.engine.arranging.metre import NEAR_S
from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import begin, complete
from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.features import VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.playing import Playing, Style
from scorelock.engine.score import ChordSpan, ComposeSettings, Note
from scorelock.engine.slots import Rhythm
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import N
from scorelock.export.preview import PROGRAMS
from scorelock.export.score import Score

BANDS: Final[Mapping[str, Mapping[str, int]]] = {
    "orchestra": PROGRAMS,
    "piano": {"chords": 0, "bass": 32, "pattern": 0, "drone": 89},
    "guitars": {"chords": 24, "bass": 33, "pattern": 25, "drone": 89},
    "organ": {"chords": 19, "bass": 38, "pattern": 11, "drone": 19},
    "harp": {"chords": 49, "bass": 42, "pattern": 46, "drone": 91},
    "synth": {"chords": 88, "bass": 38, "pattern": 81, "drone": 90},
    "electric": {"chords": 4, "bass": 36, "pattern": 4, "drone": 88},
    "brass": {"chords": 61, "bass": 58, "pattern": 12, "drone": 52},
}
"""General MIDI programs by part, counted from 0."""
TEMPOS: Final = (84.0, 96.0, 108.0, 132.0)
"""Of every third piece, whose chords change on half bars; the others' change on whole seconds."""
AFFECTS: Final = (0.7, 0.0, 1.0, 0.4)
KEYS: Final = tuple(
    Key.parse(name)
    for name in (
        *("C major", "A minor", "F# minor", "Eb major", "G major", "D minor", "Bb major"),
        *("C# minor", "E major", "G minor", "Ab major", "B minor", "D major", "F minor"),
        *("A major", "E minor", "F major", "C minor", "B major", "Eb minor", "Db major"),
        *("F# major", "G# minor", "Bb minor"),
    )
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one piece is composed and played.

    Attributes:
        seed: of its draws.
        key: that it is in.
        style: of its pattern.
        band: of `BANDS`.
        font: that plays it.
        affect: how far it leans to the mood of the picture, 0 to 1.
        rhythm: how often its chords may change.
        bpm: quarters a minute.
    """

    seed: int
    key: Key
    style: Style
    band: str
    font: Path
    affect: float
    rhythm: Rhythm
    bpm: float

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.seed} {self.font.stem} {self.style} {self.band} {self.key} {self.bpm:g}"


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is known of a piece.

    Attributes:
        key: that it is in.
        spans: its chords, without gaps.
        density: (T,) float32, notes that sound in each second.
        loudness: (T,) float32, 0..1, that was asked for.
    """

    key: Key
    spans: tuple[ChordSpan, ...]
    density: NDArray[np.float32]
    loudness: NDArray[np.float32]

    @classmethod
    def of(cls, score: Score) -> "Truth":
        """What a score says."""
        cue = score.cue
        density = sounding(score.performance.notes, len(cue.dynamics.loudness))
        return cls(cue.key, cue.chords, density, cue.dynamics.loudness)

    @property
    def chords(self) -> NDArray[np.int64]:
        """One a second, (T,): the best that labels of one chord a second can say."""
        return chord_a_second(self.spans, len(self.density))


def plans(fonts: Sequence[Path]) -> list[Plan]:
    """A piece for each font and style; keys, bands and tempos take turns."""
    return [
        Plan(
            seed=number,
            key=KEYS[number % len(KEYS)],
            style=style,
            band=tuple(BANDS)[(number + 3 * turn) % len(BANDS)],
            font=font,
            affect=AFFECTS[number % len(AFFECTS)],
            rhythm=Rhythm.HALF if number % 3 == 2 else Rhythm.FREE,
            bpm=TEMPOS[number % len(TEMPOS)] if number % 3 == 2 else 120.0,
        )
        for turn, font in enumerate(fonts)
        for number, style in enumerate(Style, turn * len(Style))
    ]


def composed(seen: VideoFeatures, bundle: Bundle, plan: Plan) -> Score:
    """A film's score by a plan: the same each time."""
    settings = ComposeSettings(seed=plan.seed, key=plan.key, affect=plan.affect, rhythm=plan.rhythm)
    (begun,) = begin(seen, bundle, [settings])
    playing = Playing(style=plan.style, seed=plan.seed)
    timed = replace(begun, tempo_map=TempoMap.steady(plan.bpm), playing=playing)
    (cue,) = complete([timed], bundle)
    return Score(cue, arrange(cue), cue.tempo_map)


def sounding(notes: Iterable[Note], rows: int) -> NDArray[np.float32]:
    """How many notes sound in each of so many seconds, (rows,): those that overlap it at all."""
    counts = np.zeros(rows, np.float32)
    for note in notes:
        counts[floor(note.onset_s + NEAR_S) : ceil(note.end_s - NEAR_S)] += 1
    return counts


def chord_a_second(spans: Iterable[ChordSpan], rows: int) -> NDArray[np.int64]:
    """The token (rows,) of the chord that covers most of each second, as MuVi-Sync has it: the
    earlier of two that cover as much, N where none sounds.
    """
    shares: list[dict[int, float]] = [{} for _ in range(rows)]
    for span in spans:
        token = span.chord.token
        for second in range(floor(span.start_s), min(rows, ceil(span.end_s))):
            share = min(span.end_s, second + 1) - max(span.start_s, second)
            shares[second][token] = shares[second].get(token, 0.0) + round(share, 6)
    return np.array([max(each, key=each.__getitem__, default=N) for each in shares], np.int64)


def play_under(sound: Path, film: Path | None, to: Path) -> None:
    """Write a sound as videos have it (AAC), under the film's picture where there is a film.

    Raises:
        MissingPart: ffmpeg is not installed.
        BadSetting: ffmpeg cannot make it; says what it said.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingPart("expected ffmpeg to compress sound, found none; install it")
    picture = () if film is None else ("-i", str(film))
    streams = () if film is None else ("-map", "1:v:0", "-c:v", "copy")
    result = subprocess.run(
        [
            *(program, "-v", "error", "-y", "-i", str(sound), *picture, "-map", "0:a:0", *streams),
            *("-c:a", "aac", "-b:a", "128k", str(to)),
        ],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if result.returncode:
        said = " ".join(result.stderr.split()[-30:])
        raise BadSetting(f"expected ffmpeg to write {to}, it said: {said}; try another film")
