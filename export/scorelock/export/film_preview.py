"""The film with its score for sound, as an .mp4 by ffmpeg."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from scorelock.engine.errors import BadSetting, MissingPart, UnreadableFilm
from scorelock.engine.files import writing
from scorelock.export import preview
from scorelock.export.score import Score

COPIED: Final = ("-c:v", "copy")
ENCODED: Final = (
    *("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"),
    *("-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"),  # H.264 wants even sides
)


def write(path: Path, score: Score) -> None:
    """Write the film's own picture and the preview's sound; the film's own sound is left out.

    A picture that an .mp4 cannot hold (VP8, say) is encoded anew as H.264.

    Raises:
        MissingPart: ffmpeg is not installed.
        UnreadableFilm: the film is not where it was.
        BadSetting: ffmpeg cannot make it; says what it said.
    """
    program = shutil.which("ffmpeg")
    if program is None:
        raise MissingPart(
            "expected ffmpeg to join film and score, found none; install it, or write a .wav"
        )
    film = Path(score.cue.features.film.path)
    if not film.is_file():
        raise UnreadableFilm(f"expected the film at {film}, found none there; put it back")
    with tempfile.TemporaryDirectory() as folder, writing(path) as beside:
        sound = Path(folder) / "score.wav"
        preview.write(sound, score)
        said = ""
        for picture in (COPIED, ENCODED):
            inputs = [program, "-v", "error", "-y", "-i", str(film), "-i", str(sound)]
            streams = ["-map", "0:v:0", "-map", "1:a:0", *picture, "-c:a", "aac", "-b:a", "192k"]
            result = subprocess.run(
                [*inputs, *streams, "-movflags", "+faststart", str(beside)],
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            if result.returncode == 0:
                return
            said = " ".join(result.stderr.split()[-30:])
        raise BadSetting(f"expected ffmpeg to write {path}, it said: {said}; write a .wav instead")
