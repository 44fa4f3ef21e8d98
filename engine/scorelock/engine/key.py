"""Musical keys in any spelling."""

import re
from dataclasses import dataclass
from typing import Self

from scorelock.engine.errors import BadSetting
from scorelock.engine.vocabulary import parse_pitch_class

_FLAT_MAJORS = {5, 10, 3, 8, 1, 6}  # F Bb Eb Ab Db Gb


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic 0..11 (C = 0), major or minor, and whether its chords are written with flats."""

    tonic: int
    minor: bool
    flats: bool
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "F# minor", "Gb major", "f#m", "Bb", "C:min".

        Raises:
            BadSetting: the text names no key.
        """
        match = re.fullmatch(
            r"([A-Ga-g])([#b♯♭]?)[\s:_-]*(major|maj|minor|min|M|m|)", text.strip()
        ) or re.fullmatch(
            r"([A-Ga-g])([#b♯♭]?)[\s:_-]*(major|maj|minor|min)", text.strip(), re.IGNORECASE
        )
        if match is None:
            raise BadSetting(f"expected a key such as 'F# minor' or 'Gb major', got {text!r}")
        letter, accidental, mode = match.groups()
        minor = mode == "m" or mode.lower().startswith("min")
        tonic = parse_pitch_class(letter + accidental)
        flats = accidental in ("b", "♭") or (
            not accidental and (tonic + (3 if minor else 0)) % 12 in _FLAT_MAJORS
        )
        sign = {"♯": "#", "♭": "b"}.get(accidental, accidental)
        return cls(tonic, minor, flats, f"{letter.upper()}{sign} {'minor' if minor else 'major'}")

    @property
    def transposition(self) -> int:
        """Semitones from the models' C major or A minor to this key, -6..5."""
        return (self.tonic - (9 if self.minor else 0) + 6) % 12 - 6
