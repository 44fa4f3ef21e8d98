"""The bench of listening, whole and small: from a score to its sound and back."""

import shutil
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.export import bench_listen, preview, truth
from scorelock.training.listening import fetch

pytest.importorskip("mir_eval")


def model_is_kept() -> bool:
    try:
        return fetch.kept().is_file()
    except MissingPart:
        return False


def ticking() -> Callable[[], float]:
    """A clock that is a second later each time that it is read."""
    return partial(next, map(float, count()))


needs_all = [
    pytest.mark.skipif(
        shutil.which("fluidsynth") is None or not preview.sound_fonts(),
        reason="needs FluidSynth and a sound font: apt-get install fluidsynth timgm6mb-soundfont",
    ),
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the program ffmpeg"),
    pytest.mark.skipif(
        not model_is_kept(), reason="needs basic-pitch: scorelock models add basic-pitch"
    ),
]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two short pieces in place of one for each style."""

    def two(fonts: Sequence[Path]) -> list[truth.Plan]:
        return truth.plans(fonts)[1:3]

    monkeypatch.setattr(bench_listen, "plans", two)
    monkeypatch.setattr(bench_listen, "SECONDS", 12)


@pytest.fixture
def font() -> Path:
    return min(preview.sound_fonts(), key=lambda path: path.stat().st_size)


@pytest.mark.usefixtures("short")
class TestAWholeRun:
    pytestmark = needs_all

    def test_what_was_composed_is_heard(self, font: Path) -> None:
        result = bench_listen.measure(ticking(), fonts=[font])
        assert result["pieces"] == 2
        assert set(result["fonts"]) == {font.stem}
        assert set(result["styles"]) == {"pad", "block"}
        # Far better than by chance, where one chord in 24 is right; the bench itself has the goals.
        assert result["majmin"] > 0.5
        assert result["loudness"] > 0.5
        assert result["majmin"] <= result["most"] <= 1
        assert result["listening"] == 12.0  # of sound a tick
        assert {row[0] for row in bench_listen.rows(result)} >= {
            f"listen: {name}" for name in bench_listen.GOALS
        }

    def test_the_same_pieces_give_the_same_numbers(self, font: Path) -> None:
        one, two = (bench_listen.measure(ticking(), fonts=[font]) for _ in range(2))
        assert one == two


@pytest.mark.parametrize("content", [None, b"", b"RIFF\x00\x00\x00\x00WAVEfmt "])
def test_what_is_no_sound_font_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.sf2"
    if content is not None:
        path.write_bytes(content)
    if shutil.which("fluidsynth") is None:
        pytest.skip("needs fluidsynth")
    with pytest.raises(BadSetting, match=r"expected a sound font.*broken\.sf2"):
        bench_listen.measure(float, fonts=[path])


def test_without_fluidsynth_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MissingPart, match="fluidsynth"):
        bench_listen.measure(float)
