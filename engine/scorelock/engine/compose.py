"""The whole upper half on one screen: features in, a cue out. Read this first.

compose() is a pure function of features, bundle and settings: same film, same settings, same notes.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from scorelock.engine.bundle import Bundle, Manifest
from scorelock.engine.decoder import decode_chords
from scorelock.engine.features import VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.mood import Mood, Seen
from scorelock.engine.prior import AffectScale, Lean
from scorelock.engine.recall import Recall
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ChordSpan, ComposeSettings, Cue
from scorelock.engine.vocabulary import Chord

LEADS: Final = "emopia"
"""Whose labels lead; the others are left to judge the result by."""
MAJOR: Final = Key("C", minor=False)
MINOR: Final = Key("A", minor=True)


def compose(features: VideoFeatures, bundle: Bundle, settings: ComposeSettings) -> Cue:
    """Choose a chord for every second of the film, and its density and loudness.

    Raises:
        BadBundle: the bundle needs features that these do not have.
    """
    key = settings.key or mood_key(features)
    matrix = features.matrix(bundle.manifest.layout)
    # A last row that shows less than half a second belongs to the chord before it.
    seconds = max(1, round(features.film.duration_s))
    seen_by: Seen = "picture" if features.extractor.startswith("picture/") else "clip"
    lean = Lean(AffectScale.of(LEADS), Mood.of(features.emotion, seen_by), settings.affect)
    primer = settings.primer or (Chord(key.pitch_class, "min" if key.minor else "maj"),)
    tokens = decode_chords(
        bundle,
        matrix[:seconds],
        minor=key.minor,
        primer=[chord.transposed(-key.transposition).token for chord in primer[:seconds]],
        sampler=Sampler.of(settings, key.minor, recall_of(bundle.manifest, settings.recall), lean),
    )
    chords = [Chord.from_token(token).transposed(key.transposition) for token in tokens]
    return Cue(
        features=features,
        key=key,
        chords=spans(chords, len(settings.primer), features.film.duration_s),
        dynamics=lean.dynamics(bundle.dynamics(matrix)),
        settings=settings,
        bundle=bundle.manifest.name,
    )


def recall_of(manifest: Manifest, trust: float = 1.0) -> Recall | None:
    """A new memory of a new piece, where the bundle has the weights for it."""
    return Recall(manifest.recall, trust) if manifest.recall and trust else None


def mood_key(features: VideoFeatures) -> Key:
    """C major for a film of pleasant pictures on the whole, else A minor.

    Mode is the strongest musical cue to valence (Gagnon and Peretz 2003).
    """
    return MAJOR if features.valence.mean() >= 0 else MINOR


def spans(chords: Sequence[Chord], primed: int, end_s: float) -> tuple[ChordSpan, ...]:
    """Join one chord a second into spans; the last one lasts until the film ends."""
    joined: list[ChordSpan] = []
    start = 0
    for (chord, is_primer), run in groupby(
        (chord, second < primed) for second, chord in enumerate(chords)
    ):
        stop = start + sum(1 for _ in run)
        until = end_s if stop == len(chords) else float(stop)
        joined.append(ChordSpan(float(start), until, chord, "primer" if is_primer else "model"))
        start = stop
    return tuple(joined)
