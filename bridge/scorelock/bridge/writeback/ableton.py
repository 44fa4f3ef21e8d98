"""Locators in Ableton Live through AbletonOSC, which reads its socket ten times a second.

    /live/song/get/cue_points -> ,sfsf "1" 0.0 "SL: Am7" 64.0      names and beats, oldest first
    /live/song/set/current_song_time ,f 64.0                       the playhead
    /live/song/cue_point/add_or_delete                             there: one comes, or goes
    /live/song/cue_point/set/name ,is 1 "SL: Am7"                  by its place in the list
Beats are quarter notes from the arrangement's start, so seconds take the tempo, which must be one
for the whole song. Moving and adding in one tick would add where the playhead was.

Source: ideoforms/AbletonOSC (abletonosc/song.py, osc_server.py).
"""

from collections.abc import Generator, Sequence
from typing import Final

from scorelock.bridge.dialects.abletonosc import GET
from scorelock.bridge.writeback.conversation import (
    ROUNDS,
    Ask,
    Hearing,
    HostError,
    Rest,
    Rolls,
    Script,
    Step,
    Tell,
    message,
    number,
    putting_back,
)
from scorelock.bridge.writeback.marks import Mark, points
from scorelock.bridge.writeback.places import PREFIX, Found, plan
from scorelock.bridge.writeback.tempo import agree

TICKS: Final = 960
"""To a beat: places of marks are whole ticks."""
_BESIDE: Final = TICKS // 32  # as near as anybody can see
_EXACT: Final = 0.5 / TICKS  # beats
_SETTLE_S: Final = 0.25  # two ticks of its timer, and the way


class LiveMarks(Hearing):
    """Writes chords, cuts and hits as locators while it stands; None leaves them alone."""

    hint = "; choose AbletonOSC as a control surface in its Preferences, Link, Tempo & MIDI"

    def __init__(self, marks: Sequence[Mark] | None, bpm: float | None = None) -> None:
        super().__init__()
        self._marks = marks
        self._bpm = bpm
        self._made: set[int] = set()  # places where locators came or went by us

    def script(self) -> Script:
        """The tempo, for it places the marks; all marks; and back to where the playhead was."""
        if self._bpm is not None:
            yield from agree(
                self,
                self._bpm,
                query=message(f"{GET}tempo"),
                answer=f"{GET}tempo",
                order="/live/song/set/tempo",
            )
        if self._marks is None:
            return
        yield from self._must_stand()
        bpm = number((yield from self.ask(message(f"{GET}tempo"))))
        home = number((yield from self.ask(message(f"{GET}current_song_time"))))
        if not (bpm > 0 and home >= 0):
            raise HostError(f"expected a tempo and a song time of Live, got {bpm:g} and {home:g}")
        wanted = points(self._marks, lambda at_s: round(at_s * bpm / 60 * TICKS))
        yield from putting_back(self._work(wanted), lambda: self._go(home))

    def _work(self, wanted: Sequence[tuple[int, str]]) -> Script:
        for turn in range(ROUNDS):
            found = map(self._owned, (yield from self._all()))
            to_do = plan(found, wanted, beside=_BESIDE)
            self.written.marks, self.written.there = len(wanted), to_do.there
            if turn == 0:
                self.written.before, self.written.removed = to_do.there, len(to_do.stale)
            if to_do.is_done:
                return
            for each in to_do.stale:
                yield from self._take_away(each)
            for place, name in to_do.missing:
                yield from self._add(place, name)
        raise HostError("expected Live to keep its locators as they were written, it did not")

    def _must_stand(self) -> Script:
        if number((yield from self.ask(message(f"{GET}is_playing")))) != 0:
            raise Rolls(
                "expected Live to stand, for locators are made at its playhead, but it plays"
            )

    def _go(self, beat: float) -> Script:
        yield from self._must_stand()
        at = f"{GET}current_song_time"
        self.said.pop(at, None)
        yield Ask(
            (message("/live/song/set/current_song_time", float(beat)), message(at)),
            lambda: at in self.said and abs(number(self.said[at]) - beat) < _EXACT,
            f"Live's playhead at beat {beat:g}",
        )
        yield Rest(_SETTLE_S)

    def _all(self) -> Generator[Step, None, list[Found]]:
        """All its locators in the order of its list."""
        args = yield from self.ask(message(f"{GET}cue_points"))
        beats = [beat for beat in args[1::2] if isinstance(beat, int | float)]
        if 2 * len(beats) != len(args):
            raise HostError(f"expected names and beats of Live's locators, got {args!r:.60}")
        return [
            Found(round(beat * TICKS), str(name))
            for name, beat in zip(args[::2], beats, strict=True)
        ]

    def _owned(self, found: Found) -> Found:
        """Ours even without its name, where a datagram that came twice brought one back."""
        if found.place not in self._made or found.name.startswith(PREFIX):
            return found
        return found._replace(name=PREFIX + found.name)

    def _toggle(self, place: int) -> Script:
        yield from self._go(place / TICKS)
        yield from self._must_stand()
        self._made.add(place)
        yield Tell((message("/live/song/cue_point/add_or_delete"),))
        yield Rest(_SETTLE_S)

    def _take_away(self, mark: Found) -> Script:
        """Delete one that is ours and is there."""
        if mark in map(self._owned, (yield from self._all())):
            yield from self._toggle(mark.place)

    def _add(self, place: int, name: str) -> Script:
        """Make one where none is and give it its name: what is heard next time decides."""
        for _ in range(ROUNDS):
            if place in [each.place for each in (yield from self._all())]:
                break
            yield from self._toggle(place)
        for _ in range(ROUNDS):
            found = {each.place: (at, each) for at, each in enumerate((yield from self._all()))}
            if place not in found:
                return
            index, each = found[place]
            if each.name.startswith(PREFIX):  # another of ours is taken away next time
                self.written.there += each.name == name
                return
            yield Tell((message("/live/song/cue_point/set/name", index, name),))
            yield Rest(_SETTLE_S)
        raise HostError(f"expected Live to name a locator {name!r}, it did not; Live 12 does")
