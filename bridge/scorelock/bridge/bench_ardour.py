"""How exactly notes go out beside a real Ardour, which plays the same score from its own track.

Ardour without its window rolls on a JACK server of its own. Its track holds the MIDI file that is
exported of the score; Scorelock's live session and a plain bridge, each a process of its own,
follow it over OSC and play the score, too. One JACK client hears all three, on JACK's own frame
clock: what is measured is how long after Ardour's own note each of theirs sounds.

A latency that all notes share is the user's to set (--latency): it is found as the median of the
run's beginning, taken off, and what is left is told of the rest.
"""

import os
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack, closing
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from mido import MidiFile

from scorelock.bridge.asking import question
from scorelock.bridge.bench_bridges import OTHER, OURS, RATE, Both, child, finish, other, ours
from scorelock.bridge.bench_live import synthetic
from scorelock.bridge.clock import MonotonicClock
from scorelock.bridge.console import say
from scorelock.bridge.dialects.contract import Peer
from scorelock.bridge.headless_ardour import MIDI_OUT, HeadlessArdour
from scorelock.bridge.jack_server import jack_server
from scorelock.bridge.ledger import NOTE_ON
from scorelock.bridge.osc_in import OscIn
from scorelock.bridge.outputs import RecordingOut
from scorelock.bridge.port_process import PortProcess
from scorelock.bridge.timelines.jack_client import load_jack
from scorelock.engine.errors import MissingPart
from scorelock.engine.features import Film, VideoFeatures
from scorelock.engine.key import Key
from scorelock.engine.score import ComposeSettings, Cue, Dynamics, Performance
from scorelock.export.midi_file import midi
from scorelock.export.score import Score

HOST: Final = "ardour"
_SAMPLE_RATE: Final = 48_000
_PERIOD: Final = 256  # frames: with less, a server without hardware misses periods under Ardour
_CALIBRATES_S: Final = 10.0
_SETTLES_S: Final = 2.0

# Ardour keeps one reply port a host: two on one address would silence each other.
_LISTEN: Final = {OURS: "127.0.0.1:0", OTHER: "127.0.0.2:0"}

Heard = list[tuple[int, bytes]]
"""JACK's frames and messages."""


def measure(seconds: float = 60.0, *, seed: int = 0) -> dict[str, Any]:
    """Let Ardour play that long, and compare.

    Args:
        seconds: of playing; the latency is found in the first 10, or the first third.
        seed: of the notes.

    Returns:
        "ours_ms" and "naive_ms": median and p99 of how far a note was from Ardour's own, either
        way, less the latency; "offset_ms": that latency of ours, "naive_offset_ms" of the plain
        bridge; "planned", and "received" of ours, in the whole run; "period_ms": of JACK, to which
        live notes are rounded up; "xruns": periods that JACK missed meanwhile; "what".

    Raises:
        MissingPart: Ardour, jackd or JACK-Client is not here, does not start, or is not heard.
    """
    jack = load_jack()
    score = synthetic(seconds, seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        stack.enter_context(jack_server(f"scorelock-ardour-{os.getpid()}"))
        with closing(jack.Client("scorelock-period", no_start_server=True)) as client:
            client.blocksize = _PERIOD
        host = HeadlessArdour(folder, MonotonicClock(), _exported(score))
        heard, xruns = _play(stack.enter_context(host), score)
    if not all(map(_ons, heard.values())):
        raise MissingPart(
            "expected Ardour, Scorelock and the plain bridge to be heard over JACK, got nothing of "
            + ", ".join(name for name, messages in heard.items() if not _ons(messages))
        )
    split_s = min(_CALIBRATES_S, seconds / 3)
    ours_ms, offset_ms = _compare(heard[OURS], heard[HOST], split_s)
    naive_ms, naive_offset_ms = _compare(heard[OTHER], heard[HOST], split_s)
    return {
        "ours_ms": ours_ms,
        "naive_ms": naive_ms,
        "offset_ms": offset_ms,
        "naive_offset_ms": naive_offset_ms,
        "planned": len(score.notes),
        "received": len(_ons(heard[OURS])),
        "period_ms": 1000 * _PERIOD / _SAMPLE_RATE,
        "xruns": xruns,
        "what": "live notes against Ardour's own track, in one JACK client, less the latency",
    }


def _play(ardour: HeadlessArdour, score: Performance) -> tuple[dict[str, Heard], int]:
    clock = MonotonicClock()
    with ExitStack() as stack:
        bridges = [
            stack.enter_context(child(_bridge, name, score, listen, ardour.osc))
            for name, listen in _LISTEN.items()
        ]
        for bridge in bridges:
            bridge.recv()
        ports = {HOST: MIDI_OUT, OURS: f":{OURS}$", OTHER: f":{OTHER}$"}
        capture = stack.enter_context(child(_capture, ports))
        capture.recv()
        clock.sleep_until(clock.now() + _SETTLES_S)
        ardour.send("/transport_play")
        clock.sleep_until(clock.now() + score.duration_s)
        ardour.send("/transport_stop")
        clock.sleep_until(clock.now() + _SETTLES_S)
        for bridge in bridges:
            finish(bridge)
        heard: tuple[dict[str, Heard], int] = finish(capture)
    return heard


def _bridge(
    parent: "Connection[Any, Any]", name: str, score: Performance, listen: str, host: Peer
) -> None:
    """Another process: ours or the plain bridge, which asks the host to tell it where it is."""
    clock = MonotonicClock()
    out = Both(PortProcess(f"virtual:{name}", clock, say), RecordingOut(clock))
    osc = OscIn(listen, clock)
    osc.greet(*question(f"{HOST}@{host[0]}:{host[1]}", RATE, osc.address[1]))
    run = ours if name == OURS else other
    with closing(out):
        run(parent, score, out, osc)
    parent.send("closed")


def _capture(parent: "Connection[Any, Any]", ports: dict[str, str]) -> None:
    """Another process: hear these ports, given by pattern, until told to end."""
    client = load_jack().Client("scorelock-capture", no_start_server=True)
    inputs = {name: client.midi_inports.register(name) for name in ports}
    heard: dict[str, Heard] = {name: [] for name in ports}
    xruns: list[float] = []

    def process(frames: int) -> None:
        start = client.last_frame_time
        for name, port in inputs.items():
            events = port.incoming_midi_events()
            heard[name] += [(start + offset, bytes(data)) for offset, data in events]

    client.set_process_callback(process)
    client.set_xrun_callback(xruns.append)
    with client:
        for name, pattern in ports.items():
            (source,) = client.get_ports(pattern, is_midi=True, is_output=True)
            client.connect(source, inputs[name])
        parent.send("ready")
        parent.recv()
    parent.send((heard, len(xruns)))


def _compare(live: Heard, host: Heard, split_s: float) -> tuple[dict[str, float], float]:
    """The error after split_s in milliseconds, and the latency before it, which is taken off."""
    late = _lateness(_ons(live), _ons(host))
    began = min((frame for frame, _ in late), default=0)
    split = began + split_s * _SAMPLE_RATE
    offset_ms = median([late_ms for frame, late_ms in late if frame < split] or [0.0])
    rest = np.abs([late_ms - offset_ms for frame, late_ms in late if frame >= split])
    p50, p99 = np.percentile(rest, (50, 99))
    return {"median": float(p50), "p99": float(p99)}, offset_ms


def _lateness(live: Heard, host: Heard) -> list[tuple[int, float]]:
    """When the host struck each note that was played live, and by how many milliseconds it came
    later: the nearest one of the same key.
    """
    keys: dict[tuple[int, int], list[int]] = defaultdict(list)
    for frame, data in host:
        keys[data[0], data[1]].append(frame)
    pairs = [
        (min(keys[data[0], data[1]], key=lambda own: abs(frame - own)), frame)
        for frame, data in live
        if keys[data[0], data[1]]
    ]
    return [(own, 1000 * (frame - own) / _SAMPLE_RATE) for own, frame in pairs]


def _ons(heard: Sequence[tuple[int, bytes]]) -> Heard:
    return [(frame, data) for frame, data in heard if data[0] & 0xF0 == NOTE_ON and data[2]]


def _exported(score: Performance) -> MidiFile:
    """The file that a user exports: of a film without chords, for only the notes matter here."""
    rows = int(np.ceil(score.duration_s))
    still, even = np.zeros(rows, np.float32), np.full((rows, 6), 1 / 6, np.float32)
    film = Film("bench", "", score.duration_s, RATE, 1, 1, False)
    features = VideoFeatures(film, "bench", still, still, even, still, still, ())
    dynamics = Dynamics(still, still)
    cue = Cue(features, Key.parse("C"), (), dynamics, ComposeSettings(), "bench")
    return midi(Score(cue, score))
