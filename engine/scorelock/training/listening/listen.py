"""From a film's sound to its music, one row a second. Read this first."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from scorelock.training.listening.chords import chords, evidence_of
from scorelock.training.listening.density import density_of
from scorelock.training.listening.heard import Heard, Sound, Transcription
from scorelock.training.listening.keys import key_of
from scorelock.training.listening.loudness import loudness
from scorelock.training.listening.prints import harmony_of
from scorelock.training.listening.tuning import tuning
from scorelock.training.songs import transposition

PLAIN: Final = 0.3
"""A second is music when its chord is believed so far. In rendered music (drums and a voice among
it) that holds in at least 38 seconds of 100, in speech and in noise never."""


class Hears(Protocol):
    """What hears notes: `Transcriber`, or one that knows them."""

    def hear(self, sound: Sound) -> Transcription:
        """The notes of a sound."""


def listen(sound: Sound, rows: int, transcriber: Hears) -> Heard:
    """What is heard in so many seconds of a sound; where it is shorter, silence follows."""
    heard = transcriber.hear(sound)
    evidence = evidence_of(heard)
    tokens, beliefs = chords(evidence, rows)
    key, sure = key_of(tokens)
    loud = np.zeros(rows, np.float32)
    known = loudness(sound)[:rows]
    loud[: len(known)] = known
    return Heard(
        key=key,
        sure=sure,
        chords=tokens,
        density=density_of(heard, rows),
        loudness=loud,
        tuning_cents=tuning(sound, heard.notes),
        music=float((beliefs > PLAIN).mean()) if rows else 0.0,
        harmony=harmony_of(evidence, rows),
    )


def normalised(heard: Heard) -> tuple[NDArray[np.int64], bool]:
    """The chords (T,) in C major or A minor, as `lab_v2_norm` has them, and whether in minor."""
    return transposition(-heard.key.transposition)[heard.chords], heard.key.minor
