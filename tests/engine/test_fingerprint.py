"""A frame is known again after encoding, at another size and in another light, and no other is."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from films import ffmpeg, flat, needs_ffmpeg, write_film
from scores import features
from shots import pan

from scorelock.engine import fingerprint
from scorelock.engine.errors import UnreadableFilm
from scorelock.engine.features import Film
from scorelock.engine.fingerprint import Fingerprints, contrast, see
from scorelock.engine.matching import CLEAR, NEAR
from scorelock.engine.timebase import FrameRate


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.avi"
    return write_film(path, [frame for seed in range(4) for frame in pan(24, seed)])


def known(seconds: float = 4.0, fps: int = 24, *, variable: bool = False) -> Film:
    return replace(
        features(seconds).film, rate=FrameRate(Fraction(fps)), variable_rate=variable, sha256="a"
    )


@needs_ffmpeg
@pytest.mark.parametrize(
    "change",
    ["scale=96:54", "eq=brightness=0.06:contrast=1.1", "eq=gamma=1.15:saturation=1.3", "null"],
)
def test_a_frame_is_nearest_to_itself_in_another_encoding(
    film: Path, tmp_path: Path, change: str
) -> None:
    other = tmp_path / "other.mp4"
    ffmpeg("-i", film, "-vf", change, "-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p", other)
    before, after = see(film).rows, see(other).rows
    away = np.linalg.norm(before[:, None] - after[None], axis=2)
    assert len(after) == 96
    assert away.diagonal().max() < NEAR
    # Of moving pictures no other frame is as near.
    assert (away.argmin(axis=1) == np.arange(96)).all()
    shots = np.arange(96) // 24
    assert away[shots[:, None] != shots[None]].min() > NEAR


def test_flat_colours_are_told_apart_but_tell_little() -> None:
    rows = np.stack(
        [
            fingerprint.fingerprint(flat(1, colour)[0])
            for colour in ((0, 0, 0), (255, 255, 255), (0, 0, 255), (255, 0, 0))
        ]
    )
    apart = np.linalg.norm(rows[:, None] - rows[None], axis=2) + np.eye(4)
    assert apart.min() > NEAR
    assert contrast(rows).max() < CLEAR < contrast(fingerprint.fingerprint(pan(1, 0)[0])[None])[0]


def test_size_of_the_picture_does_not_matter() -> None:
    frame = pan(1, 5, (640, 360))[0]
    small = np.asarray(cv2.resize(frame, (160, 90), interpolation=cv2.INTER_AREA), np.uint8)
    apart = fingerprint.fingerprint(frame) - fingerprint.fingerprint(small)
    assert np.linalg.norm(apart) < 0.02


def test_what_was_seen_is_kept_for_that_film_alone(film: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    seen = see(film, shares.append)
    assert shares == sorted(shares)
    assert shares
    folder = tmp_path / "film.cue"
    fingerprint.keep(folder, known(), seen)
    again = fingerprint.kept(folder, known())
    assert again is not None
    np.testing.assert_array_equal(again.rows, seen.rows)
    np.testing.assert_array_equal(again.times_s, seen.times_s)
    assert fingerprint.kept(folder, replace(known(), sha256="b")) is None
    file = folder / fingerprint.NAME
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)
    assert fingerprint.kept(folder, known()) is None
    assert fingerprint.kept(tmp_path, known()) is None


def test_what_cannot_be_kept_is_only_seen_again(film: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "film.cue"
    blocked.write_text("no folder")
    fingerprint.keep(blocked, known(), see(film))
    assert fingerprint.kept(blocked, known()) is None


def test_a_variable_rate_is_seen_at_the_frames_of_a_steady_one() -> None:
    """Frames at 0, 40, 120 and 160 ms: at 25 a second the one at 40 ms is on screen twice."""
    rows = np.eye(4, fingerprint.WIDTH, dtype=np.float32)
    seen = Fingerprints(np.array([0, 0.04, 0.12, 0.16]), rows)
    steady = seen.at_rate(known(0.2, 25, variable=True), FrameRate(Fraction(25)))
    assert steady.argmax(axis=1).tolist() == [0, 1, 1, 2, 3]
    assert seen.at_rate(known(0.2, 25), FrameRate(Fraction(25))) is rows


def test_no_film_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFilm, match="found nothing"):
        see(tmp_path / "none.mp4")
