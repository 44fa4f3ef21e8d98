"""Beats to seconds, for hosts that count beats and tell their tempo as they come to it."""

from bisect import bisect_right
from itertools import pairwise

from scorelock.bridge.dialects.contract import Ignored


class BeatTime:
    """The tempos of a time line as far as they were heard: a film runs on evenly through them.

    A tempo heard while the host rolls holds from its beat on, so that the seconds go on where they
    were. One heard while it stands is the whole time line's: nobody can tell more.
    """

    def __init__(self) -> None:
        self._tempos: list[tuple[float, float]] = []  # from which beat on, beats a minute

    def tell(self, bpm: float, from_beat: float | None) -> None:
        """A tempo, from a beat on, or everywhere."""
        if from_beat is None or not self._tempos:
            self._tempos = [(0.0, bpm)]
            return
        if bpm == self._bpm_at(from_beat):
            return
        self._tempos = [tempo for tempo in self._tempos if tempo[0] < from_beat]
        self._tempos.append((from_beat if self._tempos else 0.0, bpm))

    def seconds(self, beat: float) -> float:
        """Seconds from beat 0.

        Raises:
            Ignored: no tempo was heard yet.
        """
        if not self._tempos:
            raise Ignored("tempo not known yet")
        ends = [*self._tempos, (max(beat, self._tempos[-1][0]), 0.0)]
        return sum(
            max(0.0, min(beat, end) - start) * 60 / bpm for (start, bpm), (end, _) in pairwise(ends)
        )

    def _bpm_at(self, beat: float) -> float:
        index = bisect_right(self._tempos, beat, key=lambda tempo: tempo[0])
        return self._tempos[max(0, index - 1)][1]
