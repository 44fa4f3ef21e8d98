"""A performance as a Standard MIDI File (SMF 1.0, type 1) that any DAW opens.

One second is two beats at 120 a minute, so that seconds, frames and beats agree without a tempo
map; chord names are markers; every track ends when the film does.
"""

from pathlib import Path
from typing import Final

from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

from scorelock.engine.files import writing
from scorelock.engine.score import Cue, Part, Performance

TICKS_PER_BEAT: Final = 480
BEATS_PER_MINUTE: Final = 120
TICKS_PER_SECOND: Final = TICKS_PER_BEAT * BEATS_PER_MINUTE // 60


def write_midi(path: Path, cue: Cue, performance: Performance) -> None:
    """Write the file beside its place, then rename: a file already there is never half lost."""
    with writing(path) as beside:
        midi_file(cue, performance).save(beside)


def midi_file(cue: Cue, performance: Performance) -> MidiFile:
    """A conductor track (tempo, meter, key, chord markers), then a track for each part."""
    end = ticks(performance.duration_s)
    file = MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    file.tracks.append(_conductor(cue, end))
    file.tracks.extend(_part(part, end) for part in performance.parts)
    return file


def ticks(seconds: float) -> int:
    """The nearest tick to a time in seconds (a tick is 1.04 ms)."""
    return round(seconds * TICKS_PER_SECOND)


def _conductor(cue: Cue, end: int) -> MidiTrack:
    signature = cue.key.tonic + ("m" if cue.key.minor else "")
    film = Path(cue.features.film.path).name
    head = [
        MetaMessage("track_name", name=film.encode("ascii", "replace").decode("ascii")),
        MetaMessage("set_tempo", tempo=bpm2tempo(BEATS_PER_MINUTE)),
        MetaMessage("time_signature", numerator=4, denominator=4),
        MetaMessage("key_signature", key=signature),
    ]
    markers = [
        (ticks(span.start_s), MetaMessage("marker", text=cue.key.symbol(span.chord)))
        for span in cue.chords
    ]
    return _track([(0, message) for message in head] + markers, end)


def _part(part: Part, end: int) -> MidiTrack:
    """Note-offs come before note-ons at the same tick, so that a repeated note sounds again."""
    events: list[tuple[int, int, Message]] = []
    for note in part.notes:
        on, off = ticks(note.onset_s), ticks(note.end_s)
        sound = {"channel": note.channel, "note": note.pitch}
        events.append((max(off, on + 1), 0, Message("note_off", velocity=0, **sound)))
        events.append((on, 1, Message("note_on", velocity=note.velocity, **sound)))
    events.sort(key=lambda event: event[:2])
    name = MetaMessage("track_name", name=part.name)
    return _track([(0, name)] + [(tick, message) for tick, _, message in events], end)


def _track(events: list[tuple[int, Message | MetaMessage]], end: int) -> MidiTrack:
    track = MidiTrack()
    now = 0
    for tick, message in [*events, (end, MetaMessage("end_of_track"))]:
        track.append(message.copy(time=tick - now))
        now = tick
    return track
