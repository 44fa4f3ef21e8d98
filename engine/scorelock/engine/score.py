"""The score: chords over a film, how dense and loud they are, and the notes that play them."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.features import VideoFeatures
from scorelock.engine.hits import Hit
from scorelock.engine.key import Key
from scorelock.engine.playing import Playing
from scorelock.engine.slots import Rhythm, Slots, slots_of
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord from start_s to end_s, who chose it, and whether it stays when others are chosen."""

    start_s: float
    end_s: float
    chord: Chord
    why: Literal["model", "primer", "edited"] = "model"
    locked: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"a span runs forward from 0 s: {self.start_s} to {self.end_s}")


@dataclass(frozen=True, slots=True, eq=False)
class Dynamics:
    """One row a second: density (T,) notes sounding, 0..40, and loudness (T,), 0..1."""

    density: NDArray[np.float32]
    loudness: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.density.shape != self.loudness.shape or self.density.ndim != 1:
            raise ValueError(f"expected two (T,) arrays, got {self.density.shape}")
        self.density.flags.writeable = False
        self.loudness.flags.writeable = False


@dataclass(frozen=True, slots=True)
class ComposeSettings:
    """What the user chose; with the film and the bundle it decides every note.

    Attributes:
        seed: of the random draws; the same seed gives the same notes.
        key: None lets the film's mood choose C major or A minor.
        primer: chords to begin with, one a slot, as they sound (not transposed).
        temperature: 0 always takes the likeliest chord, 1 draws as the model believes.
        top_k: how many of the likeliest chords may be drawn.
        max_repeat: seconds that one chord may hold.
        recall: how far the piece's memory of itself is trusted, 0 to 1. In songs that people wrote
            it is right to trust it wholly; what is composed by it would soon go round in circles.
        in_key: what a note outside the key costs a chord, in nats, 0 (nothing) or more.
        affect: how far the score leans to the mood of the picture, 0 (the model alone) to 1.
        rhythm: how often a chord may change.
    """

    seed: int = 0
    key: Key | None = None
    primer: tuple[Chord, ...] = ()
    temperature: float = 1.0
    top_k: int = 12
    max_repeat: int = 4
    recall: float = 0.5
    in_key: float = 0.4
    affect: float = 0.7
    rhythm: Rhythm = Rhythm.FREE


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A note: seconds from the film's start, MIDI pitch 0..127, velocity 1..127, channel 0..15."""

    onset_s: float
    duration_s: float
    pitch: int
    velocity: int
    channel: int

    def __post_init__(self) -> None:
        if (
            not (self.onset_s >= 0 and self.duration_s > 0)
            or not 0 <= self.pitch <= 127
            or not 1 <= self.velocity <= 127
            or not 0 <= self.channel <= 15
        ):
            raise ValueError(f"no such note: {self}")

    @property
    def end_s(self) -> float:
        """When the note is released."""
        return self.onset_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Kept:
    """Notes that a span keeps from another cut, whatever the arranger would write there now.

    Attributes:
        start_s: of the span.
        end_s: of the span.
        chord: of the span.
        notes: of all parts, which their channels tell.
        made_of: what they were made of (`scorelock.engine.keeping`); they stand while it does.
    """

    start_s: float
    end_s: float
    chord: Chord
    notes: tuple[Note, ...]
    made_of: str


@dataclass(frozen=True, slots=True, eq=False)
class Cue:
    """A composed film: everything that the arranger needs.

    Attributes:
        features: what was seen.
        key: that it is in.
        chords: so far, without gaps.
        dynamics: of every second.
        settings: what was chosen to compose by.
        bundle: name of the model.
        tempo_map: where its beats are.
        hits: instants that the music meets, in time order.
        playing: how it is arranged.
        emotion: (T, 6) of the picture as the user has drawn it; None as it was seen.
        edges_s: where chords may change, inside the film, if not where the rhythm says.
        kept: notes from another cut of the film.
    """

    features: VideoFeatures
    key: Key
    chords: tuple[ChordSpan, ...]
    dynamics: Dynamics
    settings: ComposeSettings
    bundle: str
    tempo_map: TempoMap = field(default_factory=TempoMap)
    hits: tuple[Hit, ...] = ()
    playing: Playing = field(default_factory=Playing)
    emotion: NDArray[np.float32] | None = None
    edges_s: tuple[float, ...] | None = None
    kept: tuple[Kept, ...] = ()

    @property
    def slots(self) -> Slots:
        """What one chord is chosen for each."""
        return slots_of(
            self.features, self.settings.rhythm, self.tempo_map, self.hits, self.edges_s
        )

    @property
    def seen(self) -> VideoFeatures:
        """What was seen, with the emotions that the user has drawn."""
        if self.emotion is None:
            return self.features
        return replace(self.features, emotion=self.emotion)


@dataclass(frozen=True, slots=True)
class Part:
    """Notes in time order that one instrument plays."""

    name: str
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Performance:
    """All parts, and the film's length in seconds: no note sounds past it."""

    parts: tuple[Part, ...]
    duration_s: float

    @property
    def notes(self) -> tuple[Note, ...]:
        """The notes of all parts in time order."""
        return tuple(sorted(note for part in self.parts for note in part.notes))
