"""`FILM.cue/cue.json`: a cue's history on disk, readable, versioned, and whole whatever happens.

It is written beside and renamed at every edit, so that a kill leaves the last good one. What was
seen in the film is kept beside it (`scorelock.engine.cue_folder`); here is what was made of it.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast, get_type_hints

import numpy as np
from cattrs import Converter
from cattrs.strategies import configure_tagged_union
from numpy.typing import NDArray

from scorelock.engine.cue_folder import CUE
from scorelock.engine.edits import Edit
from scorelock.engine.errors import BadCue
from scorelock.engine.features import EXTRACTOR, VideoFeatures
from scorelock.engine.files import replacing
from scorelock.engine.history import History, Step
from scorelock.engine.key import Key
from scorelock.engine.score import ChordSpan, Cue, Dynamics

Spans = tuple[ChordSpan, ...]

NAME: Final = CUE
FORMAT: Final = "scorelock cue"
VERSION: Final = 2
OLDER: Final = 1
"""It kept all chords at each step; from 2 on a step keeps those that it changed."""
_STATE: Final = tuple(each.name for each in fields(Cue) if each.name != "features")
"""What of a cue is kept: a step has those that it changed."""


def read(path: Path, features: VideoFeatures) -> History:
    """The history in a file, of a film that was seen so.

    Raises:
        BadCue: there is none, it is damaged, of another film, or of a newer Scorelock.
    """
    try:
        plain = json.loads(path.read_bytes())
    except OSError as err:
        raise BadCue(
            f"expected a cue at {path}: {err.strerror or err}; scorelock edit FILM makes one"
        ) from err
    except ValueError as err:
        raise _damaged(path) from err
    if not isinstance(plain, dict) or plain.get("format") != FORMAT:
        raise _damaged(path)
    if plain.get("version") not in (OLDER, VERSION):
        raise BadCue(
            f"expected a cue of version {VERSION}, {path} has {plain.get('version')!r}; take the "
            "scorelock that made it, or a newer one"
        )
    if plain.get("film") != features.film.sha256:
        raise BadCue(
            f"expected a cue of {Path(features.film.path).name} as it is, {path} is of another "
            "cut; scorelock reconform brings it over"
        )
    try:
        return _history(plain, features)
    except Exception as err:  # whatever a changed file makes of the values' own checks
        raise _damaged(path) from err


def seen_by(path: Path) -> str:
    """The extractor of the features that the cue in a file is made on.

    `EXTRACTOR` where it does not say: there was no other. What is wrong with the file is for `read`
    to say.
    """
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return EXTRACTOR
    return str(plain.get("extractor", EXTRACTOR)) if isinstance(plain, dict) else EXTRACTOR


def write(path: Path, history: History) -> None:
    """Put a history in the place of what is there.

    Raises:
        BadCue: nothing can be written there; what is there stays.
    """
    content = json.dumps(_plain(history), ensure_ascii=False, separators=(",", ":"))
    try:
        path.parent.mkdir(exist_ok=True)
        with replacing(path) as beside:
            beside.write_text(content + "\n", encoding="utf-8")
    except OSError as err:
        raise BadCue(
            f"expected to write {path}: {err.strerror or err}; the cue is as it was before"
        ) from err


def _damaged(path: Path) -> BadCue:
    return BadCue(f"expected a cue at {path}, it is damaged or none; take the file as it was")


def _plain(history: History) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    newest: dict[str, Cue] = {}
    before: Cue | None = None
    for step in history.steps:
        known = newest.get(step.take, before)
        steps.append(
            {
                "take": step.take,
                "edit": step.edit and CONVERTER.unstructure(step.edit, Edit),
                "made": _changes(known, step.cue),
            }
        )
        newest[step.take] = before = step.cue
    return {
        "format": FORMAT,
        "version": VERSION,
        "film": history.cue.features.film.sha256,
        "extractor": history.cue.features.extractor,
        "done": history.done,
        "current": history.current,
        "steps": steps,
    }


def _changes(before: Cue | None, after: Cue) -> dict[str, Any]:
    """Those of a cue's fields that differ."""
    if before is None:
        return {name: _plain_field(name, getattr(after, name)) for name in _STATE}
    made = {
        name: _plain_field(name, getattr(after, name))
        for name in _STATE
        if name != "chords" and not _same(getattr(before, name), getattr(after, name))
    }
    spliced = _splice(before.chords, after.chords)
    return made | ({} if spliced is None else {"chords": spliced})


def _splice(before: Spans, after: Spans) -> dict[str, Any] | None:
    """How many spans at the beginning stay, what comes then, and how many at the end stay; None
    where all do.
    """
    if before == after:
        return None
    most = min(len(before), len(after))
    first = _alike(before, after, most)
    last = _alike(before[::-1], after[::-1], most - first)
    then = CONVERTER.unstructure(after[first : len(after) - last], Spans)
    return {"first": first, "then": then, "last": last}


def _alike(one: Spans, other: Spans, most: int) -> int:
    """How many are the same from the beginning on."""
    differ = (i for i in range(most) if one[i] is not other[i] and one[i] != other[i])
    return next(differ, most)


def _spliced(before: Spans, plain: Mapping[str, Any]) -> Spans:
    """The way back."""
    first, last = plain["first"], len(before) - plain["last"]
    if not 0 <= first <= last <= len(before):
        raise ValueError("no such spans")
    return before[:first] + CONVERTER.structure(plain["then"], Spans) + before[last:]


def _plain_field(name: str, value: Any) -> Any:  # noqa: ANN401 - the fields of a cue, as JSON
    if name == "emotion":
        return None if value is None else _rows(value)
    return CONVERTER.unstructure(value, _TYPES[name])


def _field(name: str, plain: Any, before: Cue | None) -> Any:  # noqa: ANN401 - the way back
    if name == "chords" and before is not None and isinstance(plain, dict):
        return _spliced(before.chords, plain)
    if name == "emotion":
        return None if plain is None else _array(plain)
    return CONVERTER.structure(plain, _TYPES[name])


def _same(one: object, other: object) -> bool:
    if isinstance(one, Dynamics) and isinstance(other, Dynamics):
        pairs = ((one.density, other.density), (one.loudness, other.loudness))
        return all(np.array_equal(a, b) for a, b in pairs)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    return one is other or (type(one) is type(other) and bool(one == other))


def _history(plain: Mapping[str, Any], features: VideoFeatures) -> History:
    steps: list[Step] = []
    newest: dict[str, Cue] = {}
    before: Cue | None = None
    for each in plain["steps"]:
        known = newest.get(each["take"], before)
        made = {name: _field(name, value, known) for name, value in each["made"].items()}
        cue = Cue(features=features, **made) if known is None else replace(known, **made)
        edit = each["edit"] and CONVERTER.structure(each["edit"], cast("type[Any]", Edit))
        steps.append(Step(each["take"], edit, cue))
        newest[each["take"]] = before = cue
    history = History(tuple(steps), plain["done"], plain["current"])
    if not 1 <= history.done <= len(steps) or history.current not in history.takes:
        raise ValueError("no such step or take")
    return history


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_unstructure_hook(Fraction, str)
    converter.register_structure_hook(Fraction, lambda text, _: Fraction(text))
    converter.register_unstructure_hook(Key, str)
    converter.register_structure_hook(Key, lambda text, _: Key.parse(text))
    converter.register_unstructure_hook(
        Dynamics, lambda d: {"density": _rows(d.density), "loudness": _rows(d.loudness)}
    )
    converter.register_structure_hook(
        Dynamics, lambda d, _: Dynamics(_array(d["density"]), _array(d["loudness"]))
    )
    configure_tagged_union(Edit, converter, tag_name="kind")
    return converter


def _rows(values: NDArray[np.float32]) -> list[Any]:
    """The shortest decimals that read back as the same float32."""
    rows: list[Any] = values.astype(str).astype(float).tolist()
    return rows


def _array(rows: list[Any]) -> NDArray[np.float32]:
    return np.array(rows, np.float32)


CONVERTER: Final = _converter()
_TYPES: Final = get_type_hints(Cue)
