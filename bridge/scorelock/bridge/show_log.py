"""The show log: all that a live show took in, what it decided and what it sent, as JSON Lines.

A line is a record, written whole by one call, and readable as text: a show that is killed leaves a
log that ends in the middle of a line at worst, and any tool can read it. First comes a `Header`,
then a `Begun`; from there on the records stand in the order in which things happened, because each
is put where it happens, under the same lock. `scorelock replay` runs a log again.
"""

import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final, get_args

from scorelock.bridge.chaser import State
from scorelock.bridge.dialects.mapping import Mapping, from_plain, to_plain
from scorelock.bridge.show import (
    ClockTo,
    Expression,
    Lane,
    Late,
    OnStop,
    OscTo,
    Show,
    TimecodeTo,
)
from scorelock.bridge.transport import TransportEvent
from scorelock.engine.arrange import PARTS, Arranged
from scorelock.engine.errors import BadSetting
from scorelock.engine.key import Key
from scorelock.engine.onward import Onward
from scorelock.engine.score import ChordSpan, Note, Performance
from scorelock.engine.score import Part as Instrument
from scorelock.engine.timebase import FrameRate
from scorelock.engine.vocabulary import Chord

FORMAT: Final = "scorelock show log"
VERSION: Final = 2
Part = Arranged | Onward
"""What was composed: a span with its notes, or the score from then on."""
NOT_A_RECORD: Final = (
    *(ValueError, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError),
    BadSetting,
)
"""What `decode` raises for a line that is none."""


@dataclass(frozen=True, slots=True)
class Header:
    """What made the log.

    Attributes:
        film: its name.
        rate: of timecode text.
        versions: by name.
        words: of a host that was learnt, if any.
    """

    film: str
    rate: FrameRate
    versions: dict[str, str]
    words: Mapping | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The show begins, set to this."""

    at_s: float
    show: Show


@dataclass(frozen=True, slots=True)
class Heard:
    """Something arrived.

    Attributes:
        at_s: when.
        source: the dialect or time line that spoke; empty where none is known.
        peer: host and port that a datagram came from, where it is known.
        data: the raw datagram; None from a time line that has none.
        events: what was read in it.
    """

    at_s: float
    source: str
    peer: tuple[str, int] | None
    data: bytes | None
    events: tuple[TransportEvent, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """The sender woke: how many of the events heard it took in, and what had been composed."""

    at_s: float
    events: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Decided:
    """What is known of the host has changed: see `SyncFix`; and how many locates and drop-outs."""

    at_s: float
    state: State
    take: int
    position_s: float | None
    rate: float
    locates: int
    drop_outs: int

    @property
    def news(self) -> tuple[object, ...]:
        """What does not change by itself as time goes on."""
        return (self.state, self.take, self.rate, self.locates, self.drop_outs)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message went out, or was refused by the port.

    Attributes:
        at_s: when.
        wanted_s: when it should have gone; None where the end of the show released it.
        data: its bytes.
        port: the output, from 0.
        refused: the port did not take it.
    """

    at_s: float
    wanted_s: float | None
    data: bytes
    port: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """So many records are missing here: the disk could not keep up."""

    dropped: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The show is over; error is what ended it, if not the user."""

    at_s: float
    error: str | None


Record = Header | Begun | Heard | Turn | Decided | Sent | Gap | Ended


def versions() -> dict[str, str]:
    """What runs here, by name."""
    try:
        ours = version("scorelock")
    except PackageNotFoundError:
        ours = "unknown"
    return {
        "scorelock": ours,
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def encode(record: Record) -> bytes:
    """A record as a line of JSON with its end."""
    return json.dumps(_plain(record), separators=(",", ":")).encode() + b"\n"


def read_log(path: Path) -> Iterator[Record]:
    """The records of a log. A last line that was cut off is left out.

    Raises:
        BadSetting: no such file, not a show log, or one that was changed; or made by a newer
            Scorelock.
    """
    try:
        with path.open("rb") as file:
            yield from _records(file, path)
    except OSError as err:
        raise BadSetting(
            f"expected a show log at {path}: {err.strerror or err}; "
            "scorelock live FILM --log FILE makes one"
        ) from err


def _records(lines: Iterable[bytes], path: Path) -> Iterator[Record]:
    number = 0
    for number, line in enumerate(lines, 1):
        try:
            record = decode(line)
        except NOT_A_RECORD as err:
            if not line.endswith(b"\n") and number > 1:
                return
            raise _foreign(path, number) from err
        if isinstance(record, Header) is not (number == 1):
            raise _foreign(path, number)
        yield record
    if number == 0:
        raise _foreign(path, 1)


def _foreign(path: Path, number: int) -> BadSetting:
    if number > 1:
        return BadSetting(
            f"expected a show log, {path} was changed at line {number}; take the file as it was"
        )
    return BadSetting(
        f"expected a show log of version {VERSION}, {path} is none; "
        "scorelock live FILM --log FILE makes one"
    )


def decode(line: bytes) -> Record:
    """The record of a line.

    Raises:
        One of NOT_A_RECORD: it is none.
    """
    plain = json.loads(line)
    kind = plain.pop("kind")
    match kind:
        case "header":
            if (plain.pop("format"), plain.pop("version")) != (FORMAT, VERSION):
                raise ValueError("another format")
            plain["rate"] = _rate(plain["rate"])
            plain["words"] = plain["words"] and from_plain(plain["words"])
        case "begun":
            plain["show"] = _show(plain["show"])
        case "heard":
            plain["peer"] = plain["peer"] and tuple(plain["peer"])
            plain["data"] = None if plain["data"] is None else bytes.fromhex(plain["data"])
            plain["events"] = tuple(_EVENTS[name](*values) for name, *values in plain["events"])
        case "turn":
            plain["parts"] = tuple(_part(part) for part in plain["parts"])
        case "decided":
            plain["state"] = State(plain["state"])
        case "sent":
            plain["data"] = bytes.fromhex(plain["data"])
    record: Record = _KINDS[kind](**plain)
    return record


_KINDS: Final[dict[str, type[Any]]] = {kind.__name__.lower(): kind for kind in get_args(Record)}
_EVENTS: Final[dict[str, type[Any]]] = {kind.__name__: kind for kind in get_args(TransportEvent)}


def _plain(record: Record) -> dict[str, Any]:
    plain: dict[str, Any] = {"kind": type(record).__name__.lower()}
    plain |= {field.name: getattr(record, field.name) for field in fields(record)}
    match record:
        case Header():
            plain["rate"] = _plain_rate(record.rate)
            plain["words"] = record.words and to_plain(record.words)
            return {"format": FORMAT, "version": VERSION} | plain
        case Begun():
            return plain | {"show": _plain_show(record.show)}
        case Heard():
            events = [[type(event).__name__, *astuple(event)] for event in record.events]
            data = None if record.data is None else record.data.hex()
            return plain | {"data": data, "events": events}
        case Turn():
            return plain | {"parts": [_plain_part(part) for part in record.parts]}
        case Sent():
            return plain | {"data": record.data.hex()}
        case _:
            return plain


def _plain_show(show: Show) -> dict[str, Any]:
    parts = [[part.name, _numbers(part.notes)] for part in show.performance.parts]
    plain: dict[str, Any] = {each.name: getattr(show, each.name) for each in fields(show)}
    plain["performance"] = [parts, show.performance.duration_s]
    plain["latencies"] = dict(show.latencies)
    plain["lanes"] = [[channel, *astuple(lane)] for channel, lane in show.lanes.items()]
    if show.expression is not None:
        plain["expression"] = astuple(show.expression)
    if (timecode := show.timecode_out) is not None:
        plain["timecode_out"] = [_plain_rate(timecode.rate), timecode.port]
    if show.clock_out is not None:
        plain["clock_out"] = astuple(show.clock_out)
    if (osc := show.osc_out) is not None:
        plain["osc_out"] = [str(osc.key), osc.hits_s, osc.port]
    return plain


def _show(plain: dict[str, Any]) -> Show:
    parts, duration_s = plain["performance"]
    plain["performance"] = Performance(
        tuple(Instrument(name, _notes(notes)) for name, notes in parts), duration_s
    )
    plain["lanes"] = {channel: Lane(*lane) for channel, *lane in plain["lanes"]}
    plain["late"], plain["on_stop"] = Late(plain["late"]), OnStop(plain["on_stop"])
    if (expression := plain["expression"]) is not None:
        loudness, controllers, lanes = expression
        lanes = tuple(Lane(*lane) for lane in lanes)
        plain["expression"] = Expression(tuple(loudness), tuple(controllers), lanes)
    if (timecode := plain["timecode_out"]) is not None:
        plain["timecode_out"] = TimecodeTo(_rate(timecode[0]), timecode[1])
    if (clock := plain["clock_out"]) is not None:
        plain["clock_out"] = ClockTo(*clock)
    if (osc := plain["osc_out"]) is not None:
        plain["osc_out"] = OscTo(Key.parse(osc[0]), tuple(osc[1]), osc[2])
    return Show(**plain)


def _plain_rate(rate: FrameRate) -> list[Any]:
    return [str(rate.fps), rate.drop]


def _rate(plain: list[Any]) -> FrameRate:
    fps, drop = plain
    return FrameRate(Fraction(fps), drop)


def _plain_part(part: Part) -> dict[str, Any]:
    span = part.span
    plain = {"span": [span.start_s, span.end_s, span.chord.root, span.chord.quality, span.why]}
    if isinstance(part, Onward):
        key = None if part.key is None else str(part.key)
        return {**plain, "notes": _numbers(part.notes), "loudness": part.loudness, "key": key}
    return {**plain, **{name: _numbers(getattr(part, name)) for name in PARTS}}


def _part(plain: dict[str, Any]) -> Part:
    start_s, end_s, root, quality, why = plain["span"]
    span = ChordSpan(start_s, end_s, Chord(root, quality), why)
    if "notes" in plain:
        key = plain.get("key")
        told = None if key is None else Key.parse(key)
        return Onward(span, _notes(plain["notes"]), plain["loudness"], told)
    return Arranged(span, *(_notes(plain[name]) for name in PARTS))


def _numbers(notes: Iterable[Note]) -> list[tuple[Any, ...]]:
    return [astuple(note) for note in notes]


def _notes(numbers: Iterable[Iterable[Any]]) -> tuple[Note, ...]:
    return tuple(Note(*note) for note in numbers)
