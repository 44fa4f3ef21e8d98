"""scorelock calibrate: measure the latency that `scorelock live --latency` takes."""

import argparse
import json
import random
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from scorelock.bridge.calibration import LONGEST_S, Arrivals, Delays, delays, onsets
from scorelock.bridge.clock import Clock, MonotonicClock
from scorelock.bridge.console import say
from scorelock.bridge.ledger import NOTE_ON, Ledger
from scorelock.bridge.live_options import latencies_s
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.ports import MidiIn, MidiPort, open_input
from scorelock.engine.errors import BadSetting, PortError

MOST_NOTES: Final = 10_000
_PITCHES: Final = tuple(range(48, 72))
_VELOCITY: Final = 64
_GAP_S: Final = 0.08, 0.12  # between notes: not in step with any system's period
_HELD_S: Final = 0.04
_POLL_S: Final = 0.001
_SETTLES_S: Final = 0.5  # until the two ports are connected


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The two ways to measure."""
    echo = parser.add_argument_group("by notes that come back")
    echo.add_argument("--midi-out", metavar="NAME", help="the output, as of scorelock live")
    echo.add_argument(
        "--midi-in", metavar="NAME", help="the input where the host, or a cable, sends them back"
    )
    echo.add_argument(
        "--notes", type=int, default=100, help="how many to send (default: %(default)s)"
    )
    recording = parser.add_argument_group("by notes that the host recorded")
    recording.add_argument(
        "--recorded",
        type=Path,
        metavar="TAKE.mid",
        help="what it recorded, as a MIDI file that begins with the film",
    )
    recording.add_argument(
        "--score", type=Path, metavar="SCORE.mid", help="what scorelock compose wrote"
    )
    recording.add_argument(
        "--latency",
        type=float,
        default=0.0,
        metavar="MS",
        help="the one that scorelock live was given meanwhile (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print it for programs")


def run(args: argparse.Namespace) -> int:
    """Measure, and say which --latency puts it right."""
    echo, recording = (args.midi_out, args.midi_in), (args.recorded, args.score)
    if all(echo) and not any(recording):
        result = _round_trip(args)
    elif all(recording) and not any(echo):
        result = _recorded(args)
    else:
        raise BadSetting(
            "expected --midi-out NAME with --midi-in NAME, "
            "or --recorded TAKE.mid with --score SCORE.mid; see scorelock calibrate --help"
        )
    print(json.dumps(result, indent=2) if args.json else "\n".join(_lines(result)))
    return 0


def _round_trip(args: argparse.Namespace) -> dict[str, Any]:
    if not 1 <= args.notes <= MOST_NOTES:
        raise BadSetting(f"expected --notes from 1 to {MOST_NOTES}, got {args.notes}")
    clock = MonotonicClock()
    with (
        closing(PortProcess(args.midi_out, clock, say)) as out,
        closing(open_input(args.midi_in, "--midi-in ")) as back,
        MidiPort(out, Ledger()) as port,
    ):
        say(f'sending {args.notes} notes to "{out.name}", waiting for them at "{back.name}"')
        sent, came = _exchange(port, back, args.notes, clock)
        name = back.name
    found = delays(onsets(sent), onsets(came), earliest_s=0.0)
    if not found.agree:
        raise PortError(
            f'expected the notes to come back at "{name}" within {LONGEST_S} s, '
            f"got {len(found.delays_s)} of {args.notes}; let the host or a cable send back "
            "what it gets, and try again"
        )
    return {
        "way": "round trip",
        "sent": args.notes,
        "lost": found.missing,
        "extra": found.extra,
        **_figures(found),
        "latency_ms": _milliseconds(-found.median_s / 2),
    }


def _exchange(
    port: MidiPort, back: MidiIn, count: int, clock: Clock
) -> tuple[list[tuple[float, object]], list[tuple[float, object]]]:
    """Send notes, one after another: when each went out, when any came, and their pitches."""
    draw, arrivals = random.Random(0), Arrivals()

    def listen(until_s: float) -> None:
        while (now_s := clock.now()) < until_s:
            clock.sleep_until(min(until_s, now_s + _POLL_S))
            messages = back.read()
            arrivals.add(messages, clock.now())

    listen(clock.now() + _SETTLES_S)
    sent: list[tuple[float, object]] = []
    for index in range(count):
        pitch = _PITCHES[index % len(_PITCHES)]
        starts_s = clock.now()
        port.send(bytes((NOTE_ON, pitch, _VELOCITY)))
        sent.append((starts_s, pitch))
        listen(starts_s + _HELD_S)
        port.send(bytes((NOTE_ON, pitch, 0)))
        listen(starts_s + draw.uniform(*_GAP_S))
    listen(clock.now() + LONGEST_S)
    came: list[tuple[float, object]] = [
        (at_s, data[1])
        for at_s, data in arrivals.stamped()
        if len(data) == 3 and data[0] & 0xF0 == NOTE_ON and data[2] and at_s >= sent[0][0]
    ]
    return sent, came


def _recorded(args: argparse.Namespace) -> dict[str, Any]:
    used_s = latencies_s([str(args.latency)])[""]
    score, take = _notes(args.score), _notes(args.recorded)
    # A host may record all of them on one channel.
    alike = len({channel for _, (channel, _) in take}) > 1
    meant, came = (
        onsets((at_s, key if alike else key[1]) for at_s, key in notes) for notes in (score, take)
    )
    found = delays(meant, came)
    if not found.agree:
        raise BadSetting(
            f"expected the notes of {args.score} in {args.recorded}, each within {LONGEST_S} s of "
            f"its place, found {len(found.delays_s)} of {len(score)}; export the recording so that "
            "it begins with the film's first frame, and give the score that was played"
        )
    return {
        "way": "recording",
        "found": len(found.delays_s),
        "missing": found.missing,
        "extra": found.extra,
        **_figures(found),
        "latency_ms": _milliseconds(used_s - found.median_s),
    }


def _notes(path: Path) -> list[tuple[float, tuple[int, int]]]:
    """Onset in seconds, and (channel, pitch), of every note in a MIDI file.

    Raises:
        BadSetting: it cannot be read, or has no notes.
    """
    from mido import MidiFile
    from mido.midifiles.meta import KeySignatureError

    notes, now_s = [], 0.0
    try:
        file = MidiFile(path, clip=True)
        if file.ticks_per_beat <= 0:
            raise ValueError("its times are in frames, not in beats")
        for message in file:
            now_s += message.time
            if message.type == "note_on" and message.velocity:
                notes.append((now_s, (message.channel, message.note)))
    except (OSError, EOFError, ValueError, TypeError, LookupError, KeySignatureError) as err:
        reason = getattr(err, "strerror", None) or str(err) or "it ends too early"
        raise BadSetting(
            f"expected a MIDI file at {path}, got: {reason}; export it again, as type 0 or 1"
        ) from err
    if not notes:
        raise BadSetting(f"expected notes in {path}, found none; choose the track that has them")
    return notes


def _figures(found: Delays) -> dict[str, float]:
    return {
        "median_ms": _milliseconds(found.median_s),
        "p99_ms": _milliseconds(found.p99_s),
        "jitter_ms": _milliseconds(found.jitter_s),
    }


def _milliseconds(seconds: float) -> float:
    return round(1000 * seconds, 2) + 0.0  # no -0.0


def _lines(result: dict[str, Any]) -> Iterable[str]:
    figures = (
        f"{result['median_ms']} ms at the median, {result['p99_ms']} ms at p99, "
        f"half of them within {result['jitter_ms']} ms of the median"
    )
    if result["way"] == "round trip":
        yield f"round trip: {figures}"
        yield f"notes:      {result['sent']} sent, {result['lost']} lost, {result['extra']} extra"
        yield f"use:        --latency {result['latency_ms']}"
        yield (
            "            half of the round trip, which is the way there if the way back takes as "
            "long; the sound that a host makes of a note may take longer"
        )
    else:
        yield f"late:     {figures}"
        counts = ", ".join(f"{result[name]} {name}" for name in ("found", "missing", "extra"))
        yield f"notes:    {counts}"
        yield f"use:      --latency {result['latency_ms']}"
