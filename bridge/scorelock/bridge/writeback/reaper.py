"""Markers and regions in REAPER, through the pattern file that we ship.

    /device/marker/count ,i 0 then ,i N     makes it tell its first N markers, in time order:
    /marker/1/name ,s "hit"     /marker/1/number/str ,s "9001"     /marker/1/time ,f 12.5
    /marker/2/name ,s ""        /marker/2/number/str ,s ""         there are no more
    /marker_id/9001/time ,f 12.5   /marker_id/9001/name ,s "hit"   writes, and creates if need be
Regions likewise, with /region/1/length. Only what changed is told; a count of 0 forgets what was
told, and nothing is told at all until a count is asked for. There is no message that deletes.
Numbers are the user's up to `FIRST`, from there on they are ours. It may roll meanwhile.

Source: justinfrankel/reaper-sdk, reaper-plugins/reaper_csurf/csurf_osc.cpp (SetMarkerBankChange,
ProcessMarkerRegionAction).
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from scorelock.bridge.dialects.reaper import REFRESH
from scorelock.bridge.osc import OscMessage
from scorelock.bridge.writeback.conversation import (
    ROUNDS,
    Ask,
    Hearing,
    HostError,
    Rest,
    Script,
    Step,
    Tell,
    message,
)
from scorelock.bridge.writeback.marks import Mark
from scorelock.bridge.writeback.tempo import agree

FIRST: Final = 9001
MARKER: Final = "marker"
REGION: Final = "region"
_FIELDS: Final = {MARKER: ("name", "time"), REGION: ("name", "time", "length")}
_ROOM: Final = 32  # slots more than marks of ours, for the user's own
_MOST_SLOTS: Final = 4096
_PER_SLOT_S: Final = 0.005  # to tell one: some 40 bytes a field, 1024 bytes in 10 ms
_EXACT_S: Final = 0.001
_PARKED_S: Final = 0.001  # length of a region that is of no use any more
_SLOT: Final = re.compile(r"/(marker|region)/([0-9]{1,4})/(name|number/str|time|length)")


class Entry(NamedTuple):
    """A marker, or a region with its length."""

    name: str
    at_s: float
    length_s: float = 0.0

    def agrees(self, other: "Entry | None") -> bool:
        """Whether they are the same as far as 32 bits of seconds tell."""
        return (
            other is not None
            and self.name == other.name
            and abs(self.at_s - other.at_s) < _EXACT_S
            and abs(self.length_s - other.length_s) < _EXACT_S
        )


class ReaperMarks(Hearing):
    """Writes chords as regions and cuts and hits as markers; None for marks leaves them alone."""

    hint = (
        "; let it use the pattern Scorelock (scorelock setup reaper) and send to the port that "
        "--listen names"
    )

    def __init__(self, marks: Sequence[Mark] | None, bpm: float | None = None) -> None:
        super().__init__()
        self._bpm = bpm
        self._wanted = None if marks is None else _numbered(marks)
        self._end_s = max((mark.end_s for mark in marks or ()), default=0.0)
        self._slots: dict[str, dict[int, dict[str, str | float]]] = {MARKER: {}, REGION: {}}

    def hear(self, said: OscMessage) -> None:
        """Keep the newest of each slot's fields."""
        super().hear(said)
        slot = _SLOT.fullmatch(said.address)
        if slot is not None and len(said.args) == 1 and isinstance(said.args[0], str | float):
            kind, index, field = slot.groups()
            self._slots[kind].setdefault(int(index), {})[field] = said.args[0]

    def script(self) -> Script:
        """The tempo, then markers and regions."""
        if self._bpm is not None:
            yield from agree(
                self,
                self._bpm,
                query=message("/action", REFRESH),
                answer="/tempo/raw",
                order="/tempo/raw",
            )
        if self._wanted is None:
            return
        silence = Tell(tuple(_count(kind, 0) for kind in _FIELDS))
        try:
            yield from self._converge(self._wanted)
        except HostError:
            yield silence
            raise
        yield silence

    def _converge(self, wanted: Mapping[str, Mapping[int, Entry]]) -> Script:
        for turn in range(ROUNDS):
            orders: list[OscMessage] = []
            there = stale = 0
            for kind, entries in wanted.items():
                found = yield from self._read(kind, len(entries) + _ROOM)
                missing = {i: e for i, e in entries.items() if not e.agrees(found.get(i))}
                parked = Entry("", self._end_s, _PARKED_S if kind == REGION else 0.0)
                useless = [
                    i
                    for i, entry in found.items()
                    if i >= FIRST and i not in entries and not parked.agrees(entry)
                ]
                there += len(entries) - len(missing)
                stale += len(useless)
                for index, entry in (*missing.items(), *((i, parked) for i in useless)):
                    orders += _write(kind, index, entry)
            self.written.marks, self.written.there = sum(map(len, wanted.values())), there
            if turn == 0:
                self.written.before, self.written.removed = there, stale
            if not orders:
                return
            yield Tell(tuple(orders))
            yield Rest(0.2)
        raise HostError("expected REAPER to keep what was written, it did not")

    def _read(self, kind: str, slots: int) -> Generator[Step, None, dict[int, Entry]]:
        """All markers or regions by their numbers."""
        told = self._slots[kind]
        while True:
            told.clear()
            yield Ask(
                (_count(kind, 0), _count(kind, slots)),
                partial(_is_whole, told, _FIELDS[kind], slots),
                f"REAPER's {kind}s",
                every_s=0.3 + slots * _PER_SLOT_S,
                hint=self.hint,
            )
            if told[slots]["number/str"] == "":
                return dict(_entries(told, _FIELDS[kind]))
            if slots >= _MOST_SLOTS:
                raise HostError(f"expected at most {_MOST_SLOTS} {kind}s in REAPER, there are more")
            slots = min(2 * slots, _MOST_SLOTS)


def _is_whole(
    told: Mapping[int, Mapping[str, str | float]], fields: Sequence[str], slots: int
) -> bool:
    """Whether each slot was told: its number and, unless it is empty, its fields."""
    return all(
        (slot := told.get(index)) is not None
        and "number/str" in slot
        and (slot["number/str"] == "" or all(field in slot for field in fields))
        for index in range(1, slots + 1)
    )


def _entries(
    told: Mapping[int, Mapping[str, str | float]], fields: Sequence[str]
) -> Iterator[tuple[int, Entry]]:
    for slot in told.values():
        if str(slot["number/str"]).isdecimal():
            name, *numbers = (slot[field] for field in fields)
            yield int(slot["number/str"]), Entry(str(name), *map(float, numbers))


def _numbered(marks: Sequence[Mark]) -> dict[str, dict[int, Entry]]:
    regions = [Entry(m.name, m.at_s, m.length_s) for m in marks if m.length_s is not None]
    markers = [Entry(m.name, m.at_s) for m in marks if m.length_s is None]
    return {MARKER: dict(enumerate(markers, FIRST)), REGION: dict(enumerate(regions, FIRST))}


def _count(kind: str, slots: int) -> OscMessage:
    return message(f"/device/{kind}/count", slots)


def _write(kind: str, index: int, entry: Entry) -> list[OscMessage]:
    values: dict[str, str | float] = {
        "name": entry.name,
        "time": entry.at_s,
        "length": entry.length_s,
    }
    # The name comes last: a region that has its name has its place, too, unless that was lost.
    return [message(f"/{kind}_id/{index}/{field}", values[field]) for field in _FIELDS[kind][::-1]]
