"""Films are timed by their stamps, and what is no film is refused in one line."""

import os
import subprocess
import sys
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from films import ffmpeg, flat, needs_ffmpeg, noise, write_film
from hypothesis import given
from hypothesis import strategies as st

from scorelock.engine.errors import UnreadableFilm
from scorelock.engine.video import FilmReader, Timeline


def see(path: Path) -> FilmReader:
    """A reader that has read the whole film."""
    reader = FilmReader(path)
    for _ in reader:
        pass
    return reader


def times(path: Path) -> list[float]:
    return [at_s for at_s, _ in FilmReader(path)]


@given(
    st.floats(-10, 1e5),
    st.lists(st.floats(0.001, 10), min_size=1, max_size=50),
)
def test_rising_stamps_are_believed(first_s: float, steps_s: list[float]) -> None:
    timeline = Timeline(25.0)
    stamps = first_s + np.concatenate([[0.0], np.cumsum(steps_s)])
    assert [timeline.place(float(s)) for s in stamps] == pytest.approx(
        list(stamps - first_s), abs=1e-9
    )


@pytest.mark.parametrize("missing", [0.0, -1.0, float("nan")])
def test_without_stamps_frames_are_counted(missing: float) -> None:
    timeline = Timeline(25.0)
    assert [timeline.place(missing) for _ in range(5)] == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert timeline.duration_s == pytest.approx(0.2)


def test_time_goes_on_where_stamps_begin_anew() -> None:
    timeline = Timeline(10.0)
    assert [timeline.place(s) for s in (5.0, 5.1, 5.2, 0.0, 0.1, 5.7)] == pytest.approx(
        [0, 0.1, 0.2, 0.3, 0.4, 0.7]
    )


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (24000 / 1001, Fraction(24000, 1001)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (30000 / 1001, Fraction(30000, 1001)),
        (60.0, Fraction(60)),
    ],
)
@pytest.mark.parametrize("suffix", [".avi", ".mkv"])
def test_rate_and_duration(tmp_path: Path, fps: float, exact: Fraction, suffix: str) -> None:
    count = 131
    reader = see(write_film(tmp_path / f"a{suffix}", noise(count, size=(16, 16)), fps))
    film = reader.film()
    assert film.rate.fps == exact
    assert film.duration_s == pytest.approx(float(count / exact), abs=0.001)
    assert not film.variable_rate


@pytest.mark.parametrize("size", [(18, 10), (32, 600), (522, 14)])
def test_frames_of_any_size_arrive_whole(tmp_path: Path, size: tuple[int, int]) -> None:
    drawn = noise(30, size=size)
    reader = FilmReader(write_film(tmp_path / "a.avi", drawn))
    for (_, frame), wanted in zip(reader, drawn, strict=True):
        np.testing.assert_array_equal(frame, wanted)
    film = reader.film()
    assert (film.width, film.height) == size


@needs_ffmpeg
def test_one_thread_sees_the_same_frames(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mkv", noise(30))
    many, one = list(FilmReader(film)), list(FilmReader(film, threads=1))
    assert [at_s for at_s, _ in many] == [at_s for at_s, _ in one]
    assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(many, one, strict=True))


def test_variable_rate_is_timed_by_its_stamps(tmp_path: Path) -> None:
    steady = write_film(tmp_path / "steady.avi", noise(90), 30.0)
    varied = tmp_path / "varied.mkv"
    ffmpeg(
        *("-i", steady, "-vf", "select='lt(n,30)+not(mod(n,3))'"),
        *("-fps_mode", "passthrough", "-c:v", "ffv1", varied),
    )
    kept = [n for n in range(90) if n < 30 or n % 3 == 0]
    assert times(varied) == pytest.approx([n / 30 for n in kept], abs=0.001)
    assert see(varied).film().variable_rate
    assert not see(steady).film().variable_rate


@needs_ffmpeg
def test_a_turned_film_is_seen_upright(tmp_path: Path) -> None:
    lying = write_film(tmp_path / "lying.mp4", noise(30), codec="mp4v")
    turned = tmp_path / "turned.mp4"
    ffmpeg("-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=90", turned)
    film = see(turned).film()
    assert (film.width, film.height) == (48, 64)


@needs_ffmpeg
def test_a_film_that_starts_late_starts_at_0(tmp_path: Path) -> None:
    late = tmp_path / "late.mkv"
    ffmpeg("-i", write_film(tmp_path / "a.avi", noise(50), 25.0), "-output_ts_offset", "7", late)
    assert times(late) == pytest.approx([n / 25 for n in range(50)], abs=0.001)


def test_a_name_is_no_pattern(tmp_path: Path) -> None:
    named = write_film(tmp_path / "plain.avi", noise(30)).rename(tmp_path / "a %03d: b.avi")
    assert len(times(named)) == 30


def cut_off(path: Path, keep: float) -> Path:
    """The film's first bytes alone, as of a copy that was broken off."""
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    return path


def nothing(folder: Path) -> Path:
    return folder / "nothing.mp4"


def a_folder(folder: Path) -> Path:
    return folder


def empty(folder: Path) -> Path:
    (folder / "empty.mov").touch()
    return folder / "empty.mov"


def too_long_a_name(folder: Path) -> Path:
    return folder / ("a" * 300 + ".mp4")


def text(folder: Path) -> Path:
    (folder / "text.mp4").write_text("no film\n")
    return folder / "text.mp4"


def sound(folder: Path) -> Path:
    with wave.open(str(folder / "sound.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    return folder / "sound.wav"


def sound_in_mp4(folder: Path) -> Path:
    ffmpeg("-i", sound(folder), "-c:a", "aac", folder / "sound.mp4")
    return folder / "sound.mp4"


def half_a_second(folder: Path) -> Path:
    return write_film(folder / "short.avi", noise(12))


def without_index(folder: Path) -> Path:
    return cut_off(write_film(folder / "cut.mp4", noise(96), codec="mp4v"), 0.6)


def cut_in_the_middle(folder: Path) -> Path:
    return cut_off(write_film(folder / "cut.mkv", noise(96)), 0.6)


BAD = {
    nothing: "found nothing",
    a_folder: "found a folder",
    empty: "empty file",
    too_long_a_name: "cannot be read: ",
    text: "no picture can be found",
    sound: "sound without a picture",
    half_a_second: "got 0.50 s",
    without_index: "cut off before its index",
    cut_in_the_middle: "expected 4.0 s of film",
}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        *BAD.items(),
        pytest.param(sound_in_mp4, "no picture can be found", marks=needs_ffmpeg),
    ],
)
def test_what_is_no_film_is_refused_in_one_line(
    tmp_path: Path, make: Callable[[Path], Path], said: str
) -> None:
    path = make(tmp_path)
    with pytest.raises(UnreadableFilm) as caught:
        see(path)
    message = str(caught.value)
    assert said in message
    assert message.startswith("expected ")
    assert str(path) in message
    assert "\n" not in message
    assert "; " in message  # what to do next


@needs_ffmpeg
def test_the_command_for_a_film_cut_off_saves_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "my films"
    folder.mkdir()
    with pytest.raises(UnreadableFilm) as caught:
        see(cut_in_the_middle(folder))
    subprocess.run(
        str(caught.value).rpartition(": ")[2], shell=True, check=True, stderr=subprocess.DEVNULL
    )
    assert see(folder / "cut-rest.mkv").film().duration_s == pytest.approx(2.4, abs=0.15)


def test_opencv_and_ffmpeg_say_nothing_of_their_own(tmp_path: Path) -> None:
    broken = [without_index(tmp_path), cut_in_the_middle(tmp_path), text(tmp_path)]
    script = (
        "import sys; from pathlib import Path\n"
        "from scorelock.engine.errors import UnreadableFilm\n"
        "from scorelock.engine.video import FilmReader\n"
        "for name in sys.argv[1:]:\n"
        "    try: list(FilmReader(Path(name)))\n"
        "    except UnreadableFilm: print('refused')\n"
    )
    engine = Path(__file__).parents[2] / "engine"
    untold = {name: value for name, value in os.environ.items() if "OPENCV" not in name}
    ran = subprocess.run(
        [sys.executable, "-c", script, *map(str, broken)],
        env=untold | {"PYTHONPATH": str(engine)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "refused\n" * len(broken)
    assert ran.stderr == ""


def test_the_pass_can_be_left_at_any_frame(tmp_path: Path) -> None:
    reader = iter(FilmReader(write_film(tmp_path / "a.avi", flat(40, (9, 9, 9)))))
    assert next(reader)[0] == 0
    reader.close()  # type: ignore[attr-defined]
    with pytest.raises(StopIteration):
        next(reader)
