"""Training settings: frozen values read from one TOML file, unknown keys refused."""

import tomllib
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from scorelock.engine.errors import BadSetting
from scorelock.training.amt import AmtSizes
from scorelock.training.batches import Augment
from scorelock.training.bigru import GruSizes
from scorelock.training.losses import LossWeights
from scorelock.training.recall import FitSettings
from scorelock.training.songs import Split
from scorelock.training.surround import SurroundSizes

C = TypeVar("C")
_PLAIN = Augment()


@dataclass(frozen=True, slots=True)
class Stage:
    """Some epochs on some corpora: seconds a song, peak of the learning rate, how songs vary."""

    corpora: tuple[str, ...]
    epochs: int
    learning_rate: float
    seconds: int = 300
    augment: Augment = _PLAIN


@dataclass(frozen=True, slots=True)
class Optimise:
    """How steps are made; `patience` epochs without a better validation end a stage."""

    seed: int = 1
    batch: int = 16
    warmup_steps: int = 200
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float = 0.1
    patience: int = 5


_KINDS = {"bigru": GruSizes, "surround": SurroundSizes}
_PUBLISHED_LOSS = LossWeights()
_USUAL = Optimise()
_USUAL_FIT = FitSettings()


@dataclass(frozen=True, slots=True)
class AmtConfig:
    """Of `scorelock train amt`.

    `start` names a run whose weights are taken where name and shape agree; empty for none.
    """

    model: AmtSizes
    stages: tuple[Stage, ...]
    start: str = ""
    loss: LossWeights = _PUBLISHED_LOSS
    optimise: Optimise = _USUAL
    validate: tuple[str, ...] = ("muvisync",)

    def __post_init__(self) -> None:
        longest = max((stage.seconds for stage in self.stages), default=0)
        if longest > self.model.window:
            raise BadSetting(
                f"expected stages of at most {self.model.window} seconds (the model's window), "
                f"got {longest}"
            )


@dataclass(frozen=True, slots=True)
class DynamicsConfig:
    """Of `scorelock train dynamics`; the model's `kind` is "bigru" or "surround"."""

    model: GruSizes | SurroundSizes
    stages: tuple[Stage, ...]
    optimise: Optimise = _USUAL
    validate: tuple[str, ...] = ("muvisync",)


@dataclass(frozen=True, slots=True)
class RecallConfig:
    """Of `scorelock train recall`.

    `start` names the run of the chord model; the songs are of a split that it has not learned from.
    """

    start: str
    corpora: tuple[str, ...] = ("muvisync",)
    split: Split = "val"
    fit: FitSettings = _USUAL_FIT


@dataclass(frozen=True, slots=True)
class AffectConfig:
    """Of `scorelock train affect`: corpora with human labels of valence and arousal."""

    corpora: tuple[str, ...]


def read_config(path: Path, kind: type[C]) -> C:
    """Read a TOML file as a config dataclass.

    Raises:
        BadSetting: unreadable, an unknown or missing key, or a value of another type.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise BadSetting(f"expected a TOML file at {path}, got: {err}".replace("\n", " ")) from err
    result: C = _parse(table, kind, path.name)
    return result


def _parse(value: object, kind: Any, where: str) -> Any:  # noqa: ANN401
    if get_origin(kind) is UnionType and isinstance(value, dict):
        name = value.get("kind", "bigru")
        if name not in _KINDS:
            raise BadSetting(f"{where}: expected a kind of {', '.join(_KINDS)}, got {name!r}")
        kind, value = _KINDS[name], {k: v for k, v in value.items() if k != "kind"}
    if is_dataclass(kind):
        return _parse_table(value, kind, where)
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_parse(v, get_args(kind)[0], f"{where}[{i}]") for i, v in enumerate(value))
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise BadSetting(f"{where}: expected {getattr(kind, '__name__', kind)}, got {value!r}")


def _parse_table(value: object, kind: Any, where: str) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        raise BadSetting(f"{where}: expected a table, got {value!r}")
    known = {f.name: f for f in fields(kind)}
    for key in value:
        if key not in known:
            raise BadSetting(f"{where}: unknown key {key!r}; known keys are {', '.join(known)}")
    for key, entry in known.items():
        if key not in value and entry.default is MISSING:
            raise BadSetting(f"{where}: expected a key {key!r}, found none")
    hints = get_type_hints(kind)
    return kind(**{key: _parse(v, hints[key], f"{where}: {key}") for key, v in value.items()})
