"""The options of `scorelock live`, and what they mean."""

import argparse
import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Final

from scorelock.bridge.chaser import LONGEST_LATENCY_S
from scorelock.bridge.osc_in import DEFAULT_LISTEN
from scorelock.bridge.show import Late, OnStop
from scorelock.bridge.timelines.follow import OSC
from scorelock.engine.errors import BadSetting
from scorelock.engine.timebase import FrameRate, Timecode

RATES: Final = {
    **{str(fps): FrameRate(Fraction(fps)) for fps in (24, 25, 30, 48, 50, 60)},
    "23.976": FrameRate(Fraction(24000, 1001)),
    "29.97": FrameRate(Fraction(30000, 1001)),
    "29.97df": FrameRate(Fraction(30000, 1001), drop=True),
    "59.94": FrameRate(Fraction(60000, 1001)),
    "59.94df": FrameRate(Fraction(60000, 1001), drop=True),
}
SLOWEST, FASTEST = 20.0, 400.0  # beats a minute of MIDI clock


def add_camera_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is watched in a film's stead."""
    group = parser.add_argument_group("a camera")
    group.add_argument(
        "--camera",
        metavar="0|URL|PIPE|FILM|-",
        help="score a live picture instead of a film: a device's number, an address such as "
        "rtsp://..., a named pipe or - for the standard input (yuv4mpeg, or raw frames with "
        "--camera-size), or a recording, at its own pace",
    )
    group.add_argument(
        "--camera-size", metavar="WxH", help="of raw frames in a pipe: blue, green, red, 8 bit each"
    )
    group.add_argument(
        "--camera-rate",
        type=float,
        default=25.0,
        metavar="FPS",
        help="of a camera that does not tell it (default: %(default)s)",
    )


def add_host_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the host speaks, what it speaks, and who leads."""
    group = parser.add_argument_group("the host")
    group.add_argument(
        "--listen",
        default=DEFAULT_LISTEN,
        metavar="[tcp:]HOST:PORT",
        help="where the host sends OSC (default: %(default)s)",
    )
    group.add_argument(
        "--host",
        metavar="NAME[@HOST[:PORT]]",
        help="ask a host that says nothing by itself, such as ardour, live or qlab@192.168.1.5",
    )
    group.add_argument(
        "--words", type=Path, metavar="FILE", help="of a host that scorelock learn has learnt"
    )
    group.add_argument(
        "--follow",
        default=OSC,
        metavar="osc|mtc:PORT|clock:PORT|mpv:SOCKET|jack|ltc:PORT",
        help="what the host speaks: OSC; MIDI timecode or clock at an input (its name or part of "
        "it, or virtual:NAME for a new one); mpv's --input-ipc-server; JACK's transport; linear "
        "timecode at a JACK port (default: %(default)s)",
    )
    group.add_argument(
        "--lead",
        metavar="NAME[@HOST[:PORT]]",
        help="of several hosts, who is followed (default: the first one heard)",
    )
    group.add_argument(
        "--latency",
        action="append",
        default=[],
        metavar="[NAME=]MS",
        help="how much later than its reports the host is heard, or the host of that name when it "
        "leads; negative for earlier; [ and ] change it while playing (default: 0)",
    )
    group.add_argument(
        "--film-start",
        default="0",
        metavar="TC|SECONDS",
        help="the host's time at the film's first frame (default: %(default)s)",
    )
    group.add_argument(
        "--timecode-rate",
        choices=RATES,
        help="frames a second of timecode (default: asked once where the film's leaves it open)",
    )


def add_out_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where notes, controllers, timecode and OSC go, and when notes are left out."""
    group = parser.add_argument_group("what goes out")
    group.add_argument(
        "--midi-out",
        metavar="PORT",
        help="an output's name or part of it, or virtual:NAME for a new one (default: virtual)",
    )
    group.add_argument(
        "--part",
        action="append",
        default=[],
        metavar="PART=CHANNEL[:PROGRAM[:BANK]][@PORT]",
        help="where chords, bass, pattern or drone go and with which sound; may be given for each",
    )
    group.add_argument(
        "--expression",
        metavar="1,11",
        help="controllers that follow the loudness while a chord holds: 1 is modulation, 11 "
        "expression (default: none)",
    )
    group.add_argument("--mtc-out", metavar="PORT", help="send the host's place as MIDI timecode")
    group.add_argument("--clock-out", metavar="PORT", help="send MIDI clock from the film's start")
    group.add_argument(
        "--bpm",
        type=float,
        default=120.0,
        help="quarter notes a minute of that clock (default: %(default)s)",
    )
    group.add_argument(
        "--osc-out",
        metavar="HOST:PORT",
        help="send /scorelock/position, /state, /chord, /next and /hit",
    )
    add_late_arguments(group)


def add_late_arguments(group: argparse._ArgumentGroup) -> None:
    """Add when notes are left out, and what is heard where the host stands."""
    group.add_argument(
        "--late",
        choices=[each.value for each in Late],
        default=Late.PLAY.value,
        help="a note whose time is past: play it if it still sounds, drop it, or strike it all "
        "the same and count it (default: %(default)s)",
    )
    group.add_argument(
        "--on-stop",
        choices=[each.value for each in OnStop],
        default=OnStop.SILENCE.value,
        help="where the host stops or its cursor is set: silence, or its chord for two seconds "
        "(default: %(default)s)",
    )


def latencies_s(words: Iterable[str]) -> dict[str, float]:
    """Seconds of --latency by the host's name; that of any host is "".

    Raises:
        BadSetting: too long, or no number.
    """
    found: dict[str, float] = {}
    for word in words:
        name, _, milliseconds = word.rpartition("=")
        try:
            found[name] = float(milliseconds) / 1000
        except ValueError:
            found[name] = math.nan
        if not abs(found[name]) <= LONGEST_LATENCY_S:
            raise BadSetting(
                f"expected a --latency of at most {1000 * LONGEST_LATENCY_S:g} ms, such as 12.5 or "
                f"reaper=12.5, got {word!r}"
            )
    return found


def film_start_s(text: str, rate: FrameRate) -> float:
    """Seconds on the host's time line, from seconds or a timecode.

    Raises:
        BadSetting: neither of the two.
    """
    try:
        seconds = Timecode.parse(text, rate).seconds if ":" in text else float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise BadSetting(
            f"expected a --film-start in seconds, or a timecode such as 01:00:00:00, got {text!r}"
        )
    return seconds


def controllers(text: str | None) -> tuple[int, ...]:
    """The numbers of --expression.

    Raises:
        BadSetting: no controllers, or ones that mean something else to every instrument.
    """
    try:
        numbers = tuple(dict.fromkeys(map(int, text.split(",")))) if text else ()
    except ValueError:
        numbers = (-1,)
    # Bank select and data entry, sustain and its like, and channel modes are no curves.
    if not all(0 < number < 32 and number not in (6,) for number in numbers):
        raise BadSetting(f"expected --expression with controllers such as 1,11, got {text!r}")
    return numbers


def beats_a_minute(bpm: float) -> float:
    """The tempo of --bpm.

    Raises:
        BadSetting: no tempo.
    """
    if not SLOWEST <= bpm <= FASTEST:
        raise BadSetting(f"expected a --bpm from {SLOWEST:g} to {FASTEST:g}, got {bpm:g}")
    return bpm
