"""The file's name chooses the format."""

import json
from pathlib import Path

import mido
import pytest
from gridded import each_film, film_score, score

from scorelock.engine.errors import BadSetting
from scorelock.export import formats, reaper_markers

TEXT = [ending for ending in formats.FORMATS if ending not in (".wav", ".mp4")]


@each_film
def test_a_films_score_in_every_written_format(film: str, tmp_path: Path) -> None:
    made = film_score(film)
    for ending in TEXT:
        formats.write(tmp_path / f"{film}{ending}", made)
    written = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(written) == {f"{film}{ending}" for ending in TEXT}
    assert all(written.values())


def test_the_longest_ending_counts_in_any_case(tmp_path: Path) -> None:
    assert formats.writer(tmp_path / "Reel 1.REAPER.CSV") is reaper_markers.write
    formats.write(tmp_path / "A.MID", score())
    assert mido.MidiFile(tmp_path / "A.MID").length == pytest.approx(6.0, abs=1e-3)
    formats.write(tmp_path / "v1.2.json", score())
    assert json.loads((tmp_path / "v1.2.json").read_text(encoding="utf-8"))["key"] == "C major"


@pytest.mark.parametrize("name", ["out.txt", "out", ".mid", "midi", "out.mid.bak", ""])
def test_any_other_name_is_an_error_that_names_the_endings(name: str) -> None:
    with pytest.raises(BadSetting, match=r"\*\.mid, .*\*\.mp4; got ") as caught:
        formats.write(Path(name), score())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", [*TEXT, ".wav"])
def test_where_nothing_can_be_written_it_says_so(ending: str, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="expected a place to write"):
        formats.write(tmp_path / "no" / "such" / f"out{ending}", score("C"))


@pytest.mark.parametrize("ending", [*TEXT, ".wav"])
def test_a_failure_while_writing_leaves_the_old_file(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / f"out{ending}"
    path.write_bytes(b"as it was")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(BadSetting, match="No space left on device"):
        formats.write(path, score("C"))
    assert path.read_bytes() == b"as it was"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
