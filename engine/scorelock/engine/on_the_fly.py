"""A score for a picture whose future nobody knows: rows in, chords and notes out, one by one.

The chord model sees the last rows through a window that slides, and what comes after them is taken
to be as now: it was trained on films that go on. Recall, key, mood and sampling are those of
`compose`. What is decided stays: the same rows and settings give the same notes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np

from scorelock.engine.arranging.metre import Metre, Phrase
from scorelock.engine.arranging.scene import Scene
from scorelock.engine.arranging.span import DRONE, PATTERN, Played, play
from scorelock.engine.arranging.styles import MANNERS, style_of
from scorelock.engine.compose import LEADS, MAJOR, MINOR, recall_of
from scorelock.engine.decoder import ChordModel, Rows
from scorelock.engine.key import Key
from scorelock.engine.mood import Mood
from scorelock.engine.onlooker import Row
from scorelock.engine.onward import Onward
from scorelock.engine.playing import Playing
from scorelock.engine.prior import AffectScale, Lean
from scorelock.engine.sampling import Chords, LogitFilter, Logits, Sampler
from scorelock.engine.score import ChordSpan, ComposeSettings, Dynamics, Note
from scorelock.engine.tempo_map import TempoMap
from scorelock.engine.vocabulary import Chord

WINDOW: Final = 64
"""Rows that the chord model looks back on."""
AHEAD: Final = 30
"""Rows after the newest that the models are told of, all like it: nearer to its end they take a
piece for fading out."""
CLOSE_S: Final = 2.0
"""How long the last chord rings where the picture ends."""
_MOOD_ROWS: Final = 8
"""That decide the style and the drone: at 120 beats a minute, a phrase of 4/4."""
_HEARD: Final = (300, 150)
"""Chords that recall looks back on: so many at least, and more until it has to begin anew. Its
weights were fitted on songs, none of them an hour long."""
_SOUNDING_S: Final = 1.0
"""What ended so long ago is over for every player."""
_NEAR_S: Final = 1e-6


class Model(ChordModel, Protocol):
    """A bundle, as far as it is needed here."""

    def dynamics(self, features: Rows) -> Dynamics:
        """Density and loudness of every row."""
        ...


class OnTheFly:
    """Makes a score up, slot by slot. Times are seconds of the music, from 0.

    Args:
        model: that chords and dynamics come from.
        settings: as for a film; without a key the first row's mood chooses.
        playing: how it is arranged.
        grid: bars and beats.
        slot_s: how long a slot usually is.
    """

    def __init__(
        self,
        model: Model,
        settings: ComposeSettings,
        playing: Playing = Playing(),  # noqa: B008 - a value
        grid: TempoMap = TempoMap(),  # noqa: B008 - a value
        slot_s: float = 1.0,
    ) -> None:
        self.key: Key | None = settings.key
        self._model = model
        self._settings = settings
        self._slot_s = slot_s
        self._hands = _Hands(playing, grid)
        self._rows: deque[Row] = deque(maxlen=min(WINDOW, model.manifest.window - AHEAD))
        self._chords: list[int] = []
        self._lean = _LeanNow()
        self._sampler: Sampler | None = None

    def next(self, row: Row, start_s: float, end_s: float) -> Onward:
        """The score with one slot more, which has the newest row's chord."""
        if self.key is None:
            self.key = MAJOR if row.valence >= 0 else MINOR
        self._rows.append(row)
        key, primed = self.key, self._settings.primer
        mood = Mood.of(row.emotion[None], row.seen_by)
        lean = Lean(AffectScale.of(LEADS), mood, np.array([self._settings.affect]))
        place, primer = len(self._chords), self._primer(key)
        rows, newest = self._window()
        if place < len(primer):
            self._chords.append(primer[place])
        else:
            self._chords.append(self._drawn(rows, newest, key, lean))
        chord = Chord.from_token(self._chords[-1]).transposed(key.transposition)
        dynamics = self._model.dynamics(rows)
        now = slice(newest, newest + 1)
        led = lean.dynamics(Dynamics(dynamics.density[now], dynamics.loudness[now]))
        span = ChordSpan(start_s, end_s, chord, "primer" if place < len(primed) else "model")
        return self._hands.play(span, led, self._rows, key)

    def hold(self, start_s: float, end_s: float) -> Onward:
        """The score with one slot more, which has the last chord as there is nothing new to see."""
        assert self.key is not None
        return self._hands.hold(start_s, end_s, self._rows, self.key)

    def close(self, start_s: float) -> Onward:
        """The score with its last chord ringing out; it may go on later all the same."""
        assert self.key is not None
        return self._hands.hold(start_s, start_s + CLOSE_S, self._rows, self.key, closes=True)

    def symbol(self, chord: Chord) -> str:
        """A chord's name as the key spells it; in none, as one without signature does."""
        return (self.key or MAJOR).symbol(chord)

    def _primer(self, key: Key) -> list[int]:
        tonic = Chord(key.pitch_class, "min" if key.minor else "maj")
        chords: Sequence[Chord] = self._settings.primer or (tonic,)
        return [chord.transposed(-key.transposition).token for chord in chords]

    def _window(self) -> tuple[Rows, int]:
        """What the models see (rows, columns), and which of the rows is the newest."""
        newest, layout = self._rows[-1], self._model.manifest.layout
        coming = [
            replace(newest, scene_offset=newest.scene_offset + after)
            for after in range(1, AHEAD + 1)
        ]
        seen = [row.columns(layout) for row in (*self._rows, *coming)]
        return np.stack(seen), len(self._rows) - 1

    def _drawn(self, rows: Rows, newest: int, key: Key, lean: Lean) -> int:
        if self._sampler is None:
            recall = recall_of(self._model.manifest, [self._settings.recall])
            self._sampler = Sampler.of(
                [self._settings],
                [key.minor],
                _Recently(recall) if recall else None,
                self._lean,
                slot_s=self._slot_s,
            )
        self._lean.lean = lean
        heard = np.array(self._chords)[None]
        first = max(0, newest - heard.shape[1])
        steps = self._model.begin(rows[first:], [key.minor])
        logits = steps.advance(heard[:, -(newest - first) :])
        return int(self._sampler.draw(logits[:, -1], heard)[0])


class _LeanNow:
    """A logit filter: leans to the mood of the newest row, whichever chord it is."""

    lean: Lean | None = None

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        assert self.lean is not None
        return self.lean(logits, chords)


class _Recently:
    """A logit filter that hears the last chords alone."""

    def __init__(self, apply: LogitFilter) -> None:
        self._apply = apply

    def __call__(self, logits: Logits, chords: Chords) -> Logits:
        least, more = _HEARD
        first = max(0, chords.shape[1] - least) // more * more
        return self._apply(logits, chords[:, first:])


@dataclass(frozen=True, slots=True, eq=False)
class _Last:
    """What was played last."""

    span: ChordSpan  # from where its chord began
    played: Played
    dynamics: Dynamics


class _Hands:
    """Chords become notes: those of a chord that stays go on instead of being struck again."""

    def __init__(self, playing: Playing, grid: TempoMap) -> None:
        self._playing = playing
        self._grid = grid
        self._metre = Metre(grid)
        self._phrase: Phrase | None = None
        self._style = playing.style
        self._emotion = np.zeros((1, 6), np.float32)
        self._last: _Last | None = None
        self._notes: tuple[Note, ...] = ()

    def hold(
        self,
        start_s: float,
        end_s: float,
        rows: Sequence[Row],
        key: Key,
        *,
        closes: bool = False,
    ) -> Onward:
        """Play the last chord on, as dense and loud as it was."""
        assert self._last is not None
        span = replace(self._last.span, start_s=start_s, end_s=end_s)
        return self.play(span, self._last.dynamics, rows, key, closes=closes)

    def play(
        self,
        span: ChordSpan,
        dynamics: Dynamics,
        rows: Sequence[Row],
        key: Key,
        *,
        closes: bool = False,
    ) -> Onward:
        """Write a span's notes, and give all that may sound from then on."""
        last = self._last
        if last is not None and span.start_s > last.span.end_s + _NEAR_S:
            last = None  # there was nothing to see for a while
        stays = last is not None and last.span.chord == span.chord
        scene = self._scene(span, dynamics, rows, key)
        before = None if last is None else last.played
        if before is not None and stays:  # a phrase sets the hand anew, but not on the same chord
            before = replace(before, phrase=self._metre.phrase(span.start_s))
        played = play(scene, span, before, closes=closes)
        tied = {DRONE.channel}
        if stays and not MANNERS[style_of(scene, span, played.phrase)].struck:
            tied = set(range(16)) - {PATTERN.channel}
        fresh = (*played.chords, *played.bass, *played.pattern, *played.drone)
        self._notes = _joined(self._notes, fresh, span.start_s, tied)
        if stays and last is not None:
            span = replace(last.span, end_s=span.end_s)
        self._last = _Last(span, played, dynamics)
        return Onward(span, self._notes, float(dynamics.loudness[0]), key)

    def _scene(self, span: ChordSpan, dynamics: Dynamics, rows: Sequence[Row], key: Key) -> Scene:
        """What is asked of a span: style and drone stay through a phrase, but a cut ends them."""
        phrase = self._metre.phrase(span.start_s)
        newest = rows[-1]
        if phrase != self._phrase or not newest.scene_offset:
            self._phrase, self._metre = phrase, Metre(self._grid)  # which keeps its bars
            scene_rows = list(rows)[-min(_MOOD_ROWS, newest.scene_offset + 1) :]
            seen = np.stack([row.emotion for row in scene_rows])
            self._emotion = seen.mean(axis=0, keepdims=True)
            open_to_all = self._of(dynamics, self._playing, key)
            self._style = style_of(open_to_all, span, phrase)
        return self._of(dynamics, replace(self._playing, style=self._style), key)

    def _of(self, dynamics: Dynamics, playing: Playing, key: Key) -> Scene:
        tonic = key.pitch_class
        return Scene(dynamics, self._metre, playing, self._emotion, (), tonic)


def _joined(
    before: Sequence[Note], fresh: Sequence[Note], start_s: float, tied: set[int]
) -> tuple[Note, ...]:
    """All notes that may sound from a moment on: of these channels those that end and begin anew
    there are one, and none of the others sounds on.
    """
    notes = [
        note if note.end_s <= start_s else replace(note, duration_s=start_s - note.onset_s)
        for note in before
        if note.onset_s < start_s - _NEAR_S and note.end_s > start_s - _SOUNDING_S
    ]
    ends = {
        (note.channel, note.pitch): i
        for i, note in enumerate(notes)
        if note.channel in tied and abs(note.end_s - start_s) < _NEAR_S
    }
    for note in fresh:
        held = ends.get((note.channel, note.pitch))
        if held is not None and note.onset_s < start_s + _NEAR_S:
            notes[held] = replace(notes[held], duration_s=note.end_s - notes[held].onset_s)
        else:
            notes.append(note)
    return tuple(sorted(notes))
