"""The folder where models are kept that do not ship with Scorelock (`scorelock models add`)."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import platformdirs

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.files import replacing_folder

ENVIRONMENT: Final = "SCORELOCK_MODELS"
"""The variable that names another folder."""
CLIP: Final = "clip"
BASIC_PITCH: Final = "basic-pitch"
KINDS: Final = (CLIP, BASIC_PITCH)
"""What can be added, and what each is kept under unless a CLIP is given another name."""


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
    if not is_kept(name):
        wanted = name if name in KINDS else f"{CLIP} --as {name}"
        raise MissingPart(
            f"expected the model {name} in {folder.parent}, found none; "
            f"scorelock models add {wanted}"
        )
    return folder


def is_kept(name: str) -> bool:
    """Whether a model of that name was added.

    Raises:
        BadSetting: the name is none.
    """
    return named_folder(name).name in kept_models()


def kept_models() -> list[str]:
    """The names of all models that were added, in order of the alphabet."""
    try:
        entries = [e.name for e in models_folder().iterdir() if e.is_dir()]
    except OSError:
        return []
    return sorted(name for name in entries if not name.startswith("."))


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
        with replacing_folder(folder) as new:
            yield new
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
    try:
        with tempfile.TemporaryDirectory(".part", f".{name}.", folder.parent) as going:
            folder.replace(Path(going) / name)  # at once, for it may be in use
    except OSError as err:
        raise BadSetting(
            f"expected to remove {folder}, got: {err.strerror or err}; check its permissions"
        ) from err


def named_folder(name: str) -> Path:
    """The folder that a model of that name has, or would have.

    Raises:
        BadSetting: it is no plain name.
    """
    if not name or Path(name).name != name or name.startswith(".") or not name.isprintable():
        raise BadSetting(f"expected a plain name for a model, such as {CLIP}, got {name!r}")
    return models_folder() / name
