"""The whole upper half on one screen: features in, a cue out. Read this first.

compose() is a pure function of features, bundle and settings: same film, same settings, same notes.
A cue begins without chords; `chords` goes on from wherever it is, so a cue whose later chords were
taken away is composed anew from there, and one that is being composed can be played already.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle, Manifest
from scorelock.engine.decoder import decode_takes
from scorelock.engine.features import VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.mood import Mood
from scorelock.engine.prior import AffectScale, Lean
from scorelock.engine.recall import Recall
from scorelock.engine.sampling import Sampler
from scorelock.engine.score import ChordSpan, ComposeSettings, Cue, Dynamics
from scorelock.engine.slots import SHORTEST_S, Slots, resampled
from scorelock.engine.vocabulary import Chord

LEADS: Final = "emopia"
"""Whose labels lead; the others are left to judge the result by."""
MAJOR: Final = Key("C", minor=False)
MINOR: Final = Key("A", minor=True)
NO_DYNAMICS: Final = Dynamics(np.zeros(0, np.float32), np.zeros(0, np.float32))


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
    return [
        with_dynamics(
            Cue(
                features=features,
                key=settings.key or mood_key(features),
                chords=(),
                dynamics=NO_DYNAMICS,
                settings=settings,
                bundle=bundle.manifest.name,
            ),
            bundle,
        )
        for settings in takes
    ]


def with_dynamics(cue: Cue, bundle: Bundle) -> Cue:
    """The cue as dense and loud as the model and its mood make it."""
    dynamics = bundle.dynamics(cue.seen.matrix(bundle.manifest.layout))
    return replace(cue, dynamics=_lean(cue.seen.emotion, [cue]).dynamics(dynamics))


def complete(cues: Sequence[Cue], bundle: Bundle) -> list[Cue]:
    """Cues of one film with all of their chords."""
    takes = zip(*chords(cues, bundle), strict=True)
    return [replace(c, chords=tuple(spans(c, take))) for c, take in zip(cues, takes, strict=True)]


def chords(cues: Sequence[Cue], bundle: Bundle) -> Iterator[tuple[Chord, ...]]:
    """Slot by slot the chord of every cue: those it has, then new ones after them.

    Args:
        cues: of one film and in the same slots; how many chords each has may differ.
        bundle: that they were begun with.
    """
    keys, slots = [cue.key for cue in cues], cues[0].slots
    if any(cue.slots != slots for cue in cues[1:]):
        raise ValueError("expected takes in the same slots")
    rows = resampled(cues[0].seen.matrix(bundle.manifest.layout), slots)
    primers = [
        [chord.transposed(-cue.key.transposition).token for chord in begun(cue, slots)]
        for cue in cues
    ]
    minor = [key.minor for key in keys]
    for tokens in decode_takes(bundle, rows, minor, primers, sampler_of(cues, bundle, slots)):
        yield tuple(
            Chord.from_token(token).transposed(key.transposition)
            for token, key in zip(tokens.tolist(), keys, strict=True)
        )


def sampler_of(cues: Sequence[Cue], bundle: Bundle, slots: Slots) -> Sampler:
    """What chooses chords for these cues."""
    takes = [cue.settings for cue in cues]
    emotion = resampled(cues[0].seen.emotion, slots)
    return Sampler.of(
        takes,
        [cue.key.minor for cue in cues],
        recall_of(bundle.manifest, [settings.recall for settings in takes]),
        _lean(emotion, cues),
        slot_s=slots.usual_s,
        changes=slots.hits,
    )


def spans(cue: Cue, chords: Iterable[Chord]) -> Iterator[ChordSpan]:
    """Join one chord a slot into spans, each given when it ends; the last ends with the film."""
    edges_s, primed = cue.slots.edges_s, len(cue.settings.primer)
    start = 0
    for (chord, is_primer), run in groupby(
        (chord, slot < primed) for slot, chord in enumerate(chords)
    ):
        stop = start + sum(1 for _ in run)
        yield ChordSpan(edges_s[start], edges_s[stop], chord, "primer" if is_primer else "model")
        start = stop


def until(cue: Cue, end_s: float) -> Cue:
    """The cue with its chords before a moment alone, to be composed on."""
    kept = (
        replace(span, end_s=min(span.end_s, end_s)) for span in cue.chords if span.start_s < end_s
    )
    return replace(cue, chords=tuple(kept))


def slot_chords(cue: Cue, slots: Slots) -> list[Chord]:
    """The chord of each slot, as far as there are any."""
    starts_s = [span.start_s for span in cue.chords]
    until_s = cue.chords[-1].end_s if cue.chords else 0.0
    return [
        cue.chords[max(0, bisect_right(starts_s, edge_s + SHORTEST_S / 2) - 1)].chord
        for edge_s in slots.edges_s[:-1]
        if edge_s < until_s - SHORTEST_S / 2
    ]


def begun(cue: Cue, slots: Slots) -> Sequence[Chord]:
    """The chords that a cue goes on from, one a slot: its own, its primer, or its tonic."""
    tonic = Chord(cue.key.pitch_class, "min" if cue.key.minor else "maj")
    return slot_chords(cue, slots) or cue.settings.primer or [tonic]


def recall_of(manifest: Manifest, trust: Sequence[float] = (1.0,)) -> Recall | None:
    """A new memory of new pieces, where the bundle has the weights for it."""
    return Recall(manifest.recall, np.array(trust)) if manifest.recall and any(trust) else None


def mood_key(features: VideoFeatures) -> Key:
    """C major for a film of pleasant pictures on the whole, else A minor.

    Mode is the strongest musical cue to valence (Gagnon and Peretz 2003).
    """
    return MAJOR if features.valence.mean() >= 0 else MINOR


def _lean(emotion: NDArray[np.float32], cues: Sequence[Cue]) -> Lean:
    picture = cues[0].features.extractor.startswith("picture/")
    mood = Mood.of(emotion, "picture" if picture else "clip")
    return Lean(AffectScale.of(LEADS), mood, np.array([cue.settings.affect for cue in cues]))
