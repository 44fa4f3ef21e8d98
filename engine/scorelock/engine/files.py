"""Files are written beside their place and then renamed, so that a kill or a full disk in the
middle leaves the old file whole.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scorelock.engine.errors import BadSetting


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a path to write to; what stands there becomes `path` when the block ends well.

    Raises:
        BadSetting: nothing can be written there.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        beside.replace(path)
    except OSError as err:
        reason = err.strerror or err
        raise BadSetting(
            f"expected a place to write {path}, got: {reason}; choose another one with -o"
        ) from err
    finally:
        beside.unlink(missing_ok=True)


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
