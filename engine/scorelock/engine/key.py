"""Musical keys in any spelling, and how each key spells its chords."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.vocabulary import END, SIZE, Chord, N, parse_pitch_class, pitch_class_name

_MAJORS: Final = "Cb Gb Db Ab Eb Bb F C G D A E B F# C#".split()
_MINORS: Final = "Ab Eb Bb F C G D A E B F# C# G# D# A#".split()
_BY_PITCH_CLASS: Final = {
    False: "C Db D Eb E F F# G Ab A Bb B".split(),
    True: "C C# D Eb E F F# G G# A Bb B".split(),
}
# Letters above the tonic for 0..11 semitones above it: 1 b2 2 b3 3 4 #4 5 b6 6 b7 7.
_LETTER_STEPS: Final = (0, 1, 1, 2, 2, 3, 3, 4, 5, 5, 6, 6)
_MODES: Final = ("maj", "major", "min", "minor")
_ACCIDENTALS: Final = {-1: "b", 0: "", 1: "#"}


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic that has a key signature ("F#", "Gb"), and major or minor."""

    tonic: str
    minor: bool

    def __post_init__(self) -> None:
        if self.tonic not in (_MINORS if self.minor else _MAJORS):
            raise ValueError(f"no such key: {self}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "F# minor", "Gb major", "f#m", "Bb", "C:min"; a bare note is major.

        A key without a signature of its own (G# major) becomes its enharmonic twin (Ab major).

        Raises:
            BadSetting: the text names no key.
        """
        match = re.fullmatch(r"([A-Ga-g][#b♯♭]?)[\s:_-]*([A-Za-z]*)", text.strip())
        mode = "" if match is None else match[2]
        if match is None or (mode not in ("", "m", "M") and mode.lower() not in _MODES):
            raise BadSetting(f"expected a key such as 'F# minor' or 'Gb major', got {text!r}")
        minor = mode == "m" or mode.lower() in ("min", "minor")
        tonic = match[1][0].upper() + match[1][1:].replace("♯", "#").replace("♭", "b")
        if tonic not in (_MINORS if minor else _MAJORS):
            tonic = _BY_PITCH_CLASS[minor][parse_pitch_class(tonic)]
        return cls(tonic, minor)

    @property
    def pitch_class(self) -> int:
        """The tonic as 0..11, C = 0."""
        return parse_pitch_class(self.tonic)

    @property
    def transposition(self) -> int:
        """Semitones from the models' C major or A minor to this key, -6..5."""
        return (self.pitch_class - (9 if self.minor else 0) + 6) % 12 - 6

    @property
    def fifths(self) -> int:
        """The key signature: sharps above 0, flats below."""
        return (_MINORS if self.minor else _MAJORS).index(self.tonic) - 7

    def spell(self, pitch_class: int) -> str:
        """The name of 0..11 in this key: Bb in C major, A# in B major."""
        step = _LETTER_STEPS[(pitch_class - self.pitch_class) % 12]
        letter = "CDEFGAB"[("CDEFGAB".index(self.tonic[0]) + step) % 7]
        shift = (pitch_class - parse_pitch_class(letter) + 6) % 12 - 6
        if shift not in _ACCIDENTALS:  # a double accidental: nobody reads it on a stand
            return pitch_class_name(pitch_class, flats=self.fifths < 0)
        return letter + _ACCIDENTALS[shift]

    def symbol(self, chord: Chord) -> str:
        """The chord's lead-sheet symbol, its root spelled in this key: "Bbmaj7"."""
        return chord.symbol(self.spell(chord.root))

    def __str__(self) -> str:
        return f"{self.tonic} {'minor' if self.minor else 'major'}"


@cache
def notes_outside(minor: bool) -> NDArray[np.int64]:
    """How many notes of each chord (159,) lie outside C major, or A minor with its G sharp."""
    scale = {0, 2, 4, 5, 7, 9, 11} | ({8} if minor else set())
    counts = np.zeros(SIZE, np.int64)
    for token in range(N + 1, END):
        counts[token] = len(set(Chord.from_token(token).pitch_classes) - scale)
    counts.flags.writeable = False
    return counts
