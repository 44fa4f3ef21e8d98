"""A score as sound: by FluidSynth where it and a sound font are installed, else by our own
synthesiser. 16 bits, stereo, exactly as long as the film, with a peak of at most -1 dBFS.
"""

import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from scorelock.engine.errors import BadSetting
from scorelock.engine.files import writing
from scorelock.export import midi_file
from scorelock.export.score import Score
from scorelock.export.synthesis import CEILING, FADE_S, FULL_SCALE, RATE, Samples, blocks

FONT_VARIABLE: Final = "SCORELOCK_SOUND_FONT"
FONT_PLACES: Final = (
    *("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts"),
    *("/usr/local/share/soundfonts", "/opt/homebrew/share/soundfonts"),
    *("~/.local/share/soundfonts", "~/Library/Audio/Sounds/Banks", "C:/soundfonts"),
)
PROGRAMS: Final = {"chords": 48, "bass": 43, "pattern": 0, "drone": 89}
"""General MIDI, counted from 0: strings, double bass, piano, warm pad."""
CHUNK: Final = 1 << 18


def write(
    path: Path, score: Score, font: Path | None = None, programs: Mapping[str, int] = PROGRAMS
) -> None:
    """Write the sound beside its place, then rename.

    Args:
        path: of the .wav.
        score: to play.
        font: that plays it; looked for unless it is given.
        programs: General MIDI programs of the parts by name, counted from 0.
    """
    font = font or sound_font()
    program = shutil.which("fluidsynth")
    playable = replace(score, programs=programs, controllers=())
    with writing(path) as beside:
        if font is None or program is None:
            _save(beside, blocks(score.performance))
        else:
            with tempfile.TemporaryDirectory() as folder:
                _save(beside, _played(program, font, playable, Path(folder)))


def sound_font() -> Path | None:
    """The font that $SCORELOCK_SOUND_FONT names, else the largest in the usual places.

    Raises:
        BadSetting: it names none.
    """
    if named := os.environ.get(FONT_VARIABLE):
        if not Path(named).is_file():
            raise BadSetting(f"expected a sound font in ${FONT_VARIABLE}, got {named}; correct it")
        return Path(named)
    return max(sound_fonts(), key=lambda file: (file.stat().st_size, file.name), default=None)


def sound_fonts() -> list[Path]:
    """All in the usual places, each once, however many links name it, in the order of names."""
    found = {
        file.resolve()
        for place in FONT_PLACES
        for file in Path(place).expanduser().glob("*.sf[23]")
        if file.is_file()
    }
    return sorted(found, key=lambda file: (file.name, file))


def _played(program: str, font: Path, score: Score, folder: Path) -> Iterator[Samples]:
    """What FluidSynth makes of the score: from the film's start to its end, as loud as it may be.

    Where it fails or stays silent, for a font may be broken, our own synthesiser plays instead.
    """
    notes, sound = folder / "score.mid", folder / "score.wav"
    midi_file.write(notes, score)
    command = [program, "-n", "-i", "-q", "-r", str(RATE), "-g", "0.3", "-F", str(sound)]
    result = subprocess.run(
        [*command, str(font), str(notes)], capture_output=True, check=False, timeout=3600
    )
    lead, total = round(score.lead_s * RATE), round(score.performance.duration_s * RATE)
    played = result.returncode == 0 and sound.is_file()
    peak = max(float(np.abs(each).max()) for each in _read(sound, lead, total)) if played else 0.0
    if not peak:
        yield from blocks(score.performance)
        return
    left = total
    for each in _read(sound, lead, total):
        fade = np.clip((left - np.arange(len(each))) / (FADE_S * RATE), 0, 1)
        yield (each * (fade * CEILING / peak)[:, None]).astype(np.float32)
        left -= len(each)


def _read(path: Path, first: int, total: int) -> Iterator[Samples]:
    """So many samples of a stereo file from a place on; silence where the file ends early."""
    with wave.open(str(path)) as file:
        file.setpos(min(first, file.getnframes()))
        for begin in range(0, total, CHUNK):
            size = min(CHUNK, total - begin)
            data = np.frombuffer(file.readframes(size), "<i2").reshape(-1, 2)
            whole = np.zeros((size, 2), np.float32)
            whole[: len(data)] = data / np.float32(FULL_SCALE)
            yield whole


def _save(path: Path, sound: Iterable[Samples]) -> None:
    with path.open("wb") as raw, wave.open(raw, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for samples in sound:
            file.writeframesraw(np.rint(samples * FULL_SCALE).astype("<i2").tobytes())
