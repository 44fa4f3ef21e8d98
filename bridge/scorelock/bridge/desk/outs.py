"""Which MIDI outputs there are. Another process asks: a MIDI server that hangs holds up nobody."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Final

PATIENCE_S: Final = 8.0


@dataclass(frozen=True, slots=True)
class Found:
    """Outputs by name, whether a new one can be made, and why there is none."""

    ports: tuple[str, ...] = ()
    virtual: bool = False
    why_none: str | None = None


def look() -> Found:
    """Ask the system; takes a moment. Raises nothing."""
    try:
        told = subprocess.run(
            [sys.executable, "-m", "scorelock.bridge.cli", "ports", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        ).stdout
        status = json.loads(told)
    except subprocess.TimeoutExpired:
        return Found(why_none="the MIDI system of this machine does not answer; restart it")
    except (OSError, subprocess.CalledProcessError, ValueError):
        return Found(
            why_none="the MIDI system of this machine cannot be asked; see scorelock ports"
        )
    for api in status["apis"]:
        if api["name"] == status["available"]:
            return Found(tuple(api["ports"]), api["virtual"])
    return Found(why_none=status["reason"])
