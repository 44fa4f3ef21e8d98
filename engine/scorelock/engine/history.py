"""A cue and everything that was done to it: takes side by side, undo and redo without limit.

A value, like the cues in it: every step gives a new history. What a step made is kept with it, so
going back and forth costs nothing, and a history that is read from disk needs no model.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from scorelock.engine.bundle import Bundle
from scorelock.engine.edits import Edit, Keep, apply, recomposed
from scorelock.engine.errors import BadSetting
from scorelock.engine.score import Cue

FIRST: Final = "A"
"""Name of the take that a cue begins with."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done: to which take, what, and the cue that came of it.

    Attributes:
        take: its name.
        edit: None where the take was begun.
        cue: the take after it.
    """

    take: str
    edit: Edit | None
    cue: Cue


@dataclass(frozen=True, slots=True)
class History:
    """Steps in their order, the first of which begins the first take.

    Attributes:
        steps: all, those that were undone too.
        done: how many of them hold, 1 or more.
        current: the take that is worked on.
    """

    steps: tuple[Step, ...]
    done: int
    current: str = FIRST

    @classmethod
    def begin(cls, cue: Cue) -> "History":
        """Of a cue that was just composed."""
        return cls((Step(FIRST, None, cue),), 1)

    @property
    def takes(self) -> Mapping[str, Cue]:
        """Each take by its name, as it is now."""
        return {step.take: step.cue for step in self.steps[: self.done]}

    @property
    def cue(self) -> Cue:
        """The take that is worked on."""
        return self.takes[self.current]

    def edit(self, edit: Edit, bundle: Callable[[], Bundle]) -> "History":
        """Do something to the current take; what was undone is forgotten.

        Raises:
            BadSetting: it cannot be done.
        """
        return self._then(Step(self.current, edit, apply(self.cue, edit, bundle)))

    def new_take(self, name: str, seed: int, bundle: Callable[[], Bundle]) -> "History":
        """Compose what is not locked in another way, as a take of its own, and go on with that.

        Raises:
            BadSetting: the name is taken or empty.
        """
        if not name or name in self.takes:
            there = ", ".join(self.takes)
            raise BadSetting(f"expected a new name for the take, there are {there}; got {name!r}")
        settings = replace(self.cue.settings, seed=seed)
        cue = replace(self.cue, settings=settings)
        whole = [(0.0, cue.features.film.duration_s)]
        fresh = recomposed(cue, whole, seed, bundle())
        return replace(self._then(Step(name, None, fresh)), current=name)

    def choose(self, name: str) -> "History":
        """Go on with another take.

        Raises:
            BadSetting: there is none of that name.
        """
        return replace(self, current=self._known(name))

    def keep(self, name: str, start_s: float, end_s: float) -> "History":
        """From start_s to end_s the current take has the chords of another.

        Raises:
            BadSetting: there is no such take, or no such span.
        """
        chords = self.takes[self._known(name)].chords
        return self.edit(Keep(start_s, end_s, chords), _no_bundle)

    def undo(self) -> "History":
        """Take back the newest step.

        Raises:
            BadSetting: there is none.
        """
        if self.done == 1:
            raise BadSetting("expected an edit to undo, there is none")
        back = replace(self, done=self.done - 1)
        return back if self.current in back.takes else replace(back, current=FIRST)

    def redo(self) -> "History":
        """Do the step again that was taken back last.

        Raises:
            BadSetting: there is none.
        """
        if self.done == len(self.steps):
            raise BadSetting("expected an edit to redo, there is none")
        return replace(self, done=self.done + 1)

    def replayed(self, bundle: Callable[[], Bundle]) -> "History":
        """All that was done, done again from the beginning."""
        again = History.begin(self.steps[0].cue)
        for step in self.steps[1:]:
            again = replace(again, current=step.take if step.edit else again.current)
            if step.edit is not None:
                again = again.edit(step.edit, bundle)
            else:
                again = again.new_take(step.take, step.cue.settings.seed, bundle)
        return replace(again, done=self.done, current=self.current)

    def _then(self, step: Step) -> "History":
        return replace(self, steps=(*self.steps[: self.done], step), done=self.done + 1)

    def _known(self, name: str) -> str:
        if name not in self.takes:
            raise BadSetting(f"expected a take of {', '.join(self.takes)}, got {name!r}")
        return name


def _no_bundle() -> Bundle:
    raise AssertionError("nothing is composed")
