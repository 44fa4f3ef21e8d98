"""The words of a host of the user's own: which addresses say what, as a file that can be edited.

    {"format": "scorelock words", "version": 1,
     "position": {"address": "/foo", "argument": 0, "unit": "seconds"},
     "play": [{"address": "/bar", "argument": 0, "is": 1}],
     "stop": [{"address": "/bar", "argument": 0, "is": 0}]}
"pause" is written like "play", and "tempo", "rate" and "length" are each an address and an
argument, counted from 0. Without "is", a number that is not 0 says it, and 0 after "play" says
stop; with "argument": null whatever comes to the address says it. `scorelock learn` writes such
files.
"""

import json
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from scorelock.bridge.dialects.contract import Args
from scorelock.bridge.transport import Pause, Roll, Stop
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate

FORMAT: Final = "scorelock words"
VERSION: Final = 1
MOST_ARGUMENTS: Final = 64
MODES: Final[dict[str, type[Roll | Stop | Pause]]] = {"play": Roll, "stop": Stop, "pause": Pause}
NUMBERS: Final = ("tempo", "rate", "length")
UNITS: Final[dict[str, str]] = {
    "seconds": "",
    "milliseconds": "",
    "clock": "",  # "H:MM:SS.mmm", or what of it there is
    "samples": "a sample rate, such as samples@48000",
    "frames": "a frame rate, such as frames@25",
    "timecode": "a frame rate, such as timecode@29.97df",  # a text, or four whole numbers
    "beats": "quarter notes a minute, such as beats@120",
    "share": "a length in seconds, such as share@180",
}
"""Units of a position, and what may follow each after an @."""
_NUMBER: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")


class Unit(NamedTuple):
    """What a position is counted in.

    Attributes:
        name: one of UNITS.
        per: what follows the @: samples or frames a second, beats a minute, seconds of a length;
            None where the unit needs none, or another word or a setting tells it.
        drop: whether timecode is numbered in drop-frame.
    """

    name: str
    per: Fraction | None = None
    drop: bool = False

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read "NAME" or "NAME@NUMBER".

        Raises:
            BadSetting: no such unit, or no such number of it.
        """
        name, at, per = words.partition("@")
        digits, drop = per.removesuffix("df"), per.endswith("df")
        if name not in UNITS or (at and not (UNITS[name] and _NUMBER.fullmatch(digits))):
            known = f", with {UNITS[name]}" if UNITS.get(name) else ""
            raise BadSetting(f"expected a unit of {', '.join(UNITS)}{known}, got {words!r}")
        unit = cls(name, Fraction(digits) if at else None, drop)
        if unit.per is not None and not _is_possible(unit):
            raise BadSetting(f"expected {UNITS[name]}, got {words!r}")
        return unit

    def rate(self, wanted: FrameRate) -> FrameRate:
        """Of timecode and frames: the one that was set where it counts alike, as 23.976 does 24."""
        if self.per is None:
            return wanted
        told = FrameRate(FrameRate.nearest(float(self.per)).fps, self.drop)
        is_whole = told.fps.denominator == 1
        return FrameRate(wanted.fps) if is_whole and told.nominal == wanted.nominal else told

    def __str__(self) -> str:
        if self.per is None:
            return self.name
        return f"{self.name}@{float(self.per):.10g}{'df' if self.drop else ''}"


def _is_possible(unit: Unit) -> bool:
    try:
        unit.rate(FrameRate(Fraction(1)))
    except ValueError:
        return False
    return not unit.drop or unit.name == "timecode"


class Word(NamedTuple):
    """Where something is said.

    Attributes:
        address: of the message.
        argument: which, from 0; None for the message itself, whatever its arguments.
        value: the one that says it; None for any number but 0.
    """

    address: str
    argument: int | None = 0
    value: float | str | None = None

    def says(self, args: Args) -> bool | None:
        """Whether these arguments say it, or that it is not so; None for neither."""
        if self.argument is None or (not args and self.value is None):
            return True
        if self.argument >= len(args):
            return None
        arg = args[self.argument]
        if self.value is None:
            return bool(arg) if isinstance(arg, int | float) else True
        return True if told(arg) == told(self.value) else None


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a host's words mean.

    Attributes:
        position: where its position is said, and unit in what.
        play: any of which says that it rolls; stop and pause likewise.
        tempo: quarter notes a minute.
        rate: seconds of the time line in a second.
        length: seconds of which a position in shares is a part.
    """

    position: Word
    unit: Unit
    play: tuple[Word, ...] = ()
    stop: tuple[Word, ...] = ()
    pause: tuple[Word, ...] = ()
    tempo: Word | None = None
    rate: Word | None = None
    length: Word | None = None


def told(arg: object) -> object:
    """An argument as it is compared: truth as 0 and 1, text whatever its case."""
    return arg.strip().casefold() if isinstance(arg, str) else arg


def load(path: Path) -> Mapping:
    """The mapping of a file.

    Raises:
        BadSetting: no such file, not a mapping, or made by a newer Scorelock.
    """
    try:
        plain = json.loads(path.read_bytes())
        return from_plain(plain)
    except OSError as err:
        reason = err.strerror or err
        raise BadSetting(
            f"expected a mapping at {path}: {reason}; scorelock learn -o {path} makes one"
        ) from err
    except (ValueError, RecursionError) as err:
        raise BadSetting(f"expected a mapping in JSON at {path}, got: {err}") from err
    except BadSetting as err:
        raise BadSetting(f"{path}: {err}") from err


def dump(mapping: Mapping) -> str:
    """The text of a mapping's file: a line a word, to be edited by hand."""
    lines = [f"{json.dumps(key)}: {_line(value)}" for key, value in to_plain(mapping).items()]
    return "{\n  " + ",\n  ".join(lines) + "\n}\n"


def _line(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n    " + ",\n    ".join(json.dumps(each) for each in value) + "\n  ]"
    return json.dumps(value)


def to_plain(mapping: Mapping) -> dict[str, Any]:
    """A mapping as JSON has it; `from_plain` reads it."""
    plain: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    plain["position"] = _plain_word(mapping.position) | {"unit": str(mapping.unit)}
    for key in MODES:
        if words := getattr(mapping, key):
            plain[key] = [_plain_word(word) for word in words]
    for key in NUMBERS:
        if (word := getattr(mapping, key)) is not None:
            plain[key] = _plain_word(word)
    return plain


def _plain_word(word: Word) -> dict[str, Any]:
    plain: dict[str, Any] = {"address": word.address, "argument": word.argument}
    return plain if word.value is None else plain | {"is": word.value}


def from_plain(plain: object) -> Mapping:
    """The mapping that JSON holds.

    Raises:
        BadSetting: it is none; says which part.
    """
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise BadSetting(f'expected a mapping, "format": "{FORMAT}", got something else')
    if plain.get("version") != VERSION:
        raise BadSetting(
            f"expected version {VERSION} of a mapping, got {plain.get('version')!r}; learn it "
            "again, or take the Scorelock that made it"
        )
    _keys(plain, "a mapping", "format", "version", "position", *MODES, *NUMBERS)
    position = plain.get("position")
    _keys(position, "position", "address", "argument", "unit")
    unit = position["unit"] if isinstance(position, dict) and "unit" in position else None
    if not isinstance(unit, str):
        raise BadSetting(f"expected a position with a unit of {', '.join(UNITS)}, got {unit!r}")
    words: dict[str, Any] = {key: _words(key, plain.get(key, [])) for key in MODES}
    words |= {key: _word(key, plain[key]) for key in NUMBERS if plain.get(key) is not None}
    mapping = Mapping(_word("position", position), Unit.parse(unit), **words)
    _complete(mapping)
    return mapping


def _complete(mapping: Mapping) -> None:
    if mapping.unit.per is not None:
        return
    missing = {
        "beats": None if mapping.tempo else "tempo",
        "share": None if mapping.length else "length",
        "samples": "sample rate",
    }.get(mapping.unit.name)
    if missing:
        raise BadSetting(
            f"expected a {missing} with a position in {mapping.unit}, got none; give "
            f"{UNITS[mapping.unit.name]}"
        )


def _keys(plain: object, what: str, *known: str) -> None:
    if not isinstance(plain, dict):
        raise BadSetting(f"expected {what} to have {', '.join(known)}, got {plain!r}")
    if unknown := plain.keys() - set(known):
        raise BadSetting(f"expected {what} to have {', '.join(known)}, got {min(unknown)!r}")


def _words(what: str, plain: object) -> tuple[Word, ...]:
    if not isinstance(plain, list):
        raise BadSetting(f'expected "{what}" to be a list, got {plain!r}')
    return tuple(_word(what, each, "is") for each in plain)


def _word(what: str, plain: object, *more: str) -> Word:
    _keys(plain, what, "address", "argument", *(more or ("unit",) * (what == "position")))
    assert isinstance(plain, dict)
    address, argument, value = plain.get("address"), plain.get("argument", 0), plain.get("is")
    if not isinstance(address, str) or not re.fullmatch(r"/\S*", address):
        raise BadSetting(f"expected {what} to have an address such as /foo/bar, got {address!r}")
    whole = type(argument) is int and 0 <= argument < MOST_ARGUMENTS
    if not whole and not (argument is None and "is" in more and value is None):
        raise BadSetting(
            f"expected {what} to have an argument from 0 to {MOST_ARGUMENTS - 1}, got {argument!r}"
        )
    if not isinstance(value, float | int | str | None) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise BadSetting(f'expected "is" of {what} to be a number, a text or truth, got {value!r}')
    return Word(address, argument, value)
