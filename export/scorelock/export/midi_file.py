"""A score as a Standard MIDI File (SMF 1.0, type 1) that any DAW opens.

The file begins at the bar line at or before the film's first frame, so that its bars are the
music's; the cue point `FILM_STARTS` and, where the film's timecode is known, the SMPTE offset say
where the film lies. Chord names are markers, hits are cue points, and every track ends when the
film does.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from mido import Message, MetaMessage, MidiFile, MidiTrack

from scorelock.engine.expression import values
from scorelock.engine.files import writing
from scorelock.engine.score import Cue, Part
from scorelock.engine.tempo_map import TICKS
from scorelock.engine.timebase import Timecode
from scorelock.export.score import Score

FILM_STARTS: Final = "film starts"

SMPTE_RATES: Final = (24, 25, 30)
"""Frames a second that an SMPTE offset can name, beside 29.97 drop (SMF 1.0, FF 54)."""

_Event = tuple[int, int, Message | MetaMessage]  # tick, rank among those of one tick, message


def write(path: Path, score: Score) -> None:
    """Write the file beside its place, then rename: a file already there is never half lost."""
    with writing(path) as beside:
        midi(score).save(beside)


def midi(score: Score) -> MidiFile:
    """A conductor track (tempo, meter, key, markers, cue points), then each part that plays."""
    file = MidiFile(type=1, ticks_per_beat=TICKS)
    end = score.paper.tick(score.performance.duration_s)
    file.tracks.append(_track(_conductor(score), end))
    parts = (part for part in score.performance.parts if part.notes)
    file.tracks.extend(_track(_part(score, part), end) for part in parts)
    return file


def _conductor(score: Score) -> Iterator[_Event]:
    paper, key = score.paper, score.cue.key
    yield 0, 0, MetaMessage("track_name", name=_ascii(score.title))
    if (offset := smpte_offset(score)) is not None:
        yield 0, 0, offset
    for change in paper.tempos:
        tick = int(change.quarter * TICKS)
        yield tick, 0, MetaMessage("set_tempo", tempo=change.microseconds)
    for meter in paper.meters:
        tick = int(paper.bar_quarter(meter.bar) * TICKS)
        signature = {"numerator": meter.beats, "denominator": meter.unit}
        yield tick, 0, MetaMessage("time_signature", **signature)
    yield 0, 0, MetaMessage("key_signature", key=key.tonic + ("m" if key.minor else ""))
    yield paper.tick(0), 1, MetaMessage("cue_marker", text=FILM_STARTS)
    for span in score.cue.chords:
        yield paper.tick(span.start_s), 1, MetaMessage("marker", text=key.symbol(span.chord))
    for hit in score.hits:
        yield paper.tick(hit.at_s), 1, MetaMessage("cue_marker", text=hit.kind)


def smpte_offset(score: Score) -> MetaMessage | None:
    """The timecode at which the file begins, to a hundredth of a frame (SMF 1.0, FF 54).

    Before 00:00:00:00 comes 23:59:59, as on tape. None where the film's timecode is not known, or
    its numbers are no multiple of those that an offset has: at 48, 50 and 60 frames a second a
    number stands for half a frame of 24, 25 and 30, at 12 and 12.5 for two of 24.
    """
    if score.start is None:
        return None
    rate = score.start.rate
    base = next((b for b in SMPTE_RATES if not (rate.nominal % b and b % rate.nominal)), None)
    if base is None:
        return None
    day = Timecode.parse(f"23:59:59:{rate.nominal - 1:02}", rate).frame + 1
    half_a_hundredth = Fraction(rate.nominal, 200 * base)
    exact = (score.start.frame + score.paper.first_s * rate.fps + half_a_hundredth) % day
    label = str(Timecode(int(exact), rate)).replace(";", ":")
    hours, minutes, seconds, number = (int(digits) for digits in label.split(":"))
    in_second = (number + exact % 1) * base / rate.nominal
    return MetaMessage(
        "smpte_offset",
        frame_rate=29.97 if rate.drop else base,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        frames=int(in_second),
        sub_frames=int(in_second % 1 * 100),
    )


def _part(score: Score, part: Part) -> Iterator[_Event]:
    """Note-offs come before note-ons at the same tick, so that a repeated note sounds again."""
    paper = score.paper
    yield 0, 0, MetaMessage("track_name", name=_ascii(part.name))
    for channel in sorted({note.channel for note in part.notes}):
        if part.name in score.programs:
            program = score.programs[part.name]
            yield 0, 0, Message("program_change", channel=channel, program=program)
        if score.controllers:
            for at_s, value in zip(*values(_loudness(score.cue)), strict=True):
                for control in score.controllers:
                    change = {"channel": channel, "control": control, "value": value}
                    yield paper.tick(at_s), 2, Message("control_change", **change)
    for note in part.notes:
        on, off = paper.tick(note.onset_s), paper.tick(note.end_s)
        sound = {"channel": note.channel, "note": note.pitch}
        yield on, 3, Message("note_on", velocity=note.velocity, **sound)
        yield max(off, on + 1), 1, Message("note_off", velocity=0, **sound)


def _loudness(cue: Cue) -> tuple[float, ...]:
    return tuple(float(row) for row in cue.dynamics.loudness)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")


def _track(events: Iterator[_Event], end: int) -> MidiTrack:
    track = MidiTrack()
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track", time=max(0, end - now)))
    return track
