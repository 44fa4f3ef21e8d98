"""What was seen is kept as it was, given back only for the same film, and never trusted blindly."""

import io
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scores import features

from scorelock.engine import cue_folder
from scorelock.engine.cue_folder import FEATURES, CueFolder
from scorelock.engine.errors import UnreadableFilm
from scorelock.engine.features import (
    EXTRACTOR,
    PAPER,
    Cut,
    Film,
    VideoFeatures,
    paper_extractor,
)
from scorelock.engine.files import digest
from scorelock.engine.timebase import FrameRate

FINITE = st.floats(allow_nan=False, allow_infinity=False)
RATES = st.one_of(
    st.fractions(min_value=Fraction(1, 1001), max_value=480).map(FrameRate),
    st.sampled_from([30000, 60000]).map(lambda n: FrameRate(Fraction(n, 1001), drop=True)),
)


@st.composite
def seen(draw: st.DrawFn) -> VideoFeatures:
    """Any features at all."""
    rows = draw(st.integers(1, 5))

    def column(*width: int) -> NDArray[np.float32]:
        values = st.floats(width=32, allow_nan=False, allow_infinity=False)
        return draw(hnp.arrays(np.float32, (rows, *width), elements=values))

    return VideoFeatures(
        film=Film(
            path="film.mp4",
            sha256="0" * 64,
            duration_s=draw(FINITE),
            rate=draw(RATES),
            width=draw(st.integers(1, 20_000)),
            height=draw(st.integers(1, 20_000)),
            variable_rate=draw(st.booleans()),
        ),
        extractor=draw(st.text()),
        scene_offset=column(),
        motion=column(),
        emotion=column(6),
        valence=column(),
        arousal=column(),
        cuts=tuple(draw(st.lists(st.builds(Cut, FINITE, FINITE), max_size=4))),
        semantic=column(draw(st.integers(1, 9))) if draw(st.booleans()) else None,
    )


def same(one: VideoFeatures | None, other: VideoFeatures) -> bool:
    """Whether every field is equal, arrays with their type."""
    if one is None:
        return False
    first, second = asdict(one), asdict(other)
    assert set(first) == set(second)
    return all(
        (first[name].dtype, first[name].tolist()) == (value.dtype, value.tolist())
        if isinstance(value, np.ndarray)
        else first[name] == value
        for name, value in second.items()
    )


class Bench:
    """A film in a folder, what was seen in it, and the lines that were said."""

    def __init__(self, folder: Path) -> None:
        self.film = folder / "film.mp4"
        self.film.write_bytes(b"the picture")
        self.said: list[str] = []
        self.seen = self.of(features(3.4))
        self.file = folder / "film.mp4.cue" / FEATURES

    def of(self, other: VideoFeatures) -> VideoFeatures:
        """The same, seen in this film."""
        film = replace(other.film, path=str(self.film), sha256=digest(self.film))
        return replace(other, film=film)

    def cue(self) -> CueFolder:
        """The folder as the next start of the program finds it."""
        return CueFolder.of(self.film, self.said.append)

    def known(self) -> VideoFeatures | None:
        """What that start would go by."""
        return self.cue().features(self.seen.extractor)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path)
    made.cue().keep(made.seen)
    return made


@pytest.fixture
def no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the film through is a failure."""
    monkeypatch.setattr(cue_folder, "digest", lambda path: pytest.fail("it read the film"))


@given(seen())
@settings(deadline=None, max_examples=50)
def test_everything_comes_back_as_it_was(any_seen: VideoFeatures) -> None:
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        wanted = bench.of(any_seen)
        bench.cue().keep(wanted)
        assert same(bench.cue().features(wanted.extractor), wanted)
        assert bench.said == []


def test_the_file_is_plain_numpy_without_pickle(bench: Bench) -> None:
    """An independent reader finds each array under its name."""
    with np.load(bench.file, allow_pickle=False) as kept:
        read = {name: kept[name] for name in kept.files}
    assert set(read) == {
        *("about", "cuts", "scene_offset", "motion", "emotion", "valence", "arousal"),
    }
    np.testing.assert_array_equal(read["scene_offset"], [0, 1, 2, 3])
    np.testing.assert_array_equal(read["cuts"], [[1.5, 30.0]])


@pytest.mark.usefixtures("no_digest")
def test_an_untouched_film_is_not_read_again(bench: Bench) -> None:
    assert same(bench.known(), bench.seen)
    assert bench.said == []


def test_a_film_never_seen_has_nothing_and_makes_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    assert bench.known() is None
    assert bench.said == []
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]


def test_a_touched_film_is_compared_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(bench.film, ns=(1, 1))
    assert same(bench.known(), bench.seen)
    monkeypatch.setattr(cue_folder, "digest", lambda path: pytest.fail("it read the film"))
    assert same(bench.known(), bench.seen)
    assert bench.said == []


def test_a_film_that_moves_with_its_folder_keeps_its_analysis(bench: Bench) -> None:
    elsewhere = bench.film.parent / "reel"
    elsewhere.mkdir()
    film = elsewhere / "other name.mp4"
    bench.film.rename(film)
    bench.file.parent.rename(elsewhere / "other name.mp4.cue")
    known = CueFolder.of(film, bench.said.append).features(bench.seen.extractor)
    assert same(known, replace(bench.seen, film=replace(bench.seen.film, path=str(film))))
    assert bench.said == []


@pytest.mark.parametrize("content", [b"another film", b"THE PICTURE"])
def test_a_film_that_changed_is_watched_again(bench: Bench, content: bytes) -> None:
    before = bench.film.stat().st_mtime_ns
    bench.film.write_bytes(content)
    os.utime(bench.film, ns=(before + 1, before + 1))
    assert bench.known() is None
    assert bench.said == ["film.mp4 has changed since it was analysed; watching it again"]


def test_a_film_that_changes_while_it_is_watched_is_watched_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    folder, seen_then = bench.cue(), bench.seen
    bench.film.write_bytes(b"a longer picture")
    folder.keep(seen_then)
    assert bench.known() is None


def test_another_extractor_sees_for_itself(bench: Bench) -> None:
    assert bench.cue().features("clip/1") is None
    assert bench.said == ["film.mp4 was analysed by hand/1; watching it by clip/1"]


def by_clip(bench: Bench, digest: str = "ab" * 32) -> VideoFeatures:
    """What a CLIP saw in the film."""
    rows = len(bench.seen)
    return replace(
        bench.seen,
        extractor=paper_extractor("clip-vit-b-32", digest),
        emotion=np.eye(6, dtype=np.float32)[[1] * rows],
        semantic=np.full((rows, 512), 0.25, np.float32),
    )


def test_what_clip_saw_serves_both(bench: Bench) -> None:
    paper = by_clip(bench)
    bench.cue().keep(paper)
    for wanted in (paper.extractor, PAPER):
        assert same(bench.cue().features(wanted), paper)
    assert same(bench.cue().features(EXTRACTOR), paper.pictured())
    assert bench.said == []


def test_what_clip_saw_is_not_lost_to_less(bench: Bench) -> None:
    """Neither when the picture alone is asked for, nor when it is watched once more."""
    paper = by_clip(bench)
    bench.cue().keep(paper)
    os.utime(bench.film, ns=(1, 1))
    bench.cue().features(EXTRACTOR)
    bench.cue().keep(paper.pictured())
    assert same(bench.cue().features(PAPER), paper)


def test_what_clip_saw_of_another_cut_gives_way(bench: Bench) -> None:
    bench.cue().keep(by_clip(bench))
    bench.film.write_bytes(b"another cut")
    now = bench.of(bench.seen).pictured()
    bench.cue().keep(now)
    assert same(bench.cue().features(EXTRACTOR), now)


@pytest.mark.parametrize("wanted", [PAPER, paper_extractor("clip-vit-b-32", "cd" * 32)])
def test_another_clip_and_one_after_the_picture_see_for_themselves(
    bench: Bench, wanted: str
) -> None:
    bench.cue().keep(bench.seen.pictured())
    assert bench.cue().features(wanted) is None
    assert bench.said == [f"film.mp4 was analysed by {EXTRACTOR}; watching it by {wanted}"]
    if wanted != PAPER:
        paper = by_clip(bench)
        bench.cue().keep(paper)
        assert bench.cue().features(wanted) is None
        assert bench.said[1:] == [
            f"film.mp4 was analysed by {paper.extractor}; watching it by {wanted}"
        ]


def test_a_film_that_is_gone_is_the_error(bench: Bench) -> None:
    bench.film.unlink()
    with pytest.raises(UnreadableFilm, match="found nothing there"):
        bench.known()


def test_films_of_one_stem_do_not_share_a_folder(bench: Bench) -> None:
    other = bench.film.with_suffix(".mov")
    other.write_bytes(b"another")
    assert CueFolder.of(other, bench.said.append).path != bench.cue().path


def damaged(bench: Bench) -> None:
    """The file is of no use: this is said in one line, and what is kept next is good again."""
    assert bench.known() is None
    assert bench.said == [
        f"{bench.file} is damaged, or of another scorelock; watching film.mp4 again"
    ]
    bench.cue().keep(bench.seen)
    assert same(bench.known(), bench.seen)
    assert len(bench.said) == 1


@given(st.data())
@settings(deadline=None, max_examples=200)
def test_no_damage_goes_unnoticed(data: st.DataObject) -> None:
    """Whatever was flipped, cut off or overwritten: the features that were kept, or none."""
    with TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        bench.cue().keep(bench.seen)
        content = bytearray(bench.file.read_bytes())
        start = data.draw(st.integers(0, len(content)))
        kind = data.draw(st.sampled_from(["flip", "cut", "overwrite"]))
        if kind == "flip":
            content[start % len(content)] ^= 1 << data.draw(st.integers(0, 7))
        elif kind == "cut":
            del content[start:]
        else:
            junk = data.draw(st.binary(min_size=1, max_size=64))
            content[start : start + len(junk)] = junk
        bench.file.write_bytes(content)
        known = bench.known()
        assert (known is None) == (len(bench.said) == 1)
        assert known is None or same(known, bench.seen)


def npz(**arrays: object) -> bytes:
    """A file of these, pickled where they are objects."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def npy() -> bytes:
    """A file of one array."""
    content = io.BytesIO()
    np.save(content, np.zeros(3))
    return content.getvalue()


def altered(bench: Bench, **arrays: object) -> bytes:
    """The kept file with some arrays replaced, its checksums right."""
    with np.load(bench.file, allow_pickle=False) as kept:
        return npz(**{name: kept[name] for name in kept.files} | arrays)


def about(bench: Bench, old: str, new: str) -> bytes:
    """The kept file with something else in its text."""
    with np.load(bench.file, allow_pickle=False) as kept:
        text = kept["about"].item()
    assert old in text
    return altered(bench, about=np.array(text.replace(old, new)))


FOREIGN: dict[str, Callable[[Bench], bytes]] = {
    "empty": lambda bench: b"",
    "text": lambda bench: b"hello",
    "one array": lambda bench: npy(),
    "other arrays": lambda bench: npz(x=np.zeros(3)),
    "no array": lambda bench: npz(),
    "a missing column": lambda bench: npz(about=np.array("{}")),
    "rows that differ": lambda bench: altered(bench, motion=np.zeros(9, np.float32)),
    "not finite": lambda bench: altered(bench, valence=np.full(4, np.nan, np.float32)),
    "a newer format": lambda bench: about(bench, '"format": 1', '"format": 2'),
    "no such rate": lambda bench: about(bench, '"fps": "24"', '"fps": "0"'),
    "text that is no JSON": lambda bench: about(bench, "{", "["),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_is_not_ours_is_watched_again_and_replaced(bench: Bench, kind: str) -> None:
    bench.file.write_bytes(FOREIGN[kind](bench))
    damaged(bench)


def test_a_shorter_header_does_not_hide_the_checksum(bench: Bench) -> None:
    """A reader that stops where the damaged header says never comes to the checksum."""
    cuts = tuple(Cut(float(second), 9.0) for second in range(800))
    bench.cue().keep(replace(bench.seen, cuts=cuts))
    content = bench.file.read_bytes()
    assert content.count(b"(800, 2)") == 1
    bench.file.write_bytes(content.replace(b"(800, 2)", b"(100, 2)"))
    damaged(bench)


class Hostile:
    """Unpickled, it would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize("packed", ["array", "file"])
def test_no_pickle_is_ever_opened(bench: Bench, tmp_path: Path, packed: str) -> None:
    mark = tmp_path / "mark"
    hostile = np.array([Hostile(mark)], object)
    content = altered(bench, motion=hostile) if packed == "array" else pickle.dumps(Hostile(mark))
    bench.file.write_bytes(content)
    damaged(bench)
    assert not mark.exists()


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can grow past its first bytes, for root neither."""
    resource = pytest.importorskip("resource", reason="needs POSIX limits")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_write_that_fails_half_way_keeps_the_old_and_leaves_no_litter(bench: Bench) -> None:
    folder = bench.cue()
    with full_disk():
        folder.keep(replace(bench.seen, cuts=()))
    (line,) = bench.said
    assert line.startswith(f"what was seen in film.mp4 cannot be kept in {folder.path} (")
    assert same(bench.known(), bench.seen)
    assert [path.name for path in folder.path.iterdir()] == [FEATURES]


def test_a_touched_film_on_a_full_disk_is_still_known(bench: Bench) -> None:
    os.utime(bench.film, ns=(1, 1))
    with full_disk():
        assert same(bench.known(), bench.seen)
    assert bench.said == []


def test_a_users_own_file_of_that_name_is_left_alone(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    own = tmp_path / "film.mp4.cue"
    own.write_text("FILE film.wav WAVE")
    assert bench.known() is None
    bench.cue().keep(bench.seen)
    assert own.read_text() == "FILE film.wav WAVE"
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["film.mp4", "film.mp4.cue"]
    (line,) = bench.said
    assert "cannot be kept" in line


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, where root cannot write either")
def test_a_film_where_nothing_can_be_written_is_seen_without_keeping(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    with bench.film.open("rb") as opened:
        bench.film = Path(f"/proc/self/fd/{opened.fileno()}")
        assert bench.known() is None
        bench.cue().keep(bench.seen)
        assert bench.known() is None
    (line,) = bench.said
    assert "cannot be kept" in line
