"""What goes wrong with a folder or an object store, told in one line."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from scorelock.engine.errors import ScorelockError

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class BadPlace(ScorelockError):
    """A folder or an object store that cannot be read or written."""


class DiskFull(ScorelockError):
    """There is no room left, or no more may be used."""


def reason_of(err: BaseException) -> str:
    """What the system or a library says, in one line."""
    if isinstance(err, OSError) and err.strerror:
        return err.strerror
    return " ".join(str(err).split()) or type(err).__name__


def is_full(err: BaseException) -> bool:
    """Whether there was no room on a disk, or no more may be used."""
    return isinstance(err, OSError) and err.errno in _FULL


@contextmanager
def saying(verb: str, url: str) -> Iterator[None]:
    """Turn what goes wrong with a place in the block into one line.

    Every object store's library has errors of its own, most of them no OSError.

    Raises:
        DiskFull: there is no room in it.
        BadPlace: anything else.
    """
    try:
        yield
    except ScorelockError:
        raise
    except Exception as err:
        if is_full(err):
            raise DiskFull(
                f"expected room to {verb} {url}, got: {reason_of(err)}; make room and run it again"
            ) from err
        if isinstance(err, FileNotFoundError | NotADirectoryError):
            raise BadPlace(f"expected {url}, found nothing there; check the name") from err
        hint = "check its address, its permissions and how you sign in"
        if isinstance(err, OSError) and "://" not in url.removeprefix("file://"):
            hint = "check its permissions and the disk"
        raise BadPlace(f"expected to {verb} {url}, got: {reason_of(err)}; {hint}") from err
