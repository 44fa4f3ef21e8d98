"""The drone: a low open fifth or octave under fearful and tense passages.

It lies on the key's tonic (on the chord's root where no key is known), unless that rubs against
the chord by a semitone, and is decided for whole phrases. Each chord strikes it anew, softly where
it goes on, because every note belongs to one span.
"""

from typing import Final

from scorelock.engine.arranging.metre import Phrase
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.features import EMOTIONS
from scorelock.engine.vocabulary import Chord

LOWEST: Final = 28  # E1
_DARK: Final = [EMOTIONS.index("fearful"), EMOTIONS.index("tense")]
_THRESHOLD: Final = 0.55
"""Of fear and tension together; over MuVi-Sync their mean is 0.48."""
_FIFTH, _OCTAVE = 7, 12


def drone(scene: Scene, phrase: Phrase, chord: Chord) -> tuple[int, ...]:
    """Its pitches under a chord: none in another mood, and no more than the density has room for
    beside a bass and a voice.
    """
    start_s = max(0.0, phrase.start_s)
    emotions = scene.emotions(start_s, phrase.end_s)
    if not scene.playing.drone or float(emotions[_DARK].sum()) < _THRESHOLD:
        return ()
    room = int(scene.thinnest(start_s, phrase.end_s)) - 2
    return pitches(chord, scene.tonic)[: max(0, room)]


def pitches(chord: Chord, tonic: int | None) -> tuple[int, int]:
    """The low open fifth, or the octave where the fifth rubs."""
    root = chord.root if tonic is None or _rubs(tonic, chord) else tonic
    low = LOWEST + (root - LOWEST) % 12
    return low, low + (_OCTAVE if _rubs((root + _FIFTH) % 12, chord) else _FIFTH)


def _rubs(tone: int, chord: Chord) -> bool:
    return any((tone - other) % 12 in (1, 11) for other in chord.pitch_classes)
