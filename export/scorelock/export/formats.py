"""Every format that a score is written in, chosen by the file's name."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadSetting
from scorelock.export import (
    chord_list,
    cue_sheet,
    edl,
    film_preview,
    json_file,
    midi_file,
    music_xml,
    preview,
    reaper_markers,
)
from scorelock.export.score import Score

Writer = Callable[[Path, Score], None]

FORMATS: Final[dict[str, Writer]] = {
    ".mid": midi_file.write,
    ".midi": midi_file.write,
    ".musicxml": music_xml.write,
    ".lab": chord_list.write_lab,
    ".csv": chord_list.write_csv,
    ".cues.csv": cue_sheet.write_cue_sheet,
    ".spotting.csv": cue_sheet.write_spotting,
    ".reaper.csv": reaper_markers.write,
    ".json": json_file.write,
    ".edl": edl.write_markers,
    ".wav": preview.write,
    ".mp4": film_preview.write,
}
"""By what the file's name ends in; the longest ending that fits counts."""


def writer(path: Path) -> Writer:
    """What writes a file of this name.

    Raises:
        BadSetting: the name ends in none of `FORMATS`.
    """
    name = path.name.lower()
    endings = [ending for ending in FORMATS if name.endswith(ending) and name != ending]
    if not endings:
        raise BadSetting(
            f"expected a file named *{', *'.join(FORMATS)}; got {path.name or path}; "
            "choose one with -o"
        )
    return FORMATS[max(endings, key=len)]


def write(path: Path, score: Score) -> None:
    """Write a score in the format that the file's name asks for.

    Raises:
        BadSetting: there is no such format, or nothing can be written there.
        MissingPart: the format needs a program that is not installed.
    """
    writer(path)(path, score)
