"""Chords for the gaps between chords that stand, which condition them on both sides.

Left of a gap the model is conditioned as ever: it has heard what stands there. To the right it
cannot look, so each gap is composed in several takes, all with the same past, and that one stays
after which the model believes most in what follows (sampling, then importance resampling; Rubin
1988). The takes are one batch, which costs little more than one.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.decoder import CONTEXT_S, ChordModel, Rows, Steps
from scorelock.engine.sampling import Chords, Sampler

FREE: Final = -1
"""Stands where there is no chord yet."""
TAKES: Final = 4
"""Of every gap."""
AFTER_S: Final = 4
"""Chords after a gap by which its takes are compared."""


def infill(
    model: ChordModel,
    features: Rows,
    minor: bool,
    given: Chords,
    sampler: Sampler,
) -> Chords:
    """The chords (T,) with every gap filled; what was given stays.

    A gap that has nothing after it is filled by the first take. A gap longer than the model's
    window is filled in pieces.

    Args:
        model: what believes in chords.
        features: raw features (T, F) of the film.
        minor: whether the piece is in A minor.
        given: tokens (T,), `FREE` in gaps; the first is not free.
        sampler: of `TAKES` takes.
    """
    chords = given.copy()
    if chords[0] == FREE:
        raise ValueError("expected a chord to begin with")
    window: _Window | None = None
    for start, end in gaps(given):
        while start < end:
            if window is None or not window.holds(start, min(end + AFTER_S, len(chords))):
                window = _Window(model, features, minor, start)
            stop = min(end, window.end)
            chords[start:stop] = window.fill(chords, start, stop, sampler)
            start = stop
    return chords


def gaps(chords: Chords) -> list[tuple[int, int]]:
    """Where the gaps begin and end."""
    edges = np.flatnonzero(np.diff(chords == FREE, prepend=False, append=False))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


class _Window:
    """A part of the film, seen, with chords on a cache for `TAKES` takes."""

    def __init__(self, model: ChordModel, features: Rows, minor: bool, gap: int) -> None:
        length = model.manifest.window
        context = min(CONTEXT_S, length // 2)
        last = max(0, len(features) - length)
        self._start = 0 if gap + AFTER_S < length else min(last, max(0, gap - context))
        self.end = min(len(features), self._start + length)
        rows = features[self._start : self.end]
        self._steps: Steps = model.begin(rows, [minor] * TAKES)

    def holds(self, start: int, end: int) -> bool:
        """Whether chords from start to end can be decoded here, after one at least."""
        return self._start < start and end <= self.end

    def fill(self, chords: Chords, start: int, stop: int, sampler: Sampler) -> Chords:
        """Chords from start to stop, whichever take goes on best to those after it."""
        known = np.tile(chords[:stop], (TAKES, 1))
        fresh = self._heard_until(known, start)
        for second in range(start, stop):
            known[:, second] = sampler.draw(self._steps.advance(fresh)[:, -1], known[:, :second])
            fresh = known[:, second : second + 1]
        after, best = self._after(chords, stop), 0
        if len(after):
            heard = np.concatenate([fresh, np.tile(after[:-1], (TAKES, 1))], axis=1)
            best = int(_belief(self._steps.advance(heard), after).argmax())
        self._steps.rewind(start - self._start)  # beyond, the takes differ
        taken: Chords = known[best, start:stop]
        return taken

    def _heard_until(self, known: Chords, start: int) -> Chords:
        """Put the cache where these chords, which lead up to start, are to be heard next."""
        before = start - 1 - self._start
        if self._steps.position < before:  # all at once from the window's start is fastest
            before = 0
        self._steps.rewind(before)
        return known[:, self._start + before : start]

    def _after(self, chords: Chords, stop: int) -> Chords:
        """What stands after a gap, as far as it is compared."""
        after = chords[stop : min(stop + AFTER_S, self.end)]
        free = np.flatnonzero(after == FREE)
        return after[: free[0]] if free.size else after


def _belief(logits: Rows, chords: Chords) -> NDArray[np.float64]:
    """Log-probability (B,) of chords (S,), given logits (B, S, V) of each."""
    scores = logits.astype(np.float64)
    scores -= scores.max(axis=2, keepdims=True)
    totals = np.log(np.exp(scores).sum(axis=2))
    places = np.arange(len(chords))
    belief: NDArray[np.float64] = (scores[:, places, chords] - totals).sum(axis=1)
    return belief
