"""Files are written beside their place and then renamed, so that a kill or a full disk in the
middle leaves the old file whole. A film is known by its SHA-256.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadBundle, BadSetting, UnreadableFilm

_DAY_S: Final = 86_400


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; what stands there becomes `path` when the block ends well.

    Raises:
        OSError: nothing can be written there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder, which becomes `path` when the block ends well.

    Until then an older one stands, and whatever fails leaves it as it was. What a kill left of one
    that was begun more than a day before goes.

    Raises:
        OSError: nothing can be written there.
    """
    beside = Path(tempfile.mkdtemp(".part", f".{path.name}.", path.parent))
    try:
        _sweep(beside, f".{path.name}.")
        new, old = beside / "new", beside / "old"
        new.mkdir()
        yield new
        if path.exists():
            path.replace(old)
        try:
            new.replace(path)
        except OSError:
            if old.exists():
                old.replace(path)
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _sweep(beside: Path, prefix: str) -> None:
    """Remove what has the prefix and is a day older."""
    begun = beside.stat().st_mtime
    for other in beside.parent.iterdir():
        if other.name.startswith(prefix) and other.suffix == beside.suffix:
            with suppress(OSError):  # who began it may have ended it by now
                if begun - other.stat().st_mtime > _DAY_S:
                    shutil.rmtree(other)


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """`replacing`, for a file that the user named.

    Raises:
        BadSetting: nothing can be written there.
    """
    try:
        with replacing(path) as beside:
            yield beside
    except OSError as err:
        reason = err.strerror or err
        raise BadSetting(
            f"expected a place to write {path}, got: {reason}; choose another one with -o"
        ) from err


def make_folder(path: Path) -> None:
    """Make a folder, and those above it, unless it is there.

    Raises:
        BadSetting: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        reason = err.strerror or err
        raise BadSetting(
            f"expected to make the folder {path}, got: {reason}; choose another"
        ) from err


def require_whole(place: Path, digests: Mapping[str, str], remedy: str) -> None:
    """Make sure that a folder's files are those whose sha256, as hex, a manifest names.

    Raises:
        BadBundle: one is missing or damaged; `remedy` says what to do.
    """
    for name, digest in digests.items():
        try:
            with place.joinpath(name).open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as err:
            raise BadBundle(
                f"{place}: expected the file {name}, got: {err.strerror}; {remedy}"
            ) from err
        if found != digest:
            raise BadBundle(
                f"{place}: {name} is not the file that the manifest describes (its sha256 "
                f"differs); {remedy}"
            )


def require_film(path: Path) -> None:
    """Make sure that there is a file to watch.

    Raises:
        UnreadableFilm: there is none, it is empty, or it cannot be looked at.
    """
    with _reading(path):
        if not path.is_file():
            found = "a folder" if path.is_dir() else "a device" if path.exists() else "nothing"
            raise UnreadableFilm(f"expected a film at {path}, found {found} there; check the path")
        if not path.stat().st_size:
            raise UnreadableFilm(f"expected a film, got the empty file {path}; copy it again")


def digest(path: Path) -> str:
    """A film's SHA-256 in hexadecimal.

    Raises:
        UnreadableFilm: there is no such file, it is empty, or it cannot be read.
    """
    require_film(path)
    with _reading(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableFilm(
            f"expected a film at {path}, but it cannot be read: {error.strerror}; "
            "check its permissions and the disk"
        ) from error
