"""The swap test: how much of a score is the picture's doing?

The same film is composed again with another picture before the model's eyes, all else equal: key,
slots, seed. What changes then is the picture's doing. Chance alone changes a lot, too, once one
chord has come out otherwise: so it is shown beside what another seed changes by the same picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.compose import chords
from scorelock.engine.features import Cut, VideoFeatures
from scorelock.engine.mood import PLACES, emotions
from scorelock.engine.score import Cue
from scorelock.engine.vocabulary import Chord

_PASSES: Final = 2


@dataclass(frozen=True, slots=True)
class Influence:
    """Shares of the film's seconds, 0..1, that have another chord.

    Attributes:
        changed: with another picture, by the same seed.
        changed_again: with the same picture, by another seed.
    """

    changed: float
    changed_again: float


def swap_test(
    cue: Cue, bundle: Bundle, progress: Callable[[float], None] = lambda share: None
) -> Influence:
    """Compose a cue's film three times: as it is, by the next seed, and with another picture.

    What was edited of its chords does not count: it is the user's doing. Emotions that were drawn
    are part of the film as it is.

    Args:
        cue: whose key, slots and settings hold.
        bundle: that it was composed with.
        progress: told the share done, 0..1. What it raises ends the test.
    """
    own = replace(cue, chords=(), kept=())
    again = replace(own, settings=replace(cue.settings, seed=cue.settings.seed + 1))
    other = replace(own, features=other_picture(cue.seen), emotion=None)
    lengths_s = np.diff(cue.slots.edges_s)
    done = 0

    def composed(cues: Sequence[Cue]) -> list[tuple[Chord, ...]]:
        nonlocal done
        rows = []
        for row in chords(cues, bundle):
            rows.append(row)
            done += 1
            progress(done / (_PASSES * len(lengths_s)))
        return rows

    both, swapped = composed([own, again]), composed([other])
    return Influence(
        changed=_share([a != c for (a, _), (c,) in zip(both, swapped, strict=True)], lengths_s),
        changed_again=_share([a != b for a, b in both], lengths_s),
    )


def other_picture(features: VideoFeatures) -> VideoFeatures:
    """The film from its end to its beginning, with what is pleasant in it unpleasant.

    A film that moves as much, is cut as often and lasts as long, and yet is another at every
    second. It needs no second film at hand, so that the test gives the same answer everywhere.
    """
    film_s = features.film.duration_s
    semantic = features.semantic
    return replace(
        features,
        scene_offset=_offsets_backwards(features.scene_offset),
        motion=features.motion[::-1].copy(),
        emotion=_mirrored(features.emotion)[::-1].copy(),
        valence=-features.valence[::-1],
        arousal=features.arousal[::-1].copy(),
        cuts=tuple(Cut(film_s - cut.at_s, cut.strength) for cut in reversed(features.cuts)),
        semantic=None if semantic is None else semantic[::-1].copy(),
    )


def _mirrored(emotion: NDArray[np.float32]) -> NDArray[np.float32]:
    """Emotions (T, 6) as excited as before, and as unpleasant as they were pleasant."""
    valence, arousal = (emotion @ PLACES).astype(np.float32).T
    return emotions(-valence, arousal)


def _offsets_backwards(scene_offset: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows since each scene began, where the last scene comes first."""
    starts = np.flatnonzero(scene_offset == 0)
    lengths = np.diff([*starts, len(scene_offset)])[::-1]
    return np.concatenate([np.arange(length) for length in lengths]).astype(np.float32)


def _share(differs: Sequence[bool], lengths_s: NDArray[np.float64]) -> float:
    """Of the film's seconds, in which slots differ."""
    return float(np.average(differs, weights=lengths_s))
