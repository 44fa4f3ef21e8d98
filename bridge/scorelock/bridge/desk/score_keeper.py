"""The score as it is: on disk, on the stage, and on pages.

Histories come from one thread, which composes them; what is played otherwise may come from others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from shutil import copyfile
from threading import RLock
from typing import Any, Final

from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk import score_file
from scorelock.bridge.desk.editing import in_words
from scorelock.bridge.desk.messages import CueIs
from scorelock.bridge.desk.parts import Parts, lanes, played
from scorelock.bridge.desk.score_file import Film
from scorelock.bridge.stage.orders import Load
from scorelock.bridge.stage.stage import Stage
from scorelock.engine.arrange import Arranger, arrange
from scorelock.engine.compose import until
from scorelock.engine.errors import BadCue, BadSetting, ScorelockError
from scorelock.engine.features import VideoFeatures
from scorelock.engine.files import replacing
from scorelock.engine.history import History
from scorelock.engine.score import Cue, Note, Performance

LONG_S: Final = 600.0
"""Longer films take a second and more to arrange: their first notes are played before."""
SOON_S: Final = 60.0

Stamp = tuple[int, int, int]
"""By which a changed file is known: its number, size in bytes, last change in nanoseconds."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A version of the score.

    Attributes:
        cue_is: what pages are told.
        cue: the score; performance: all of its notes, whatever parts are heard.
        for_desk, for_players: `score.json`.
    """

    cue_is: CueIs
    cue: Cue
    performance: Performance
    for_desk: bytes
    for_players: bytes


class ScoreKeeper:
    """Keeps a score, has it played, and shows it.

    Args:
        store: where it is kept.
        film: what pages are told of the film.
        stage: what plays it.
        parts: how its parts are played, at first.
        show: takes each version, in the thread that made it, one after the other.

    Attributes:
        history: None while there are drafts alone.
        parts: how its parts are played from the next `put_on_again` on; set from any thread.
    """

    def __init__(
        self,
        store: CueStore,
        film: Film,
        stage: Stage,
        parts: Parts,
        show: Callable[[Shown], None],
    ) -> None:
        self.parts = parts
        self.history: History | None = None
        self._store, self._film, self._stage, self._show = store, film, stage, show
        self._turn = RLock()
        self._arranger = Arranger()
        self._versions = count(1)
        self._now: tuple[Cue, Performance] | None = None
        self._stamp = self._on_disk()

    @property
    def features(self) -> VideoFeatures | None:
        """What was seen in the film, once all of it was."""
        return None if self.history is None else self.history.cue.features

    def whole(self) -> History:
        """What can be changed.

        Raises:
            BadSetting: there is no whole score yet.
        """
        if self.history is None:
            raise not_yet()
        return self.history

    def draft(self, cue: Cue) -> None:
        """Play a score of the film's first seconds; it is not kept."""
        if self._film.duration_s > cue.features.film.duration_s:  # it does not end there
            film = replace(cue.features.film, duration_s=self._film.duration_s)
            cue = replace(cue, features=replace(cue.features, film=film))
        performance = arrange(cue)
        with self._turn:
            self._now = cue, performance
            self._put_on()

    def take(self, history: History) -> None:
        """Keep a history, then have it played and shown.

        Raises:
            BadCue: it cannot be kept; then all stays as it was.
        """
        with self._turn:
            self._store.write(history)
            self._stamp = self._on_disk()
            self.open(history)

    def open(self, history: History) -> None:
        """Have one played and shown that is kept already."""
        with self._turn:
            cue, self.history = history.cue, history
            self._film = replace(self._film, duration_s=cue.features.film.duration_s)
            before = None if self._now is None else self._now[0]
            if before is None and self._film.duration_s > LONG_S:
                self._now = cue, arrange(until(cue, SOON_S))
                self._put_on()
            if before is not cue:
                self._now = cue, self._arranger.performance(cue)
            self._put_on()

    def put_on_again(self) -> None:
        """Parts are played otherwise."""
        with self._turn:
            if self._now is not None:
                self._put_on()

    def set_aside(self) -> None:
        """Keep a copy of the file as it is: something else comes in its place.

        Raises:
            BadCue: it cannot be kept.
        """
        path = self._store.path
        free = (path.with_name(f"cue-{number}.json") for number in count(1))
        copy = next(each for each in free if not each.exists())
        try:
            with replacing(copy) as beside:
                copyfile(path, beside)
        except OSError as err:
            raise BadCue(
                f"expected to keep the score as {copy}: {err.strerror or err}; it is as it was"
            ) from err

    def moved(self) -> bool:
        """Whether another program has changed the file."""
        there = self._on_disk()
        return there is not None and there != self._stamp

    def read_anew(self) -> None:
        """Take in what another program has made of the score, if anything.

        Raises:
            ScorelockError: it cannot be read; said once. Here all stays as it was, and the next
                edit takes its place: a copy of it is kept.
        """
        with self._turn:
            if self.features is None or not self.moved():
                return
            self._stamp = self._on_disk()
            try:
                history = self._store.read(self.features)
            except ScorelockError:
                self.set_aside()
                raise
            self.open(history)

    def _on_disk(self) -> Stamp | None:
        try:
            status = self._store.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_size, status.st_mtime_ns

    def _put_on(self) -> None:
        """Play it first, then draw it."""
        assert self._now is not None
        (cue, performance), parts, history = self._now, self.parts, self.history
        notes = played(performance, parts)
        self._stage.order(Load(_in_order(notes.values()), self._film.duration_s, lanes(parts)))
        version, draft = next(self._versions), history is None
        score = score_file.score_of(self._film, cue, notes, version, draft)
        self._show(
            Shown(
                cue_is(version, cue, history),
                cue,
                performance,
                score_file.encoded(score),
                score_file.encoded(score_file.for_players(score)),
            )
        )


def not_yet() -> BadSetting:
    """Why nothing can be done with the score."""
    return BadSetting(
        "expected a whole score, this is a draft of what was seen so far; wait until the film has "
        "been watched, or compose it"
    )


def nothing_yet(*, comes: bool = True) -> CueIs:
    """What pages are told before the first draft, or when none `comes`."""
    return CueIs(0, comes, "", [], False, False, "", {})


def cue_is(version: int, cue: Cue, history: History | None) -> CueIs:
    """What pages are told of a version."""
    return CueIs(
        version=version,
        draft=history is None,
        take="" if history is None else history.current,
        takes=[] if history is None else list(history.takes),
        undo=history is not None and history.done > 1,
        redo=history is not None and history.done < len(history.steps),
        key=str(cue.key),
        settings=_settings(cue, history),
    )


def _settings(cue: Cue, history: History | None) -> dict[str, Any]:
    """What the score was made by, as the page's controls show it, and what can be taken back."""
    chosen, meter = cue.settings, cue.tempo_map.meters[0]
    steps = () if history is None else history.steps
    done = 0 if history is None else history.done
    return {
        "seed": chosen.seed,
        "affect": chosen.affect,
        "key": None if chosen.key is None else str(chosen.key),
        "tempo": round(cue.tempo_map.tempos[0].bpm, 3),
        "meter": f"{meter.beats}/{meter.unit}",
        "rhythm": str(chosen.rhythm),
        "style": str(cue.playing.style),
        "humanise": cue.playing.humanise,
        "drone": cue.playing.drone,
        "undoes": in_words(steps[done - 1], cue) if done > 1 else None,
        "redoes": in_words(steps[done], cue) if done < len(steps) else None,
    }


def _in_order(parts: Iterable[Sequence[Note]]) -> tuple[Note, ...]:
    return tuple(sorted((note for notes in parts for note in notes), key=lambda n: n.onset_s))
