"""`scorelock setup`: put what a host needs where it looks for it, and say what to click next."""

import argparse
import os
import sys
from collections.abc import Mapping
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadSetting

PATTERN: Final = "Scorelock.ReaperOSC"
NEXT: Final = f"""\
in REAPER: Options, Preferences, Control/OSC/web, Add
  Control surface mode  OSC (Open Sound Control)
  Pattern config        {PATTERN.partition(".")[0]} (start REAPER again if it is not in the list)
  Mode                  Configure device IP+local port
  Device port           9000
  Device IP             127.0.0.1, or that of the machine that runs Scorelock
  Local listen port     8000
then: scorelock live FILM --listen 127.0.0.1:9000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the host and --to."""
    parser.add_argument("host", choices=("reaper",), help="the host to set up")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="REAPER's resource path (REAPER: Options, Show REAPER resource path in "
        "explorer/finder), for a portable install the folder of reaper.ini (default: the usual)",
    )


def run(args: argparse.Namespace) -> int:
    """Install the pattern file; running it again changes nothing."""
    print(install(args.to or resource_path(sys.platform, Path.home(), os.environ)))
    print(NEXT)
    return 0


def resource_path(platform: str, home: Path, environ: Mapping[str, str]) -> Path:
    """Where REAPER keeps its settings unless it is a portable install.

    What its menu entry "Show REAPER resource path in explorer/finder" opens: %APPDATA%\\REAPER on
    Windows, ~/Library/Application Support/REAPER on macOS, ~/.config/REAPER on Linux.
    """
    if platform == "win32":
        return Path(environ.get("APPDATA", home / "AppData" / "Roaming")) / "REAPER"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "REAPER"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "REAPER"


def install(resources: Path) -> str:
    """Put the pattern file into the folder OSC of a resource path; says what was done.

    A file of that name which differs is kept beside it as .bak.

    Raises:
        BadSetting: there is no such folder, or it cannot be written to.
    """
    if not resources.is_dir():
        raise BadSetting(
            f"expected REAPER's resource path at {resources}, there is none; start REAPER once, or "
            "name the folder that its Options, Show REAPER resource path, opens: --to FOLDER"
        )
    ours = pattern()
    target = resources / "OSC" / PATTERN
    try:
        before = target.read_bytes() if target.exists() else None
        if before == ours:
            return f"{target} is there already"
        target.parent.mkdir(exist_ok=True)
        kept = "" if before is None else f"; what was there is now {_put_aside(target, before)}"
        _write(target, ours)
    except OSError as err:
        raise BadSetting(
            f"expected to write {target}: {err.strerror or err}; name another folder with --to"
        ) from err
    return f"{target} written{kept}"


def pattern() -> bytes:
    """The pattern file that ships."""
    return (files("scorelock.bridge") / "patterns" / PATTERN).read_bytes()


def _put_aside(target: Path, before: bytes) -> Path:
    """Copy a changed file to the first free .bak; an older copy stays as it is."""
    names = (target.with_name(f"{PATTERN}.bak{number or ''}") for number in count())
    free = next(name for name in names if not name.exists() or name.read_bytes() == before)
    _write(free, before)
    return free


def _write(target: Path, data: bytes) -> None:
    """Write beside, then rename."""
    beside = target.with_name(f"{target.name}.new")
    beside.write_bytes(data)
    beside.replace(target)
