"""The report says what is in the data set, the same each time."""

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from training.dataset.made_songs import made_song, order_of

from scorelock.training.dataset import report as reporting
from scorelock.training.dataset.counts import Counts
from scorelock.training.dataset.gather import example
from scorelock.training.dataset.outliers import Outlier
from scorelock.training.dataset.report import Report, report_of, write_report
from scorelock.training.dataset.shelf import SHELF, Shelf
from scorelock.training.dataset.song import Failed, Song
from scorelock.training.dataset.store import open_store
from scorelock.training.dataset.tables import Row
from scorelock.training.songs import Split

WHERE: Sequence[Split] = ("train", "train", "train", "val", "test")


@pytest.fixture
def songs() -> list[Song]:
    return [
        made_song(name, 30, key=key)
        for name, key in zip("abcde", "C Eb F#m Am C".split(), strict=True)
    ]


@pytest.fixture
def rows(songs: list[Song]) -> list[Row]:
    groups = ("a", "b", "a", "d", "e")
    return [
        Row.of(song, "", 30, where, group)
        for song, where, group in zip(songs, WHERE, groups, strict=True)
    ]


FAILED = (Failed("x", "x.mp4", "silent", "nothing in x.mp4"), Failed("y", "y.mp4", "silent", "so"))


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the pictures, which take seconds each time."""
    monkeypatch.setattr(reporting, "plots", lambda *asked: {})


def test_it_is_written_whole_and_the_same_each_time(
    tmp_path: Path, songs: list[Song], rows: list[Row]
) -> None:
    for name in "12":
        dataset = open_store(str(tmp_path / name))
        shelf = Shelf(open_store(dataset.at(SHELF)))
        for song in songs:
            shelf.put(order_of(song.id), song)
        report = report_of(dataset, rows, FAILED, progress=lambda share: None)
        write_report(dataset, report)
    files = {path.name: path.read_bytes() for path in (tmp_path / "1/report").iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "2/report").iterdir()}
    assert files.keys() == {
        "report.md", "report.json", "chords.png", "dynamics.png", "picture.png"
    }  # fmt: skip
    told = json.loads(files["report.json"])
    assert told["counts"] == Counts.together(Counts.of(example(s)) for s in songs).as_json()
    assert told["splits"] == {
        "train": {"songs": 3, "seconds": 90},
        "val": {"songs": 1, "seconds": 30},
        "test": {"songs": 1, "seconds": 30},
    }
    assert told["left_out"] == {"silent": 2}
    assert told["same_music"] == [["a", "c"]]
    assert told["keys"] == {"A minor": 1, "C major": 2, "Eb major": 1, "F# minor": 1}
    assert told["muvisync"]["songs"] == 672
    text = files["report.md"].decode()
    for line in (
        "| train | 3 | 0.03 |",
        "| major (of songs) | 60.0% | 71.3% |",
        "- train: `a` (a.mp4), `c` (c.mp4)",
        "| silent | 2 |",
        "- silent: `x.mp4`: nothing in x.mp4",
    ):
        assert line in text.splitlines()
    for name in ("chords", "dynamics", "picture"):
        picture = files[f"{name}.png"]
        assert f"({name}.png)" in text
        assert picture.startswith(b"\x89PNG")
        assert struct.unpack(">2I", picture[16:24]) == (1300, 750)
        assert b"tEXt" not in picture  # no date, no version


@pytest.mark.usefixtures("undrawn")
def test_medians_are_those_of_the_values() -> None:
    song = example(made_song("a", 500))
    song.density[:] = [10.5] * 250 + [14.5] * 249 + [30]
    song.features[:, -7] = 5.0
    report = Report(Counts.of(song), (), (), ())
    lines = text_of(report)
    assert any(line.startswith("| notes in a second, median | 12 |") for line in lines)
    assert any(line.startswith("| motion, 0..255, median | 5 |") for line in lines)


def text_of(report: Report) -> list[str]:
    from fsspec.implementations.memory import MemoryFileSystem

    write_report(open_store("memory://report-test"), report)
    system = MemoryFileSystem()
    text: bytes = system.cat_file("/report-test/report/report.md")
    system.rm("/report-test", recursive=True)
    return text.decode().splitlines()


@pytest.mark.usefixtures("undrawn")
def test_a_long_list_is_cut_and_an_outlier_is_named(rows: list[Row]) -> None:
    many = [Failed(f"{i}", f"{i}.mp4", "silent", "so") for i in range(80)]
    counts = Counts.of(example(made_song("a")))
    outlier = Outlier("a", "density", 35.0, 10.0, 9.1)
    lines = text_of(Report(counts, (outlier,), rows * 2, many))
    assert "- and 30 more: see report.json" in lines
    assert "- `a`: notes in a second: 35, usual is 10 (+9.1 deviations)" in lines


def test_an_empty_data_set_has_a_report() -> None:
    assert "| together | 0 | 0.00 |" in text_of(Report(Counts.together([]), (), (), ()))
