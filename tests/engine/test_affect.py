"""The picture is read as the cited findings say, and all six emotions can be meant."""

import cv2
import numpy as np
import pytest
from films import SHARED, flat, needs_films, noise
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from scorelock.engine.affect import Look, LookMeter, valence_and_arousal
from scorelock.engine.features import EMOTIONS, Cut
from scorelock.engine.mood import emotions
from scorelock.engine.video import Image
from scorelock.engine.watch import watch

unit = st.floats(-1, 1, width=32)


def read(*frames: Image, cuts: tuple[Cut, ...] = (), seconds: int = 12) -> tuple[float, float]:
    """Mean valence and arousal of a film that shows the frames over and over, eight a second."""
    meter = LookMeter()
    for n in range(8 * seconds):
        meter.see(n / 8, frames[n % len(frames)])
    valence, arousal = valence_and_arousal(meter.looks(seconds), cuts)
    return float(valence.mean()), float(arousal.mean())


def one(hue: int, saturation: int, value: int) -> Image:
    """A frame of one colour, in OpenCV's HSV: 0..179, 0..255, 0..255."""
    pixel = np.full((1, 1, 3), (hue, saturation, value), np.uint8)
    blue, green, red = (int(v) for v in cv2.cvtColor(pixel, cv2.COLOR_HSV2BGR)[0, 0])
    return flat(1, (blue, green, red))[0]


def test_light_pleases_and_calms() -> None:
    """Valdez and Mehrabian: .69 and -.31 of brightness."""
    (dark_v, dark_a), (light_v, light_a) = read(one(0, 0, 40)), read(one(0, 0, 220))
    assert light_v > dark_v + 0.5
    assert light_a < dark_a


def test_colour_pleases_and_excites() -> None:
    """Valdez and Mehrabian: .22 and .60 of saturation; lightness is held, as they did."""
    # Both lab(60, ...): without colour, and 45 towards red and yellow.
    grey, colour = (145, 145, 145), (69, 114, 224)
    for pixel in (grey, colour):
        lab = cv2.cvtColor(np.array([[pixel]], np.float32) / 255, cv2.COLOR_BGR2Lab)
        assert lab[0, 0, 0] == pytest.approx(60, abs=0.7)
    (grey_v, grey_a), (colour_v, colour_a) = (read(flat(1, it)[0]) for it in (grey, colour))
    assert colour_v > grey_v
    assert colour_a > grey_a


def test_warmth_is_that_of_ou_et_al() -> None:
    meter = LookMeter()
    meter.see(0, flat(1, (0, 140, 255))[0])  # CSS darkorange: lab(69.48 36.83 75.49)
    chroma, hue = np.hypot(36.83, 75.49), np.degrees(np.arctan2(75.49, 36.83))
    warmth = -0.5 + 0.02 * chroma**1.07 * np.cos(np.radians(hue - 50))
    assert meter.looks(1).warmth[0] == pytest.approx(warmth, abs=0.01)


def test_motion_excites() -> None:
    """Hanjalic and Xu; the frames differ in nothing else."""
    still, moving = noise(1, size=(16, 9))[0], noise(5, size=(16, 9))
    assert read(*moving)[1] > read(still)[1] + 0.3


def test_a_lone_cut_is_not_motion() -> None:
    meter = LookMeter()
    for n in range(16):
        meter.see(n / 8, one(0, 0, 30 if n < 11 else 220))
    assert meter.looks(2).motion.tolist() == [0, 0]


def test_cutting_excites() -> None:
    fast = tuple(Cut(0.5 + n, 60.0) for n in range(11))
    assert read(one(0, 0, 128), cuts=fast)[1] > read(one(0, 0, 128))[1] + 0.2


def test_motion_does_not_depend_on_the_frame_rate() -> None:
    def drift(fps: int) -> float:
        meter = LookMeter()
        ramp = np.arange(1024, dtype=np.float32)
        for n in range(4 * fps):
            row = 128 + 100 * np.sin((ramp[:256] + 240 * n / fps) / 40)
            meter.see(n / fps, np.repeat(row.astype(np.uint8), 3).reshape(1, 256, 3).repeat(9, 0))
        return float(meter.looks(4).motion[1:].mean())

    assert drift(60) == pytest.approx(drift(24), rel=0.1)
    assert drift(8) == pytest.approx(drift(24), rel=0.1)


def test_a_second_without_a_frame_shows_the_last_one_and_is_still() -> None:
    meter = LookMeter()
    for at_s, grey in [(0.0, 40), (0.5, 90), (3.25, 200)]:
        meter.see(at_s, one(0, 0, grey))
    look = meter.looks(5)
    assert look.brightness[1] == look.brightness[2] == look.brightness[0]
    assert look.brightness[4] == look.brightness[3] > look.brightness[2]
    assert look.motion[[1, 2, 4]].tolist() == [0, 0, 0]


def test_a_steady_film_reads_the_same_from_end_to_end() -> None:
    look = Look(*(np.full(30, value, np.float32) for value in (50, 0.3, 0, 0.2, 2)))
    for values in valence_and_arousal(look, ()):
        assert np.ptp(values) < 1e-6


@given(arrays.arrays(np.float32, st.integers(1, 20), elements=unit), st.data())
def test_rows_are_probabilities(valence: np.ndarray, data: st.DataObject) -> None:
    arousal = data.draw(arrays.arrays(np.float32, len(valence), elements=unit))
    rows = emotions(valence, arousal)
    assert rows.shape == (len(valence), len(EMOTIONS))
    assert rows.dtype == np.float32
    assert (rows >= 0).all()
    assert rows.sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("valence", "arousal", "wanted"),
    [
        (0.6, 0.6, "exciting"),
        (0.0, 0.8, "tense"),
        (-0.5, 0.6, "fearful"),
        (-0.6, -0.4, "sad"),
        (0.6, -0.5, "relaxing"),
        (0.05, -0.05, "neutral"),
    ],
)
def test_every_emotion_has_its_place(valence: float, arousal: float, wanted: str) -> None:
    row = emotions(np.array([valence], np.float32), np.array([arousal], np.float32))[0]
    assert EMOTIONS[int(row.argmax())] == wanted


@needs_films
def test_real_films_read_as_a_person_would_and_as_surely_as_the_data_set() -> None:
    films = {path.stem.partition("_")[0]: watch(path) for path in sorted(SHARED.glob("*.*"))}
    bunny, cars, flower, sintel = (films[name] for name in ("big", "intel", "flower", "sintel"))

    def mean(emotion: str) -> dict[str, float]:
        column = EMOTIONS.index(emotion)
        return {name: float(seen.emotion[:, column].mean()) for name, seen in films.items()}

    assert bunny.valence.mean() > max(cars.valence.mean(), sintel.valence.mean())
    assert sintel.valence.mean() == min(seen.valence.mean() for seen in films.values())
    assert max(mean("relaxing"), key=mean("relaxing").__getitem__) == "big"
    for dark in ("fearful", "tense"):
        assert max(mean(dark), key=mean(dark).__getitem__) == "sintel"
    assert bunny.emotion.mean(axis=0).argmax() == EMOTIONS.index("relaxing")
    assert flower.emotion.mean(axis=0).argmax() == EMOTIONS.index("relaxing")
    assert cars.arousal.mean() == min(seen.arousal.mean() for seen in films.values())
    assert cars.emotion[:, [EMOTIONS.index("relaxing"), EMOTIONS.index("neutral")]].sum() > 15
    fight = slice(23, 32)  # the trailer's fight and flight
    assert sintel.arousal[fight].mean() > sintel.arousal.mean() + 0.3

    rows = np.concatenate([seen.emotion for seen in films.values()])
    entropy = -(rows * np.log(rows)).sum(axis=1).mean()
    assert entropy == pytest.approx(1.30, abs=0.1)  # MuVi-Sync, CLIP
    assert rows.max(axis=1).mean() == pytest.approx(0.48, abs=0.05)
