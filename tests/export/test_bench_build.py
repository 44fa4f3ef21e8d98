"""The film that the builder is measured on is one that it can use."""

from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="needs Dask: pip install 'scorelock[dataset]'")

from films import needs_ffmpeg

from scorelock.engine.watch import watch
from scorelock.export import bench_build
from scorelock.training.dataset.order import Order
from scorelock.training.listening.sound import read_sound


@needs_ffmpeg
def test_the_drawn_film_has_shots_and_chords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_build, "SIZE", (160, 96))
    bench_build._ground.cache_clear()
    path = bench_build.draw_film(tmp_path / "film.mp4")
    bench_build._ground.cache_clear()
    seen, sound = watch(path), read_sound(path)
    assert (seen.film.width, seen.film.height) == (160, 96)
    assert seen.film.duration_s == pytest.approx(bench_build.SECONDS, abs=0.1)
    shots = range(bench_build.SHOT_S, bench_build.SECONDS, bench_build.SHOT_S)
    assert [cut.at_s for cut in seen.cuts] == pytest.approx(list(shots), abs=0.1)
    assert sound.seconds == pytest.approx(bench_build.SECONDS, abs=0.1)
    done = bench_build.decode(
        Order("0", str(path), "film.mp4", str(tmp_path), "picture", "model", "stamp")
    )
    assert done.kind == "song"
