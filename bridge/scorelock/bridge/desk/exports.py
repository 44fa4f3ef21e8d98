"""The score as files to take away."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from scorelock.engine.score import Cue, Performance
from scorelock.engine.timebase import Timecode

WORDS: Final = {
    ".mid": "MIDI file, with tempo map and markers",
    ".musicxml": "MusicXML: lead sheet and parts",
    ".lab": "chord list (.lab)",
    ".csv": "chord list (.csv)",
    ".cues.csv": "cue sheet",
    ".spotting.csv": "spotting notes",
    ".reaper.csv": "REAPER markers and regions",
    ".json": "everything, as JSON",
    ".edl": "hits as EDL markers",
    ".wav": "a sketch of the sound",
    ".mp4": "the film with that sketch",
}
"""What is written, in the order of the menu."""


def write(
    folder: Path,
    name: str,
    cue: Cue,
    performance: Performance,
    start: Timecode | None,
    programs: Mapping[str, int],
) -> Path:
    """Write a score in the format that the name asks for, in a new folder below this one.

    Args:
        folder: a temporary one.
        name: of the file.
        cue: the score.
        performance: its notes.
        start: timecode of the film's first frame; None for none.
        programs: 0..127, by part.

    Raises:
        ScorelockError: why it cannot be written.
    """
    from scorelock.export import formats
    from scorelock.export.score import Score

    path = Path(mkdtemp(dir=folder)) / name
    score = Score(cue, performance, cue.tempo_map, cue.hits, start, (), programs)
    formats.write(path, score)
    return path
