"""The 159 chord tokens of Video2Music, and the many ways people write a chord.

Token 0 is N (no chord), 157 END, 158 PAD; between them 12 roots x 13 qualities, token = 1 + 13 root
+ quality (Kang, Poria and Herremans 2024, section 3; order of the published `chord.json`).
"""

import re
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting

ROOTS: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
QUALITIES: Final = (
    *("maj", "dim", "sus4", "min7", "min", "sus2", "aug"),
    *("dim7", "maj6", "hdim7", "7", "min6", "maj7"),
)
N: Final = 0
END: Final = 157
PAD: Final = 158
SIZE: Final = 159

ROOT_SIZE: Final = 15  # N, C..B, END, PAD
ATTRIBUTE_SIZE: Final = 16  # N, the 13 qualities, END, PAD

INTERVALS: Final[dict[str, tuple[int, ...]]] = {
    "maj": (0, 4, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "min7": (0, 3, 7, 10),
    "min": (0, 3, 7),
    "sus2": (0, 2, 7),
    "aug": (0, 4, 8),
    "dim7": (0, 3, 6, 9),
    "maj6": (0, 4, 7, 9),
    "hdim7": (0, 3, 6, 10),
    "7": (0, 4, 7, 10),
    "min6": (0, 3, 7, 9),
    "maj7": (0, 4, 7, 11),
}

_SYMBOLS: Final = {
    "maj": "",
    "min": "m",
    "min7": "m7",
    "maj6": "6",
    "hdim7": "m7b5",
    "min6": "m6",
}
# Spellings beside the vocabulary's own names and the symbols above.
_ALIASES: Final = {
    "M": "maj",
    "major": "maj",
    "-": "min",
    "mi": "min",
    "minor": "min",
    "-7": "min7",
    "mi7": "min7",
    "M7": "maj7",
    "ma7": "maj7",
    "Δ": "maj7",
    "Δ7": "maj7",
    "sus": "sus4",
    "+": "aug",
    "°": "dim",
    "o": "dim",
    "°7": "dim7",
    "o7": "dim7",
    "ø": "hdim7",
    "ø7": "hdim7",
    "-7b5": "hdim7",
    "min7b5": "hdim7",
    "dom7": "7",
    "M6": "maj6",
    "-6": "min6",
}
_QUALITY_OF: Final = (
    {quality: quality for quality in QUALITIES}
    | {symbol: quality for quality, symbol in _SYMBOLS.items()}
    | _ALIASES
)
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FLATS: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def parse_pitch_class(text: str) -> int:
    """Read a note name with any accidentals ("F#", "gb", "C♯", "Bbb") as 0..11, C = 0.

    Raises:
        BadSetting: the text is not a note name.
    """
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭x]*)", text.strip())
    if match is None:
        raise BadSetting(f"expected a note name such as F# or Bb, got {text!r}")
    letter, accidentals = match.groups()
    shift = sum({"#": 1, "♯": 1, "x": 2, "b": -1, "♭": -1}[sign] for sign in accidentals)
    return (_LETTERS[letter.upper()] + shift) % 12


def pitch_class_name(pitch_class: int, *, flats: bool = False) -> str:
    """Name 0..11 with sharps, or with flats."""
    return (_FLATS if flats else ROOTS)[pitch_class]


@dataclass(frozen=True, slots=True, order=True)
class Chord:
    """A root 0..11 (C = 0) and one of `QUALITIES`."""

    root: int
    quality: str

    def __post_init__(self) -> None:
        if not 0 <= self.root < 12 or self.quality not in INTERVALS:
            raise ValueError(f"no such chord: {self.root!r}, {self.quality!r}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "Am7", "A:min7", "Bb", "F#ø", "Gsus4": a lead sheet's or the data set's spelling.

        Raises:
            BadSetting: the text is not one of the 156 chords in any known spelling.
        """
        match = re.fullmatch(r"([A-Ga-g][#b♯♭]*):?(.*)", text.strip())
        quality = None if match is None else _QUALITY_OF.get(match[2].strip("() "))
        if match is None or quality is None:
            raise BadSetting(
                f"expected a chord such as C, F#m, Bb7 or A:min7, got {text!r}; "
                f"qualities: {' '.join(QUALITIES)}"
            )
        return cls(parse_pitch_class(match[1]), quality)

    @classmethod
    def from_token(cls, token: int) -> Self:
        """The chord of a token 1..156; N, END and PAD have none."""
        if not N < token < END:
            raise ValueError(f"token {token!r} is not a chord")
        root, quality = divmod(token - 1, len(QUALITIES))
        return cls(root, QUALITIES[quality])

    @property
    def token(self) -> int:
        """The chord's token, 1..156."""
        return 1 + len(QUALITIES) * self.root + QUALITIES.index(self.quality)

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's notes as 0..11, the root first."""
        return tuple((self.root + step) % 12 for step in INTERVALS[self.quality])

    def transposed(self, semitones: int) -> "Chord":
        """The same quality on a root that many semitones higher."""
        return Chord((self.root + semitones) % 12, self.quality)

    def symbol(self, root: str | None = None) -> str:
        """The lead-sheet symbol, such as "F#m7", with the root spelled as given or with sharps."""
        return (root or ROOTS[self.root]) + _SYMBOLS.get(self.quality, self.quality)


def decomposed() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Root ids (159,) and attribute ids (159,) of every token, as the input embedding wants them.

    N is root 0 and attribute 0; a plain major chord has attribute 1, as in training (the public
    generator's 1 for N and 0 for a major primer are slips that this does not follow).
    """
    tokens = np.arange(1, END)
    roots, attributes = np.divmod(tokens - 1, len(QUALITIES))
    return (
        np.concatenate([[0], roots + 1, [13, 14]]).astype(np.int64),
        np.concatenate([[0], attributes + 1, [14, 15]]).astype(np.int64),
    )
