"""What the user types, and what it prints."""

import argparse
import json
from pathlib import Path

import pytest
from training.dataset.made_songs import made_song

from scorelock.engine.errors import BadSetting, MissingPart
from scorelock.training.dataset import build as building
from scorelock.training.dataset.build import Job, Shown
from scorelock.training.dataset.command import Console, add_arguments, run
from scorelock.training.dataset.counts import Counts
from scorelock.training.dataset.gather import example
from scorelock.training.dataset.order import Done
from scorelock.training.dataset.report import Report
from scorelock.training.dataset.song import Failed
from scorelock.training.dataset.tables import Row

SONG = made_song("a", 36)
REPORT = Report(
    Counts.of(example(SONG)),
    (),
    (Row.of(SONG, "", 3600, "train", "a"),),
    (Failed("b", "b.mp4", "silent", "why"), Failed("c", "c.mp4", "no sound", "why")),
)


def parsed(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """What was asked to be built."""
    asked: list[Job] = []

    def build(job: Job, shown: Shown) -> Report:
        asked.append(job)
        with shown.begin(4, 2):
            for kind in ("song", "silent", "song", "song"):
                shown.done(Done("a", kind, "", 1.0))
        return REPORT

    monkeypatch.setattr(building, "build", build)
    return asked


def test_build(jobs: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(parsed("build", "videos", "-o", "set")) == 0
    assert jobs == [Job("videos", "set")]
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "1 songs, 1.00 hours: 1 train, 0 val, 0 test",
        "2 left out: 1 no sound, 1 silent; set/failed.csv says why of each",
        "no song for val and test: they come with more videos",
        "set/report/report.md shows them beside MuVi-Sync",
    ]
    lines = err.splitlines()
    assert lines[0] == "4 videos to watch and hear, 2 are done already"
    assert lines[2].startswith("2 of 4 videos (left out: 1 silent), ")
    assert lines[4] == "4 of 4 videos (left out: 1 silent), 0 s left"


def test_options(jobs: list[Job]) -> None:
    words = (
        "build s3://in -o s3://out --features paper --cluster tcp://h:1 --workers 3 "
        "--titles t.csv --split 70,20,10 --again --retry-failed"
    )
    run(parsed(*words.split()))
    expected = Job(
        "s3://in", "s3://out", "paper", (70, 20, 10), "tcp://h:1", 3, Path("t.csv"), True, True
    )
    assert jobs == [expected]


def test_json(jobs: list[Job], capsys: pytest.CaptureFixture[str]) -> None:
    run(parsed("build", "videos", "-o", "set", "--json"))
    told = json.loads(capsys.readouterr().out)
    assert (told["songs"], told["seconds"]) == (1, 3600)
    assert told["left_out"] == {"no sound": 1, "silent": 1}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("build v -o d --workers 0", "expected --workers of 1 or more, got 0"),
        ("build v -o d --split 1,2", "expected --split TRAIN,VAL,TEST"),
    ],
)
def test_options_that_do_not_fit(words: str, expected: str) -> None:
    with pytest.raises(BadSetting, match=expected):
        run(parsed(*words.split()))


def test_report_of_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="expected a data set that scorelock dataset build made"):
        run(parsed("report", str(tmp_path)))


def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "dask" else name)
    with pytest.raises(MissingPart, match=r"expected dask .*pip install 'scorelock\[dataset\]'"):
        run(parsed("build", "v", "-o", "d"))


def test_an_interruption_says_how_to_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def build(job: Job, shown: Shown) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "build", build)
    with pytest.raises(KeyboardInterrupt):
        run(parsed("build", "v", "-o", "d"))
    assert capsys.readouterr().err == (
        "interrupted: what is done is kept in d; run it again to go on\n"
    )


def test_ten_thousand_videos_are_not_ten_thousand_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    with console.begin(10_000, 0):
        for _ in range(10_000):
            console.done(Done("a", "song", "", 1.0))
    assert len(capsys.readouterr().err.splitlines()) == 51
