"""The whole upper half on one screen: features in, a cue out. Read this first.

compose() is a pure function of features, bundle and settings: same film, same settings, same notes.
A cue begins without chords; `chords` goes on from wherever it is, so a cue whose later chords were
taken away is composed anew from there, and one that is being composed can be played already.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np

from scorelock.engine.bundle import Bundle, Manifest
from scorelock.engine.decoder import decode_takes
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
    return compose_takes(features, bundle, [settings])[0]


def compose_takes(
    features: VideoFeatures, bundle: Bundle, takes: Sequence[ComposeSettings]
) -> list[Cue]:
    """Several scores of one film, decoded as one batch."""
    return complete(begin(features, bundle, takes), bundle)


def begin(features: VideoFeatures, bundle: Bundle, takes: Sequence[ComposeSettings]) -> list[Cue]:
    """Cues that know their key, density and loudness, and no chord yet."""
    dynamics = bundle.dynamics(features.matrix(bundle.manifest.layout))
    return [
        Cue(
            features=features,
            key=settings.key or mood_key(features),
            chords=(),
            dynamics=_lean(features, [settings]).dynamics(dynamics),
            settings=settings,
            bundle=bundle.manifest.name,
        )
        for settings in takes
    ]


def complete(cues: Sequence[Cue], bundle: Bundle) -> list[Cue]:
    """Cues of one film with all of their chords."""
    takes = zip(*chords(cues, bundle), strict=True)
    return [replace(c, chords=tuple(spans(c, take))) for c, take in zip(cues, takes, strict=True)]


def chords(cues: Sequence[Cue], bundle: Bundle) -> Iterator[tuple[Chord, ...]]:
    """Second by second the chord of every cue: those it has, then new ones after them.

    Args:
        cues: of one film; how many chords each has may differ.
        bundle: that they were begun with.
    """
    features = cues[0].features
    keys, takes = [cue.key for cue in cues], [cue.settings for cue in cues]
    rows = features.matrix(bundle.manifest.layout)[: seconds_of(features)]
    minor = [key.minor for key in keys]
    primers = [
        [chord.transposed(-cue.key.transposition).token for chord in _begun(cue)] for cue in cues
    ]
    trust = [settings.recall for settings in takes]
    sampler = Sampler.of(takes, minor, recall_of(bundle.manifest, trust), _lean(features, takes))
    for tokens in decode_takes(bundle, rows, minor, primers, sampler):
        yield tuple(
            Chord.from_token(token).transposed(key.transposition)
            for token, key in zip(tokens.tolist(), keys, strict=True)
        )


def spans(cue: Cue, chords: Iterable[Chord]) -> Iterator[ChordSpan]:
    """Join one chord a second into spans, each given when it ends; the last ends with the film."""
    seconds, primed = seconds_of(cue.features), len(cue.settings.primer)
    start = 0
    for (chord, is_primer), run in groupby(
        (chord, second < primed) for second, chord in enumerate(chords)
    ):
        stop = start + sum(1 for _ in run)
        until = cue.features.film.duration_s if stop == seconds else float(stop)
        yield ChordSpan(float(start), until, chord, "primer" if is_primer else "model")
        start = stop


def until(cue: Cue, second: int) -> Cue:
    """The cue with its chords before a second (whole, 0 or more) alone, to be composed on."""
    kept = (
        replace(span, end_s=min(span.end_s, float(second)))
        for span in cue.chords
        if span.start_s < second
    )
    return replace(cue, chords=tuple(kept))


def seconds_of(features: VideoFeatures) -> int:
    """Chords of a film: a last row that shows less than half a second is part of the one before."""
    return min(len(features), max(1, round(features.film.duration_s)))


def recall_of(manifest: Manifest, trust: Sequence[float] = (1.0,)) -> Recall | None:
    """A new memory of new pieces, where the bundle has the weights for it."""
    return Recall(manifest.recall, np.array(trust)) if manifest.recall and any(trust) else None


def mood_key(features: VideoFeatures) -> Key:
    """C major for a film of pleasant pictures on the whole, else A minor.

    Mode is the strongest musical cue to valence (Gagnon and Peretz 2003).
    """
    return MAJOR if features.valence.mean() >= 0 else MINOR


def _lean(features: VideoFeatures, takes: Sequence[ComposeSettings]) -> Lean:
    seen_by: Seen = "picture" if features.extractor.startswith("picture/") else "clip"
    mood = Mood.of(features.emotion, seen_by)
    return Lean(AffectScale.of(LEADS), mood, np.array([settings.affect for settings in takes]))


def _begun(cue: Cue) -> Sequence[Chord]:
    """The chords that a cue goes on from, one a second: its own, its primer, or its tonic."""
    if cue.chords:
        return [span.chord for span in cue.chords for _ in range(round(span.end_s - span.start_s))]
    tonic = Chord(cue.key.pitch_class, "min" if cue.key.minor else "maj")
    return cue.settings.primer or [tonic]
