"""Hits from a table that a person kept: `time,weight,tolerance,kind`, with or without that heading.

    time,weight,tolerance,kind
    01:00:12:05,2,1,stinger
    14.5

A time is a timecode of the film or seconds from its first frame; the rest may be left out. Columns
may stand in any order under a heading; commas or tabs divide them; a line with "#" first says
nothing.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadSetting
from scorelock.engine.hits import KINDS, Hit
from scorelock.engine.timebase import FrameRate, Timecode

COLUMNS: Final = ("time", "weight", "tolerance", "kind")
_OTHER_NAMES: Final = {"timecode": "time", "at_s": "time", "seconds": "time", "position": "time"}
DEFAULT: Final = Hit(0.0, kind="mark")


def read_hits(path: Path, rate: FrameRate, start: Timecode | None = None) -> tuple[Hit, ...]:
    """Read the hits, in time order; `start` is the timecode of the film's first frame.

    Raises:
        BadSetting: the file or a line of it cannot be understood; the line is named.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as err:
        raise BadSetting(f"expected a table of hits at {path}, got: {err}; check the file") from err
    rows = csv.reader(text.splitlines(), delimiter="\t" if "\t" in text else ",")
    columns: Sequence[str] = COLUMNS
    hits: list[Hit] = []
    for cells in ([cell.strip() for cell in row] for row in rows):
        where = f"{path.name}, line {rows.line_num}"
        if not any(cells) or cells[0].startswith("#"):
            continue
        if not hits and (named := _columns(cells)):
            columns = named
        elif len(cells) > len(columns):
            raise BadSetting(
                f"{where}: expected {','.join(columns)} at most, got {len(cells)} columns"
            )
        else:
            found = dict(zip(columns, cells, strict=False))
            hits.append(_hit(found, start or Timecode(0, rate), where))
    return tuple(sorted(hits))


def _columns(cells: Sequence[str]) -> Sequence[str] | None:
    """The columns in the order of a heading, if this is one; others than ours keep their name."""
    names = [_OTHER_NAMES.get(cell.lower(), cell.lower()) for cell in cells]
    return names if "time" in names else None


def _hit(cells: dict[str, str], start: Timecode, where: str) -> Hit:
    kind = cells.get("kind") or DEFAULT.kind
    known = next((name for name in KINDS if name == kind.lower()), None)
    if known is None:
        raise BadSetting(f"{where}: expected a kind among {', '.join(KINDS)}, got {kind!r}")
    at_s = _seconds(cells.get("time", ""), start, where)
    weight = _number(cells.get("weight") or str(DEFAULT.weight), "weight", where)
    tolerance = _number(cells.get("tolerance") or "1", "tolerance in frames", where)
    try:
        return Hit(at_s, weight, tolerance, known)
    except ValueError as err:
        raise BadSetting(
            f"{where}: expected a time in the film, a weight of 0 or more and a tolerance above 0, "
            f"got {at_s:g} s, {weight:g} and {tolerance:g}"
        ) from err


def _seconds(text: str, start: Timecode, where: str) -> float:
    if ":" not in text:
        return _number(text, "time such as 12.5 or 00:00:12:12", where)
    try:
        at = Timecode.parse(text, start.rate)
    except BadSetting as err:
        raise BadSetting(f"{where}: {err}") from err
    return float((at.frame - start.frame) / start.rate.fps)


def _number(text: str, what: str, where: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise BadSetting(f"{where}: expected a {what}, got {text!r}") from None
