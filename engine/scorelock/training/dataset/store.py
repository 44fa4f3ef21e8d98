"""A folder on this machine, on a shared disk, or in an object store: found, fetched, written whole.

A place is a path, or a URL of any file system that fsspec knows (s3://, gs://, sftp://, ...). Its
own variables and configuration files say how to sign in; every worker has its own. Names are
relative to the folder, with "/" between their parts.
"""

import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias
from urllib.parse import unquote, urlsplit

from scorelock.engine.errors import BadSetting, MissingPart, ScorelockError
from scorelock.training.dataset.trouble import reason_of, saying
from scorelock.training.stalls import unless_stalled

PART: Final = ".part"
"""Ends the name of a file that is being written; one that is left over is of a writer that died."""

Tell: TypeAlias = Callable[[str, str], None]
"""Told the name of something that cannot be read, and why in a few words."""
Enter: TypeAlias = Callable[[str], bool]
"""Asked, by name, whether a folder is to be looked into."""

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# A put into these is seen whole or not at all; into others a file grows where it is.
_PUT_IS_WHOLE: Final = frozenset("s3 s3a gs gcs abfs abfss az adl oss oci cos swift memory".split())
_CHANGED: Final = ("ETag", "etag", "md5Hash", "LastModified", "mtime", "modified", "created")


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a folder or below it.

    Attributes:
        name: relative to the folder.
        url: path or URL by which any worker reaches it.
        size: in bytes.
        stamp: another one says that the file has changed (size, and last change or ETag).
        itself: the same for two names of one file (links).
    """

    name: str
    url: str
    size: int
    stamp: str
    itself: str


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder that the system mounts."""

    root: Path

    @property
    def url(self) -> str:
        """How another process reaches it: absolute."""
        return str(self.root)

    def at(self, name: str) -> str:
        """The path of a name in it."""
        return str(self.root / name)

    def walk(self, tell: Tell, enter: Enter = lambda name: True) -> Iterator[Found]:
        """Every file, in order of names; links are followed, and no folder is entered twice.

        Raises:
            BadPlace: the folder itself cannot be read.
        """
        with saying("read", self.url):
            entries = _entries(self.root)
        seen = {_inode(self.root.stat())}
        stack = [("", entries)]
        while stack:
            folder, entries = stack.pop()
            below: list[tuple[str, list[os.DirEntry[str]]]] = []
            for entry in entries:
                name = f"{folder}{entry.name}"
                try:
                    status = entry.stat()
                    if stat.S_ISREG(status.st_mode):
                        yield self._found(name, entry, status)
                    elif stat.S_ISDIR(status.st_mode):
                        if _inode(status) not in seen and enter(name):
                            seen.add(_inode(status))
                            below.append((f"{name}/", _entries(Path(entry.path))))
                    else:
                        tell(name, "no file")
                except OSError as err:
                    tell(name, reason_of(err))
            stack += reversed(below)

    def _found(self, name: str, entry: "os.DirEntry[str]", status: os.stat_result) -> Found:
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        itself = "{}-{}".format(*_inode(status))
        return Found(name, entry.path, status.st_size, stamp, itself)

    def names(self, folder: str = "") -> list[str]:
        """The files right in the folder or in one of its folders, without that folder's name.

        In order; none where there is no such folder.

        Raises:
            BadPlace: it cannot be read.
        """
        with saying("read", self.at(folder)):
            try:
                return [e.name for e in _entries(self.root / folder) if e.is_file()]
            except FileNotFoundError:
                return []

    def read(self, name: str) -> bytes | None:
        """A file's bytes, None where there is none.

        Raises:
            BadPlace: it cannot be read.
        """
        with saying("read", self.at(name)):
            try:
                return (self.root / name).read_bytes()
            except FileNotFoundError:
                return None

    def write(self, name: str, data: bytes) -> None:
        """Put a file there, whole and on the disk, or leave what stands there.

        Raises:
            DiskFull: there is no room for it.
            BadPlace: it cannot be written for another reason.
        """
        path = self.root / name
        with saying("write", str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(_beside(path.name))
            try:
                with beside.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)

    def write_all(self, files: Mapping[str, bytes]) -> None:
        """Write many; raises as `write`."""
        for name, data in files.items():
            self.write(name, data)

    def remove(self, names: Iterable[str]) -> None:
        """Take files away that may be there.

        Raises:
            BadPlace: one cannot be taken away.
        """
        for name in names:
            with saying("remove", self.at(name)):
                (self.root / name).unlink(missing_ok=True)

    def sweep(self, folder: str = "") -> None:
        """Take away what writers that died have left; nothing else may be writing there."""
        self.remove(_left_over(folder, self.names(folder)))


@dataclass(frozen=True, slots=True)
class RemoteFolder:
    """A folder that fsspec reaches."""

    url: str
    system: Any = field(repr=False)
    root: str

    def at(self, name: str) -> str:
        """The URL of a name in it."""
        return f"{self.url}/{name}" if name else self.url

    def walk(self, tell: Tell, enter: Enter = lambda name: True) -> Iterator[Found]:
        """Every file, in order of names; raises as `LocalFolder.walk`."""
        stack = [("", self._listed(self.root, missing_ok=False))]
        while stack:
            folder, entries = stack.pop()
            below: list[tuple[str, list[dict[str, Any]]]] = []
            for entry in entries:
                name = f"{folder}{PurePosixPath(entry['name']).name}"
                if entry["type"] == "file":
                    size = int(entry["size"] or 0)
                    url = self.at(name)
                    yield Found(name, url, size, f"{size}-{_changed(entry)}", url)
                elif enter(name):
                    try:
                        below.append((f"{name}/", self._listed(entry["name"])))
                    except ScorelockError as err:
                        tell(name, str(err))
            stack += reversed(below)

    def names(self, folder: str = "") -> list[str]:
        """As `LocalFolder.names`."""
        listed = self._listed(self._path(folder))
        return [PurePosixPath(entry["name"]).name for entry in listed if entry["type"] == "file"]

    def read(self, name: str) -> bytes | None:
        """As `LocalFolder.read`."""
        with saying("read", self.at(name)):
            try:
                data: bytes = self.system.cat_file(self._path(name))
            except FileNotFoundError:
                return None
            return data

    def write(self, name: str, data: bytes) -> None:
        """As `LocalFolder.write`."""
        self.write_all({name: data})

    def write_all(self, files: Mapping[str, bytes]) -> None:
        """Write many, side by side where the file system can; raises as `LocalFolder.write`."""
        if not files:
            return
        whole = {self._path(name): data for name, data in files.items()}
        with saying("write", self.url):
            if self._puts_whole:
                self.system.pipe(whole)
                return
            for path, data in whole.items():
                folder, _, name = path.rpartition("/")
                beside = f"{folder}/{_beside(name)}"
                self.system.makedirs(folder, exist_ok=True)
                self.system.pipe_file(beside, data)
                self.system.mv(beside, path)

    def remove(self, names: Iterable[str]) -> None:
        """As `LocalFolder.remove`."""
        for name in names:
            with saying("remove", self.at(name)), suppress(FileNotFoundError):
                self.system.rm_file(self._path(name))

    def sweep(self, folder: str = "") -> None:
        """As `LocalFolder.sweep`."""
        self.remove(_left_over(folder, self.names(folder)))

    @property
    def _puts_whole(self) -> bool:
        protocol = self.system.protocol
        names = {protocol} if isinstance(protocol, str) else set(protocol)
        return not names.isdisjoint(_PUT_IS_WHOLE)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}" if name else self.root

    def _listed(self, path: str, missing_ok: bool = True) -> list[dict[str, Any]]:
        with saying("read", self.at(path.removeprefix(self.root).strip("/"))):
            self.system.invalidate_cache()
            try:
                entries: list[dict[str, Any]] = self.system.ls(path, detail=True)
            except FileNotFoundError:
                if missing_ok:
                    return []
                raise
            # An object store may list the folder itself, and a file as a folder of its own.
            own = [entry for entry in entries if entry["name"].strip("/") != path.strip("/")]
            return sorted(own, key=lambda entry: str(entry["name"]))


Store: TypeAlias = LocalFolder | RemoteFolder


def open_store(place: str) -> Store:
    """The folder that a path or a URL means. It is not looked at yet.

    Raises:
        BadSetting: no file system has that protocol.
        MissingPart: the package that speaks it is not installed.
        BadPlace: the file system cannot be reached at all.
    """
    path = local_path(place)
    if path is not None:
        return LocalFolder(path)
    system, root = _reach(place)
    return RemoteFolder(place.rstrip("/"), system, root.rstrip("/"))


def local_path(place: str) -> Path | None:
    """The path that is meant, absolute; None where it is the URL of something elsewhere."""
    if place.startswith("file://"):
        place = unquote(urlsplit(place).path)
    return None if _URL.match(place) else Path(place).absolute()


@contextmanager
def fetch(url: str) -> Iterator[Path]:
    """Give the path of a file: where it is, or a copy of it for the time of the block.

    Raises:
        DiskFull: there is no room for the copy.
        BadPlace: it is not there, or cannot be read.
        Stalled: the store answers no more.
        BadSetting, MissingPart: as `open_store`.
    """
    path = local_path(url)
    if path is not None:
        with saying("read", url):
            path.stat()
        yield path
        return
    system, source = _reach(url)
    with tempfile.TemporaryDirectory(prefix="scorelock-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / f"film{PurePosixPath(source).suffix}"
        with saying("read", url):
            unless_stalled(
                lambda: system.get_file(source, str(copy)),
                f"{url} to arrive",
                sign=lambda: copy.exists() and copy.stat().st_size,
            )
        yield copy


def _reach(url: str) -> tuple[Any, str]:
    protocol = url.partition("://")[0]
    try:
        import fsspec.core
    except ImportError as err:
        raise MissingPart(
            f"expected fsspec to reach {url}, found none; pip install 'scorelock[dataset]'"
        ) from err
    with saying("reach", url):
        try:
            system, path = fsspec.core.url_to_fs(url)
        except ImportError as err:
            # fsspec names the package: "Install s3fs to access S3".
            reason = " ".join(str(err).split())
            raise MissingPart(
                f"expected a package that speaks {protocol}:// to reach {url}, found none: "
                f"{reason} (pip install)"
            ) from err
        except ValueError as err:
            if "rotocol not known" not in str(err):
                raise
            raise BadSetting(
                f"expected a path, or a URL such as s3://BUCKET/FOLDER, got {url}: nothing speaks "
                f"{protocol}://; check it"
            ) from err
    return system, str(path)


def _entries(folder: Path) -> "list[os.DirEntry[str]]":
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _inode(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _beside(name: str) -> str:
    """Where a file is written first: no other writer's name, for machines share disks."""
    return f".{name}.{os.urandom(4).hex()}{PART}"


def _left_over(folder: str, names: Iterable[str]) -> list[str]:
    return [f"{folder}/{name}".lstrip("/") for name in names if name.endswith(PART)]


def _changed(entry: Mapping[str, Any]) -> str:
    """What an object store says of an object's version; "" where it says nothing."""
    return next((str(entry[key]).strip('"') for key in _CHANGED if entry.get(key)), "")
