"""What changes the score, one thing after the other: the first score, edits, another score."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scorelock.bridge.cue_store import CueStore
from scorelock.bridge.desk import messages
from scorelock.bridge.desk.drafting import Reports, composed_anew, first_score
from scorelock.bridge.desk.editing import EditAsk, step
from scorelock.bridge.desk.score_keeper import ScoreKeeper
from scorelock.bridge.desk.works import Progress, Works
from scorelock.engine.errors import BadCue, BadSetting
from scorelock.engine.history import History
from scorelock.engine.influence import swap_test
from scorelock.engine.key import Key
from scorelock.engine.score import Cue

if TYPE_CHECKING:
    from scorelock.engine.bundle import Bundle

WATCHING, COMPOSING, SWAP_TEST = "watching", "composing", "swap test"
"""Works."""


class Composer:
    """Asked on the event loop's thread; what it does goes on in others.

    Args:
        store: where the score is kept.
        args: what the first score is composed by.
        keeper: has it.
        works: do it.

    Attributes:
        begins: whether the first score is being made.
    """

    def __init__(
        self, store: CueStore, args: argparse.Namespace, keeper: ScoreKeeper, works: Works
    ) -> None:
        self.begins = False
        self._store, self._args, self._keeper, self._works = store, args, keeper, works
        self._bundles: dict[str, Bundle] = {}

    async def open(self, history: History) -> None:
        """Play and show a score that is kept."""
        await self._works.on_score(lambda: self._keeper.open(history))

    async def begin(self) -> None:
        """Watch the film and compose its score, with drafts on the way.

        Raises:
            ScorelockError: why it cannot be done.
            Cancelled: the user has ended it.
        """
        self.begins = True
        try:
            await self._works.on_score(self._first)
        finally:
            self.begins = False

    async def edit(self, ask: EditAsk) -> None:
        """One step more.

        Raises:
            ScorelockError: it cannot be done; then all is as it was.
            Cancelled: the user has ended it.
        """
        if self.begins:
            self._keeper.whole()
        await self._works.on_score(lambda: self._edit(ask))

    async def compose(self, ask: messages.Compose) -> None:
        """Another score in the place of the one there is.

        Raises:
            ScorelockError: as `edit`.
            Cancelled: likewise.
        """
        key = None if ask.key is None else Key.parse(ask.key)
        if self.begins:
            raise BadSetting(
                "expected no score to be composed yet, the first one is; cancel it, or wait for it"
            )
        if self._keeper.history is None:
            self._args.key, self._args.seed = ask.key, ask.seed
            self._args.affect = ask.affect
            await self.begin()
        else:
            await self._works.on_score(lambda: self._compose(ask, key))

    async def swap(self) -> messages.Influence:
        """How much of the score is the picture's doing.

        Raises:
            ScorelockError: there is no score yet.
            Cancelled: the user has ended it.
        """
        cue = self._keeper.whole().cue
        if self._works.going(SWAP_TEST):
            raise BadSetting("expected one swap test at a time, one goes on; wait for it")
        return await self._works.beside(lambda: self._swap(cue))

    async def look_again(self) -> None:
        """Take in what another program has made of the score.

        Raises:
            BadCue: it cannot be read.
        """
        await self._works.on_score(self._keeper.read_anew)

    # In the score's thread ------------------------------------------------------------------------

    def _first(self) -> None:
        name = self._store.film.name
        with self._work(WATCHING, f"watching {name}", shown=False) as watching:
            composing: list[Progress] = []

            def composed(share: float | None) -> None:
                if not composing:
                    self._works.done(WATCHING)
                    composing.append(self._works.begin(COMPOSING, f"composing {name}"))
                composing[0](share)

            try:
                reports = Reports(self._keeper.draft, watching, composed)
                self._keep_first(first_score(self._store, self._args, reports))
            finally:
                self._works.done(COMPOSING)

    def _keep_first(self, history: History) -> None:
        try:
            if self._store.exists():  # of another program, meanwhile
                self._keeper.set_aside()
            self._keeper.take(history)
        except BadCue:
            self._keeper.open(history)  # it can be heard all the same
            raise

    def _edit(self, ask: EditAsk) -> None:
        with self._work(COMPOSING, "composing", shown=False) as progress, self._store.held():
            self._keeper.read_anew()
            history = self._keeper.whole()
            self._keeper.take(step(history, ask, self._model(history.cue, progress)))

    def _compose(self, ask: messages.Compose, key: Key | None) -> None:
        with self._work(COMPOSING, "composing another score") as progress, self._store.held():
            self._keeper.read_anew()
            cue = self._keeper.whole().cue
            settings = replace(cue.settings, key=key, seed=ask.seed, affect=ask.affect)
            fresh = composed_anew(cue, settings, self._model(cue, progress)())
            self._keeper.set_aside()
            self._keeper.take(History.begin(fresh))

    def _swap(self, cue: Cue) -> messages.Influence:
        with self._work(SWAP_TEST, "composing with another picture") as progress:
            found = swap_test(cue, self._bundle(cue), progress)
        changed, again = round(100 * found.changed), round(100 * found.changed_again)
        return messages.Influence(
            found.changed,
            found.changed_again,
            f"With another picture, {changed} % of the score would have other chords. With this "
            f"picture and another seed, {again} % would.",
        )

    @contextmanager
    def _work(self, work: str, words: str, *, shown: bool = True) -> Iterator[Progress]:
        try:
            yield self._works.begin(work, words, shown=shown)
        finally:
            self._works.done(work)

    def _model(self, cue: Cue, progress: Progress) -> Callable[[], "Bundle"]:
        """Opens the cue's model, which tells how far it is of a score as long as the film."""

        def model() -> "Bundle":
            steps, slots = 0, len(cue.slots)

            def stepped() -> None:
                nonlocal steps
                steps += 1
                progress(min(1.0, steps / slots))

            return self._bundle(cue).telling(stepped)

        return model

    def _bundle(self, cue: Cue) -> "Bundle":
        from scorelock.engine.bundle import Bundle

        if cue.bundle not in self._bundles:
            device = self._args.device
            self._bundles[cue.bundle] = Bundle.open(Path(cue.bundle), device=device)
        return self._bundles[cue.bundle]
