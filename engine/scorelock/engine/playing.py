"""How a score is played, as the user chose."""

from dataclasses import dataclass
from enum import StrEnum


class Style(StrEnum):
    """What a pattern does with the chords; AUTO takes what fits the picture and the density."""

    AUTO = "auto"
    PAD = "pad"
    BLOCK = "block"
    BROKEN = "broken"
    ARPEGGIO = "arpeggio"
    OSTINATO = "ostinato"
    PULSE = "pulse"
    BALLAD = "ballad"


@dataclass(frozen=True, slots=True)
class Playing:
    """Settings of the arranger.

    Attributes:
        style: of the pattern.
        humanise: 0 is the machine's time and touch, 1 as loose as a tired band.
        drone: whether fearful and tense passages get one.
        seed: of the small liberties.
    """

    style: Style = Style.AUTO
    humanise: float = 0.3
    drone: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.humanise <= 1:
            raise ValueError(f"humanise is 0 to 1, got {self.humanise}")
