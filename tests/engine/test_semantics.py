"""CLIP is shown the first frame at or past each second, and nothing else of the film."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from clips import Rows, Witness
from films import ffmpeg, needs_ffmpeg, noise, write_film
from hypothesis import given, settings
from hypothesis import strategies as st

from scorelock.engine.errors import BadBundle
from scorelock.engine.features import EXTRACTOR, VideoFeatures
from scorelock.engine.semantics import SemanticMeter
from scorelock.engine.video import Image
from scorelock.engine.watch import watch, watch_in_parts


def embeddings(frames: Sequence[Image], times_s: Sequence[float]) -> list[list[int]]:
    """The definition again, from the drawn frames."""
    seconds = range(int(times_s[-1] + 1e-6) + 1)
    first = [next(n for n, at_s in enumerate(times_s) if at_s >= s - 1e-6) for s in seconds]
    return [frames[n][0, 0].tolist() for n in first]


def seen(path: Path, at_once: int = 1) -> Rows:
    found = watch(path, clip=Witness(at_once)).semantic
    assert found is not None
    return found


def same(one: VideoFeatures, other: VideoFeatures) -> bool:
    """Bit for bit."""
    pairs = ((getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


@pytest.mark.parametrize("fps", [24.0, 24000 / 1001, 25.0, 30000 / 1001, 12.5])
def test_the_frame_of_each_second(tmp_path: Path, fps: float) -> None:
    frames = noise(int(5.4 * fps))
    film = write_film(tmp_path / "a.avi", frames, fps)
    wanted = embeddings(frames, [n / fps for n in range(len(frames))])
    for at_once in (1, 2, 4, 8):
        assert seen(film, at_once).tolist() == wanted


@needs_ffmpeg
def test_the_frames_of_a_film_of_variable_rate(tmp_path: Path) -> None:
    """It has seconds of many frames, of one, and of none, which shows the frame that comes next."""
    drawn, varied = noise(240), tmp_path / "b.mkv"
    ffmpeg(
        *("-i", write_film(tmp_path / "a.avi", drawn, 30.0)),
        *("-vf", "select='lt(n,40)+eq(n,62)+between(n,155,170)+eq(n,215)'"),
        *("-fps_mode", "passthrough", "-c:v", "ffv1", varied),
    )
    kept = [*range(40), 62, *range(155, 171), 215]
    wanted = embeddings([drawn[n] for n in kept], [n / 30 for n in kept])
    assert len(wanted) == 8
    assert any(one == other for one, other in pairwise(wanted))  # of none
    assert seen(varied, 3).tolist() == wanted


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of noise."""
    return write_film(tmp_path_factory.mktemp("semantics") / "film.avi", noise(144), 12.0)


@settings(max_examples=12, deadline=None)
@given(ends=st.sets(st.integers(1, 14), max_size=4), at_once=st.integers(1, 9))
def test_parts_change_nothing(film: Path, ends: set[int], at_once: int) -> None:
    """Of the whole: what is seen, and which frames are shown together at last."""
    model, alone = Witness(at_once), Witness(at_once)
    *parts, whole = watch_in_parts(film, sorted(ends), clip=model)
    assert same(whole, watch(film, clip=alone))
    assert whole.semantic is not None
    for part in parts:
        assert part.semantic is not None
        np.testing.assert_array_equal(part.semantic, whole.semantic[: len(part)])
    assert max(model.shown) <= at_once
    assert sum(alone.shown) == len(whole)
    assert set(alone.shown[:-1]) <= {at_once}


def test_without_clip_it_is_the_picture_that_clip_has_seen(film: Path) -> None:
    with_clip = watch(film, clip=Witness())
    assert with_clip.extractor == "paper/1 witness abababababab"
    assert with_clip.emotion.argmax(axis=1).tolist() == [3] * 12
    assert same(with_clip.pictured(), watch(film))
    assert with_clip.pictured().extractor == EXTRACTOR


def test_frames_are_let_go(tmp_path: Path) -> None:
    frames = noise(4, size=(320, 240)) * 60
    path = write_film(tmp_path / "a.avi", frames, 4.0, codec="MJPG")
    tracemalloc.start()
    watch(path, clip=Witness(4))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30 * frames[0].nbytes  # of the 60 that CLIP is shown


class Blind(Witness):
    """Fails at its second look."""

    def see(self, frames: Sequence[Image]) -> tuple[Rows, Rows]:
        if self.shown:
            raise BadBundle("it went blind")
        return super().see(frames)


@pytest.mark.parametrize("at_once", [1, 4, 8, 20])
def test_what_clip_raises_is_raised(film: Path, at_once: int) -> None:
    model = Blind(at_once)
    if at_once == 20:  # all of the film is one look
        assert len(watch(film, clip=model)) == 12
        model = Blind(at_once)
        model.see(noise(1))
    with pytest.raises(BadBundle, match="it went blind"):
        watch(film, clip=model)


def test_who_leaves_early_leaves_nothing_running(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[SemanticMeter] = []
    close = SemanticMeter.close

    def closing(meter: SemanticMeter) -> None:
        ended.append(meter)
        close(meter)

    monkeypatch.setattr(SemanticMeter, "close", closing)
    parts = watch_in_parts(film, [2, 5], clip=Witness())
    next(parts)
    del parts
    assert len(ended) == 1
