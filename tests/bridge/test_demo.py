"""The first minute: demo and bench, from the command line to their JSON."""

import json
from pathlib import Path

import mido
import pytest

from scorelock.bridge import cli
from scorelock.bridge.demo_film import draw_demo_film


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "short film.mp4"
    draw_demo_film(path, seconds=3, size=(160, 90))
    return path


def test_demo_plays_every_note_of_the_file_it_writes(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["demo", str(film), "-o", str(tmp_path / "out"), "--json"]) == 0
    out, err = capsys.readouterr()
    result = json.loads(out)
    assert set(result) == {"notes_sent", "notes_left_on", "send_error_ms", "midi_api", "file"}
    file = mido.MidiFile(result["file"])
    ons = [message for message in file if message.type == "note_on" and message.velocity]
    assert result["notes_sent"] == len(ons) > 0
    assert result["notes_left_on"] == 0
    assert set(result["send_error_ms"]) == {"p50", "p99", "max"}
    assert Path(result["file"]) == tmp_path / "out" / "short film.mid"
    if result["midi_api"] is None:
        assert err.count("going on without sound") == 1


def test_bench_prints_one_json_object(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "watch", "--film", str(film), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"watch"}
    assert {"ours", "other", "ratio"} <= set(result["watch"])
    assert result["watch"]["ratio"] == result["watch"]["ours"] / result["watch"]["other"]


def test_bench_prints_a_table(film: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "watch", "--film", str(film)]) == 0
    table = capsys.readouterr().out
    assert "watch" in table
    assert "160x90" in table.replace("\n", "").replace("│", "").replace(" ", "")


@pytest.mark.parametrize("wrong", [["speed"], ["--chords", "0"], ["--seconds", "nan"]])
def test_bench_refuses_what_it_cannot_measure(
    wrong: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", *wrong]) == 2
    assert capsys.readouterr().err.count("\n") == 1
