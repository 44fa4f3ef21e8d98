"""The folder where models are kept that do not ship with Scorelock (`scorelock models add`)."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

from scorelock.engine.errors import BadSetting, MissingPart

ENVIRONMENT: Final = "SCORELOCK_MODELS"
"""The variable that names another folder."""


def models_folder() -> Path:
    """Where every model has a folder of its own: $SCORELOCK_MODELS, or the user's data folder."""
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named else platformdirs.user_data_path("scorelock") / "models"


def kept_model(name: str) -> Path:
    """The folder of a model that was added.

    Raises:
        BadSetting: the name is none.
        MissingPart: it was not.
    """
    folder = named_folder(name)
    if not folder.is_dir():
        raise MissingPart(
            f"expected the model {name} in {models_folder()}, found none; "
            f"scorelock models add {name}"
        )
    return folder


def kept_models() -> list[str]:
    """The names of all models that were added, in order of the alphabet."""
    try:
        entries = list(models_folder().iterdir())
    except OSError:
        return []
    return sorted(e.name for e in entries if e.is_dir() and not e.name.startswith("."))


@contextmanager
def shelving(name: str) -> Iterator[Path]:
    """Give an empty folder, which takes the place of the model `name` when the block ends well.

    Until then an older one of that name stands, and whatever fails leaves it as it was.

    Raises:
        BadSetting: the name is none, or nothing can be written there.
    """
    folder = named_folder(name)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".adding.", dir=folder.parent))
        try:
            new = beside / "new"
            new.mkdir()
            yield new
            if folder.exists():
                folder.replace(beside / "old")
            try:
                new.replace(folder)
            except OSError:
                if (beside / "old").exists():
                    (beside / "old").replace(folder)
                raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as err:
        raise BadSetting(
            f"expected a place to keep {folder}, got: {err.strerror or err}; make room there, or "
            f"name another folder in ${ENVIRONMENT}"
        ) from err


def take_off(name: str) -> None:
    """Remove a model that was added.

    Raises:
        BadSetting: the name is none, or it cannot be removed.
        MissingPart: there is no such model.
    """
    folder = kept_model(name)
    going = folder.with_name(f".going.{name}.{os.getpid()}")
    try:
        folder.replace(going)
        shutil.rmtree(going)
    except OSError as err:
        raise BadSetting(
            f"expected to remove {folder}, got: {err.strerror or err}; check its permissions"
        ) from err


def named_folder(name: str) -> Path:
    """The folder that a model of that name has, or would have.

    Raises:
        BadSetting: it is no plain name.
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise BadSetting(f"expected a plain name for a model, such as clip, got {name!r}")
    return models_folder() / name
