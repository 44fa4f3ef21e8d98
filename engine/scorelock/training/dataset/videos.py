"""The videos of a folder: found, each once, and named.

What counts as a video is told by a file's ending, and of a file whose ending tells nothing by its
first bytes. Hidden files are left out, and what Scorelock itself puts into folders.
"""

import hashlib
import mimetypes
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from scorelock.training.dataset.store import Found, Store

ENDINGS: Final = frozenset(
    ".3g2 .3gp .asf .avi .divx .dv .f4v .flv .m2ts .m2v .m4v .mkv .mov .mp4 .mpeg .mpg .mts .mxf "
    ".ogm .ogv .rm .rmvb .vob .webm .wmv .y4m".split()
)
LONGEST_ID: Final = 80
"""Letters: some file systems take names of 143 bytes, and ours add an ending and more."""

_OWN: Final = ("vevo_", ".cue")
_TYPES: Final = mimetypes.MimeTypes()  # Python's own table: the same on every machine
_AMBIGUOUS: Final = (".ts", ".dat", ".bin")  # TypeScript, too; anything
_HEAD: Final = 189
_MAGIC: Final = (
    rb"....ftyp(?!M4A)",  # MP4, MOV (ISO 14496-12)
    rb"....(moov|mdat|wide|free|skip)",  # QuickTime before it had brands
    rb"\x1aE\xdf\xa3",  # Matroska, WebM (EBML)
    rb"RIFF....AVI ",
    rb"FLV\x01",
    rb"\x00\x00\x01[\xba\xb3]",  # MPEG program stream, MPEG video (ISO 13818)
    rb"G.{187}G",  # MPEG transport stream: its packets of 188 bytes
    rb"0&\xb2u\x8ef\xcf\x11",  # ASF
    rb"\x06\x0e+4\x02\x05\x01\x01\x0d\x01\x02",  # MXF (SMPTE 377)
)
_IS_VIDEO: Final = re.compile(b"|".join(_MAGIC), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Video:
    """A video that was found.

    Attributes:
        id: its song's in the data set.
        name: relative to the folder, for people.
        url: path or URL by which any worker reaches it.
        stamp: another one says that the file has changed.
    """

    id: str
    name: str
    url: str
    stamp: str


@dataclass(frozen=True, slots=True)
class Videos:
    """What a folder holds.

    Attributes:
        videos: in order of names.
        links: names of videos that were reached before, and under which name.
        unread: names of files and folders that cannot be read, and why.
    """

    videos: tuple[Video, ...]
    links: Mapping[str, str]
    unread: Mapping[str, str]


def find_videos(folder: Store, without: Collection[str], known: Mapping[str, str]) -> Videos:
    """Every video in a folder and below it.

    Args:
        folder: to look into.
        without: names in it that are not looked into, such as the data set's.
        known: ids of videos by name, from earlier builds; they keep them.

    Raises:
        BadPlace: the folder cannot be read.
    """
    unread: dict[str, str] = {}

    def enter(name: str) -> bool:
        return name not in without and not _left_out(PurePosixPath(name).name)

    found: dict[str, Found] = {}
    links: dict[str, str] = {}
    tell = lambda name, why: unread.update({readable(name): why})  # noqa: E731
    for file in folder.walk(tell, enter):
        name = readable(file.name)
        if _left_out(PurePosixPath(file.name).name) or not _is_video(file, unread):
            continue
        if name != file.name:
            unread[name] = "its name is no text in UTF-8; rename it"
        elif file.itself in found:
            links[name] = found[file.itself].name
        else:
            found[file.itself] = file
    ids = name_videos((file.name for file in found.values()), known)
    videos = (Video(ids[file.name], file.name, file.url, file.stamp) for file in found.values())
    return Videos(tuple(videos), links, unread)


def readable(name: str) -> str:
    """The name in letters that every file can hold: those that are none become "\\udc80"."""
    return name.encode("utf-8", "backslashreplace").decode()


def name_videos(names: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """An id for each video, unique even where upper and lower case are the same.

    It is the file's own name without its ending, made safe for every file system. Where several
    would have the same one, each has a part of the SHA-256 of its whole name at its end, so that
    it does not depend on which others there are. Ids that are known stay.
    """
    names = list(names)
    ids = {name: known[name] for name in names if name in known}
    taken = {one.casefold() for one in known.values()}
    plain = {name: _safe(PurePosixPath(name).stem) for name in names if name not in ids}
    often = Counter(one.casefold() for one in plain.values())
    for name, one in plain.items():
        if often[one.casefold()] > 1 or one.casefold() in taken:
            one = f"{one}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        ids[name] = one
    return ids


def _safe(stem: str) -> str:
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    safe = re.sub(r"[^A-Za-z0-9_]+", "-", letters).strip("-")[:LONGEST_ID].rstrip("-")
    if len(letters) * 2 < len(stem) or not safe:  # most of the name is in another script
        mark = hashlib.sha256(stem.encode()).hexdigest()[:8]
        safe = f"{safe or 'video'}-{mark}"
    return safe


def _left_out(name: str) -> bool:
    return name.startswith((".", _OWN[0])) or name.endswith(_OWN[1])


def _is_video(file: Found, unread: dict[str, str]) -> bool:
    ending = PurePosixPath(file.name).suffix.lower()
    if ending in ENDINGS:
        return True
    if "://" in file.url or (ending not in _AMBIGUOUS and _TYPES.guess_type(f"_{ending}")[0]):
        return False
    try:
        with Path(file.url).open("rb") as content:
            return _IS_VIDEO.match(content.read(_HEAD)) is not None
    except OSError as err:
        unread[readable(file.name)] = err.strerror or str(err)
        return False
