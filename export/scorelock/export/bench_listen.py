"""How well the builder of data sets hears: scores whose truth is known, played by FluidSynth."""

import shutil
import tempfile
import wave
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scorelock.engine.bundle import Bundle
from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.engine.features import Cut, Film, VideoFeatures
from scorelock.engine.mood import emotions
from scorelock.engine.shots import scene_offsets
from scorelock.engine.timebase import FrameRate
from scorelock.engine.watch import watch
from scorelock.export import preview
from scorelock.export.listening_score import Trial, scores
from scorelock.export.truth import BANDS, Plan, Truth, composed, plans, play_under
from scorelock.training.listening.heard import RATE
from scorelock.training.listening.listen import listen
from scorelock.training.listening.sound import read_sound
from scorelock.training.listening.transcribe import Transcriber

SECONDS: Final = 48
"""Of a piece that is composed without a film."""
GOALS: Final = {
    "majmin": 0.85,
    "sevenths": 0.70,
    "key": 0.90,
    "density": 0.90,
    "loudness": 0.90,
}
WORST: Final = 3


def measure(
    now: Callable[[], float], films: Sequence[Path] = (), fonts: Sequence[Path] = ()
) -> dict[str, Any]:
    """Compose a piece for every sound font and style, play it, compress it, and listen to it.

    Args:
        now: reads a clock in seconds.
        films: to compose for in turn, whose picture the sound is put under; without them the
            picture is made up, and the sound is alone.
        fonts: to play with; without them all that are installed.

    Returns:
        Every measure of `scores`; "fonts" and "styles": the same for each; "worst": names and
        scores of the pieces whose chords were heard worst; "pieces": how many; "listening": how
        many times as fast as it sounds one processor listens; "what" in a line.

    Raises:
        MissingPart: FluidSynth, a sound font, ffmpeg or the transcriber's model is not installed.
        BadSetting: a sound font is not there, or a film cannot be given another sound.
        UnreadableFilm: a film cannot be watched.
    """
    chosen = _fonts(fonts)
    bundle, transcriber = Bundle.open(), Transcriber.open()
    pictures = [(film, watch(film)) for film in films]
    trials, listened_s, sounded_s = [], 0.0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number, plan in enumerate(plans(chosen)):
            film, seen = (
                pictures[number % len(pictures)] if pictures else (None, made_up(plan.seed))
            )
            truth, sound, level = _played(seen, film, bundle, plan, folder)
            begun = now()
            heard = listen(read_sound(sound), len(truth.density), transcriber)
            listened_s, sounded_s = listened_s + now() - begun, sounded_s + len(level)
            trials.append(Trial(plan.name, plan.font.stem, plan.style.value, truth, heard, level))
    alone = sorted(((trial.name, scores([trial])) for trial in trials), key=_chords)
    return {
        **scores(trials),
        "fonts": _grouped(trials, lambda trial: trial.font),
        "styles": _grouped(trials, lambda trial: trial.style),
        "worst": dict(alone[:WORST]),
        "pieces": len(trials),
        "listening": sounded_s / listened_s,
        "what": f"{len(trials)} pieces by {len(chosen)} sound fonts, {sounded_s / 60:.0f} minutes",
    }


def rows(result: dict[str, Any]) -> list[tuple[str, str, str, str, str]]:
    """The table: measure, ours, the goal, their ratio, and what it is."""
    r = result
    worst = ", ".join(f"{name} ({of['majmin']:.2f})" for name, of in r["worst"].items())
    said = {
        "majmin": f"{r['what']}; chord right of major, minor (mir_eval); other: the goal; "
        f"{r['most']:.2f} is the most that one chord a second can get; worst: {worst}",
        "sevenths": "chord right with its seventh (mir_eval); all 13 qualities "
        f"{r['exact']:.2f}, root {r['root']:.2f}",
        "key": f"of the pieces; with a part for near keys {r['key_near']:.2f} (mir_eval)",
        "density": "of the seconds, the number of notes within 20 %; always telling the median "
        f"gets {r['steady']:.2f}",
        "loudness": "correlation with the sound as it was played; with what the score asked for "
        f"{r['asked']:.2f}",
    }
    return [
        *(
            (f"listen: {name}", f"{r[name]:.3f}", f"{goal:.2f}", f"{r[name] / goal:.2f}", what)
            for (name, goal), what in zip(GOALS.items(), said.values(), strict=True)
        ),
        *_by("font", r["fonts"]),
        *_by("style", r["styles"]),
        ("listen: speed", f"{r['listening']:.1f}", "", "", "seconds of sound heard in a second"),
    ]


def _by(what: str, groups: dict[str, dict[str, float]]) -> Iterable[tuple[str, str, str, str, str]]:
    for name, of in groups.items():
        told = ", ".join(f"{measure} {of[measure]:.2f}" for measure in GOALS if measure != "majmin")
        yield f"listen: {what}", f"{of['majmin']:.3f}", "", "", f"{name}: {told}"


def _grouped(trials: Iterable[Trial], name: Callable[[Trial], str]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[name(trial)].append(trial)
    return {each: scores(group) for each, group in groups.items()}


def _chords(piece: tuple[str, dict[str, float]]) -> float:
    return piece[1]["majmin"]


def _fonts(wanted: Sequence[Path]) -> list[Path]:
    if shutil.which("fluidsynth") is None:
        raise MissingPart("expected fluidsynth to play scores, found none; install it")
    for path in wanted:
        if not _is_font(path):
            raise BadSetting(f"expected a sound font (.sf2, .sf3), got {path}; correct the path")
    fonts = list(wanted) or [path for path in preview.sound_fonts() if _is_font(path)]
    if not fonts:
        raise MissingPart(
            "expected a sound font to play scores with, found none; install one, such as Debian's "
            "fluid-soundfont-gm, or name one with --soundfont"
        )
    return fonts


def _is_font(path: Path) -> bool:
    """By its first bytes, for a broken one is not heard to be broken: our own synthesiser plays."""
    try:
        with path.open("rb") as file:
            return file.read(12)[8:] == b"sfbk"
    except OSError:
        return False


def _played(
    seen: VideoFeatures, film: Path | None, bundle: Bundle, plan: Plan, folder: str
) -> tuple[Truth, Path, NDArray[np.float32]]:
    """What is known of a piece, its sound as a video has it, and its level second by second."""
    score = composed(seen, bundle, plan)
    sound = Path(folder) / "piece.wav"
    preview.write(sound, score, plan.font, BANDS[plan.band])
    video = Path(folder) / f"piece{film.suffix if film else '.m4a'}"
    play_under(sound, film, video)
    return Truth.of(score), video, _level(sound)


def _level(path: Path) -> NDArray[np.float32]:
    """Root mean square (T,) of each second of a stereo file of 16 bits, its sides mixed."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    mono = samples.mean(axis=1) / 32768
    seconds = np.split(mono, range(RATE, len(mono), RATE))
    return np.array([np.sqrt((second**2).mean()) for second in seconds], np.float32)


def made_up(seed: int) -> VideoFeatures:
    """A film whose scenes last 3 to 9 s and have a mood each; the same for the same seed."""
    draw = np.random.default_rng(seed)
    starts = np.cumsum(draw.integers(3, 10, SECONDS))
    scene = np.searchsorted(starts, np.arange(SECONDS), side="right")
    valence, arousal = draw.uniform(-0.9, 0.9, (2, SECONDS))[:, scene].astype(np.float32)
    cuts = tuple(Cut(float(at_s), 30.0) for at_s in starts if at_s < SECONDS)
    return VideoFeatures(
        film=Film("film.mp4", "0" * 64, float(SECONDS), FrameRate(Fraction(24)), 640, 360, False),
        extractor="picture/bench",
        scene_offset=scene_offsets(cuts, SECONDS),
        motion=(10 * (1 + arousal) + draw.uniform(0, 5, SECONDS)).astype(np.float32),
        emotion=emotions(valence, arousal),
        valence=valence,
        arousal=arousal,
        cuts=cuts,
    )
