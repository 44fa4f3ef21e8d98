"""Notes that are played are heard; the model is the one that `scorelock models add` keeps."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from training.listening.tones import sound, tone, transcriber

from scorelock.engine.errors import BadBundle
from scorelock.training.listening.fetch import kept
from scorelock.training.listening.heard import PITCHES, RATE, Sound
from scorelock.training.listening.sound import read_sound
from scorelock.training.listening.transcribe import FRAME_S, SILENT, Transcriber


@pytest.fixture(scope="module")
def hears() -> Transcriber:
    return transcriber()


@pytest.fixture(scope="module")
def played() -> list[tuple[float, int]]:
    """(onset, pitch) of a triad every 0.6 s for 24 s, which takes fifteen windows."""
    roots = np.random.default_rng(1).integers(45, 70, 40).tolist()
    steps = [(0, 4, 7), (0, 3, 7)]
    return [(0.3 + 0.6 * n, r + up) for n, r in enumerate(roots) for up in steps[n % 2]]


@pytest.fixture(scope="module")
def music(played: list[tuple[float, int]]) -> Sound:
    return sound(sum((tone(p, at, 0.5, 25) for at, p in played), np.zeros(25 * RATE)))


def test_played_chords_are_heard_in_time(
    hears: Transcriber, music: Sound, played: list[tuple[float, int]]
) -> None:
    notes = hears.hear(music).notes

    late = [
        note.onset_s - at
        for at, pitch in played
        for note in notes
        if note.pitch == pitch and abs(note.onset_s - at) < 0.1
    ]
    assert len(late) == len(played)
    assert np.abs(late).max() < 0.02
    assert np.abs(np.mean(late[-30:]) - np.mean(late[:30])) < 0.003, "frames slip from the sound"


def test_the_frames_are_those_of_the_sound(hears: Transcriber, music: Sound) -> None:
    heard = hears.hear(music)

    assert heard.frame_s == FRAME_S
    assert heard.activity.shape == heard.onsets.shape == (int(25 / FRAME_S), PITCHES)
    assert heard.activity.dtype == np.float32
    assert 0 <= heard.activity.min() < heard.activity.max() <= 1


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.2, 1.0, 1.65, 1.66, 4.0])
def test_a_sound_of_any_length_is_heard_to_its_end(hears: Transcriber, seconds: float) -> None:
    short = Sound(sound(tone(69, 0, 4, 4)).samples[: round(seconds * RATE)])

    heard = hears.hear(short)

    assert len(heard.activity) == round(seconds * RATE) // 2 // 256
    if seconds >= 1:
        assert max(n.end_s for n in heard.notes if n.pitch == 69) > seconds - 0.15


def test_hearing_is_local(hears: Transcriber, music: Sound) -> None:
    """What comes ten seconds later changes no frame."""
    first = hears.hear(Sound(music.samples[: 15 * RATE])).activity[:400]

    np.testing.assert_array_equal(first, hears.hear(music).activity[:400])


def test_silence_and_what_is_next_to_it_has_no_notes(hears: Transcriber) -> None:
    noise = np.random.default_rng(0).uniform(-SILENT / 2, SILENT / 2, 5 * RATE)

    for silence in (np.zeros(5 * RATE), noise):
        heard = hears.hear(sound(silence))
        assert heard.notes == ()
        assert not heard.activity.any()


def test_the_model_travels_as_bytes(hears: Transcriber, music: Sound) -> None:
    sent = Transcriber(kept().read_bytes())

    assert sent.digest == hears.digest
    assert sent.hear(music).notes == hears.hear(music).notes


def test_another_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"another")

    with pytest.raises(BadBundle, match="expected the model of basic-pitch"):
        Transcriber.open(tmp_path / "model.onnx")


def test_a_rendered_piano_is_heard(hears: Transcriber, tmp_path: Path) -> None:
    mido = pytest.importorskip("mido")
    font = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
    if not font.is_file():
        pytest.skip(f"no sound font at {font}")
    file = mido.MidiFile()
    track = mido.MidiTrack()
    file.tracks.append(track)
    chords = [(48, 64, 67, 72), (45, 60, 64, 69), (41, 60, 65, 69), (43, 59, 62, 67)] * 2
    for chord in chords:  # a second each, at the 120 beats a minute of a file that says nothing
        for message, ticks in (("note_on", 0), ("note_off", 2 * file.ticks_per_beat)):
            for place, pitch in enumerate(chord):
                waits = 0 if place else ticks
                track.append(mido.Message(message, note=pitch, velocity=80, time=waits))
    file.save(tmp_path / "piano.mid")
    rendered = tmp_path / "piano.wav"
    try:
        subprocess.run(
            ["fluidsynth", "-niq", "-F", str(rendered), str(font), str(tmp_path / "piano.mid")],
            check=True,
            capture_output=True,
            timeout=60,
        )
    except FileNotFoundError:
        pytest.skip("fluidsynth is not installed")

    notes = hears.hear(read_sound(rendered)).notes

    found = {(round(n.onset_s), n.pitch) for n in notes if abs(n.onset_s - round(n.onset_s)) < 0.1}
    truth = {(second, pitch) for second, chord in enumerate(chords) for pitch in chord}
    assert len(found & truth) >= 0.9 * len(truth)
    assert len(notes) <= 1.5 * len(truth)
