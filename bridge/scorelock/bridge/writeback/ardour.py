"""Markers in Ardour, which makes them at its playhead and tells one at a time.

    /locate ,ii 480000 0                   to a sample; it would stop a rolling Ardour
    /transport_frame  -> ,h 480000         where the playhead is, at once
    /transport_speed  -> ,d 0.0
    /marker ,i 3                           to the third marker in time order, if there is one
    /set_surface ,iiiiiii 0 0 3096 0 0 0 PORT
        -> /marker ,s "-> first"           or "No Marks"
        -> /position/samples ,s "480000"   within 100 ms
        -> /marker ,s "SL: Am7"            the marker that is exactly here; else "A <-> B", "B <-";
                                           nothing more where the first is still to come
    /add_marker ,s "SL: Am7"               here, and again, if said twice
    /remove_marker                         all that are here; only Ardour's window does it
    /marker ,s "SL: -480000"               renames the one that is here, if none has that name yet
Registering anew is what makes it tell its markers: by itself it does so every two seconds, and only
if the text is another one.

Source: Ardour/ardour, libs/surfaces/osc/{osc,osc_global_observer}.cc (set_marker, mark_update),
libs/surfaces/control_protocol/basic_ui.cc; all of it was tried with Ardour 7.3, with its window and
without.
"""

import math
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Final

from scorelock.bridge.dialects.ardour import SAMPLE_RATES
from scorelock.bridge.osc import OscMessage
from scorelock.bridge.writeback.conversation import (
    EVERY_S,
    ROUNDS,
    Ask,
    Hearing,
    HostError,
    Rest,
    Rolls,
    Script,
    Step,
    Tell,
    Unanswered,
    message,
    number,
    putting_back,
)
from scorelock.bridge.writeback.marks import Mark, points
from scorelock.bridge.writeback.places import PARKED, Found, plan

FEEDBACK: Final = 8 + 16 + 1024 + 2048
"""Heartbeat, without which nothing is told; transport and markers; samples; milliseconds."""
FAR: Final = 1 << 30
"""A sample where nobody has a marker: six hours at the usual rate."""
_LAST: Final = (1 << 31) - 1  # samples are int32 on the wire
_LOCATES_S: Final = 0.06  # it takes a period of its engine
_STILL_HERE: Final = 3  # times that a marker was asked for in vain, from where one is
_NO_MORE: Final = 8  # and from where none is
_LOOK_S: Final = 0.3  # three ticks of its timer
_LOOKS: Final = 3
_KNOWN: Final = 441_000  # a sample whose milliseconds tell all sample rates apart
_TO_TELL: Final = "word of the marker at Ardour's playhead"
_BETWEEN: Final = ("-> ", "No Marks")


class ArdourMarks(Hearing):
    """Writes chords, cuts and hits as markers while it stands.

    Args:
        marks: in time order.
        reply_port: where it should answer.
    """

    def __init__(self, marks: Sequence[Mark], reply_port: int) -> None:
        super().__init__()
        self._marks = marks
        self._surface = (0, 0, FEEDBACK, 0, 0, 0, reply_port)
        self._look: list[str] = []  # what was told since it was registered: marker, sample, marker
        self._added: set[int] = set()
        self._removes = True

    def hear(self, said: OscMessage) -> None:
        """Keep it; and the order in which a registration is answered."""
        super().hear(said)
        text = said.args[0] if said.args else None
        if not isinstance(text, str):
            return
        match said.address, len(self._look):
            case ("/marker", 0) if text.startswith(_BETWEEN):
                self._look.append(text)
            case "/position/samples", 1 | 2 if text.isdecimal():
                self._look[1:] = [text]
            case ("/marker", 2) if text != self._look[0]:
                self._look.append(text)

    def script(self) -> Script:
        """All marks, then back to where the playhead was."""
        # Of the clients on one machine it answers the one that registered last, whoever asks.
        yield Ask(
            (message("/set_surface", *self._surface), message("/transport_speed")),
            lambda: "/transport_speed" in self.said,
            "an answer of Ardour",
            hint="; in its Preferences, Control Surfaces, switch on Open Sound Control (OSC)",
        )
        yield from self._must_stand()
        home = yield from self._where()
        yield from putting_back(self._work(), lambda: self._leave(home))

    def _work(self) -> Script:
        rate = yield from self._sample_rate()
        wanted = points(self._marks, lambda at_s: round(at_s * rate))
        if wanted and wanted[-1][0] > _LAST - len(wanted):
            raise HostError(
                f"expected marks within {_LAST // rate} s of the session's start, which is as far "
                f"as Ardour can be sent, got one at {wanted[-1][0] / rate:.0f} s; see --film-start"
            )
        for turn in range(ROUNDS):
            found = yield from self._all()
            to_do = plan(found, wanted, beside=1)
            self.written.marks, self.written.there = len(wanted), to_do.there
            doubled = [f for f in found if not f.alone and f.place in self._added and self._removes]
            if turn == 0:
                self.written.before, self.written.removed = to_do.there, len(to_do.stale)
            if to_do.is_done and not doubled:
                return
            for each in (*to_do.stale, *doubled):
                yield from self._take_away(each)
            for place, name in to_do.missing:
                yield from self._add(place, name)
        raise HostError("expected Ardour to keep its markers as they were written, it did not")

    def _leave(self, home: int) -> Script:
        yield from self._go(home)
        yield Tell((message("/set_surface", *self._surface[:2], 0, *self._surface[3:]),))

    def _sample_rate(self) -> Generator[Step, None, int]:
        """Samples a second, as the two texts of one position have it."""
        for _ in range(ROUNDS):
            yield from self._go(_KNOWN)
            self.said.pop("/position/time", None)
            yield Ask(
                (message("/set_surface", *self._surface),),
                lambda: "/position/time" in self.said,
                "word of Ardour's time",
                every_s=_LOOK_S,
            )
            told = " ".join(map(str, self.said["/position/time"]))
            for rate in SAMPLE_RATES:
                if told.endswith(_seconds(_KNOWN, rate)):
                    return rate
        raise HostError(f"expected a sample rate of {SAMPLE_RATES}, Ardour tells none of them")

    def _must_stand(self) -> Script:
        if number((yield from self.ask(message("/transport_speed")))) != 0:
            raise Rolls(
                "expected Ardour to stand, for marks are made at its playhead, but it rolls"
            )

    def _where(self) -> Generator[Step, None, int]:
        sample = number((yield from self.ask(message("/transport_frame"))))
        if not math.isfinite(sample):
            raise HostError("expected a sample at /transport_frame, got none")
        return int(sample)

    def _go(self, place: int) -> Script:
        yield from self._must_stand()
        self.said.pop("/transport_frame", None)
        yield Ask(
            (message("/locate", place, 0), message("/transport_frame")),
            lambda: self.said.get("/transport_frame") == (place,),
            f"Ardour's playhead at sample {place}",
            every_s=_LOCATES_S,
            tries=4 * ROUNDS,
        )

    def _seen(self, place: int) -> Generator[Step, None, str | None]:
        """Go to a place, and give the name of the marker that is there; None where none is."""
        silent = 0
        for _ in range(2 * ROUNDS):
            yield from self._go(place)
            self._look.clear()
            with suppress(Unanswered):
                yield Ask(
                    (message("/set_surface", *self._surface),),
                    lambda: len(self._look) == 3 or self._look[:1] == ["No Marks"],
                    _TO_TELL,
                    every_s=_LOOK_S,
                    tries=1,
                )
            match self._look:
                case ["No Marks"]:
                    return None
                case [_, at, text] if at == str(place):
                    return None if " <-> " in text or text.endswith(" <-") else text
                case [_, at] if at == str(place):
                    # Where all markers are still to come, the first text was all.
                    silent += 1
                    if silent == _LOOKS:
                        return None
        raise Unanswered(f"expected {_TO_TELL}, got none")

    def _all(self) -> Generator[Step, None, list[Found]]:
        """All its markers, one a place."""
        for _ in range(ROUNDS):
            places: list[int] = []
            names: dict[int, str | None] = {}
            yield from self._go(FAR)
            while (
                place := (yield from self._nth(len(places) + 1, places[-1] if places else FAR))
            ) is not None:
                places.append(place)
                if place not in names:
                    names[place] = yield from self._seen(place)
            # Nothing where something should be: an answer was an older question's.
            if places == sorted(places) and None not in names.values():
                return [Found(p, str(names[p]), places.count(p) == 1) for p in names]
        raise HostError("expected Ardour to tell its markers in order, it did not")

    def _nth(self, index: int, here: int) -> Generator[Step, None, int | None]:
        """Go to a marker in time order, from here; None if there are not so many."""
        place = yield from self._moved(index, here, _STILL_HERE if here != FAR else _NO_MORE)
        if place is None and here != FAR:  # it is here, too, or there is none
            yield from self._go(FAR)
            place = yield from self._moved(index, FAR, _NO_MORE)
        return place

    def _moved(self, index: int, here: int, tries: int) -> Generator[Step, None, int | None]:
        for _ in range(tries):
            yield from self._must_stand()
            yield Tell((message("/marker", index),))
            yield Rest(_LOCATES_S)
            place = yield from self._where()
            if place != here:
                return place
        return None

    def _add(self, place: int, name: str) -> Script:
        """Make one, unless there is one by now: what is heard next time decides."""
        for _ in range(ROUNDS):
            if (seen := (yield from self._seen(place))) is not None:
                self.written.there += seen == name
                return
            yield from self._must_stand()
            self._added.add(place)
            yield Tell((message("/add_marker", name),))
            yield Rest(EVERY_S)

    def _take_away(self, mark: Found) -> Script:
        """Remove it; where only a window can do that, give it a name that says so."""
        parked = f"{PARKED}{mark.place}"
        for order in 2 * [message("/remove_marker")] + ROUNDS * [message("/marker", parked)]:
            if (yield from self._seen(mark.place)) != mark.name:
                return
            self._removes = order.address == "/remove_marker"
            yield from self._must_stand()
            yield Tell((order,))
            yield Rest(EVERY_S)


def _seconds(samples: int, rate: int) -> str:
    """Seconds and milliseconds of a time below a minute, as Ardour cuts them off."""
    milliseconds = samples * 1000 // rate
    return f":{milliseconds // 1000:02}.{milliseconds % 1000:03}"
