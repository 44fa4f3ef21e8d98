"""The cue that is kept beside a film: opened for editing, composed if there is none yet.

A live show asks whether there is one, so what reads and writes it is loaded when it is needed.
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from scorelock.bridge.composing import begun
from scorelock.bridge.console import say
from scorelock.bridge.seeing import PICTURE, Seeing, features_of
from scorelock.engine.cue_folder import CUE, CueFolder
from scorelock.engine.errors import BadCue

if TYPE_CHECKING:
    from scorelock.engine.bundle import Bundle
    from scorelock.engine.features import VideoFeatures
    from scorelock.engine.history import History
    from scorelock.engine.score import Cue


PATIENCE_S: Final = 30.0
"""Composing a long film anew takes some seconds; longer than this is no change."""


@dataclass(frozen=True, slots=True)
class CueStore:
    """Where a film's cue is kept.

    Attributes:
        film: the film.
        path: its cue.json.
    """

    film: Path
    path: Path

    @classmethod
    def of(cls, film: Path) -> "CueStore":
        """Of a film, or of the folder FILM.cue beside it."""
        if film.suffix == ".cue" and film.is_dir():
            film = film.with_suffix("")
        return cls(film, CueFolder.of(film, say).path / CUE)

    def exists(self) -> bool:
        """Whether there is one."""
        return self.path.is_file()

    def seeing(self) -> Seeing:
        """Who saw the film for the cue."""
        from scorelock.engine import cue_file

        return Seeing.again(cue_file.seen_by(self.path)) if self.exists() else PICTURE

    def read(self, seen: "VideoFeatures | None" = None) -> "History":
        """What is kept. `seen` is what is known of the film; it is taken where the cue is made on
        that.

        Raises:
            BadCue: there is none, or it cannot be read.
            UnreadableFilm: the film cannot be watched.
            MissingPart: the film has to be watched by a CLIP that is not kept.
        """
        if not self.exists():
            raise BadCue(
                f"expected a cue at {self.path}, there is none; scorelock edit {self.film} new "
                "composes one"
            )
        from scorelock.engine import cue_file

        if seen is None or seen.extractor != cue_file.seen_by(self.path):
            seen = features_of(self.film, self.seeing())
        return cue_file.read(self.path, seen)

    def compose(self, args: argparse.Namespace) -> "History":
        """A new one, composed as `args` say.

        Raises:
            ScorelockError: the film, the bundle or an option is at fault.
        """
        from scorelock.engine.compose import complete
        from scorelock.engine.history import History

        args.film = self.film
        cue, bundle = begun(args)
        (cue,) = complete([cue], bundle)
        return History.begin(to_be_asked_again(cue, args))

    @contextmanager
    def held(self) -> Iterator[None]:
        """Meanwhile no other Scorelock changes it, so that a change of what was read loses nothing.

        Raises:
            BadCue: another one does not let go of it, or nothing can be written there.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path.with_suffix(".lock"), timeout=PATIENCE_S)
        try:
            self.path.parent.mkdir(exist_ok=True)
            lock.acquire()
        except Timeout as err:
            raise BadCue(
                f"expected to change {self.path}, another scorelock has been changing it for "
                f"{PATIENCE_S:g} s; try again when it is done"
            ) from err
        except OSError as err:
            raise BadCue(f"expected to write {self.path}: {err.strerror or err}") from err
        try:
            yield
        finally:
            lock.release()

    def write(self, history: "History") -> None:
        """Keep this.

        Raises:
            BadCue: nothing can be written; what was kept stays.
        """
        from scorelock.engine import cue_file

        cue_file.write(self.path, history)


def to_be_asked_again(cue: "Cue", args: argparse.Namespace) -> "Cue":
    """The cue with the model of --bundle where edits will find it, from anywhere."""
    if args.bundle is None or not args.bundle.is_dir():
        return cue
    return replace(cue, bundle=str(args.bundle.resolve()))


def model_of(history: "History") -> Callable[[], "Bundle"]:
    """Opens the bundle that a cue was composed with, when it is first asked for."""

    @cache
    def opened() -> "Bundle":
        from scorelock.engine.bundle import Bundle

        return Bundle.open(Path(history.cue.bundle))

    return opened
