"""The sound of a score: levels, pitches, onsets; of our synthesiser, and of FluidSynth if there."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gridded import PICK_UP, each_film, film_score, score
from numpy.typing import NDArray

from scorelock.engine.errors import BadSetting
from scorelock.engine.score import Note, Part, Performance
from scorelock.export import preview, synthesis

LOUDEST = 10 ** (-1 / 20)  # -1 dBFS

needs_fluidsynth = pytest.mark.skipif(
    shutil.which("fluidsynth") is None or preview.sound_font() is None,
    reason="needs FluidSynth and a sound font: apt-get install fluidsynth timgm6mb-soundfont",
)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program is installed."""
    monkeypatch.setenv("PATH", "")


def heard(path: Path) -> NDArray[np.float64]:
    """Samples (n, 2), -1..1, as SciPy reads them."""
    wavfile = pytest.importorskip("scipy.io.wavfile")
    rate, samples = wavfile.read(path)
    assert rate == 44_100
    assert samples.dtype == np.int16
    return np.asarray(samples / 32767)


def playing(*notes: Note, part: str = "chords", duration_s: float = 3.0) -> Performance:
    return Performance((Part(part, notes),), duration_s)


def rendered(performance: Performance) -> NDArray[np.float32]:
    return np.concatenate(list(synthesis.blocks(performance)))


@pytest.mark.usefixtures("alone")
@each_film
def test_a_films_preview_is_as_long_as_the_film_and_never_too_loud(
    film: str, tmp_path: Path
) -> None:
    made = film_score(film)
    preview.write(tmp_path / "out.wav", made)
    samples = heard(tmp_path / "out.wav")
    assert len(samples) == round(made.performance.duration_s * 44_100)
    assert np.abs(samples).max() <= LOUDEST
    seconds = samples[: len(samples) // 44_100 * 44_100].reshape(-1, 44_100, 2)
    levels = 20 * np.log10(np.sqrt((seconds**2).mean(axis=(1, 2))))
    assert levels.min() > -45  # something sounds in every second
    assert -30 < 10 * np.log10((samples**2).mean()) < -9
    assert np.abs(samples[-1]).max() < 0.01


@pytest.mark.usefixtures("alone")
def test_the_same_notes_give_the_same_file(tmp_path: Path) -> None:
    made = score()
    for name in ("one.wav", "two.wav"):
        preview.write(tmp_path / name, made)
    assert (tmp_path / "one.wav").read_bytes() == (tmp_path / "two.wav").read_bytes()


@pytest.mark.parametrize("part", ["chords", "bass", "pattern", "drone", "lead"])
@pytest.mark.parametrize("pitch", [33, 69, 100])
def test_a_note_has_its_pitch_and_its_place(part: str, pitch: int) -> None:
    samples = rendered(playing(Note(1.0, 1.0, pitch, 90, 0), part=part))
    assert np.abs(samples[: round(0.999 * 44_100)]).max() < 1e-4  # the room's FFT rounds
    assert np.abs(samples[round(1.0 * 44_100) : round(1.2 * 44_100)]).max() > 0.01
    power = np.abs(np.fft.rfft(samples[44_100 : 2 * 44_100].sum(1) * np.hanning(44_100)))
    assert np.argmax(power) == pytest.approx(440 * 2 ** ((pitch - 69) / 12), abs=1.5)


def test_louder_notes_are_louder() -> None:
    soft, loud = (rendered(playing(Note(0, 2.0, 60, v, 0))) for v in (40, 110))
    assert (loud**2).mean() > 4 * (soft**2).mean()


def test_everything_at_once_stays_below_the_ceiling() -> None:
    notes = tuple(
        Note(0.1 * i, 1.0, pitch, 127, 0) for i in range(20) for pitch in range(36, 96, 3)
    )
    samples = rendered(playing(*notes))
    assert 0.8 < np.abs(samples).max() <= LOUDEST


@pytest.mark.parametrize("part", ["chords", "bass", "pattern", "drone"])
def test_nothing_clicks(part: str) -> None:
    """A jump would sound at all frequencies at once: above 12 kHz there is next to nothing."""
    notes = [Note(0.13 * i, 0.11 if i % 2 else 0.005, 40 + i, 100, 0) for i in range(20)]
    samples = rendered(playing(*notes, part=part))[:, 0]
    windows = np.lib.stride_tricks.sliding_window_view(samples, 512)[::128] * np.hanning(512)
    spectra = np.abs(np.fft.rfft(windows, axis=1)) ** 2
    treble = spectra[:, round(12_000 / 44_100 * 512) :].sum(1)
    assert treble.max() < 1e-5 * spectra.sum(1).max()


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(synthesis, "BLOCK", 60_000)
    synthesis._hall.cache_clear()
    yield
    synthesis._hall.cache_clear()


def test_blocks_leave_no_seam(request: pytest.FixtureRequest) -> None:
    notes = [Note(0.37 * i, 1.5, 50 + i, 90, 0) for i in range(12)]
    whole = rendered(playing(*notes, duration_s=5.5))
    request.getfixturevalue("small_blocks")
    parts = rendered(playing(*notes, duration_s=5.5))
    assert np.abs(whole - parts).max() < 1e-4


@needs_fluidsynth
@each_film
def test_fluidsynth_plays_a_film_from_its_start_to_its_end(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    preview.write(tmp_path / "out.wav", made)
    samples = heard(tmp_path / "out.wav")
    assert len(samples) == round(made.performance.duration_s * 44_100)
    assert np.abs(samples).max() == pytest.approx(LOUDEST, abs=0.001)


@needs_fluidsynth
def test_fluidsynth_plays_at_the_films_seconds_after_a_pick_up(tmp_path: Path) -> None:
    made = score("C F G")
    late = playing(Note(1.0, 1.0, 60, 100, 0), part="pattern")
    preview.write(tmp_path / "out.wav", replace(made, performance=late, grid=PICK_UP))
    samples = np.abs(heard(tmp_path / "out.wav")).max(1)
    assert np.argmax(samples > 0.05) / 44_100 == pytest.approx(1.0, abs=0.03)


def test_a_font_that_is_not_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(preview.FONT_VARIABLE, str(tmp_path / "none.sf2"))
    with pytest.raises(BadSetting, match=r"none\.sf2"):
        preview.write(tmp_path / "out.wav", score())
    assert list(tmp_path.iterdir()) == []


@needs_fluidsynth
def test_a_broken_font_is_made_up_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By the font that FluidSynth has itself, else by our own sound."""
    (tmp_path / "broken.sf2").write_bytes(b"no font")
    monkeypatch.setenv(preview.FONT_VARIABLE, str(tmp_path / "broken.sf2"))
    preview.write(tmp_path / "out.wav", score())
    samples = heard(tmp_path / "out.wav")
    assert len(samples) == 6 * 44_100
    assert np.abs(samples).max() > 0.1
