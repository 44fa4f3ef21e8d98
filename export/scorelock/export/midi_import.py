"""Tempo, meters and markers of a MIDI file that a DAW wrote, as a tempo map and hits."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from mido import MetaMessage, MidiFile
from mido.midifiles.meta import KeySignatureError

from scorelock.engine.errors import BadSetting
from scorelock.engine.hits import KINDS, Hit, Kind
from scorelock.engine.tempo_map import Meter, TempoChange, TempoMap
from scorelock.engine.timebase import Timecode
from scorelock.export.midi_file import FILM_STARTS

SMF_MICROSECONDS: Final = 500_000
"""A quarter until the first tempo, and 4/4 until the first meter (SMF 1.0)."""

BROKEN: Final = (OSError, EOFError, ValueError, LookupError, KeySignatureError)
"""What mido raises, as it reads whatever it is given."""

_Meta = tuple[Fraction, MetaMessage]  # quarters from the file's start


def read_midi(path: Path, start: Timecode | None = None) -> tuple[TempoMap, tuple[Hit, ...]]:
    """Read musical time and hits; bar 1 is the file's first bar.

    Hits are the file's cue points, or its markers where it has no cue points; one that is named
    like a kind of hit is of that kind, any other a "mark". What is before the film is passed over.
    The film begins at the cue point or marker `FILM_STARTS`; else where the file's SMPTE offset
    puts it, given the timecode of its first frame; else with the file.

    Raises:
        BadSetting: there is no MIDI file, it has no tempo, or a meter changes within a bar.
    """
    metas = _metas(path)
    tempos = {at: TempoChange(at, m.tempo) for at, m in metas if m.type == "set_tempo"}
    if not tempos:
        raise BadSetting(
            f"expected a MIDI file with a tempo, found none in {path}; "
            "export it again with the tempo map, or give a tempo"
        )
    tempos.setdefault(Fraction(0), TempoChange(Fraction(0), SMF_MICROSECONDS))
    try:
        grid = TempoMap(tuple(tempos[at] for at in sorted(tempos)), _meters(metas, path))
    except ValueError as err:
        raise BadSetting(f"expected tempos and meters of music in {path}, got: {err}") from err
    begins_s = _film_begins_s(metas, grid, start)
    grid = TempoMap(grid.tempos, grid.meters, -begins_s)
    named = [(at, m) for at, m in metas if m.type in ("cue_marker", "marker")]
    points = [(at, m) for at, m in named if m.text != FILM_STARTS]
    kind = "cue_marker" if any(m.type == "cue_marker" for _, m in points) else "marker"
    found = ((grid.seconds(at), m.text) for at, m in points if m.type == kind)
    return grid, tuple(sorted(_hit(at_s, text) for at_s, text in found if at_s >= 0))


def _metas(path: Path) -> list[_Meta]:
    """The meta events of all tracks, in time order."""
    try:
        file = MidiFile(path)
    except BROKEN as err:
        raise BadSetting(f"expected a MIDI file at {path}, got: {str(err) or 'its end'}") from err
    if file.type == 2 or not 0 < file.ticks_per_beat < 1 << 15:
        raise BadSetting(
            f"expected a MIDI file of type 0 or 1 in ticks a quarter, got type {file.type} "
            f"in division {file.ticks_per_beat} in {path}; export it again"
        )
    return sorted(_timed(file), key=lambda meta: meta[0])


def _timed(file: MidiFile) -> Iterator[_Meta]:
    for track in file.tracks:
        now = 0
        for message in track:
            now += message.time
            if isinstance(message, MetaMessage):
                yield Fraction(now, file.ticks_per_beat), message


def _meters(metas: list[_Meta], path: Path) -> tuple[Meter, ...]:
    meters, begins = {1: Meter()}, Fraction(0)
    for at, message in metas:
        if message.type != "time_signature":
            continue
        last = meters[max(meters)]
        bars = (at - begins) / last.quarters
        if bars.denominator != 1:
            raise BadSetting(
                f"expected meters to change on bar lines, got {message.numerator}/"
                f"{message.denominator} {float(at):g} quarters into {path}; move it to a bar line"
            )
        bar = last.bar + int(bars)
        meters[bar] = Meter(bar, message.numerator, message.denominator)
        begins = at
    return tuple(meters[bar] for bar in sorted(meters))


def _film_begins_s(metas: list[_Meta], grid: TempoMap, start: Timecode | None) -> Fraction:
    """Seconds from the file's start to the film's."""
    for at, message in metas:
        if message.type in ("cue_marker", "marker") and message.text == FILM_STARTS:
            return grid.seconds(at)
    offset = next((message for _, message in metas if message.type == "smpte_offset"), None)
    if start is None or offset is None:
        return Fraction(0)
    rate = start.rate
    frames = Fraction(100 * offset.frames + offset.sub_frames, 100)
    number, rest = divmod(frames * rate.nominal / round(offset.frame_rate), 1)
    label = f"{offset.hours}:{offset.minutes}:{offset.seconds}:{int(number)}"
    day = Timecode.parse(f"23:59:59:{rate.nominal - 1}", rate).frame + 1
    passed = (start.frame - Timecode.parse(label, rate).frame - rest) % day
    return Fraction(passed if passed < day / 2 else passed - day) / rate.fps


def _hit(at_s: Fraction, text: str) -> Hit:
    kind: Kind = next((name for name in KINDS if name == text.strip().lower()), "mark")
    return Hit(float(at_s), kind=kind)
